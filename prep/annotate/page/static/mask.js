// The mask of the open image: the class index of every pixel, changed in steps that can be undone.

import { History, pack, unpack } from "./history.js";

export const UNLABELLED = 255;
const SIDE = 128; // pixels of a tile's side: what is undone and saved at once

/**
 * Events: "change" with detail {x0, y0, x1, y1} (pixels of this box may have changed, x1 and y1 exclusive);
 * "edit" after a whole step, an undo or a redo; "spared" after a step that changed nothing, because a class is locked.
 */
export class Mask extends EventTarget {
  #history;
  #before = null; // the tiles that the open step touched, as they were: Map place -> pixels
  #unsent = new Set(); // places of tiles that differ from what was taken
  #fresh = new Set(); // those of them that do so by the open step alone
  #spared = false; // whether a locked class kept pixels in the open step
  locked = new Uint8Array(256); // 1 for the classes that no step may change
  proposed = false; // whether in what was not taken yet a proposal was accepted, or that was undone or redone

  constructor(width, height, pixels = new Uint8Array(width * height).fill(UNLABELLED), history = new History()) {
    super();
    this.#history = history;
    this.width = width;
    this.height = height;
    this.pixels = pixels;
    this.columns = Math.ceil(width / SIDE);
    this.rows = Math.ceil(height / SIDE);
  }

  /** The steps, for when this image is opened again. */
  get history() {
    return this.#history;
  }

  get canUndo() {
    return this.#history.canUndo;
  }

  get canRedo() {
    return this.#history.canRedo;
  }

  /** Steps that can be undone. */
  get steps() {
    return this.#history.steps;
  }

  /** Bytes that undo and redo take. */
  get historyBytes() {
    return this.#history.bytes;
  }

  get editing() {
    return this.#before !== null;
  }

  get unsent() {
    return this.#unsent.size > 0;
  }

  begin() {
    if (this.#before) throw new Error("A step is open already; end() or cancel() comes first.");
    this.#before = new Map();
    this.#fresh.clear();
    this.#spared = false;
  }

  /**
   * Gives the pixels of the spans a value; with `only`, just those that have this value now. Outside is left out, and so
   * is what has a locked class.
   */
  fill(spans, value, only = null) {
    if (!this.#before) throw new Error("No step is open; begin() comes first.");
    const box = { x0: this.width, y0: this.height, x1: 0, y1: 0 };
    const anyLocked = this.locked.includes(1);
    for (let at = 0; at < spans.length; at += 3) {
      const y = spans[at];
      if (y < 0 || y >= this.height) continue;
      const x1 = Math.min(this.width, spans[at + 2]);
      for (let x = Math.max(0, spans[at + 1]); x < x1; ) {
        const end = Math.min(x1, x - (x % SIDE) + SIDE);
        this.#run(y, x, end, value, only, box, anyLocked);
        x = end;
      }
    }
    if (box.x0 < box.x1) this.#tell(box);
  }

  /** A run of pixels within one tile. */
  #run(y, x0, x1, value, only, box, anyLocked) {
    if (only === value) return;
    const { pixels } = this;
    if (anyLocked) return this.#runAround(y, x0, x1, value, only, box);
    const row = y * this.width;
    let first = row + x0, last = row + x1 - 1;
    if (only === null) {
      while (first <= last && pixels[first] === value) first++;
      while (first <= last && pixels[last] === value) last--;
    } else {
      while (first <= last && pixels[first] !== only) first++;
      while (first <= last && pixels[last] !== only) last--;
    }
    if (first > last) return;
    this.#touch(Math.floor(y / SIDE) * this.columns + Math.floor(x0 / SIDE));
    if (only === null) pixels.fill(value, first, last + 1);
    else for (let at = first; at <= last; at++) if (pixels[at] === only) pixels[at] = value;
    this.#grow(box, y, first - row, last - row + 1);
  }

  /** The same around pixels of locked classes. */
  #runAround(y, x0, x1, value, only, box) {
    const { pixels, locked } = this;
    const row = y * this.width;
    for (let x = x0; x < x1; x++) {
      const now = pixels[row + x];
      if (now === value || (only !== null && now !== only)) continue;
      if (locked[now]) {
        this.#spared = true;
        continue;
      }
      this.#touch(Math.floor(y / SIDE) * this.columns + Math.floor(x0 / SIDE));
      pixels[row + x] = value;
      this.#grow(box, y, x, x + 1);
    }
  }

  #grow(box, y, x0, x1) {
    if (x0 < box.x0) box.x0 = x0;
    if (x1 > box.x1) box.x1 = x1;
    if (y < box.y0) box.y0 = y;
    if (y >= box.y1) box.y1 = y + 1;
  }

  #touch(place) {
    const first = !this.#before.has(place);
    // What was taken in the middle of the step has to be sent again, also when the step is taken back.
    if (first && !this.#unsent.has(place)) this.#fresh.add(place);
    this.#unsent.add(place);
    if (first) this.#before.set(place, this.#read(place));
  }

  /** Ends the step, in which a proposal was accepted or not; whether it changed anything. */
  end(proposed = false) {
    const changed = [...this.#before].filter(([place, before]) => !equal(before, this.#read(place)));
    this.#before = null;
    if (!changed.length) {
      if (this.#spared) this.dispatchEvent(new Event("spared"));
      return false;
    }
    this.#history.push({ ...pack(changed), proposed });
    this.proposed ||= proposed;
    this.dispatchEvent(new Event("edit"));
    return true;
  }

  /** Takes back the open step, if there is one. */
  cancel() {
    const before = this.#before ?? [];
    this.#before = null;
    for (const [place, pixels] of before) this.#write(place, pixels);
    for (const place of this.#fresh) this.#unsent.delete(place);
    this.#fresh.clear();
  }

  undo() {
    if (this.#before || !this.canUndo) return;
    this.#history.undo((step) => this.#exchange(step));
    this.dispatchEvent(new Event("edit"));
  }

  redo() {
    if (this.#before || !this.canRedo) return;
    this.#history.redo((step) => this.#exchange(step));
    this.dispatchEvent(new Event("edit"));
  }

  #exchange(step) {
    const tiles = unpack(step, (place) => {
      const { width, height } = this.box(place);
      return width * height;
    });
    const before = tiles.map(([place]) => [place, this.#read(place)]);
    for (const [place, pixels] of tiles) this.#write(place, pixels);
    this.proposed ||= step.proposed;
    return { ...pack(before), proposed: step.proposed };
  }

  /** Tiles [{x, y, width, height, pixels}] that changed since they were last taken. */
  takeChanged() {
    const places = [...this.#unsent];
    this.#unsent.clear();
    this.#fresh.clear();
    this.proposed = false;
    return places.map((place) => ({ ...this.box(place), pixels: this.#read(place) }));
  }

  /** As if everything had changed. */
  touchAll() {
    for (let place = 0; place < this.columns * this.rows; place++) this.#unsent.add(place);
  }

  /** Where a tile is: {x, y, width, height}. */
  box(place) {
    const x = (place % this.columns) * SIDE, y = Math.floor(place / this.columns) * SIDE;
    return { x, y, width: Math.min(SIDE, this.width - x), height: Math.min(SIDE, this.height - y) };
  }

  #read(place) {
    const { x, y, width, height } = this.box(place);
    const pixels = new Uint8Array(width * height);
    for (let row = 0; row < height; row++) {
      const start = (y + row) * this.width + x;
      pixels.set(this.pixels.subarray(start, start + width), row * width);
    }
    return pixels;
  }

  #write(place, pixels) {
    const { x, y, width, height } = this.box(place);
    for (let row = 0; row < height; row++) {
      this.pixels.set(pixels.subarray(row * width, (row + 1) * width), (y + row) * this.width + x);
    }
    this.#unsent.add(place);
    this.#tell({ x0: x, y0: y, x1: x + width, y1: y + height });
  }

  #tell(box) {
    this.dispatchEvent(new CustomEvent("change", { detail: box }));
  }
}

function equal(a, b) {
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}
