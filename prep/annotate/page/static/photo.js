// The photo: in halved levels, of which just the visible part is drawn.

const SMALLEST = 256; // pixels of the longer side of the last level

export class Photo {
  #levels = []; // ImageBitmaps, each half as wide and high as the one before
  background = "black";

  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
  }

  /** The levels of a photo's file; decoding takes place beside the page. */
  static async levels(blob) {
    const levels = [await createImageBitmap(blob)];
    for (;;) {
      const last = levels[levels.length - 1];
      if (Math.max(last.width, last.height) <= SMALLEST) return levels;
      const resizeWidth = Math.max(1, Math.round(last.width / 2)), resizeHeight = Math.max(1, Math.round(last.height / 2));
      levels.push(await createImageBitmap(last, { resizeWidth, resizeHeight, resizeQuality: "medium" }));
    }
  }

  show(levels) {
    for (const level of this.#levels) level.close();
    this.#levels = levels;
    this.background = getComputedStyle(this.canvas).backgroundColor;
  }

  draw(view) {
    const { canvas, context } = this;
    context.fillStyle = this.background;
    context.fillRect(0, 0, canvas.width, canvas.height);
    if (!this.#levels.length) return;
    const { scale, x, y } = view.device;
    const { width, height } = view.image;
    const level = this.#levels[Math.max(0, Math.min(this.#levels.length - 1, Math.floor(Math.log2(1 / scale) + 1e-9)))];
    context.imageSmoothingEnabled = scale < 1;
    const across = level.width / width, down = level.height / height; // level pixels per image pixel
    const x0 = Math.max(0, Math.floor((-x / scale) * across) - 1), y0 = Math.max(0, Math.floor((-y / scale) * down) - 1);
    const x1 = Math.min(level.width, Math.ceil(((canvas.width - x) / scale) * across) + 1);
    const y1 = Math.min(level.height, Math.ceil(((canvas.height - y) / scale) * down) + 1);
    if (x0 >= x1 || y0 >= y1) return;
    const wide = scale / across, high = scale / down; // device pixels per level pixel
    context.drawImage(level, x0, y0, x1 - x0, y1 - y0, x + x0 * wide, y + y0 * high, (x1 - x0) * wide, (y1 - y0) * high);
  }
}
