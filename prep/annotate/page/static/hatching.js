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

  /** `state` differs whenever the proposal, what is shown of it, or a colour does; what is painted is told by its box. */
  draw(context, view, proposal, classes, state) {
    const width = Math.ceil(view.width), height = Math.ceil(view.height);
    const now = `${width} ${height} ${view.scale} ${view.left} ${view.top} ${state}`;
    const part = now === this.#drawn ? onStage(proposal.takeChanged(), view, width, height) : { x0: 0, y0: 0, x1: width, y1: height };
    if (now !== this.#drawn) {
      proposal.takeChanged();
      this.#resize(width, height);
      this.#drawn = now;
    }
    if (part && part.x0 < part.x1 && part.y0 < part.y1) {
      paint(this.#image, view, proposal, colorsOf(classes), part);
      this.#context.putImageData(this.#image, 0, 0, part.x0, part.y0, part.x1 - part.x0, part.y1 - part.y0);
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

/** The pixels of the stage that a box of the image touches, with the rims beside them; null for none. */
function onStage(box, { left, top, scale }, width, height) {
  return box && {
    x0: Math.max(0, Math.floor((box.x0 - left) * scale) - 1), x1: Math.min(width, Math.ceil((box.x1 - left) * scale) + 2),
    y0: Math.max(0, Math.floor((box.y0 - top) * scale) - 1), y1: Math.min(height, Math.ceil((box.y1 - top) * scale) + 2),
  };
}

/** Paints a part of the stage; where two values meet is the rim, which takes the pixel to the left and the one above. */
function paint(image, view, proposal, { stripe, ground, lit: bright, rim }, { x0, y0, x1, y1 }) {
  const out = new Uint32Array(image.data.buffer);
  const { width, height, confidence, unsure, lit } = proposal;
  const columns = places(image.width, view.left, view.scale, width), rows = places(image.height, view.top, view.scale, height);
  let row = new Uint8Array(image.width), above = new Uint8Array(image.width).fill(UNLABELLED);
  for (let py = Math.max(0, y0 - 1); py < y1; py++, [row, above] = [above, row]) {
    fill(row, proposal, rows[py], columns, Math.max(0, x0 - 1), x1);
    if (py < y0) continue;
    const start = rows[py] * width;
    for (let px = x0, to = py * image.width + x0; px < x1; px++, to++) {
      const value = row[px], left = px ? row[px - 1] : UNLABELLED, up = above[px];
      if (value !== left || value !== up) {
        const rimmed = value === UNLABELLED ? (left === UNLABELLED ? up : left) : value;
        out[to] = (px + py) & DASH ? LIGHT : rim[rimmed];
      } else if (value === UNLABELLED) out[to] = 0;
      else {
        const at = start + columns[px];
        if (confidence[at] < unsure && !((px | py) & DOTS)) out[to] = LIGHT;
        else out[to] = lit[at] ? bright[value] : ((px + py) & (PERIOD - 1)) < STRIPE ? stripe[value] : ground[value];
      }
    }
  }
}

/** The values that are shown along one row of the stage, as Proposal.values, which would be called a million times. */
function fill(row, { width, pixels, mask, confidence, least, over }, y, columns, x0, x1) {
  const { locked, pixels: labels } = mask, start = y * width;
  for (let px = x0; px < x1; px++) {
    if (y < 0 || columns[px] < 0) {
      row[px] = UNLABELLED;
      continue;
    }
    const at = start + columns[px], value = pixels[at];
    row[px] = (over ? value === labels[at] || locked[labels[at]] : labels[at] !== UNLABELLED) || confidence[at] < least ? UNLABELLED : value;
  }
}

/** The image pixel of each pixel of the stage along one axis; -1 beyond the image. */
function places(number, first, scale, length) {
  return Int32Array.from({ length: number }, (_, place) => {
    const at = Math.floor(first + (place + 0.5) / scale);
    return at >= 0 && at < length ? at : -1;
  });
}
