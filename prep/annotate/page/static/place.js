// Keeps its place: the open image in the address, settings of this dataset in the browser.

/** Settings by name, kept for one dataset; where the browser keeps nothing, they last as long as the page. */
export class Settings {
  #values = {};

  constructor(dataset) {
    this.key = `annotate ${dataset}`;
    try {
      this.#values = JSON.parse(localStorage.getItem(this.key)) ?? {};
    } catch {
      this.#values = {}; // forbidden, or not ours
    }
  }

  get(name, otherwise) {
    return this.#values[name] ?? otherwise;
  }

  set(name, value) {
    this.#values[name] = value;
    try {
      localStorage.setItem(this.key, JSON.stringify(this.#values));
    } catch {
      // forbidden or full: the settings last as long as the page
    }
  }
}

/** The image that the address names; "" if it names none. */
export function stemInAddress() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}

/** Names the open image in the address, without a step in the browser's history. */
export function putIntoAddress(stem) {
  history.replaceState(null, "", `#${encodeURIComponent(stem)}`);
}
