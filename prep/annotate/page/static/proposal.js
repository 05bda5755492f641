// What the model proposes for the open image, and what of it is left to decide.

import { ApiError, api } from "./api.js";
import { UNLABELLED } from "./mask.js";
import { spansByValue } from "./spans.js";
import { t } from "./language.js";

const PAUSE = 400; // milliseconds until the server is asked again

/**
 * state: "none", "waiting" (words say how far the model is), "failed" (words say why) or "ready".
 * least: percent of confidence below which nothing is shown. unsure: percent below which it is marked as least sure.
 * over: whether labels of another class are proposed anew. Event "change".
 */
export class Proposal extends EventTarget {
  #asking = null; // aborts the questions about an image
  #changed = null; // box of the mask
  state = "none";
  words = "";
  least = 0;
  unsure = 0;
  over = true;
  revision = 0; // changes with everything that is seen, but for what is painted
  pixels = new Uint8Array(0); // class index of each pixel, 255 = nothing, or refused
  confidence = new Uint8Array(0);

  /** Asks for the proposal of an image until it is there. */
  async load(stem, mask) {
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    this.begin(stem, mask, t("The model will look at this image."));
    try {
      const pixels = await this.#bytes(stem, "proposal", asking.signal);
      const confidence = await this.#bytes(stem, "proposal/confidence", asking.signal);
      if (asking.signal.aborted) return;
      this.show(pixels, confidence);
    } catch (error) {
      if (!asking.signal.aborted) this.become("failed", error.message);
    }
  }

  /** Another image: nothing is proposed for it yet. */
  begin(stem, mask, words) {
    Object.assign(this, { stem, mask, width: mask.width, height: mask.height, lit: new Uint8Array(mask.pixels.length) });
    mask.addEventListener("change", ({ detail }) => this.mask === mask && this.#change(detail));
    this.become("waiting", words);
  }

  /** What is shown in a box of the mask may have changed. */
  #change(box) {
    const all = this.#changed ?? box;
    this.#changed = {
      x0: Math.min(all.x0, box.x0), y0: Math.min(all.y0, box.y0), x1: Math.max(all.x1, box.x1), y1: Math.max(all.y1, box.y1),
    };
  }

  /** The box of the mask that changed since it was last taken; null if none did. */
  takeChanged() {
    const changed = this.#changed;
    this.#changed = null;
    return changed;
  }

  show(pixels, confidence) {
    Object.assign(this, { pixels, confidence });
    this.become("ready", "");
  }

  async #bytes(stem, part, signal) {
    for (;;) {
      const response = await fetch(api.image(stem, part), { signal });
      if (response.status === 200) return new Uint8Array(await response.arrayBuffer());
      const body = await response.json();
      if (response.status !== 202) throw new ApiError(response.status, body.error, body);
      const share = body.share ? `: ${Math.round(100 * body.share)} %` : " …";
      this.become("waiting", t("The model is looking at this image{share}", { share }));
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  become(state, words) {
    Object.assign(this, { state, words });
    this.revision++;
    this.dispatchEvent(new Event("change"));
  }

  /** The class to show at a pixel: 255 where there is none, where the mask says the same or a locked class, and where the model is not sure enough. */
  values = (at) => {
    const value = this.pixels[at], label = this.mask.pixels[at];
    const decided = this.over ? value === label || this.mask.locked[label] : label !== UNLABELLED;
    return decided || this.confidence[at] < this.least ? UNLABELLED : value;
  };

  /** Spans of the region around a pixel; null if nothing is shown there. */
  async region(x, y) {
    const value = this.values(y * this.width + x);
    if (value === UNLABELLED) return null;
    const { stem } = this;
    const spans = await api.spans(`${api.image(stem, "proposal/region")}?x=${x}&y=${y}&confidence=${this.least}`);
    return stem === this.stem && this.state === "ready" ? { spans, value } : null;
  }

  /** Map class -> spans of all that is left. */
  rest() {
    return spansByValue(this.width, this.height, this.values);
  }

  /** Gives the pixels of spans another proposed value; 255 = refused. */
  set(spans, value) {
    this.#fill(this.pixels, spans, value);
  }

  /** Lights the region of these spans up, or none. */
  light(spans, before) {
    if (before) this.#fill(this.lit, before, 0);
    if (spans) this.#fill(this.lit, spans, 1);
  }

  #fill(array, spans, value) {
    for (let at = 0; at < spans.length; at += 3) {
      const row = spans[at] * this.width;
      array.fill(value, row + spans[at + 1], row + spans[at + 2]);
    }
    this.revision++;
  }
}
