// The classes to paint with: colour, key and share of the open image.

import { byId, icon, make, percent, stepTo } from "./dom.js";
import { showKeys } from "./keys.js";
import { t } from "./language.js";
import { UNLABELLED } from "./mask.js";

const SLICE = 2 ** 20; // pixels counted without a pause

/** Shows the classes of the session as a group of radio buttons; the editor's value is the one that is chosen. */
export class Palette {
  #buttons = new Map(); // value -> button
  #switches = new Map(); // value -> { hide, lock }
  #counting = 0; // number of the count at work; an older one stops

  constructor(editor, session, marks) {
    Object.assign(this, { editor, session, marks });
    marks.addEventListener("change", () => this.show());
    session.addEventListener("classes", () => this.fill());
    editor.addEventListener("value", () => this.show());
    editor.addEventListener("open", () => this.count());
    editor.addEventListener("edit", () => this.count());
    byId("classes").addEventListener("keydown", (event) => this.#step(event));
  }

  fill() {
    this.#buttons.clear();
    this.#switches.clear();
    const entries = [...this.session.classes, { index: UNLABELLED, name: t("Unlabelled"), color: "" }];
    byId("classes").replaceChildren(...entries.map((entry) => this.#row(entry)));
    showKeys(byId("classes"), []);
    byId("name-classes").hidden = this.session.classes.length > 0;
    this.show();
    this.count();
  }

  /** A class to choose; beside it, whether it is shown and whether it may be changed. */
  #row(entry) {
    const { index } = entry;
    const button = this.#button(entry);
    this.#buttons.set(index, button);
    const row = make("div", { className: "class-row", role: "presentation" }, button);
    if (index === UNLABELLED) return row;
    const hide = make("button", { type: "button", className: "quiet mark-class", "data-mark": "hide", "data-action": "hide" });
    const lock = make("button", { type: "button", className: "quiet mark-class", "data-mark": "lock", "data-action": "lock" });
    hide.addEventListener("click", (event) => (event.shiftKey || event.altKey ? this.marks.alone(index) : this.marks.hide(index)));
    lock.addEventListener("click", () => this.marks.lock(index));
    this.#switches.set(index, { hide, lock });
    row.append(hide, lock);
    return row;
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
      if (this.#switches.has(value)) this.#mark(value, current);
    }
  }

  #mark(value, current) {
    const name = this.session.classes.find(({ index }) => index === value)?.name;
    const { hide, lock } = this.#switches.get(value);
    const hidden = this.marks.isHidden(value), locked = this.marks.isLocked(value);
    const words = [
      [hide, hidden, hidden ? t("Show {name}", { name }) : t("Hide {name}; with Shift, show it alone", { name }), hidden ? "hidden" : "shown"],
      [lock, locked, locked ? t("Unlock {name}", { name }) : t("Lock {name}: no tool changes it", { name }), locked ? "locked" : "unlocked"],
    ];
    for (const [button, pressed, label, drawing] of words) {
      button.setAttribute("aria-pressed", String(pressed));
      button.setAttribute("aria-label", label);
      button.tabIndex = current ? 0 : -1; // Tab reaches those of the chosen class; arrows go from class to class
      button.replaceChildren(icon(drawing));
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
