// The findings of an audit as a list to work through: each opens its image at the place, with a box around it.

import { api } from "./api.js";
import { byId, grouped, make } from "./dom.js";
import { SIZES, filtered } from "./finding_filter.js";
import { t, tCount } from "./language.js";

const MOST = 1000; // findings in the list: nobody works through more, and a poor model has hundreds of thousands
const VERDICTS = { right: t("Label was right"), corrected: t("Corrected") };

/** Shows the list and walks through it; `open(stem)` opens an image. */
export class Findings {
  #found = []; // all of them, the most suspicious first
  #all = []; // those that the list shows
  #rows = [];
  #current = -1; // place among those

  constructor(editor, session, settings, open) {
    Object.assign(this, { editor, session, settings, open });
    editor.marks.push((context, view) => this.#box(context, view));
  }

  async load() {
    this.#found = await api.json("GET", "/api/findings");
    this.title = make("h2");
    this.rest = make("p", { className: "fine" });
    this.list = make("div", { className: "rows" });
    const kinds = [...new Set(this.#found.flatMap(({ label, model }) => [label, model]))].sort();
    this.kind = this.#select("kind", t("Class of the findings"), [["", t("Any class")], ...kinds.map((name) => [name, name])]);
    this.size = this.#select("size", t("Size of the findings"), Object.entries(SIZES).map(([name, { label }]) => [name, label]));
    byId("findings").replaceChildren(
      make("div", { className: "head" }, this.title), make("div", { className: "choices" }, this.kind, this.size), this.rest, this.list);
    byId("findings").hidden = false;
    this.#arrange();
  }

  #select(name, label, choices) {
    const select = make("select", { "aria-label": label }, ...choices.map(([value, textContent]) => make("option", { value, textContent })));
    select.value = this.settings.get(`findings ${name}`, choices[0][0]);
    if (select.selectedIndex < 0) select.value = choices[0][0];
    select.addEventListener("change", () => {
      this.settings.set(`findings ${name}`, select.value);
      this.#arrange();
    });
    return select;
  }

  /** Lists what passes the filters; the finding that is shown stays the current one if it does. */
  #arrange() {
    const current = this.#all[this.#current];
    const wanted = filtered(this.#found, { kind: this.kind.value, size: this.size.value }, this.session.images);
    this.#all = wanted.slice(0, MOST);
    this.#rows = this.#all.map((finding, place) => this.#row(finding, place));
    this.#current = this.#all.indexOf(current);
    this.#rows[this.#current]?.setAttribute("aria-current", "true");
    this.list.replaceChildren(...this.#rows);
    this.#tellRest(this.#found.length - wanted.length, wanted.length - this.#all.length);
    this.#count();
    this.editor.redraw();
  }

  #tellRest(out, beyond) {
    const words = [
      out ? tCount(out, "{n} other is left out here.", "{n} others are left out here.") : "",
      beyond ? tCount(beyond, "These are the most suspicious; {n} more is in audit.csv only.", "These are the most suspicious; {n} more are in audit.csv only.") : "",
    ].filter(Boolean);
    this.rest.textContent = words.join(" ");
    this.rest.hidden = !words.length;
  }

  #row({ stem, label, model, seen }, place) {
    const words = make("span", { className: "what", textContent: `${label} → ${model}`, title: t("Labelled {label}, the model says {model}", { label, model }) });
    const go = make("button", { type: "button", className: "quiet go" }, make("span", { className: "mark" }), words, make("span", { className: "stem", textContent: stem, title: stem }));
    go.addEventListener("click", () => this.show(place));
    const verdicts = Object.entries(VERDICTS).map(([verdict, textContent]) => {
      const button = make("button", { type: "button", textContent, "data-verdict": verdict, "aria-pressed": "false" });
      button.addEventListener("click", () => this.#mark(place, verdict));
      return button;
    });
    const row = make("div", { className: "finding" }, go, make("div", { className: "verdicts" }, ...verdicts));
    describe(row, seen);
    return row;
  }

  #count() {
    const seen = this.#all.filter((finding) => finding.seen).length;
    this.title.textContent = t("Findings: {seen} of {all} seen", { seen: grouped(seen), all: grouped(this.#all.length) });
  }

  /** Goes to the next finding (1) or the one before (-1); the first time to the first that is not seen. */
  step(direction) {
    if (!this.#all.length) return;
    const unseen = Math.max(0, this.#all.findIndex((finding) => !finding.seen));
    const place = this.#current < 0 ? unseen : this.#current + direction;
    if (place >= 0 && place < this.#all.length) this.show(place);
    else this.editor.say(direction > 0 ? t("This is the last finding.") : t("This is the first finding."));
  }

  async show(place) {
    const finding = this.#all[place];
    this.#rows[this.#current]?.removeAttribute("aria-current");
    this.#current = place;
    this.#rows[place].setAttribute("aria-current", "true");
    this.#rows[place].scrollIntoView({ block: "nearest" });
    if (this.editor.stem !== finding.stem) await this.open(finding.stem);
    if (this.editor.stem === finding.stem && this.#current === place) this.editor.view.show(finding);
  }

  /** Says what a finding was, or takes that back; then the next one that is not seen comes. */
  async #mark(place, verdict) {
    const finding = this.#all[place];
    try {
      const { seen } = await api.json("PUT", `/api/findings/${finding.number}`, { seen: finding.seen === verdict ? null : verdict });
      finding.seen = seen;
      describe(this.#rows[place], seen);
      this.#count();
      if (!seen) return;
      const next = [...this.#all.keys()].find((other) => other > place && !this.#all[other].seen);
      if (next !== undefined) await this.show(next);
    } catch (error) {
      this.editor.say(error.message);
    }
  }

  #box(context, view) {
    const finding = this.#all[this.#current];
    if (finding?.stem !== this.editor.stem) return;
    const { x, y } = view.toScreen(finding.x, finding.y);
    const room = 4; // CSS pixels between the box and the region
    const box = [x - room, y - room, finding.width * view.scale + 2 * room, finding.height * view.scale + 2 * room];
    for (const [color, width] of [["rgba(0, 0, 0, 0.7)", 5], ["#ff4df0", 2.5]]) {
      Object.assign(context, { strokeStyle: color, lineWidth: width });
      context.strokeRect(...box);
    }
  }
}

function describe(row, seen) {
  row.dataset.seen = seen ?? "";
  for (const button of row.querySelectorAll("[data-verdict]")) button.setAttribute("aria-pressed", String(button.dataset.verdict === seen));
}
