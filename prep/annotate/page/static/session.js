// What is open: the dataset, its images and its classes.

import { api } from "./api.js";
import { byName } from "./selection.js";

class Session extends EventTarget {
  dataset = null;
  images = new Map();
  classes = [];
  classesVersion = "";

  /** Reads everything again from the server. */
  async load() {
    this.dataset = await api.dataset();
    this.images = new Map(byName(this.dataset.images).map((entry, place) => [entry.stem, Object.assign(entry, { place })]));
    this.classes = this.dataset.classes;
    this.classesVersion = this.dataset.classes_version;
    this.dispatchEvent(new Event("classes"));
    this.dispatchEvent(new Event("images"));
  }

  /** Takes what the server says of one image. */
  update(entry) {
    this.images.set(entry.stem, Object.assign(entry, { place: this.images.get(entry.stem)?.place }));
    this.dispatchEvent(new CustomEvent("images", { detail: entry }));
  }
}

export const session = new Session();
