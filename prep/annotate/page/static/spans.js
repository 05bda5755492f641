// Areas as spans: an Int32Array of triples [y, x0, x1, ...], x1 exclusive. A pixel's centre is (x + 0.5, y + 0.5).

import { UNLABELLED } from "./mask.js";

/** Pixels whose centre is at most `radius` from the point. */
export function disc(x, y, radius) {
  return capsule(x, y, x, y, radius);
}

/** Pixels whose centre is at most `radius` from the segment from a to b. */
export function capsule(ax, ay, bx, by, radius) {
  const shape = { ax, ay, bx, by, dx: bx - ax, dy: by - ay, square: radius * radius };
  shape.length2 = shape.dx * shape.dx + shape.dy * shape.dy;
  const top = Math.floor(Math.min(ay, by) - radius - 0.5);
  const bottom = Math.ceil(Math.max(ay, by) + radius - 0.5);
  const spans = new Int32Array(3 * Math.max(0, bottom - top + 1));
  let size = 0;
  for (let y = top; y <= bottom; y++) {
    const [low, high] = extent(shape, y + 0.5, radius);
    // The extent is only nearly right; what counts is the distance of the centres. The row of a convex area has no gaps.
    let x0 = Math.floor(low - 0.5);
    let x1 = Math.ceil(high - 0.5) + 1;
    while (x0 < x1 && !covers(shape, x0 + 0.5, y + 0.5)) x0++;
    while (x0 < x1 && !covers(shape, x1 - 0.5, y + 0.5)) x1--;
    if (x0 === x1) continue;
    spans[size++] = y;
    spans[size++] = x0;
    spans[size++] = x1;
  }
  return spans.slice(0, size);
}

/** Whether the point is at most the radius from the segment; without division, so exact for coordinates like 3.25. */
function covers(shape, x, y) {
  const { ax, ay, bx, by, dx, dy, length2, square } = shape;
  const px = x - ax, py = y - ay;
  const along = px * dx + py * dy;
  if (along <= 0) return px * px + py * py <= square;
  if (along >= length2) return (x - bx) ** 2 + (y - by) ** 2 <= square;
  const across = px * dy - py * dx;
  return across * across <= square * length2;
}

/** Least and greatest x of the area in the row of centres at height y: of both discs and of the box between them. */
function extent({ ax, ay, bx, by, dx, dy, length2, square }, y, radius) {
  let low = Infinity, high = -Infinity;
  for (const [cx, cy] of [[ax, ay], [bx, by]]) {
    const half = square - (y - cy) ** 2;
    // A hair outside counts as touching: the centres decide.
    if (half < -1e-6 * (1 + square)) continue;
    const reach = Math.sqrt(Math.max(0, half));
    low = Math.min(low, cx - reach);
    high = Math.max(high, cx + reach);
  }
  if (length2 > 0) {
    const length = Math.sqrt(length2);
    const across = within(-dy, dx * (y - ay), -radius * length, radius * length);
    const along = within(dx, dy * (y - ay), 0, length2);
    const from = Math.max(across[0], along[0]), to = Math.min(across[1], along[1]);
    if (from <= to) {
      low = Math.min(low, ax + from);
      high = Math.max(high, ax + to);
    }
  }
  return low <= high ? [low, high] : [0, -2];
}

/** The x for which least <= slope * x + offset <= greatest, as [from, to]. */
function within(slope, offset, least, greatest) {
  if (slope === 0) return offset >= least && offset <= greatest ? [-Infinity, Infinity] : [Infinity, -Infinity];
  const a = (least - offset) / slope, b = (greatest - offset) / slope;
  return a < b ? [a, b] : [b, a];
}

/** Pixels whose centre is inside the polygon by the even-odd rule; `points` are {x, y}, closed by themselves. */
export function polygon(points) {
  let top = Infinity, bottom = -Infinity;
  for (const { y } of points) {
    top = Math.min(top, Math.ceil(y - 0.5));
    bottom = Math.max(bottom, Math.ceil(y - 0.5));
  }
  if (!(top < bottom)) return new Int32Array(0);
  const starts = new Int32Array(bottom - top + 1); // where the crossings of each row begin
  eachRow(points, (y) => starts[y - top + 1]++);
  for (let row = 1; row < starts.length; row++) starts[row] += starts[row - 1];
  const crossings = new Float64Array(starts[starts.length - 1]);
  const next = starts.slice();
  eachRow(points, (y, a, b) => {
    crossings[next[y - top]++] = a.x + ((y + 0.5 - a.y) * (b.x - a.x)) / (b.y - a.y);
  });
  return between(crossings, starts, top);
}

/** Calls visit(y, a, b) for every row of centres that an edge from a to b crosses; its lower end does not count. */
function eachRow(points, visit) {
  for (let place = 0; place < points.length; place++) {
    const a = points[place], b = points[(place + 1) % points.length];
    const from = Math.ceil(Math.min(a.y, b.y) - 0.5), to = Math.ceil(Math.max(a.y, b.y) - 0.5);
    for (let y = from; y < to; y++) visit(y, a, b);
  }
}

/** Spans from every first to every second crossing of a row. */
function between(crossings, starts, top) {
  const spans = new Int32Array(1.5 * crossings.length);
  let size = 0;
  for (let row = 0; row + 1 < starts.length; row++) {
    const sorted = crossings.subarray(starts[row], starts[row + 1]).sort();
    for (let place = 0; place + 1 < sorted.length; place += 2) {
      const x0 = Math.ceil(sorted[place] - 0.5), x1 = Math.ceil(sorted[place + 1] - 0.5);
      if (x0 === x1) continue;
      spans[size++] = top + row;
      spans[size++] = x0;
      spans[size++] = x1;
    }
  }
  return spans.slice(0, size);
}

/** Map value -> [y, x0, x1, ...] of a picture whose pixels valueAt(place) tells; what is unlabelled is left out. */
export function spansByValue(width, height, valueAt) {
  const found = new Map();
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let x = 0; x < width; ) {
      const value = valueAt(row + x), first = x;
      while (x < width && valueAt(row + x) === value) x++;
      if (value === UNLABELLED) continue;
      if (!found.has(value)) found.set(value, []);
      found.get(value).push(y, first, x);
    }
  }
  return found;
}
