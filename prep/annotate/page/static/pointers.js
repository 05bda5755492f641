// Mouse, pen and fingers on the stage: what they do to the tool and the view.

const LINE = 33; // pixels of a line, for wheels that count lines
const WHEEL = 0.0022, PINCH = 0.012; // zoom per pixel of a wheel; a pinch on a touchpad comes as a wheel with Ctrl
const SLIP = 300; // milliseconds within which a second finger turns a stroke into a pinch

export class Pointers {
  #editor;
  #active = new Map(); // pointer id -> last position on the stage
  #drawing = null; // id of the pointer that the tool follows
  #panning = null; // id of the pointer that pans
  #since = 0; // when the tool began
  #grab = false;
  #pen = false; // a pen was seen
  position = null; // of the pointer over the image, in image coordinates; null = not over the stage

  constructor(editor) {
    this.#editor = editor;
    const { stage } = editor;
    stage.style.touchAction = "none";
    const listen = (type, handler) => stage.addEventListener(type, handler, { passive: false });
    listen("pointerdown", (event) => this.#down(event));
    listen("pointermove", (event) => this.#move(event));
    listen("pointerup", (event) => this.#up(event, false));
    listen("pointercancel", (event) => this.#up(event, true));
    listen("pointerleave", () => this.#leave());
    listen("wheel", (event) => this.#wheel(event));
    listen("contextmenu", (event) => event.preventDefault());
    this.showCursor();
  }

  /** Space is held: the left button pans. */
  set grab(held) {
    this.#grab = held;
    this.showCursor();
  }

  get grab() {
    return this.#grab;
  }

  get drawing() {
    return this.#drawing !== null;
  }

  /** Whether a pen was seen: fingers pan only then, so that a resting hand paints nothing. */
  get pen() {
    return this.#pen;
  }

  #sawPen() {
    if (this.#pen) return;
    this.#pen = true;
    this.#editor.dispatchEvent(new Event("tools")); // some have an option for it
  }

  showCursor() {
    const { mask, stage, tool } = this.#editor;
    const hand = this.#panning !== null ? "grabbing" : this.#grab ? "grab" : null;
    stage.style.cursor = mask ? (hand ?? tool.constructor.cursor) : "default";
  }

  /** Nothing is held any longer. */
  stop() {
    this.#active.clear();
    this.#drawing = this.#panning = null;
    this.showCursor();
  }

  #at({ clientX, clientY }) {
    const { left, top } = this.#editor.stage.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }

  /** In image coordinates; pressure: 0..1 of a pen, 1 of everything else. */
  #point(event) {
    const { x, y } = this.#at(event);
    return { ...this.#editor.view.toImage(x, y), pressure: event.pointerType === "pen" ? event.pressure : 1 };
  }

  #down(event) {
    const editor = this.#editor;
    if (event.target.closest?.("button, input, select, a")) return;
    if (!editor.ready) return;
    if (event.pointerType === "pen") this.#sawPen();
    const pans = event.button === 1 || this.#grab || editor.tool.constructor.pans || (event.pointerType === "touch" && this.#pen);
    if (event.pointerType === "touch" && this.#active.size === 1) this.#second(event);
    this.#active.set(event.pointerId, this.#at(event));
    editor.stage.setPointerCapture(event.pointerId);
    if (event.button === 1) event.preventDefault(); // no scrolling by the middle button
    if (this.#active.size > 1 || this.#drawing !== null || this.#panning !== null) return;
    if (pans) {
      this.#panning = event.pointerId;
    } else if (event.button === 0 && editor.session.classes.length === 0) {
      event.preventDefault(); // the focus belongs to the dialog that this opens
      editor.dispatchEvent(new Event("classless"));
    } else if (event.button === 0) {
      this.#drawing = event.pointerId;
      this.#since = event.timeStamp;
      this.position = this.#point(event);
      editor.dispatchEvent(new Event("draw"));
      editor.tool.down(this.position, event);
      editor.redraw();
    }
    this.showCursor();
  }

  /** A second finger: what the first one began by accident is taken back, and both move the view. */
  #second(event) {
    this.#panning = null;
    if (this.#drawing !== null && event.timeStamp - this.#since < SLIP) this.#takeBack();
  }

  /** The last press did not count: a corner goes, or else all that the tool has begun. */
  #takeBack() {
    const { tool } = this.#editor;
    if (!tool.undo()) tool.cancel();
    this.#drawing = null;
  }

  #move(event) {
    const editor = this.#editor;
    if (!editor.mask) return;
    const before = this.#active.get(event.pointerId);
    const now = this.#at(event);
    if (before) this.#active.set(event.pointerId, now);
    if (event.pointerId === this.#drawing) {
      const coalesced = event.getCoalescedEvents?.() ?? [];
      const points = (coalesced.length ? coalesced : [event]).map((each) => this.#point(each));
      this.position = points[points.length - 1];
      editor.tool.move(points, event);
    } else if (event.pointerId === this.#panning) {
      editor.view.pan(now.x - before.x, now.y - before.y);
    } else if (before && this.#active.size === 2 && this.#drawing === null) {
      this.#pinch(event.pointerId, before, now);
    } else if (event.pointerType !== "touch" && this.#drawing === null) {
      this.position = this.#point(event);
      editor.tool.hover(this.position, event);
    }
    editor.redraw();
  }

  #pinch(id, before, now) {
    const { view } = this.#editor;
    const [, other] = [...this.#active].find(([each]) => each !== id);
    const distance = (point) => Math.max(10, Math.hypot(point.x - other.x, point.y - other.y));
    view.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
    view.zoomAt((now.x + other.x) / 2, (now.y + other.y) / 2, distance(now) / distance(before));
  }

  #up(event, cancelled) {
    const editor = this.#editor;
    this.#active.delete(event.pointerId);
    if (event.pointerId === this.#drawing) {
      if (cancelled) this.#takeBack();
      else editor.tool.up(this.#point(event), event);
      this.#drawing = null;
    }
    if (event.pointerId === this.#panning) this.#panning = null;
    if (event.pointerType === "touch") this.position = null;
    this.showCursor();
    editor.redraw();
  }

  #leave() {
    if (this.#drawing !== null) return;
    this.position = null;
    this.#editor.redraw();
  }

  #wheel(event) {
    event.preventDefault();
    const { view, mask } = this.#editor;
    if (!mask) return;
    const delta = event.deltaY * (event.deltaMode === 1 ? LINE : event.deltaMode === 2 ? view.height : 1);
    const { x, y } = this.#at(event);
    view.zoomAt(x, y, Math.exp(-Math.max(-300, Math.min(300, delta)) * (event.ctrlKey ? PINCH : WHEEL)));
    if (!this.drawing && this.position) this.position = this.#point(event);
  }
}
