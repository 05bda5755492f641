// What was learnt from the strokes, for the open image: asked for again whenever a stroke is saved.

import { api } from "./api.js";
import { UNLABELLED } from "./mask.js";
import { Proposal } from "./proposal.js";
import { regionAt, scaled } from "./small.js";
import { t } from "./language.js";

const PAUSE = 300; // milliseconds until the server is asked again while it computes
const LATER = 2000; // the same, while it looks at other images to learn from

const WORDS = {
  computing: t("Looking at this photo …"),
  nothing: t("Paint a stroke or two of each class, of two classes at least: the rest of the photo is proposed then."),
};

/** A proposal for what is unlabelled only: what people painted stays. */
export class Learnt extends Proposal {
  #running = false; // a question is on its way
  #again = false; // something was saved since it was asked
  #timer = null;
  over = false;
  small = null; // { width, height, values, confidence } as the server sends it

  async load(stem, mask) {
    this.small = null;
    this.begin(stem, mask, WORDS.computing);
    await this.refresh();
  }

  /** Nothing is wanted any longer. */
  stop() {
    this.mask = null;
    clearTimeout(this.#timer);
    this.become("none", "");
  }

  /** Asks for the proposal by the strokes as they are saved now; what is shown stays until it comes. */
  async refresh() {
    clearTimeout(this.#timer);
    this.#again = true;
    if (this.#running) return;
    this.#running = true;
    while (this.#again && this.mask) {
      this.#again = false;
      await this.#ask().catch((error) => this.mask && this.become("failed", error.message));
    }
    this.#running = false;
  }

  async #ask() {
    const { stem, mask } = this;
    const found = await api.learnt(stem);
    if (this.mask !== mask) return;
    if (found.state === "computing") {
      if (!this.small) this.become("waiting", WORDS.computing);
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      this.#again = true;
    } else if (found.state === "nothing") {
      this.small = null;
      this.become("waiting", WORDS.nothing);
    } else {
      this.small = found;
      this.unsure = found.unsure;
      this.show(scaled(found, found.values, mask.width, mask.height), scaled(found, found.confidence, mask.width, mask.height));
      if (!found.complete) this.#timer = setTimeout(() => this.refresh(), LATER);
    }
  }

  /** Spans of the region around a pixel, of what is labelled in it too; null if nothing is shown there. */
  async region(x, y) {
    const value = this.values(y * this.width + x);
    if (value === UNLABELLED) return null;
    return { spans: regionAt(this.small, x, y, this.width, this.height, this.least), value };
  }
}
