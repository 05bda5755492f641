// Draws what a model proposes: hatched in the colours of the classes with a dashed rim, so that no one takes it for labels.

import { rgb } from "./coloring.js";

const PERIOD = 8, STRIPE = 3; // pixels of the hatching
const DASH = 5; // pixels of a dash of the rim

/** The proposal as a picture of the stage, one pixel for each CSS pixel; drawn again only when something has changed. */
export class Hatching {
  #canvas = new OffscreenCanvas(1, 1);
  #context = this.#canvas.getContext("2d", { willReadFrequently: true });
  #image = null;
  #drawn = "";

  /** shown(at): class of the proposal to show at a pixel, or 255. lit: (H * W) 1 = under the pointer. state: changes when one of them did. */
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

/** By class: stripe, ground between the stripes, and the same under the pointer, as 32-bit pixels. */
function colorsOf(classes) {
  const [stripe, ground, lit] = [new Uint32Array(256), new Uint32Array(256), new Uint32Array(256)];
  for (const { index, color } of classes) {
    const [red, green, blue] = rgb(color);
    const opaque = (alpha) => (alpha << 24) | (blue << 16) | (green << 8) | red;
    [stripe[index], ground[index], lit[index]] = [opaque(215), opaque(38), opaque(170)];
  }
  return { stripe, ground, lit };
}

const WHITE = 0xffffffff, BLACK = 0xdc000000;

function paint(image, view, { width, height, values, lit }, colors) {
  const out = new Uint32Array(image.data.buffer);
  const columns = places(image.width, view.left, view.scale, width), rows = places(image.height, view.top, view.scale, height);
  let above = new Uint8Array(image.width).fill(255), row = new Uint8Array(image.width);
  for (let py = 0; py < image.height; py++, [above, row] = [row, above]) {
    const start = rows[py] * width;
    for (let px = 0, to = py * image.width, left = 255; px < image.width; px++, to++) {
      const at = start + columns[px];
      const value = rows[py] < 0 || columns[px] < 0 ? 255 : values(at);
      row[px] = value;
      if (value !== left || value !== above[px]) out[to] = (px + py) % (2 * DASH) < DASH ? WHITE : BLACK;
      else if (value === 255) out[to] = 0;
      else if (lit[at]) out[to] = colors.lit[value];
      else out[to] = (px + py) % PERIOD < STRIPE ? colors.stripe[value] : colors.ground[value];
      left = value;
    }
  }
}

/** The image pixel of each pixel of the stage along one axis; -1 beyond the image. */
function places(number, first, scale, length) {
  return Int32Array.from({ length: number }, (_, place) => {
    const at = Math.floor(first + (place + 0.5) / scale);
    return at >= 0 && at < length ? at : -1;
  });
}
