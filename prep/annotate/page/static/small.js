// Pictures of one byte a pixel that are smaller than the image: laid out in its size, and regions of one value in them.

/** The pixel of `few` in which the middle of each of `many` lies. */
function places(few, many) {
  return Int32Array.from({ length: many }, (_, at) => Math.min(few - 1, Math.floor(((at + 0.5) * few) / many)));
}

/** A picture { width, height } of these pixels in another size, pixel by pixel; the same array in its own size. */
export function scaled({ width, height }, pixels, toWidth, toHeight) {
  if (width === toWidth && height === toHeight) return pixels;
  const out = new Uint8Array(toWidth * toHeight);
  const columns = places(width, toWidth), rows = places(height, toHeight);
  for (let y = 0; y < toHeight; y++) {
    const to = y * toWidth;
    if (y && rows[y] === rows[y - 1]) {
      out.copyWithin(to, to - toWidth, to);
      continue;
    }
    const from = rows[y] * width;
    for (let x = 0; x < toWidth; x++) out[to + x] = pixels[from + columns[x]];
  }
  return out;
}

/**
 * Spans [y, x0, x1, ...] of the pixels around (x, y) of one value and a confidence of at least `least`, corners joined;
 * the point and the spans in the size of the image.
 */
export function regionAt({ width, height, values, confidence }, x, y, toWidth, toHeight, least) {
  const columns = places(width, toWidth), rows = places(height, toHeight);
  const inside = flood(width, height, columns[x], rows[y], (at, value) => values[at] === value && confidence[at] >= least, values);
  const firsts = new Int32Array(width + 1).fill(toWidth); // where each column begins
  for (let at = toWidth - 1; at >= 0; at--) firsts[columns[at]] = at;
  const spans = [];
  for (let row = 0; row < toHeight; row++) {
    const start = rows[row] * width;
    for (let at = 0; at < width; at++) {
      if (!inside[start + at]) continue;
      const first = at;
      while (at < width && inside[start + at]) at++;
      spans.push(row, firsts[first], at < width ? firsts[at] : toWidth);
    }
  }
  return Int32Array.from(spans);
}

/** One byte a pixel: 1 where the region of the point reaches. */
function flood(width, height, x, y, belongs, values) {
  const found = new Uint8Array(width * height);
  const value = values[y * width + x];
  const waiting = [y * width + x];
  if (belongs(waiting[0], value)) found[waiting[0]] = 1;
  else return found;
  while (waiting.length) {
    const at = waiting.pop();
    const column = at % width;
    for (let down = -1; down <= 1; down++) {
      for (let right = -1; right <= 1; right++) {
        const to = at + down * width + right;
        if (column + right < 0 || column + right >= width || to < 0 || to >= found.length) continue;
        if (found[to] || !belongs(to, value)) continue;
        found[to] = 1;
        waiting.push(to);
      }
    }
  }
  return found;
}
