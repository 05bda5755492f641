// The canvases of the stage: photo, mask and guides, all drawn in one animation frame, and only what must be.

import { Overlay } from "./overlay.js";
import { Photo } from "./photo.js";

export class Canvases {
  #due = { photo: true, overlay: true, changed: false, guides: true };
  #asked = false; // a frame is asked for

  /** drawGuides(context): draws lines of the tool, in CSS pixels. */
  constructor(stage, view, drawGuides) {
    Object.assign(this, { stage, view, drawGuides });
    this.photo = new Photo(stage.querySelector("#photo"));
    this.overlay = new Overlay(stage.querySelector("#overlay"));
    this.guides = stage.querySelector("#guides").getContext("2d");
    view.addEventListener("change", () => this.redraw());
    new ResizeObserver(() => this.#resize()).observe(stage);
    addEventListener("resize", () => this.#resize()); // the ratio changes when the browser zooms
    this.#resize();
  }

  /** Whether everything is drawn. */
  get idle() {
    return !this.#asked;
  }

  redraw() {
    this.#ask({ photo: true, overlay: true, guides: true });
  }

  redrawGuides() {
    this.#ask({ guides: true });
  }

  /** The photo and the mask of another image. */
  show(photo, mask) {
    if (photo) this.photo.show(photo);
    this.overlay.show(mask);
    mask.addEventListener("change", () => this.#ask({ changed: true }));
    this.redraw();
  }

  recolor(classes) {
    this.overlay.recolor(classes);
    this.redraw();
  }

  #ask(due) {
    Object.assign(this.#due, due);
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    const due = this.#due;
    this.#asked = false;
    this.#due = {};
    if (due.photo) this.photo.draw(this.view);
    if (due.overlay || due.changed) {
      const unfinished = this.overlay.draw(this.view, Boolean(due.overlay));
      if (unfinished) this.#ask({ overlay: true });
    }
    if (due.guides) this.#drawGuides();
  }

  #drawGuides() {
    const { guides, view } = this;
    guides.setTransform(1, 0, 0, 1, 0, 0);
    guides.clearRect(0, 0, guides.canvas.width, guides.canvas.height);
    guides.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    this.drawGuides(guides);
  }

  #resize() {
    const { width, height } = this.stage.getBoundingClientRect();
    const ratio = devicePixelRatio || 1;
    for (const canvas of [this.photo.canvas, this.overlay.canvas, this.guides.canvas]) {
      canvas.width = Math.max(1, Math.round(width * ratio));
      canvas.height = Math.max(1, Math.round(height * ratio));
      Object.assign(canvas.style, { width: `${canvas.width / ratio}px`, height: `${canvas.height / ratio}px` });
    }
    this.view.resize(Math.max(1, width), Math.max(1, height), ratio);
    this.#draw(); // at once: a canvas of a new size is empty
  }
}
