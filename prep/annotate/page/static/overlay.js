// The mask in the colours of its classes, over the photo: coloured in tiles of halved levels, only where it changed.

import { color, palette } from "./coloring.js";

const SIDE = 256; // pixels of a tile's side
const MOST = 128; // tiles kept (32 MiB), or half as many again as are seen at once
const BUDGET = 8; // milliseconds of a frame for colouring; what is left over shows an older state until the next frame

export class Overlay {
  #mask = null;
  #colors = palette([]);
  #tiles = new Map(); // "level/x/y" -> tile
  #changed = null; // box of the mask that changed since the last frame
  #scratch = new ImageData(SIDE, SIDE);
  #pixels = new Uint32Array(this.#scratch.data.buffer);
  #frame = 0;
  #seen = 0; // tiles in sight when everything was drawn last

  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
  }

  show(mask) {
    this.#mask = mask;
    this.#tiles.clear();
    this.#changed = null;
    mask.addEventListener("change", ({ detail }) => this.#mask === mask && this.#mark(detail));
  }

  recolor(classes) {
    this.#colors = palette(classes);
    this.#tiles.clear();
  }

  #mark(box) {
    this.#changed = this.#changed ? union(this.#changed, box) : { ...box };
    for (const tile of this.#tiles.values()) {
      const size = 1 << tile.level;
      const part = {
        x0: Math.max(tile.x0, Math.floor(box.x0 / size)), x1: Math.min(tile.x1, Math.ceil(box.x1 / size)),
        y0: Math.max(tile.y0, Math.floor(box.y0 / size)), y1: Math.min(tile.y1, Math.ceil(box.y1 / size)),
      };
      if (part.x0 < part.x1 && part.y0 < part.y1) tile.stale = tile.stale ? union(tile.stale, part) : part;
    }
  }

  /** Draws what changed since the last frame, or `everything`. Whether something is left for the next frame. */
  draw(view, everything) {
    if (!this.#mask) return false;
    this.#frame++;
    const { canvas, context } = this;
    const device = view.device;
    const level = this.#levelFor(device.scale);
    let screen = { x0: 0, y0: 0, x1: canvas.width, y1: canvas.height, whole: true };
    if (!everything && this.#changed) screen = onScreen(this.#changed, device, screen);
    this.#changed = null;
    if (screen.x0 >= screen.x1 || screen.y0 >= screen.y1) return false;
    context.save();
    context.beginPath();
    context.rect(screen.x0, screen.y0, screen.x1 - screen.x0, screen.y1 - screen.y0);
    context.clip();
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingEnabled = device.scale < 1;
    const unfinished = this.#drawTiles(level, screen, device);
    context.restore();
    this.#forget();
    return unfinished;
  }

  #drawTiles(level, screen, device) {
    const size = SIDE << level;
    const until = performance.now() + BUDGET;
    const range = (from, to, length) => [
      Math.max(0, Math.floor(from / device.scale / size)), Math.min(Math.ceil(length / size), Math.ceil(to / device.scale / size)),
    ];
    const [left, right] = range(screen.x0 - device.x, screen.x1 - device.x, this.#mask.width);
    const [top, bottom] = range(screen.y0 - device.y, screen.y1 - device.y, this.#mask.height);
    if (screen.whole) this.#seen = (right - left) * (bottom - top);
    let unfinished = false;
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        const tile = this.#tile(level, x, y);
        tile.used = this.#frame;
        if (tile.stale && (performance.now() < until || isSmall(tile.stale))) this.#paint(tile);
        if (tile.stale) unfinished = true;
        if (tile.canvas || !tile.stale) this.#place(tile, device);
        else this.#substitute(tile, device);
      }
    }
    return unfinished;
  }

  #levelFor(scale) {
    const last = Math.ceil(Math.log2(Math.max(this.#mask.width, this.#mask.height) / SIDE));
    return Math.max(0, Math.min(last, Math.floor(Math.log2(1 / scale) + 1e-9)));
  }

  #tile(level, x, y) {
    const key = `${level}/${x}/${y}`;
    let tile = this.#tiles.get(key);
    if (!tile) {
      const x1 = Math.min((x + 1) * SIDE, Math.ceil(this.#mask.width / (1 << level)));
      const y1 = Math.min((y + 1) * SIDE, Math.ceil(this.#mask.height / (1 << level)));
      tile = { key, level, x0: x * SIDE, y0: y * SIDE, x1, y1, canvas: null, stale: null, used: 0 };
      tile.stale = { x0: tile.x0, y0: tile.y0, x1, y1 };
      this.#tiles.set(key, tile);
    }
    return tile;
  }

  /** Colours what is stale of a tile; a tile without labels has no canvas. */
  #paint(tile) {
    const { stale } = tile;
    const labelled = color(this.#mask, this.#colors, tile.level, stale, this.#pixels, tile.x0, tile.y0, SIDE);
    tile.stale = null;
    if (!tile.canvas) {
      if (!labelled) return;
      const canvas = new OffscreenCanvas(SIDE, SIDE);
      // Kept in ordinary memory: it is written to all the time.
      tile.canvas = canvas;
      tile.context = canvas.getContext("2d", { willReadFrequently: true });
    }
    const x = stale.x0 - tile.x0, y = stale.y0 - tile.y0;
    tile.context.putImageData(this.#scratch, 0, 0, x, y, stale.x1 - stale.x0, stale.y1 - stale.y0);
  }

  /** Draws a tile, or the part {x0, y0, x1, y1} (level pixels) of it; on whole device pixels, so that no seams show. */
  #place(tile, { scale, x, y }, { x0, y0, x1, y1 } = tile) {
    if (!tile.canvas) return;
    const size = (1 << tile.level) * scale;
    const left = Math.round(x + x0 * size), top = Math.round(y + y0 * size);
    const wide = Math.round(x + x1 * size) - left, high = Math.round(y + y1 * size) - top;
    this.context.drawImage(tile.canvas, x0 - tile.x0, y0 - tile.y0, x1 - x0, y1 - y0, left, top, wide, high);
  }

  /** Draws other levels where a tile is not coloured yet: a coarser one, or what there is of the finer one. */
  #substitute(tile, device) {
    const x = tile.x0 / SIDE, y = tile.y0 / SIDE;
    for (let up = 1; up < 8; up++) {
      const parent = this.#tiles.get(`${tile.level + up}/${x >> up}/${y >> up}`);
      if (!parent?.canvas) continue;
      const size = 1 << up;
      const part = { x0: tile.x0 / size, y0: tile.y0 / size, x1: tile.x1 / size, y1: tile.y1 / size };
      return this.#place(parent, device, part);
    }
    for (const [cx, cy] of [[0, 0], [1, 0], [0, 1], [1, 1]]) {
      const child = this.#tiles.get(`${tile.level - 1}/${2 * x + cx}/${2 * y + cy}`);
      if (child) this.#place(child, device);
    }
  }

  /** Lets go of the tiles that were not seen for longest. */
  #forget() {
    const most = Math.max(MOST, 1.5 * this.#seen);
    if (this.#tiles.size <= most) return;
    const oldest = [...this.#tiles.values()].sort((a, b) => a.used - b.used);
    for (const tile of oldest.slice(0, this.#tiles.size - most)) if (tile.used < this.#frame) this.#tiles.delete(tile.key);
  }
}

function union(a, b) {
  return { x0: Math.min(a.x0, b.x0), y0: Math.min(a.y0, b.y0), x1: Math.max(a.x1, b.x1), y1: Math.max(a.y1, b.y1) };
}

function isSmall({ x0, y0, x1, y1 }) {
  return (x1 - x0) * (y1 - y0) <= 1024;
}

/** The device pixels that a box of the mask touches, with those that smoothing reaches. */
function onScreen({ x0, y0, x1, y1 }, { scale, x, y }, screen) {
  const room = 3 + Math.ceil(scale < 1 ? 2 : 0);
  const box = 1 / Math.min(1, scale); // image pixels of at most two level pixels
  return {
    x0: Math.max(screen.x0, Math.floor(x + (x0 - box) * scale) - room), x1: Math.min(screen.x1, Math.ceil(x + (x1 + box) * scale) + room),
    y0: Math.max(screen.y0, Math.floor(y + (y0 - box) * scale) - room), y1: Math.min(screen.y1, Math.ceil(y + (y1 + box) * scale) + room),
  };
}
