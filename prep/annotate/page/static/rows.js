// A long list of which only the rows in sight are in the page.

const HEIGHT = 3.9; // rem of a row
const MORE = 4; // rows above and below those in sight
const PAUSE = 120; // milliseconds without scrolling after which rows are completed

/**
 * Shows rows by name in a scrolling element. `draw(name)` makes a row, once; `complete(row)` adds what is loaded for it,
 * once it stays in sight.
 */
export class Rows {
  #made = new Map(); // name -> row
  #names = [];
  #places = new Map(); // name -> place in the list
  #inSight = new Set();
  #timer = null;

  constructor(element, draw, complete) {
    Object.assign(this, { element, draw, complete });
    this.height = HEIGHT * parseFloat(getComputedStyle(document.documentElement).fontSize);
    this.sheet = element.appendChild(document.createElement("div"));
    this.sheet.setAttribute("role", "presentation");
    this.sheet.className = "sheet";
    element.addEventListener("scroll", () => {
      this.#place();
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#complete(), PAUSE);
    });
    new ResizeObserver(() => this.#refresh()).observe(element);
  }

  /** The names to show, in order. */
  show(names) {
    this.#names = names;
    this.#places = new Map(names.map((name, place) => [name, place]));
    this.sheet.style.height = `${names.length * this.height}px`;
    for (const name of this.#made.keys()) if (!this.#places.has(name)) this.#drop(name);
    this.#refresh();
  }

  /** The place of a name; -1 if it is not shown. */
  placeOf(name) {
    return this.#places.get(name) ?? -1;
  }

  /** The row of a name, whether it is in sight or not; it keeps what is set on it. */
  row(name) {
    if (!this.#made.has(name)) this.#made.set(name, this.draw(name));
    return this.#made.get(name);
  }

  /** The row of a name if it was ever in sight. */
  made(name) {
    return this.#made.get(name);
  }

  /** Scrolls as little as it takes to show a row. */
  reveal(name) {
    const place = this.placeOf(name);
    if (place < 0) return;
    const { scrollTop, clientHeight } = this.element;
    const top = place * this.height;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + this.height > scrollTop + clientHeight) this.element.scrollTop = top + this.height - clientHeight;
    this.#refresh();
  }

  #drop(name) {
    if (this.#inSight.delete(name)) this.#made.get(name).remove();
  }

  #refresh() {
    this.#place();
    this.#complete();
  }

  #place() {
    const { scrollTop, clientHeight } = this.element;
    const first = Math.max(0, Math.floor(scrollTop / this.height) - MORE);
    const wanted = this.#names.slice(first, Math.ceil((scrollTop + clientHeight) / this.height) + MORE);
    const stays = new Set(wanted);
    for (const name of [...this.#inSight]) {
      if (!stays.has(name) && this.#made.get(name) !== document.activeElement) this.#drop(name);
    }
    let before = null;
    for (const name of wanted) {
      const row = this.row(name);
      row.style.transform = `translateY(${this.placeOf(name) * this.height}px)`;
      row.setAttribute("aria-posinset", String(this.placeOf(name) + 1));
      row.setAttribute("aria-setsize", String(this.#names.length));
      // In the order of the list, for those who hear it; a row that stands right is not moved, and keeps its focus.
      const next = before ? before.nextSibling : this.sheet.firstChild;
      if (next !== row) this.sheet.insertBefore(row, next);
      this.#inSight.add(name);
      before = row;
    }
  }

  #complete() {
    for (const name of this.#inSight) this.complete(this.#made.get(name));
  }
}
