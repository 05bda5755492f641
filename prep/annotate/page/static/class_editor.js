// The dialog in which classes are named, coloured, ordered, added and dropped.

import { api } from "./api.js";
import { drawRow } from "./class_row.js";
import { ClassRows } from "./class_rows.js";
import { byId, icon, make } from "./dom.js";
import { t, tCount } from "./language.js";

const FIRST = t("What is to be told apart in these photos? Name the rest too, as background for example: what stays unlabelled teaches nothing. You can change everything later.");
const USUAL = t("The numbers are the keys. Names and colours can change at any time; another order rewrites the masks.");

export class ClassEditor {
  #rows = null;
  #version = ""; // of the classes that the rows are made of: the session may learn of newer ones meanwhile
  #about = { masks: 0, derived: [] }; // what the server says of the dataset
  #busy = false;

  /** `change(request)` sends the request once everything is saved, and throws ApiError. */
  constructor(session, change) {
    Object.assign(this, { session, change, dialog: byId("class-editor") });
    this.dialog.addEventListener("cancel", (event) => this.#busy && event.preventDefault());
  }

  async show() {
    if (this.dialog.open) return;
    const first = this.session.classes.length === 0;
    this.#rows = new ClassRows(this.session.classes);
    this.#version = this.session.classesVersion;
    if (first) this.#rows.add();
    this.#frame(first);
    this.dialog.showModal();
    this.#draw();
    if (first) this.#focus(this.#rows.rows[0]);
    try {
      this.#about = await api.json("GET", "/api/classes");
      if (!this.said.classList.contains("wrong")) this.#tell();
    } catch (error) {
      this.#say(error.message, true);
    }
  }

  #frame(first) {
    const close = make("button", { type: "button", className: "quiet", "aria-label": t("Close") }, icon("close"));
    this.list = make("div", { className: "body" });
    this.add = make("button", { type: "button", className: "quiet", id: "add-class" }, icon("plus"), t("Add a class"));
    this.said = make("p", { className: "said", role: "status", "aria-live": "polite" });
    this.save = make("button", { type: "submit", className: "main", textContent: first ? t("Begin") : t("Save") });
    const cancel = make("button", { type: "button", className: "push", textContent: first ? t("Later") : t("Cancel") });
    const form = make("form", { method: "dialog", noValidate: true, autocomplete: "off" },
      make("header", {}, make("div", {}, make("h2", { id: "class-editor-title", textContent: first ? t("Which classes?") : t("Classes") }),
        make("p", { textContent: first ? FIRST : USUAL })), close),
      this.list, this.said, make("footer", {}, cancel, this.save));
    for (const button of [close, cancel]) button.addEventListener("click", () => this.#busy || this.dialog.close());
    this.add.addEventListener("click", () => this.#add());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.dialog.replaceChildren(form);
  }

  #draw() {
    const rows = this.#rows;
    const act = {
      edit: () => this.#tell(),
      move: (row, direction) => this.#redraw(() => rows.move(row, direction), row, direction < 0 ? "up" : "down"),
      remove: (row) => this.#redraw(() => rows.remove(row), rows.kept[rows.kept.indexOf(row) + 1] ?? null, "name"),
      keep: (row) => this.#redraw(() => rows.keep(row), row, "name"),
      next: (row) => {
        const next = rows.kept[rows.kept.indexOf(row) + 1];
        if (next) this.#focus(next);
        else this.#add();
      },
    };
    this.list.replaceChildren(...rows.rows.map((row) => drawRow(rows, row, act)), this.add);
    this.#tell();
  }

  #redraw(change, row, part) {
    change();
    this.#draw();
    if (row) this.#focus(row, part);
    else this.add.focus();
  }

  #add() {
    const row = this.#rows.add();
    this.#draw();
    this.#focus(row);
    this.add.scrollIntoView({ block: "nearest" });
  }

  #focus(row, part = "name") {
    const element = this.list.children[this.#rows.rows.indexOf(row)];
    const wanted = element?.querySelector(`[data-part="${part}"]:not(:disabled)`) ?? element?.querySelector("[data-part=name]");
    wanted?.focus();
    wanted?.select?.();
  }

  /** Says what saving will do, or what is missing. */
  #tell() {
    const rows = this.#rows;
    const { open } = rows;
    this.save.disabled = this.#busy || open.length > 0 || (!rows.changed && this.session.classes.length > 0);
    if (open.length) {
      this.#say(t("Say what becomes of the pixels of {names}.", { names: open.map(({ name }) => name).join(", ") }), true);
    } else if (rows.moves && this.#about.masks) {
      const { masks, derived } = this.#about;
      const rewritten = tCount(masks, "Saving rewrites up to {n} mask, all together or none.", "Saving rewrites up to {n} masks, all together or none.");
      const patches = derived.includes("patches") ? t("Patches no longer fit then and are removed: cut them again before you train on them.") : "";
      this.#say([rewritten, patches].filter(Boolean).join(" "));
    } else this.#say("");
  }

  #say(words, wrong = false) {
    this.said.textContent = words;
    this.said.classList.toggle("wrong", wrong);
  }

  async #send() {
    if (this.#busy || this.save.disabled) return;
    this.#rows.dropNameless();
    this.#draw();
    const { mistake } = this.#rows;
    if (mistake) {
      if (mistake[0]) this.#focus(mistake[0]);
      this.#say(mistake[1], true);
      return;
    }
    this.#busy = this.save.disabled = true;
    this.#say(t("Saving …"));
    try {
      await this.change(this.#rows.request(this.#version), this.#rows.moves);
      this.dialog.close();
    } catch (error) {
      this.#busy = false;
      if (error.body?.used) this.#ask(error.body.used);
      else {
        this.#tell();
        this.#say(error.message, true);
      }
    } finally {
      this.#busy = false;
    }
  }

  /** Masks hold dropped classes: the rows ask what becomes of their pixels. */
  #ask(used) {
    for (const row of this.#rows.rows) if (row.gone && used[row.from]) row.use = used[row.from];
    this.#draw();
    this.#focus(this.#rows.open[0], "to");
  }
}
