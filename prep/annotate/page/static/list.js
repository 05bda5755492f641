// The list of images: thumbnails, states, progress, and what comes next.

import { api } from "./api.js";
import { byId, grouped, make, percent } from "./dom.js";

const WORDS = { new: "New", "in work": "In work", done: "Done", rejected: "Rejected" };
const FINISHED = ["done", "rejected"];

/** Shows the images that pass the filters; `open(stem)` is called for one that is chosen. */
export class List {
  #rows = new Map(); // stem -> element
  #shown = []; // stems in the order of the list
  #current = "";

  constructor(session, filters, open) {
    Object.assign(this, { session, filters, open, element: byId("list") });
    session.addEventListener("images", (event) => this.#changed(event.detail));
    session.addEventListener("classes", () => this.filters.count());
    filters.addEventListener("change", () => this.arrange());
    this.element.addEventListener("click", (event) => {
      const row = event.target.closest(".image");
      if (row) this.open(row.dataset.stem);
    });
    this.element.addEventListener("keydown", (event) => this.#step(event));
  }

  get current() {
    return this.#current;
  }

  set current(stem) {
    this.#rows.get(this.#current)?.setAttribute("aria-selected", "false");
    this.#current = stem;
    this.arrange();
    const row = this.#rows.get(stem);
    row?.setAttribute("aria-selected", "true");
    row?.scrollIntoView({ block: "nearest" });
  }

  /** One image changed, or all are there anew. */
  #changed(entry) {
    if (entry && this.#rows.has(entry.stem)) this.#describe(this.#rows.get(entry.stem), entry);
    else this.#build();
    this.filters.count();
    this.progress();
  }

  #build() {
    const entries = [...this.session.images.values()];
    this.#rows = new Map(entries.map((entry) => [entry.stem, this.#rows.get(entry.stem) ?? this.#row(entry)]));
    for (const entry of entries) this.#describe(this.#rows.get(entry.stem), entry);
    this.arrange();
  }

  #row({ stem }) {
    const picture = make("img", { loading: "lazy", decoding: "async", alt: "", src: api.image(stem, "thumbnail") });
    return make("div", { className: "image", role: "option", "aria-selected": "false", "data-stem": stem },
      make("span", { className: "thumb" }, picture), make("span", { className: "stem", textContent: stem, title: stem }),
      make("span", { className: "about" }, make("span", { className: "mark", "aria-hidden": "true" }), make("span")));
  }

  #describe(row, { state, labelled }) {
    row.dataset.state = state;
    const share = state === "in work" && labelled !== null ? ` · ${percent(labelled)}` : "";
    row.querySelector(".about span:last-child").textContent = WORDS[state] + share;
  }

  /** Shows what passes the filters, in their order. The open image stays until another one is opened. */
  arrange() {
    const entries = [...this.session.images.values()].filter(
      (entry) => entry.stem === this.#current || this.filters.matches(entry));
    entries.sort((one, other) => this.filters.compare(one, other));
    this.#shown = entries.map(({ stem }) => stem);
    const rows = this.#shown.map((stem) => this.#rows.get(stem));
    const same = rows.length === this.element.children.length && rows.every((row, at) => this.element.children[at] === row);
    if (!same) this.element.replaceChildren(...rows);
    rows.forEach((row) => (row.tabIndex = row.dataset.stem === (this.#current || this.#shown[0]) ? 0 : -1));
    const none = !entries.some((entry) => this.filters.matches(entry));
    byId("no-match").hidden = !none || this.session.images.size === 0;
    this.element.classList.toggle("none", none);
    this.dispatchPosition();
  }

  dispatchPosition() {
    const place = this.#shown.indexOf(this.#current);
    byId("position").textContent = place < 0 ? "" : `${grouped(place + 1)} / ${grouped(this.#shown.length)}`;
    byId("previous").disabled = place <= 0;
    byId("next").disabled = place < 0 || place >= this.#shown.length - 1;
  }

  #step(event) {
    const move = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8, Home: -Infinity, End: Infinity }[event.key];
    const place = this.#shown.indexOf(event.target.dataset?.stem);
    if (place < 0) return;
    if (move) {
      const next = Math.max(0, Math.min(this.#shown.length - 1, place + move));
      this.#rows.get(this.#shown[next]).focus();
    } else if (event.key === "Enter" || event.key === " ") this.open(this.#shown[place]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** The stem `distance` places further on; undefined if there is none. */
  beside(distance) {
    return this.#shown[this.#shown.indexOf(this.#current) + distance];
  }

  /** The next image that is neither done nor rejected, from the open one on and then from the start; undefined if none. */
  nextUnfinished() {
    this.arrange(); // a model may have looked at more images since
    const after = this.filters.order.value === "uncertainty" ? 0 : this.#shown.indexOf(this.#current) + 1;
    const round = [...this.#shown.slice(after), ...this.#shown.slice(0, after)];
    const wanted = round.filter((stem) => stem !== this.#current);
    return wanted.find((stem) => !FINISHED.includes(this.session.images.get(stem).state));
  }

  progress() {
    const states = [...this.session.images.values()].map(({ state }) => state);
    const done = states.filter((state) => state === "done").length;
    const rejected = states.filter((state) => state === "rejected").length;
    const all = states.length - rejected;
    byId("done-count").textContent = `${grouped(done)} of ${grouped(all)} done`;
    byId("rest-count").textContent = rejected ? `${grouped(rejected)} rejected` : "";
    byId("meter").setAttribute("aria-valuemax", String(all));
    byId("meter").setAttribute("aria-valuenow", String(done));
    byId("meter").firstElementChild.style.width = `${all ? (100 * done) / all : 0}%`;
  }
}
