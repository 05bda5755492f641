// Regions given as spans: whether a pixel is in one, and how one is drawn on the stage.

const MANY = 6000; // spans above which a region is drawn coarser, so that drawing stays fast
const COARSE = 700; // cells along the longer side of a region that is drawn coarser

/** Whether a pixel is in spans [y, x0, x1, ...], which are sorted by rows and columns. */
export function contains(spans, x, y) {
  let low = 0, high = spans.length / 3;
  while (low < high) {
    const middle = (low + high) >> 1;
    const isBefore = spans[3 * middle] < y || (spans[3 * middle] === y && spans[3 * middle + 2] <= x);
    if (isBefore) low = middle + 1;
    else high = middle;
  }
  return 3 * low < spans.length && spans[3 * low] === y && spans[3 * low + 1] <= x;
}

/** { area, outline }: paths in image coordinates. */
export function pathsOf(spans) {
  const step = spans.length > 3 * MANY ? Math.max(1, Math.ceil(longerSide(spans) / COARSE)) : 1;
  const rows = rowsOf(spans, step);
  const area = new Path2D(), outline = new Path2D();
  const flat = (x0, x1, y) => line(outline, x0 * step, y * step, x1 * step, y * step);
  for (const [y, row] of rows) {
    for (const [x0, x1] of row) {
      area.rect(x0 * step, y * step, (x1 - x0) * step, step);
      for (const x of [x0, x1]) line(outline, x * step, y * step, x * step, (y + 1) * step);
    }
    for (const [x0, x1] of difference(row, rows.get(y - 1) ?? [])) flat(x0, x1, y);
    if (!rows.has(y + 1)) for (const [x0, x1] of row) flat(x0, x1, y + 1);
  }
  return { area, outline };
}

/** Paints the paths over the photo: the area in a colour, the outline light with a dark rim. */
export function drawRegion(context, view, { area, outline }, color) {
  const { x, y } = view.toScreen(0, 0);
  const placed = (path) => {
    const moved = new Path2D();
    moved.addPath(path, new DOMMatrix([view.scale, 0, 0, view.scale, x, y]));
    return moved;
  };
  context.save();
  context.globalAlpha = 0.4;
  context.fillStyle = color;
  context.fill(placed(area));
  context.globalAlpha = 1;
  context.lineCap = "square";
  const rim = placed(outline);
  for (const [style, width] of [["rgba(0, 0, 0, 0.55)", 3], ["white", 1.25]]) {
    context.strokeStyle = style;
    context.lineWidth = width;
    context.stroke(rim);
  }
  context.restore();
}

function line(path, x0, y0, x1, y1) {
  path.moveTo(x0, y0);
  path.lineTo(x1, y1);
}

function longerSide(spans) {
  let left = Infinity, right = 0;
  for (let at = 0; at < spans.length; at += 3) {
    left = Math.min(left, spans[at + 1]);
    right = Math.max(right, spans[at + 2]);
  }
  return Math.max(right - left, spans[spans.length - 3] - spans[0] + 1);
}

/** Map row -> [[x0, x1], ...], sorted and apart; with a step, of cells of so many pixels, as their middle row is. */
function rowsOf(spans, step) {
  const rows = new Map();
  for (let at = 0; at < spans.length; at += 3) {
    if (spans[at] % step !== step >> 1) continue;
    const y = Math.floor(spans[at] / step);
    const x0 = Math.round(spans[at + 1] / step), x1 = Math.round(spans[at + 2] / step);
    if (x0 === x1) continue;
    if (!rows.has(y)) rows.set(y, []);
    const row = rows.get(y), last = row[row.length - 1];
    if (last?.[1] === x0) last[1] = x1;
    else row.push([x0, x1]);
  }
  return rows;
}

/** Where one of two rows has a pixel and the other has none. */
function difference(a, b) {
  const ends = [...a.flat(), ...b.flat()].sort((one, other) => one - other);
  const parts = [];
  for (let at = 0; at < ends.length; at += 2) if (ends[at] < ends[at + 1]) parts.push([ends[at], ends[at + 1]]);
  return parts;
}
