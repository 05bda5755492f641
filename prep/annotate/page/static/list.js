// The list of images: thumbnails, states, progress, and what comes next.

import { api } from "./api.js";
import { byId, grouped, icon, make, percent } from "./dom.js";
import { t } from "./language.js";
import { Rows } from "./rows.js";
import { tally } from "./selection.js";

const WORDS = { new: t("New"), "in work": t("In work"), done: t("Done"), rejected: t("Rejected") };
const FINISHED = ["done", "rejected"];

/** Shows the images that pass the filters; `open(stem)` is called for one that is chosen. */
export class List {
  #shown = []; // stems in the order of the list
  #current = "";
  #tabbed = null; // the row that the Tab key reaches

  constructor(session, filters, open) {
    Object.assign(this, { session, filters, open, element: byId("list") });
    this.rows = new Rows(this.element, (stem) => this.#draw(stem), addThumbnail);
    session.addEventListener("images", (event) => this.#changed(event.detail));
    for (const news of ["classes", "model"]) session.addEventListener(news, () => this.filters.count());
    filters.addEventListener("change", () => {
      this.arrange();
      this.rows.reveal(this.#current);
    });
    this.element.addEventListener("click", (event) => {
      const row = event.target.closest(".image");
      if (row) this.open(row.dataset.stem);
    });
    this.element.addEventListener("keydown", (event) => this.#step(event));
    filters.find.addEventListener("keydown", (event) => event.key === "Enter" && this.#openFound());
  }

  get current() {
    return this.#current;
  }

  set current(stem) {
    this.rows.made(this.#current)?.setAttribute("aria-selected", "false");
    this.#current = stem;
    this.arrange();
    this.rows.made(stem)?.setAttribute("aria-selected", "true");
    this.rows.reveal(stem);
  }

  /** One image changed, or all are there anew. */
  #changed(entry) {
    const entries = entry ? [entry] : this.session.images.values();
    for (const each of entries) {
      const row = this.rows.made(each.stem);
      if (row) describe(row, each);
    }
    if (!entry) this.arrange();
    this.filters.count();
    this.progress();
  }

  #draw(stem) {
    const noted = make("span", { className: "noted" }, icon("edit-note"), make("span", { className: "heard", textContent: t("has a note") }));
    const row = make("div", { className: "image", role: "option", "data-stem": stem, tabIndex: -1 },
      make("span", { className: "thumb" }), make("span", { className: "stem", textContent: stem, title: stem }),
      make("span", { className: "about" }, make("span", { className: "mark", "aria-hidden": "true" }), make("span", { className: "told" }), noted));
    row.setAttribute("aria-selected", String(stem === this.#current));
    describe(row, this.session.images.get(stem));
    return row;
  }

  /** Shows what passes the filters, in their order. The open image stays until another one is opened. */
  arrange() {
    const all = [...this.session.images.values()];
    const matching = all.filter((entry) => this.filters.matches(entry));
    const current = this.session.images.get(this.#current);
    if (current && !matching.includes(current)) matching.push(current);
    matching.sort((one, other) => this.filters.compare(one, other));
    this.#shown = matching.map(({ stem }) => stem);
    this.rows.show(this.#shown);
    this.#tab(this.rows.placeOf(this.#current) < 0 ? this.#shown[0] : this.#current);
    const none = !matching.some((entry) => this.filters.matches(entry));
    byId("no-match").hidden = !none || !all.length;
    this.element.classList.toggle("none", none);
    this.#tellPosition();
  }

  /** Enter in the search opens the first image that matches; the keys of the page work again then. */
  #openFound() {
    const stem = this.#shown.find((each) => this.filters.matches(this.session.images.get(each)));
    if (stem === undefined) return;
    this.open(stem);
    byId("stage").focus();
  }

  /** One row is reached by the Tab key, the others from there by arrows. */
  #tab(stem) {
    if (this.#tabbed) this.#tabbed.tabIndex = -1;
    this.#tabbed = stem === undefined ? null : this.rows.row(stem);
    if (this.#tabbed) this.#tabbed.tabIndex = 0;
  }

  #tellPosition() {
    const place = this.rows.placeOf(this.#current);
    byId("position").textContent = place < 0 ? "" : `${grouped(place + 1)} / ${grouped(this.#shown.length)}`;
    byId("previous").disabled = place <= 0;
    byId("next").disabled = place < 0 || place >= this.#shown.length - 1;
  }

  #step(event) {
    const move = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8, Home: -Infinity, End: Infinity }[event.key];
    const place = this.rows.placeOf(event.target.dataset?.stem);
    if (place < 0) return;
    if (move) {
      const stem = this.#shown[Math.max(0, Math.min(this.#shown.length - 1, place + move))];
      this.rows.reveal(stem);
      this.rows.row(stem).focus();
    } else if (event.key === "Enter" || event.key === " ") this.open(this.#shown[place]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** The stem `distance` places further on; undefined if there is none. */
  beside(distance) {
    return this.#shown[this.rows.placeOf(this.#current) + distance];
  }

  /** The next image that is neither done nor rejected, from the open one on and then from the start; undefined if none. */
  nextUnfinished() {
    this.arrange(); // a model may have looked at more images since
    const after = this.filters.order.value === "uncertainty" ? 0 : this.rows.placeOf(this.#current) + 1;
    const round = [...this.#shown.slice(after), ...this.#shown.slice(0, after)];
    const wanted = round.filter((stem) => stem !== this.#current);
    return wanted.find((stem) => !FINISHED.includes(this.session.images.get(stem).state));
  }

  progress() {
    const { states } = tally(this.session.images.values());
    const [total, done, rejected] = ["", "done", "rejected"].map((state) => states.get(state) ?? 0);
    const all = total - rejected;
    byId("done-count").textContent = t("{done} of {all} done", { done: grouped(done), all: grouped(all) });
    byId("rest-count").textContent = rejected ? t("{n} rejected", { n: grouped(rejected) }) : "";
    byId("meter").setAttribute("aria-valuemax", String(all));
    byId("meter").setAttribute("aria-valuenow", String(done));
    byId("meter").firstElementChild.style.width = `${all ? (100 * done) / all : 0}%`;
  }
}

function describe(row, { state, labelled, note }) {
  row.dataset.state = state;
  row.querySelector(".noted").hidden = !note;
  row.querySelector(".noted").title = note;
  // A new image says it only where it came with labels; a done one also that it has none.
  const told = state === "new" ? labelled > 0 : state !== "rejected" && labelled !== null;
  const share = told ? ` · ${percent(labelled)}` : "";
  row.querySelector(".told").textContent = WORDS[state] + share;
}

function addThumbnail(row) {
  const place = row.querySelector(".thumb");
  if (!place.firstChild) place.append(make("img", { decoding: "async", alt: "", src: api.image(row.dataset.stem, "thumbnail") }));
}
