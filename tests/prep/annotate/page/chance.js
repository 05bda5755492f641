// What the tests of the page's logic share: random numbers from a seed, and events that older node versions lack.

globalThis.CustomEvent ??= class extends Event {
  constructor(name, { detail } = {}) {
    super(name);
    this.detail = detail;
  }
};

/** upTo(n): whole numbers 0..n-1, the same ones for the same seed (mulberry32). */
export function chance(seed) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return (number) => Math.floor(next() * number);
}

/** Pixels width x height that lie in spans, by how many of them. */
export function drawn(spans, width, height) {
  const pixels = new Uint8Array(width * height);
  for (let at = 0; at < spans.length; at += 3) {
    for (let x = spans[at + 1]; x < spans[at + 2]; x++) pixels[spans[at] * width + x]++;
  }
  return pixels;
}
