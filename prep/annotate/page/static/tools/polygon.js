// Fills the area within corners that are clicked one by one.

import { polygon } from "../spans.js";
import { Tool, outline, trace } from "./tool.js";

const NEAR = 9; // CSS pixels around the first corner that close the polygon
const SAME = 4, SOON = 400; // CSS pixels and milliseconds within which two clicks are a double click on one corner

export class Polygon extends Tool {
  static id = "polygon";
  static title = "Polygon";
  static key = "p";
  static hint = "Click the corners. Enter, a double click or the first corner fills; Backspace takes one back; Esc cancels.";
  #points = [];
  #clicked = 0; // when the last corner was

  get points() {
    return this.#points;
  }

  down(point, event) {
    const points = this.#points;
    if (points.length >= 3 && this.#near(point, points[0], NEAR)) return this.#finish();
    const again = points.length > 0 && this.#near(point, points[points.length - 1], SAME);
    const twice = again && event.timeStamp - this.#clicked < SOON;
    this.#clicked = event.timeStamp;
    if (twice && points.length >= 3) this.#finish();
    else if (!twice) points.push(point);
  }

  key(event) {
    if (!this.#points.length) return false;
    if (event.key === "Enter") this.#finish();
    else if (event.key === "Escape") this.cancel();
    else if (event.key === "Backspace") this.#points.pop();
    else return false;
    this.editor.redraw();
    return true;
  }

  #finish() {
    if (this.#points.length >= 3) this.editor.paint(polygon(this.#points));
    this.cancel();
  }

  cancel() {
    this.#points = [];
    this.editor.redraw();
  }

  /** Another tool or image: what was outlined is filled, which can be undone; an outline that vanishes cannot. */
  leave() {
    if (this.editor.ready) this.#finish();
    else this.cancel();
  }

  /** The undo key takes back the last corner while there are any. */
  undo() {
    return this.#points.pop() !== undefined;
  }

  #near(a, b, distance) {
    return Math.hypot(a.x - b.x, a.y - b.y) * this.editor.view.scale <= distance;
  }

  draw(context, view) {
    const points = this.#points;
    if (!points.length) return;
    const { position } = this.editor.pointers;
    const closing = position && points.length >= 3 && this.#near(position, points[0], NEAR);
    trace(context, view, position && !closing ? [...points, position] : points);
    if (closing) context.closePath();
    context.globalAlpha = 0.2;
    context.fillStyle = this.editor.color;
    context.fill("evenodd");
    context.globalAlpha = 1;
    outline(context);
    points.forEach((point, place) => {
      const { x, y } = view.toScreen(point.x, point.y);
      context.beginPath();
      context.arc(x, y, place === 0 && closing ? 6 : 3, 0, 2 * Math.PI);
      outline(context);
    });
  }
}
