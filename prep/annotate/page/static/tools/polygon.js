// Fills the area within corners that are clicked one by one, and can be changed until it is filled, or again after that.

import { t } from "../language.js";
import { polygon } from "../spans.js";
import { Corners } from "./corners.js";
import { Tool, outline, trace } from "./tool.js";

const NEAR = 9; // CSS pixels around a corner that mean it
const FINGER = 18; // the same, of a finger
const SLIP = 3; // CSS pixels that a press may move and still be a click
const SAME = 4, SOON = 400; // CSS pixels and milliseconds within which two clicks are a double click on one corner

export class Polygon extends Tool {
  static id = "polygon";
  static title = "Polygon";
  static key = "p";
  static hint =
    "Click the corners. Enter, a double click or the first corner fills. Drag a corner to move it; Alt click takes one out or " +
    "puts one in. Backspace goes a step back, or takes the last shape up again.";
  #corners = new Corners();
  #press = null; // { point, corner, from, time, moved } while the pointer is down; corner: number of what is dragged
  #clicked = null; // { point, time } of the last click
  #last = null; // { points, mask, steps }: the shape that was filled last, and the steps of the mask then
  #undone = false; // the shape was taken up again, and its fill taken back
  actions = [
    { id: "fill", label: "Fill", keys: "Enter", run: () => this.#finish(), enabled: () => this.#corners.length >= 3 },
    { id: "again", label: "Last shape", keys: "Backspace", run: () => this.#takeUp(), enabled: () => !this.#corners.length && this.#last?.mask === this.editor.mask },
  ];

  constructor(editor) {
    super(editor);
    editor.addEventListener("open", () => (this.#last = null)); // of another image
  }

  get points() {
    return this.#corners.points;
  }

  down(point, event) {
    const reach = this.#reach(event.pointerType === "touch" ? FINGER : NEAR);
    const corners = this.#corners;
    const corner = corners.near(point, reach);
    this.#press = { point, corner, from: corners.points[corner], time: event.timeStamp, moved: false, touched: corner >= 0 };
    if (corner >= 0) {
      if (event.altKey && !(corners.closed && corners.length === 3)) this.#change(() => corners.remove(corner));
      return;
    }
    const edge = event.altKey || corners.closed ? corners.nearEdge(point, reach) : -1;
    if (edge >= 0) this.#change(() => corners.insert(edge, point), edge + 1);
    else if (!corners.closed && !event.altKey) this.#change(() => corners.add(point), corners.length);
  }

  /** A corner comes or goes; the press drags the one of this number, or none. */
  #change(run, corner = -1) {
    run();
    this.#press.corner = corner;
    this.#press.moved = true; // what follows is the same step
    this.#press.touched = false;
    this.#clicked = { point: this.#press.point, time: this.#press.time };
    this.editor.dispatchEvent(new Event("options"));
  }

  move(points) {
    const press = this.#press;
    const to = points[points.length - 1];
    if (!press || press.corner < 0) return;
    if (!press.moved && !this.#apart(press.point, to, SLIP)) return;
    const { x, y } = press.from ?? press.point;
    this.#corners.move(press.corner, { x: x + to.x - press.point.x, y: y + to.y - press.point.y }, press.moved);
    press.moved = true;
  }

  up() {
    const press = this.#press;
    this.#press = null;
    if (press?.touched && !press.moved) this.#click(press);
  }

  /** A corner was clicked, not dragged. */
  #click({ point, corner, time }) {
    const corners = this.#corners;
    const twice = this.#clicked && time - this.#clicked.time < SOON && !this.#apart(point, this.#clicked.point, SAME);
    this.#clicked = { point, time };
    const isLast = corner === corners.length - 1;
    if (corners.closed) {
      if (twice && corners.length > 3) corners.remove(corner);
    } else if (corners.length >= 3 && (corner === 0 || (twice && isLast))) this.#finish();
    else if (!twice && this.#apart(point, corners.points[corner], SAME)) corners.add(point);
    else if (!twice && !isLast) corners.add(corners.points[corner]);
    this.editor.dispatchEvent(new Event("options"));
  }

  key(event) {
    if (event.key === "Backspace" && !this.#corners.length) return this.#takeUp();
    if (!this.#corners.length) return false;
    if (event.key === "Enter") this.#finish();
    else if (event.key === "Escape") this.#giveUp();
    else if (event.key === "Backspace") this.undo();
    else return false;
    this.editor.redraw();
    return true;
  }

  #finish() {
    const { points } = this.#corners;
    const { mask } = this.editor;
    if (points.length >= 3) {
      this.editor.paint(polygon(points));
      this.#last = { points, mask, steps: mask.steps };
    }
    this.cancel();
  }

  /** The last shape comes back to be changed: its fill is taken back, unless something was drawn after it. */
  #takeUp() {
    const last = this.#last;
    if (last?.mask !== this.editor.mask) return false;
    this.#undone = last.steps === last.mask.steps;
    if (this.#undone) last.mask.undo();
    else this.editor.say(t("Other steps came after this shape, so its fill stays below."));
    this.#corners = Object.assign(new Corners(), { points: last.points, closed: true });
    this.editor.dispatchEvent(new Event("options"));
    this.editor.redraw();
    return true;
  }

  /** Escape: nothing is drawn; a shape that was taken up again stands as it did. */
  #giveUp() {
    const { mask } = this.editor;
    const back = this.#undone && mask.steps === this.#last.steps - 1;
    this.cancel();
    if (back) mask.redo();
  }

  cancel() {
    this.#corners = new Corners();
    this.#press = this.#clicked = null;
    this.#undone = false;
    this.editor.dispatchEvent(new Event("options"));
    this.editor.redraw();
  }

  /** Another tool or image: what was outlined is filled, which can be undone; an outline that vanishes cannot. */
  leave() {
    if (this.editor.ready) this.#finish();
    else this.cancel();
  }

  /** The undo key takes back the last change of the outline while there are any. */
  undo() {
    if (!this.#corners.length) return false;
    if (this.#press?.touched && !this.#press.moved) {
      this.#press = null; // a press on a corner that turned out to be none
      return true;
    }
    this.#press = null;
    if (!this.#corners.undo()) this.#giveUp();
    this.editor.dispatchEvent(new Event("options"));
    this.editor.redraw();
    return true;
  }

  /** CSS pixels as pixels of the image. */
  #reach(pixels) {
    return pixels / this.editor.view.scale;
  }

  #apart(a, b, distance) {
    return Math.hypot(a.x - b.x, a.y - b.y) > this.#reach(distance);
  }

  draw(context, view) {
    const { points, closed } = this.#corners;
    if (!points.length) return;
    const position = this.#press ? null : this.editor.pointers.position;
    const near = position ? this.#corners.near(position, this.#reach(NEAR)) : this.#press?.corner ?? -1;
    const closing = closed || (points.length >= 3 && near === 0);
    trace(context, view, position && !closing && near < 0 ? [...points, position] : points);
    if (closing) context.closePath();
    context.globalAlpha = 0.2;
    context.fillStyle = this.editor.color;
    context.fill("evenodd");
    context.globalAlpha = 1;
    outline(context);
    points.forEach((point, place) => {
      const { x, y } = view.toScreen(point.x, point.y);
      context.beginPath();
      context.arc(x, y, place === near ? 6 : closed ? 4 : 3, 0, 2 * Math.PI);
      outline(context);
    });
  }
}
