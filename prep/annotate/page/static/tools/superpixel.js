// Fills the superpixel under the pointer, or all that the pointer is dragged over.

import { contains } from "./preview.js";
import { RegionTool, pixel } from "./region.js";

const MIN = 8, MAX = 400;

export class Superpixel extends RegionTool {
  static id = "superpixel";
  static title = "Superpixel";
  static key = "s";
  static hint = "Click a piece, or drag over several.";
  #filled = []; // spans of what this drag has filled
  #last = null; // where the drag was
  #begun = null; // the mask in which a drag is one step
  options = [
    { id: "size", label: "Size", type: "range", min: MIN, max: MAX, step: 1, value: 64, unit: "px", keys: ["[", "]"],
      fit: (longer) => Math.round(longer / 16),
      next: (value, direction) => Math.max(MIN, Math.min(MAX, Math.round(value * (direction > 0 ? 1.25 : 0.8)))) },
  ];

  get size() {
    return this.options[0].value;
  }

  get kind() {
    return `tool=superpixel&size=${this.size}`;
  }

  down(point) {
    this.#filled = [];
    this.#last = point;
    this.#fill(point);
  }

  move(points) {
    if (!this.#last) return;
    for (const point of points) {
      const distance = Math.hypot(point.x - this.#last.x, point.y - this.#last.y);
      const steps = Math.floor(distance / (this.size / 4));
      const { x, y } = this.#last;
      for (let step = 1; step <= steps; step++) {
        this.#last = { x: x + ((point.x - x) * step) / steps, y: y + ((point.y - y) * step) / steps };
        this.#fill(this.#last);
      }
    }
  }

  up() {
    this.#last = null;
    this.after(() => this.#end());
  }

  cancel() {
    this.#last = null;
    super.cancel();
    if (this.#begun?.editing) this.#begun.cancel();
    this.#begun = null;
  }

  #fill(point) {
    const drag = this.#filled;
    const { x, y } = pixel(point);
    this.fill(point, () => drag.some((spans) => contains(spans, x, y)));
  }

  paint(spans, value, only) {
    const { mask } = this.editor;
    if (!this.#begun) {
      mask.begin();
      this.#begun = mask;
    }
    mask.fill(spans, value, only);
    this.#filled.push(spans);
  }

  #end() {
    if (this.#begun?.editing) this.#begun.end();
    this.#begun = null;
  }
}
