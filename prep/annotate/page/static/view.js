// Which part of the image the stage shows.

const LARGEST = 64; // CSS pixels of an image pixel's side, zoomed in all the way
const MARGIN = 20; // CSS pixels around the whole image, so that its border can be reached from outside

/**
 * scale: CSS pixels per image pixel. left, top: image coordinates of the stage's upper left corner. width, height: of
 * the stage in CSS pixels. ratio: device pixels per CSS pixel. Event "change".
 */
export class View extends EventTarget {
  #left = 0;
  #top = 0;
  #fitted = true; // the whole image is shown, and shall be when the window changes its size
  scale = 1;
  width = 1;
  height = 1;
  ratio = 1;
  image = { width: 1, height: 1 };

  // Where the image is drawn: on whole device pixels, so that the photo and the mask fit and 1:1 is sharp.
  get left() {
    return -this.device.x / this.device.scale;
  }

  get top() {
    return -this.device.y / this.device.scale;
  }

  toImage(px, py) {
    return { x: this.left + px / this.scale, y: this.top + py / this.scale };
  }

  toScreen(x, y) {
    return { x: (x - this.left) * this.scale, y: (y - this.top) * this.scale };
  }

  /** {scale, x, y}: device pixels per image pixel, and the whole device pixel where the image begins. */
  get device() {
    const scale = this.scale * this.ratio;
    return { scale, x: -Math.round(this.#left * scale), y: -Math.round(this.#top * scale) };
  }

  /** A new size of the stage: the middle stays. */
  resize(width, height, ratio) {
    const middle = this.#middle();
    Object.assign(this, { width, height, ratio });
    if (this.#fitted) this.fit();
    else this.#center(middle.x, middle.y);
  }

  /** Another image, shown whole. */
  open(width, height) {
    this.image = { width, height };
    this.fit();
  }

  fit() {
    this.scale = this.#whole();
    this.#center(this.image.width / 2, this.image.height / 2);
    this.#fitted = true;
  }

  /** One image pixel on one device pixel, around the middle or a point of the image. */
  oneToOne({ x, y } = this.#middle()) {
    this.scale = 1 / this.ratio;
    this.#center(x, y);
  }

  /** A box of the image, with some room around it. */
  show({ x, y, width, height }) {
    const scale = 0.6 * Math.min(this.width / Math.max(1, width), this.height / Math.max(1, height));
    this.scale = this.#allowed(Math.min(scale, 8 / this.ratio));
    this.#center(x + width / 2, y + height / 2);
  }

  /** Zooms so that what is at (px, py) on the stage stays there. */
  zoomAt(px, py, factor) {
    const x = this.#left + px / this.scale, y = this.#top + py / this.scale;
    this.scale = this.#allowed(this.scale * factor);
    this.#move(x - px / this.scale, y - py / this.scale);
  }

  /** Moves the image by CSS pixels. */
  pan(dx, dy) {
    this.#move(this.#left - dx / this.scale, this.#top - dy / this.scale);
  }

  /** The scale at which the whole image is on the stage. */
  #whole() {
    const { width, height } = this.image;
    return Math.min(Math.max(1, this.width - 2 * MARGIN) / width, Math.max(1, this.height - 2 * MARGIN) / height);
  }

  #allowed(scale) {
    const whole = this.#whole();
    return Math.min(Math.max(scale, Math.min(whole, 1 / this.ratio) / 2), Math.max(LARGEST, whole));
  }

  #middle() {
    return { x: this.#left + this.width / 2 / this.scale, y: this.#top + this.height / 2 / this.scale };
  }

  #center(x, y) {
    this.#move(x - this.width / 2 / this.scale, y - this.height / 2 / this.scale);
  }

  /** The middle of the stage stays on the image: it cannot get lost. */
  #move(left, top) {
    const halfWidth = this.width / 2 / this.scale, halfHeight = this.height / 2 / this.scale;
    this.#left = Math.min(Math.max(left, -halfWidth), this.image.width - halfWidth);
    this.#top = Math.min(Math.max(top, -halfHeight), this.image.height - halfHeight);
    this.#fitted = false;
    this.dispatchEvent(new Event("change"));
  }
}
