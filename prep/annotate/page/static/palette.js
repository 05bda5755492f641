// The classes to paint with: colour, key and share of the open image.

import { byId, make, percent, stepTo } from "./dom.js";
import { UNLABELLED } from "./mask.js";

const SLICE = 2 ** 20; // pixels counted without a pause

/** Shows the classes of the session as a group of radio buttons; the editor's value is the one that is chosen. */
export class Palette {
  #buttons = new Map(); // value -> button
  #counting = 0; // number of the count at work; an older one stops

  constructor(editor, session) {
    Object.assign(this, { editor, session });
    session.addEventListener("classes", () => this.fill());
    editor.addEventListener("value", () => this.show());
    editor.addEventListener("open", () => this.count());
    editor.addEventListener("edit", () => this.count());
    byId("classes").addEventListener("keydown", (event) => this.#step(event));
  }

  fill() {
    this.#buttons.clear();
    const entries = [...this.session.classes, { index: UNLABELLED, name: "Unlabelled", color: "" }];
    for (const entry of entries) this.#buttons.set(entry.index, this.#button(entry));
    byId("classes").replaceChildren(...this.#buttons.values());
    byId("name-classes").hidden = this.session.classes.length > 0;
    this.show();
    this.count();
  }

  #button({ index, name, color }) {
    const key = index === UNLABELLED ? "X" : index < 10 ? String((index + 1) % 10) : "";
    const swatch = make("span", { className: color ? "swatch" : "swatch none" });
    swatch.style.backgroundColor = color;
    const button = make("button", { type: "button", className: "class", role: "radio", "data-value": index },
      make("kbd", { textContent: key }), swatch, make("span", { className: "name", textContent: name, title: name }),
      make("span", { className: "share" }));
    button.style.setProperty("--color", color || "#8b9097");
    button.addEventListener("click", () => this.editor.choose(index));
    return button;
  }

  #step(event) {
    stepTo(event, [...this.#buttons.values()], { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 });
  }

  show() {
    for (const [value, button] of this.#buttons) {
      const current = value === this.editor.value;
      button.setAttribute("aria-checked", String(current));
      button.tabIndex = current ? 0 : -1;
      if (current) button.scrollIntoView({ block: "nearest" });
    }
  }

  /** Counts the pixels of each class while the browser has nothing else to do. */
  async count() {
    const mine = ++this.#counting;
    const pixels = this.editor.mask?.pixels;
    if (!pixels) return;
    const counts = new Uint32Array(256);
    for (let start = 0; start < pixels.length; start += SLICE) {
      await idle();
      if (mine !== this.#counting) return;
      const end = Math.min(pixels.length, start + SLICE);
      for (let at = start; at < end; at++) counts[pixels[at]]++;
    }
    for (const [value, button] of this.#buttons) {
      const share = button.querySelector(".share");
      share.textContent = counts[value] ? percent(counts[value] / pixels.length) : "";
    }
  }
}

const idle = () =>
  new Promise((resolve) => ("requestIdleCallback" in window ? requestIdleCallback(resolve, { timeout: 400 }) : setTimeout(resolve, 30)));
