// Draws what a model proposes: hatched in the colours of the classes with a dashed rim, so that no one takes it for labels.

import { rgb } from "./coloring.js";
import { UNLABELLED } from "./mask.js";

const PERIOD = 8, STRIPE = 2; // pixels of the hatching; the period is a power of two
const DASH = 4; // pixels of a dash of the rim; a power of two

/** The proposal as a picture of the stage, one pixel for each CSS pixel; drawn again only when something has changed. */
export class Hatching {
  #canvas = new OffscreenCanvas(1, 1);
  #context = this.#canvas.getContext("2d", { willReadFrequently: true });
  #image = null;
  #drawn = "";

  /** `state` differs whenever the proposal, what is shown of it, or a colour does. */
  draw(context, view, proposal, classes, state) {
    const width = Math.ceil(view.width), height = Math.ceil(view.height);
    const now = `${width} ${height} ${view.scale} ${view.left} ${view.top} ${state}`;
    if (now !== this.#drawn) {
      this.#resize(width, height);
      paint(this.#image, view, proposal, colorsOf(classes));
      this.#context.putImageData(this.#image, 0, 0);
      this.#drawn = now;
    }
    context.imageSmoothingEnabled = false;
    context.drawImage(this.#canvas, 0, 0);
  }

  #resize(width, height) {
    if (this.#image?.width === width && this.#image.height === height) return;
    Object.assign(this.#canvas, { width, height });
    this.#image = this.#context.createImageData(width, height);
  }
}

/** By class: stripes, the ground between them, the region under the pointer and the rim, as 32-bit pixels. */
function colorsOf(classes) {
  const [stripe, ground, lit, rim] = Array.from({ length: 4 }, () => new Uint32Array(256));
  for (const { index, color } of classes) {
    const [red, green, blue] = rgb(color);
    [stripe[index], ground[index], lit[index], rim[index]] = [150, 45, 165, 255].map(
      (opacity) => (opacity << 24) | (blue << 16) | (green << 8) | red);
  }
  rim[UNLABELLED] = 0;
  return { stripe, ground, lit, rim };
}

const LIGHT = 0xf0ffffff; // the other dashes of the rim
const DOTS = 3; // what is least sure is dotted: a dot where both places are multiples of four

function paint(image, view, { width, height, pixels, mask, confidence, least, unsure, over, lit }, colors) {
  const out = new Uint32Array(image.data.buffer);
  const { stripe, ground, lit: bright, rim } = colors;
  const labels = mask.pixels;
  const columns = places(image.width, view.left, view.scale, width), rows = places(image.height, view.top, view.scale, height);
  const [first, end] = extent(columns);
  const above = new Uint8Array(image.width).fill(UNLABELLED);
  out.fill(0);
  for (let py = 0; py < image.height; py++) {
    if (rows[py] < 0) continue;
    const start = rows[py] * width;
    for (let px = first, to = py * image.width + first, left = UNLABELLED; px < end; px++, to++) {
      const at = start + columns[px];
      let value = pixels[at]; // as Proposal.values, which would be called a million times
      if ((over ? value === labels[at] : labels[at] !== UNLABELLED) || confidence[at] < least) value = UNLABELLED;
      if (value !== left || value !== above[px]) {
        const rimmed = value === UNLABELLED ? (left === UNLABELLED ? above[px] : left) : value;
        out[to] = (px + py) & DASH ? LIGHT : rim[rimmed];
      } else if (value !== UNLABELLED && confidence[at] < unsure && !((px | py) & DOTS)) out[to] = LIGHT;
      else if (value !== UNLABELLED) out[to] = lit[at] ? bright[value] : ((px + py) & (PERIOD - 1)) < STRIPE ? stripe[value] : ground[value];
      above[px] = left = value;
    }
  }
}

/** The range of places that are on the image. */
function extent(places) {
  const first = places.findIndex((place) => place >= 0);
  return first < 0 ? [0, 0] : [first, places.findLastIndex((place) => place >= 0) + 1];
}

/** The image pixel of each pixel of the stage along one axis; -1 beyond the image. */
function places(number, first, scale, length) {
  return Int32Array.from({ length: number }, (_, place) => {
    const at = Math.floor(first + (place + 0.5) / scale);
    return at >= 0 && at < length ? at : -1;
  });
}
