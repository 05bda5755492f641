// What fill and superpixel have in common: the server finds the region at a point, hovering shows it, a click fills it.

import { api } from "../api.js";
import { contains, drawRegion, pathsOf } from "./preview.js";
import { Tool } from "./tool.js";
import { t } from "../language.js";

const REST = 60; // milliseconds that the pointer rests before its region is asked for
const AGAIN = 300; // milliseconds until a region that is still being computed is asked for again

export class RegionTool extends Tool {
  #shown = null; // { spans, paths, kind } of the region under the pointer
  #asked = null; // aborts the question for the region under the pointer
  #timer = 0;
  #waited = ""; // what the person was told to wait for
  #clicks = Promise.resolve(); // regions are filled in the order of the clicks
  #clicked = new AbortController(); // aborts the clicks that wait

  /** The query that says which kind of region is meant, without the point. */
  get kind() {
    throw new Error("Each tool says what it asks for.");
  }

  /** Whether the region depends on the mask, which then has to be saved first. */
  get dependsOnMask() {
    return false;
  }

  hover(point) {
    const { x, y } = pixel(point);
    if (!this.dependsOnMask && this.#shown?.kind === this.kind && contains(this.#shown.spans, x, y)) return;
    this.#ask(point);
  }

  deactivate() {
    this.cancel();
  }

  cancel() {
    this.#clicked.abort();
    this.#clicked = new AbortController();
    this.#forget();
  }

  #forget() {
    clearTimeout(this.#timer);
    this.#asked?.abort();
    this.#asked = this.#shown = null;
    this.editor.redraw();
  }

  /** Shows the region at a point once the pointer rests, unless another one is asked for meanwhile. */
  #ask(point) {
    clearTimeout(this.#timer);
    this.#asked?.abort();
    const { signal } = (this.#asked = new AbortController());
    const { kind } = this;
    this.#timer = setTimeout(async () => {
      try {
        const spans = await this.#region(point, kind, signal);
        if (!spans || signal.aborted) return;
        this.#shown = { spans, paths: pathsOf(spans), kind };
        this.editor.redraw();
      } catch {
        if (!signal.aborted) this.#shown = null; // what is wrong is said when it is clicked
      }
    }, REST);
  }

  /** Does something after all that was clicked before is filled, unless it is given up. */
  after(work) {
    const { signal } = this.#clicked;
    this.#clicks = this.#clicks.then(() => signal.aborted || work(signal));
  }

  /** Fills the region at a point when its turn comes; `skip` says then whether to leave it. */
  fill(point, skip = () => false) {
    const { editor, kind } = this;
    const { mask, value, only } = editor;
    this.after(async (signal) => {
      if (skip()) return;
      try {
        const spans = await this.#region(point, kind, signal);
        if (spans && !signal.aborted && editor.mask === mask && editor.ready) this.paint(spans, value, only);
      } catch (error) {
        if (!signal.aborted) editor.say(error.message);
      }
    });
  }

  /** Paints a region that was clicked, as one step. */
  paint(spans, value, only) {
    if (!this.editor.mask.editing) this.editor.paint(spans, value, only);
    if (this.dependsOnMask) this.#forget();
  }

  /** The spans at a point; waits while the server computes. null = outside, or given up. */
  async #region(point, kind, signal) {
    const { editor } = this;
    const { stem, mask, saver } = editor;
    const { x, y } = pixel(point);
    if (x < 0 || y < 0 || x >= mask.width || y >= mask.height) return null;
    if (this.dependsOnMask && !(await saver.flush())) throw new Error(saver.words);
    while (!signal.aborted && editor.mask === mask) {
      try {
        return await api.spans(`${api.image(stem, "region")}?${kind}&x=${x}&y=${y}`, signal);
      } catch (error) {
        if (error.status !== 202) throw error;
      }
      if (this.#waited !== stem + kind) editor.say(t("Finding the regions of this photo ..."));
      this.#waited = stem + kind;
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
    }
    return null;
  }

  draw(context, view) {
    const { position } = this.editor.pointers;
    if (!position || !this.#shown) return;
    if (this.#shown.kind === this.kind) return drawRegion(context, view, this.#shown.paths, this.editor.color);
    this.#shown = null; // its size or tolerance was changed
    this.#ask(position);
  }
}

/** The pixel that a point lies in. */
export function pixel({ x, y }) {
  return { x: Math.floor(x), y: Math.floor(y) };
}
