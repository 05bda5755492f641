// Undo and redo without end: a step keeps the other side of the tiles that it changed, as runs.

/** Two stacks of steps. A step is exchanged with the mask: what comes out of the mask is the step the other way. */
export class History {
  #done = [];
  #undone = [];

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  /** Steps that can be undone. */
  get steps() {
    return this.#done.length;
  }

  /** Bytes of all steps. */
  get bytes() {
    return [...this.#done, ...this.#undone].reduce((sum, { places, runs }) => sum + places.byteLength + runs.byteLength, 0);
  }

  push(step) {
    this.#done.push(step);
    this.#undone = [];
  }

  /** exchange(step) puts the step's tiles into the mask and returns the step with those that were there. */
  undo(exchange) {
    if (this.canUndo) this.#undone.push(exchange(this.#done.pop()));
  }

  redo(exchange) {
    if (this.canRedo) this.#done.push(exchange(this.#undone.pop()));
  }
}

/** A step of tiles [[place, pixels], ...]: the places, and the runs of all pixels. */
export function pack(tiles) {
  const parts = tiles.map(([, pixels]) => runsOf(pixels));
  const runs = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    runs.set(part, at);
    at += part.length;
  }
  return { places: Uint32Array.from(tiles, ([place]) => place), runs };
}

/** The tiles of a step; sizeOf(place) is the number of pixels of a tile. */
export function unpack({ places, runs }, sizeOf) {
  let at = 0;
  return Array.from(places, (place) => {
    const pixels = new Uint8Array(sizeOf(place));
    for (let filled = 0; filled < pixels.length; ) {
      const value = runs[at++];
      let length = 0, shift = 0, byte;
      do {
        byte = runs[at++];
        length |= (byte & 127) << shift;
        shift += 7;
      } while (byte & 128);
      pixels.fill(value, filled, filled + length);
      filled += length;
    }
    return [place, pixels];
  });
}

let scratch = new Uint8Array(0);

/** Runs of equal values: the value, then the length in groups of seven bits, the lowest first (LEB128). */
function runsOf(pixels) {
  if (scratch.length < 2 * pixels.length + 4) scratch = new Uint8Array(2 * pixels.length + 4); // a pixel takes 2 at most
  let size = 0;
  for (let start = 0; start < pixels.length; ) {
    const value = pixels[start];
    let end = start + 1;
    while (end < pixels.length && pixels[end] === value) end++;
    scratch[size++] = value;
    let length = end - start;
    for (; length > 127; length >>= 7) scratch[size++] = (length & 127) | 128;
    scratch[size++] = length;
    start = end;
  }
  return scratch.slice(0, size);
}
