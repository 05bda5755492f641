// Live-wire: the path between the clicked points follows edges; closing it fills what is within.

import { api } from "../api.js";
import { polygon } from "../spans.js";
import { Tool, outline, trace } from "./tool.js";

const NEAR = 9; // CSS pixels around the first point that close the path

export class Edge extends Tool {
  static id = "edge";
  static title = "Edge";
  static key = "w";
  static hint =
    "Click along an outline: the path follows edges, with Shift it is straight. Enter, a double click or the first " +
    "point fills; Backspace takes one back; Esc cancels.";
  #anchors = []; // clicked points
  #legs = []; // { points, ready } from each anchor to the next one
  #live = null; // points of the path to the pointer
  #target = null; // { x, y, straight }: where the pointer is
  #following = false; // a path to the pointer is asked for
  #closing = false; // the last legs are still on their way

  down(at, event) {
    if (this.#closing) return;
    const point = { x: Math.floor(at.x) + 0.5, y: Math.floor(at.y) + 0.5 }; // as the points of paths are
    const anchors = this.#anchors;
    const isDouble = event.detail >= 2 && anchors.length >= 2;
    if (anchors.length >= 2 && (isDouble || this.#nearStart(at))) return void this.#finish(event.shiftKey);
    const last = anchors[anchors.length - 1];
    if (last?.x === point.x && last.y === point.y) return;
    if (last) this.#legs.push(this.#leg(last, point, event.shiftKey));
    anchors.push(point);
    this.#live = null;
    this.hover(at, event);
  }

  hover(point, event) {
    this.#target = { ...point, straight: event.shiftKey };
    this.#follow();
  }

  move(points, event) {
    this.hover(points[points.length - 1], event);
  }

  key(event) {
    if (!this.#anchors.length) return false;
    if (event.key === "Enter") this.#finish(event.shiftKey);
    else if (event.key === "Escape") this.cancel();
    else if (event.key === "Backspace") this.undo();
    else return false;
    this.editor.redraw();
    return true;
  }

  /** Takes back the last point. */
  undo() {
    if (this.#closing || !this.#anchors.length) return false;
    this.#anchors.pop();
    this.#legs.pop();
    this.#live = null;
    this.#follow();
    return true;
  }

  deactivate() {
    this.cancel();
  }

  cancel() {
    this.#anchors = [];
    this.#legs = [];
    this.#live = this.#target = null;
    this.#closing = false;
    this.editor.redraw();
  }

  #nearStart(point) {
    const [start] = this.#anchors;
    return Math.hypot(point.x - start.x, point.y - start.y) * this.editor.view.scale <= NEAR;
  }

  /** A leg that is straight until its path has come. */
  #leg(from, to, straight) {
    const leg = { points: [from, to], ready: null };
    leg.ready = straight ? Promise.resolve() : this.#path(from, to).then(
      (points) => {
        leg.points = points;
        this.editor.redraw();
      },
      (error) => this.editor.say(error.message),
    );
    return leg;
  }

  /** Points along edges, at the centres of pixels. */
  async #path(from, to) {
    const { mask, stem } = this.editor;
    const [a, b] = [from, to].map(({ x, y }) => ({
      x: Math.max(0, Math.min(mask.width - 1, Math.floor(x))),
      y: Math.max(0, Math.min(mask.height - 1, Math.floor(y))),
    }));
    const places = await api.spans(`${api.image(stem, "edge")}?ax=${a.x}&ay=${a.y}&x=${b.x}&y=${b.y}`);
    const points = [];
    for (let at = 0; at < places.length; at += 2) points.push({ x: places[at] + 0.5, y: places[at + 1] + 0.5 });
    return points;
  }

  /** Asks for the path to the pointer; one question at a time, the next one for where the pointer is by then. */
  async #follow() {
    if (this.#following) return;
    this.#following = true;
    try {
      for (let served = null; this.#target && this.#target !== served && this.#anchors.length; ) {
        const target = (served = this.#target);
        const anchor = this.#anchors[this.#anchors.length - 1];
        const points = target.straight ? [anchor, target] : await this.#path(anchor, target);
        if (anchor === this.#anchors[this.#anchors.length - 1]) this.#live = points;
        else served = null;
        this.editor.redraw();
      }
    } catch {
      this.#live = null; // a straight line is shown; a click says what is wrong
    }
    this.#following = false;
  }

  /** Closes the path, along edges too, and fills it. */
  async #finish(straight) {
    const { editor } = this;
    const { mask, value, only } = editor;
    const anchors = this.#anchors;
    if (anchors.length < 2 || this.#closing) return;
    this.#closing = true;
    const legs = [...this.#legs, this.#leg(anchors[anchors.length - 1], anchors[0], straight)];
    await Promise.all(legs.map(({ ready }) => ready));
    if (this.#anchors !== anchors || editor.mask !== mask || !editor.ready) return;
    editor.paint(polygon(legs.flatMap(({ points }) => points)), value, only);
    this.cancel();
  }

  draw(context, view) {
    const anchors = this.#anchors;
    if (!anchors.length) return;
    const { position } = this.editor.pointers;
    const last = anchors[anchors.length - 1];
    const live = position && !this.#closing ? this.#live ?? [last, position] : [];
    trace(context, view, [anchors[0], ...this.#legs.flatMap(({ points }) => points), ...live]);
    context.globalAlpha = 0.2;
    context.fillStyle = this.editor.color;
    context.fill("evenodd");
    context.globalAlpha = 1;
    outline(context);
    const closing = position && anchors.length >= 2 && this.#nearStart(position);
    anchors.forEach((anchor, place) => {
      const { x, y } = view.toScreen(anchor.x, anchor.y);
      context.beginPath();
      context.arc(x, y, place === 0 && closing ? 6 : 3, 0, 2 * Math.PI);
      outline(context);
    });
  }
}
