// Fills the area within a line drawn by hand.

import { polygon } from "../spans.js";
import { Tool, outline, trace } from "./tool.js";

export class Lasso extends Tool {
  static id = "lasso";
  static title = "Lasso";
  static key = "l";
  static hint = "Draw around an area; it is filled when you let go. Esc cancels.";
  #points = [];

  down(point) {
    this.#points = [point];
  }

  move(points) {
    if (this.#points.length) this.#points.push(...points);
  }

  up() {
    if (this.#points.length >= 3) this.editor.paint(polygon(this.#points));
    this.#points = [];
  }

  key(event) {
    if (event.key !== "Escape" || !this.#points.length) return false;
    this.cancel();
    return true;
  }

  cancel() {
    this.#points = [];
    this.editor.redraw();
  }

  draw(context, view) {
    if (this.#points.length < 2) return;
    trace(context, view, this.#points);
    context.globalAlpha = 0.2;
    context.fillStyle = this.editor.color;
    context.fill("evenodd");
    context.globalAlpha = 1;
    outline(context);
    // The line that closes the area when the pointer is let go.
    context.setLineDash([4, 4]);
    trace(context, view, [this.#points[this.#points.length - 1], this.#points[0]]);
    outline(context);
    context.setLineDash([]);
  }
}
