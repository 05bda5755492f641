// The controls above the list: which images it shows, and in which order.

import { byId, make } from "./dom.js";
import { NOTED, ORDERS, compare, matches, tally } from "./selection.js";
import { t } from "./language.js";

const STATES = { "": t("All"), new: t("New"), "in work": t("In work"), done: t("Done"), rejected: t("Rejected"), [NOTED]: t("With a note") };
/** The controls above the list. Event "change". */
export class Filters extends EventTarget {
  constructor(session, settings) {
    super();
    Object.assign(this, { session, settings });
    this.find = byId("find");
    this.state = byId("state-filter");
    this.kind = byId("class-filter");
    this.order = byId("order");
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
    this.find.addEventListener("input", () => this.dispatchEvent(new Event("change")));
    this.find.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.clear();
      byId("stage").focus(); // where the keys of the page work again
    });
    for (const select of [this.state, this.kind, this.order]) {
      let byMouse = false; // :focus-visible does not tell: browsers always show the focus of a list
      select.addEventListener("pointerdown", () => (byMouse = true));
      select.addEventListener("keydown", () => (byMouse = false));
      select.addEventListener("change", () => {
        this.keep();
        this.dispatchEvent(new Event("change"));
        // After the mouse, the next letter is a key of the page again, and no other choice of the list.
        if (byMouse) byId("stage").focus({ preventScroll: true });
      });
    }
    byId("show-all").addEventListener("click", () => this.clear());
  }

  /** Takes up what was chosen last time; the order otherwise as the command was asked. */
  restore() {
    this.count();
    const { order: asked } = this.session.dataset;
    const { state = "", kind = "", order: kept = asked } = this.settings.get("filters", {});
    const order = asked === "name" ? kept : asked;
    for (const [select, value] of [[this.state, state], [this.kind, kind], [this.order, order]]) select.value = value;
    for (const select of [this.state, this.kind, this.order]) if (select.selectedIndex < 0) select.selectedIndex = 0;
    this.count();
  }

  keep() {
    this.settings.set("filters", { state: this.state.value, kind: this.kind.value, order: this.order.value });
  }

  clear() {
    this.find.value = this.state.value = this.kind.value = "";
    this.keep();
    this.count();
    this.dispatchEvent(new Event("change"));
  }

  matches(entry) {
    return matches(entry, { state: this.state.value, kind: this.kind.value, name: this.find.value });
  }

  compare(one, other) {
    return compare(one, other, this.order.value);
  }

  /** Writes the numbers of images into the choices. */
  count() {
    const { states, kinds } = tally(this.session.images.values());
    choices(this.state, Object.entries(STATES).map(([state, label]) => [state, `${label} (${states.get(state) ?? 0})`]));
    choices(this.kind, [
      ["", t("Any class")],
      ...this.session.classes.map(({ index, name }) => [String(index), `${name} (${kinds.get(index) ?? 0})`]),
      ["none", `${t("No class")} (${kinds.get("none") ?? 0})`],
    ]);
    const uncertain = this.session.dataset.model !== null;
    choices(this.order, Object.entries(ORDERS).filter(([name]) => uncertain || name !== "uncertainty").map(([name, { label }]) => [name, label]));
    for (const select of [this.state, this.kind]) select.classList.toggle("set", select.value !== "");
  }
}

function choices(select, rows) {
  const { value } = select;
  if (select.options.length !== rows.length) select.replaceChildren(...rows.map(() => make("option")));
  rows.forEach(([name, label], place) => {
    const option = select.options[place];
    if (option.value !== name) option.value = name;
    if (option.textContent !== label) option.textContent = label;
  });
  select.value = rows.some(([name]) => name === value) ? value : rows[0][0];
}
