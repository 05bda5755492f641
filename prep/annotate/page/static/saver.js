// Sends changes of one mask to the server, one request at a time, until everything is saved.

import { api } from "./api.js";
import { t } from "./language.js";

const PAUSE = 500; // milliseconds between saves during a long stroke
const RETRY = 1000; // milliseconds until a server that is away is asked again

/**
 * state: "saved", "saving", "offline" (kept here, asked again every second), "conflict" (another page saved this mask)
 * or "classes" (another page changed the classes). Event "state".
 */
export class Saver extends EventTarget {
  #pending = null; // the save on its way: the same, under the same name, until it is answered
  #apart = []; // what goes in saves of its own, the oldest first
  #running = null; // promise while requests are sent
  #timer = null;
  state = "saved";
  words = "";

  /** version, classesVersion: of the mask as it was read; the latter says what its numbers mean, whatever the session knows by now. */
  constructor(stem, mask, { version, classesVersion }, session) {
    super();
    Object.assign(this, { stem, mask, version, classesVersion, session });
    mask.addEventListener("change", () => this.#later(PAUSE));
    mask.addEventListener("edit", () => this.#later(0));
  }

  /** Whether all is on the server. */
  get clean() {
    return !this.#pending && !this.#apart.length && !this.mask.unsent;
  }

  get stuck() {
    return this.state === "conflict" || this.state === "classes";
  }

  #later(pause) {
    if (this.clean || this.stuck) return;
    if (this.state === "saved") this.#become("saving");
    if (this.state === "offline" || this.#running) return; // what runs or waits takes this along
    if (this.#timer && pause) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), pause);
  }

  /** Sends what is not saved yet; whether all is saved now. */
  async flush() {
    clearTimeout(this.#timer);
    this.#timer = null;
    if (!this.stuck) await (this.#running ??= this.#run().finally(() => (this.#running = null)));
    return this.clean;
  }

  async #run() {
    while (!this.clean) {
      this.#pending ??= this.#next();
      if (this.state !== "offline") this.#become("saving");
      try {
        const entry = await api.save(this.stem, this.#pending);
        this.#pending = null;
        this.version = entry.version;
        this.session.update(entry);
        if (this.state === "offline") this.#become("saving");
      } catch (error) {
        return this.#failed(error);
      }
    }
    this.#become("saved");
  }

  #next() {
    const what = this.#apart.shift() ?? this.#take();
    const size = `${this.mask.width}x${this.mask.height}`;
    return { save: randomName(), base: this.version, classesVersion: this.classesVersion, size, ...what };
  }

  #take() {
    const { proposed } = this.mask;
    return { proposed, tiles: this.mask.takeChanged() };
  }

  /** What is not on its way yet goes in a save of its own, apart from what comes now. */
  cut() {
    if (this.mask.unsent) this.#apart.push(this.#take());
  }

  #failed(error) {
    if (error.status === 409) {
      this.#become(error.body?.conflict === "classes" ? "classes" : "conflict", error.message);
      return;
    }
    const away = t("The program in the terminal has stopped. Start it again: what you draw is kept here, and saved then.");
    this.#become("offline", error.status === 0 ? away : error.message);
    this.#timer = setTimeout(() => this.flush(), RETRY);
  }

  /** After a conflict: this page's mask goes over the one on the server, whose version is `version`. */
  overwrite(version) {
    this.version = version;
    this.#pending = null;
    this.#apart = [];
    this.mask.touchAll();
    this.#become("saving");
    return this.flush();
  }

  /** Ends saving; what is not saved is given up. */
  stop() {
    clearTimeout(this.#timer);
    this.#pending = null;
    this.#apart = [];
    this.mask.takeChanged();
  }

  #become(state, words = "") {
    if (state === this.state && words === this.words) return;
    Object.assign(this, { state, words });
    this.dispatchEvent(new Event("state"));
  }
}

/** 128 random bits; crypto.randomUUID() is missing where the page is not from this computer. */
function randomName() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
