// Paints round strokes; with Shift, a straight line from where the last stroke ended.

import { capsule, disc } from "../spans.js";
import { Tool, outline } from "./tool.js";

export class Brush extends Tool {
  static id = "brush";
  static title = "Brush";
  static key = "b";
  static hint = "Paint. Shift+click draws a straight line from the last point.";
  static cursor = "none";
  #last = null; // where the stroke is, or ended
  #mask = null; // on which #last is
  options = [
    { id: "size", label: "Size", type: "range", min: 1, max: 500, step: 1, value: 30, unit: "px", keys: ["[", "]"],
      fit: (longer) => Math.max(3, Math.round(longer / 40)),
      next: (value, direction) => resized(value, direction) },
    { id: "pressure", label: "Pen pressure", type: "switch", value: false, shown: () => this.editor.pointers.pen },
  ];

  get size() {
    return this.options[0].value;
  }

  /** The diameter at a point: less where a pen is pressed less, if that is wanted. */
  #width({ pressure = 1 }) {
    return this.options[1].value ? Math.max(1, this.size * pressure) : this.size;
  }

  get value() {
    return this.editor.value;
  }

  get only() {
    return this.editor.only;
  }

  down(point, event) {
    const { mask } = this.editor;
    const place = this.#snapped(point);
    mask.begin();
    const from = event.shiftKey && this.#mask === mask ? this.#last : null;
    const width = this.#width(point);
    this.#fill(from ? capsule(from.x, from.y, place.x, place.y, width / 2) : disc(place.x, place.y, width / 2));
    this.#last = place;
    this.#mask = mask;
  }

  move(points) {
    if (!this.editor.mask.editing) return;
    for (const point of points) {
      const place = this.#snapped(point);
      if (place.x === this.#last.x && place.y === this.#last.y) continue;
      this.#fill(capsule(this.#last.x, this.#last.y, place.x, place.y, this.#width(point) / 2));
      this.#last = place;
    }
  }

  up() {
    if (this.editor.mask.editing) this.editor.mask.end();
  }

  key(event) {
    if (event.key !== "Escape" || !this.editor.mask.editing) return false;
    this.cancel();
    return true;
  }

  cancel() {
    if (this.editor.mask?.editing) this.editor.mask.cancel();
  }

  #fill(spans) {
    this.editor.mask.fill(spans, this.value, this.only);
  }

  /** A brush of one pixel goes from centre to centre; between centres it would hit none. */
  #snapped({ x, y }) {
    return this.size < 1.5 ? { x: Math.floor(x) + 0.5, y: Math.floor(y) + 0.5 } : { x, y };
  }

  draw(context, view) {
    const { position } = this.editor.pointers;
    if (!position) return;
    const { x, y } = view.toScreen(position.x, position.y);
    const radius = (this.size / 2) * view.scale;
    context.beginPath();
    if (radius >= 3) context.arc(x, y, radius, 0, 2 * Math.PI);
    if (radius < 8) cross(context, x, y, Math.max(3, radius + 2));
    outline(context);
  }
}

/** Four short lines around the point. */
function cross(context, x, y, gap) {
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    context.moveTo(x + gap * dx, y + gap * dy);
    context.lineTo(x + (gap + 5) * dx, y + (gap + 5) * dy);
  }
}

/** The next size: by a sixth, by one pixel at least. */
function resized(value, direction) {
  const next = direction > 0 ? Math.max(value + 1, Math.round(value * 1.18)) : Math.min(value - 1, Math.round(value / 1.18));
  return Math.max(1, Math.min(500, next));
}
