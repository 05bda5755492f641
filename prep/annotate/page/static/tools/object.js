// Finds what is clicked, by a model of the SAM family: clicks on it, clicks beside it, or a box; Enter accepts it.

import { api } from "../api.js";
import { make } from "../dom.js";
import { UNLABELLED } from "../mask.js";
import { drawRegion, pathsOf } from "./preview.js";
import { Tool, outline } from "./tool.js";
import { t } from "../language.js";

const DRAG = 6; // CSS pixels that a press has to move to draw a box
const AGAIN = 400; // milliseconds until the server is asked again while it encodes

export class ObjectTool extends Tool {
  static id = "object";
  static title = "Object";
  static key = "a";
  static with = "sam"; // what the dataset says that it has
  static hint =
    "Click an object, or drag a box around it. The right button, or Alt and a click: not this. Enter accepts, Ctrl Z or " +
    "Backspace takes a click back, Esc all of them. Beginning on the chosen class corrects its region.";
  #steps = []; // { kind, numbers } as the server takes them
  #value = UNLABELLED; // class that was chosen when the first click was made
  #found = null; // { object, removed, paths } of the steps that were asked for last
  #press = null; // { from, to, out } while the pointer is down
  #asking = null; // aborts the question that is on its way
  #line = make("p", { id: "object-state", role: "status" });
  #accept = make("button", { type: "button", className: "main", textContent: t("Accept"), "aria-label": t("Accept the object"), "data-keys": "Enter" });
  #back = make("button", { type: "button", textContent: t("Take back"), "aria-label": t("Take the last click back"), "data-keys": "Backspace" });
  #out = make("button", { type: "button", textContent: t("Not this"), "aria-label": t("The next clicks mean: not this"), "aria-pressed": "false" });
  #bar = make("div", { id: "object-bar", hidden: true }, this.#line, this.#out, this.#back, this.#accept);

  constructor(editor) {
    super(editor);
    editor.stage.append(this.#bar);
    this.#accept.addEventListener("click", () => this.#take());
    this.#back.addEventListener("click", () => this.undo());
    this.#out.addEventListener("click", () => this.#mean(!this.#meansOut)); // where there is neither a right button nor Alt
    editor.addEventListener("open", () => this.available && this.#encode());
    editor.stage.addEventListener("contextmenu", () => this.#rightClick());
  }

  get available() {
    return Boolean(this.editor.session.dataset?.sam);
  }

  /** Encodes the photo that is open, so that the first click is answered at once. */
  #encode() {
    fetch(api.image(this.editor.stem, "encoded")).catch(() => null); // the first click says what is wrong
  }

  get #meansOut() {
    return this.#out.getAttribute("aria-pressed") === "true";
  }

  #mean(out) {
    this.#out.setAttribute("aria-pressed", String(out));
  }

  #rightClick() {
    const { editor } = this;
    if (editor.tool !== this || !editor.ready || editor.pointers.drawing || !editor.pointers.position) return;
    this.#click(editor.pointers.position, true);
  }

  down(point, event) {
    const out = event.altKey || event.ctrlKey || this.#meansOut;
    this.#press = { from: point, to: point, out };
  }

  move(points) {
    if (this.#press) this.#press.to = points[points.length - 1];
  }

  up() {
    const press = this.#press;
    this.#press = null;
    if (!press) return;
    if (this.#isBox(press)) this.#box(press);
    else this.#click(press.from, press.out);
  }

  #isBox({ from, to, out }) {
    return !out && Math.min(Math.abs(to.x - from.x), Math.abs(to.y - from.y)) * this.editor.view.scale >= DRAG;
  }

  #click({ x, y }, out) {
    const { width, height } = this.editor.mask;
    if (x < 0 || y < 0 || x >= width || y >= height) return;
    if (out && !this.#steps.length && !this.#startsOnClass(x, y)) return this.editor.say(t("Click the object first."));
    this.#add({ kind: out ? "out" : "in", numbers: [x, y] });
  }

  /** Whether a first click corrects a region of the chosen class. */
  #startsOnClass(x, y) {
    const { mask, value } = this.editor;
    return value !== UNLABELLED && mask.pixels[Math.floor(y) * mask.width + Math.floor(x)] === value;
  }

  /** A box stands once, ahead of the clicks that correct it. */
  #box({ from, to }) {
    const { width, height } = this.editor.mask;
    const within = (value, most) => Math.max(0, Math.min(most, value));
    const xs = [from.x, to.x].map((x) => within(x, width)).sort((a, b) => a - b);
    const ys = [from.y, to.y].map((y) => within(y, height)).sort((a, b) => a - b);
    if (xs[0] < xs[1] && ys[0] < ys[1]) this.#add({ kind: "box", numbers: [xs[0], ys[0], xs[1], ys[1]] });
  }

  #add(step) {
    if (!this.#steps.length) this.#value = this.editor.value;
    this.#steps = [...this.#steps, step];
    this.#ask();
  }

  /** Takes back the last click or box. */
  undo() {
    if (this.#press) {
      this.#press = null;
      return true;
    }
    if (!this.#steps.length) return false;
    this.#steps = this.#steps.slice(0, -1);
    if (this.#steps.length) this.#ask();
    else this.cancel();
    return true;
  }

  key(event) {
    if (!this.#steps.length) return false;
    if (event.key === "Enter") this.#take();
    else if (event.key === "Escape") this.cancel();
    else if (event.key === "Backspace") this.undo();
    else return false;
    return true;
  }

  cancel() {
    this.#asking?.abort();
    this.#asking = this.#found = this.#press = null;
    this.#steps = [];
    this.#mean(false);
    this.#tell();
  }

  deactivate() {
    this.cancel();
  }

  activate() {
    if (this.editor.stem !== null) this.#encode();
    this.#tell();
  }

  /** Asks for the object at all steps; what was found before stays in sight until the answer comes. */
  async #ask() {
    this.#asking?.abort();
    const { signal } = (this.#asking = new AbortController());
    const steps = this.#steps;
    this.#tell(t("Looking …"));
    try {
      const found = await this.#answer(steps, signal);
      if (signal.aborted || !found) return;
      this.#asking = null;
      this.#found = { ...found, paths: pathsOf(found.object) };
      this.#tell();
    } catch (error) {
      if (signal.aborted) return;
      this.#asking = null;
      this.#steps = steps.slice(0, -1); // as the server has answered so far
      if (!this.#steps.length) this.#found = null;
      this.#tell();
      this.editor.say(error.message);
    }
  }

  /** Waits while the photo is being encoded; null = given up. */
  async #answer(steps, signal) {
    const { editor } = this;
    const { stem, saver } = editor;
    if (!(await saver.flush())) throw new Error(saver.words); // the region that is corrected is the saved one
    const text = steps.map(({ kind, numbers }) => [kind, ...numbers.map((each) => each.toFixed(2))].join(",")).join(";");
    const start = this.#value === UNLABELLED ? "" : `&class=${this.#value}`;
    while (!signal.aborted) {
      const found = await api.object(`${api.image(stem, "object")}?steps=${text}${start}`, signal);
      if (found) return found;
      this.#tell(t("Encoding this photo …"));
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
    }
    return null;
  }

  /** Paints what was found in the chosen class, as one step; of a region that was corrected, the rest becomes unlabelled. */
  #take() {
    const { editor } = this;
    if (this.#asking || !this.#found || !editor.ready || editor.mask.editing) return;
    const { object, removed } = this.#found;
    const { mask, value, only } = editor;
    mask.begin();
    if (only === null) mask.fill(removed, UNLABELLED, this.#value);
    mask.fill(object, value, only);
    mask.end();
    this.cancel();
  }

  #tell(words = "") {
    const { length } = this.#steps;
    const ready = length > 0 && this.#found !== null && this.#asking === null;
    const empty = ready && this.#found.object.length === 0;
    this.#line.textContent = words || (empty ? t("Nothing found there.") : ready ? "" : this.#line.textContent);
    if (!length) this.#line.textContent = "";
    this.#accept.disabled = !ready || empty;
    this.#bar.hidden = this.editor.tool !== this || length === 0;
    this.editor.redraw();
  }

  draw(context, view) {
    if (this.#found) drawRegion(context, view, this.#found.paths, this.editor.color);
    const boxes = this.#steps.filter(({ kind }) => kind === "box");
    if (boxes.length) frame(context, view, boxes[boxes.length - 1].numbers, []);
    if (this.#press && this.#isBox(this.#press)) {
      const { from, to } = this.#press;
      frame(context, view, [from.x, from.y, to.x, to.y], [4, 4]);
    }
    for (const { kind, numbers } of this.#steps) if (kind !== "box") mark(context, view.toScreen(...numbers), kind === "in");
  }
}

/** The rim of a box between two corners. */
function frame(context, view, [x0, y0, x1, y1], dash) {
  const a = view.toScreen(x0, y0), b = view.toScreen(x1, y1);
  context.setLineDash(dash);
  context.beginPath();
  context.rect(a.x, a.y, b.x - a.x, b.y - a.y);
  outline(context);
  context.setLineDash([]);
}

/** A click: a plus in a disc for "this", a minus for "not this"; told apart without colours. */
function mark(context, { x, y }, isIn) {
  context.beginPath();
  context.arc(x, y, 7, 0, 2 * Math.PI);
  context.fillStyle = isIn ? "rgba(255, 255, 255, 0.95)" : "rgba(20, 20, 22, 0.9)";
  context.fill();
  outline(context);
  context.beginPath();
  context.moveTo(x - 3.5, y);
  context.lineTo(x + 3.5, y);
  if (isIn) context.moveTo(x, y - 3.5);
  if (isIn) context.lineTo(x, y + 3.5);
  context.strokeStyle = isIn ? "#141416" : "#ffffff";
  context.lineWidth = 1.6;
  context.stroke();
}
