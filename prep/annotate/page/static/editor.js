// The stage: one open image with its mask, its view, the tool in hand, and what happens when it is opened and saved.

import { api } from "./api.js";
import { Canvases } from "./canvases.js";
import { decideClasses, decideMask } from "./conflict.js";
import { Histories } from "./histories.js";
import { t } from "./language.js";
import { Mask, UNLABELLED } from "./mask.js";
import { Photo } from "./photo.js";
import { Pointers } from "./pointers.js";
import { Saver } from "./saver.js";
import { TOOLS } from "./tools/index.js";
import { View } from "./view.js";

/**
 * value: class index that tools paint, 255 = unlabelled. only: null, or the one value that they may paint over.
 * Events: "open", "edit" (undo and redo may have changed), "tool", "tools" (others may be available), "options" (what the tool can do may have changed), "value",
 * "draw" (somebody begins to), "save" (saver.state may have changed), "classless" (somebody draws, and there is no class), "say" with detail = words.
 */
export class Editor extends EventTarget {
  stem = null;
  mask = null;
  saver = null;
  value = 0;
  only = null;
  view = new View();
  histories = new Histories();
  locked = new Uint8Array(256); // 1 for the classes that no tool changes
  hidden = new Set(); // indices of classes that are not shown
  marked = 0; // changes with what is hidden or locked
  marks = []; // draw(context, view) of what is marked on the stage whatever the tool is
  #opening = null; // aborts the loading of an image
  #classes = []; // as they were when a class was chosen

  constructor(stage, session) {
    super();
    this.stage = stage;
    this.session = session;
    this.tools = new Map(TOOLS.map((Tool) => [Tool.id, new Tool(this)]));
    this.tool = this.tools.values().next().value;
    this.canvases = new Canvases(stage, this.view, (context) => this.#drawGuides(context));
    this.pointers = new Pointers(this);
    session.addEventListener("classes", () => this.#recolor());
    this.#recolor();
    addEventListener("beforeunload", (event) => this.saver && !this.saver.clean && event.preventDefault());
    document.addEventListener("visibilitychange", () => document.hidden && this.saver?.flush());
  }

  /** Opens an image once the one before is saved; whether it is open. */
  async open(stem) {
    if (!(await this.#leave())) return false;
    this.#opening?.abort();
    const mine = (this.#opening = new AbortController());
    try {
      const [mask, photo] = await Promise.all([
        this.#load(stem, mine.signal),
        api.photo(stem, mine.signal).then(Photo.levels),
      ]);
      if (this.#opening !== mine || !(await this.#leave())) return false;
      if (photo[0].width !== mask.width || photo[0].height !== mask.height) {
        throw new Error(t("The photo of {stem} has not the size that the dataset says. 'seg-prep check' tells more.", { stem }));
      }
      if (this.saver?.clean) this.histories.keep(this.stem, this.saver, this.mask.history);
      this.stem = stem;
      const { history, lost } = this.histories.take(stem, mask);
      this.#take(mask, photo, history);
      if (lost) this.say(t("This mask or the classes changed since you left it: your steps there cannot be undone."));
      this.view.open(mask.width, mask.height);
    } catch (error) {
      if (error.name === "AbortError") return false;
      const undecodable = error.name === "InvalidStateError" || error.name === "EncodingError";
      this.say(undecodable ? t("This browser cannot show the photo of {stem}.", { stem }) : error.message);
      return false;
    }
    this.dispatchEvent(new Event("open"));
    return true;
  }

  /** Whether nothing of the open image would be lost. */
  async #leave() {
    this.pointers.stop();
    this.tool.leave();
    if (!this.saver || (await this.saver.flush())) return true;
    this.say(this.saver.words);
    return false;
  }

  /** The mask as stored; if the classes are newer than this page's, they are read again first. */
  async #load(stem, signal) {
    const stored = await api.mask(stem, signal);
    if (stored.classesVersion !== this.session.classesVersion) await this.session.load();
    return stored;
  }

  /** Shows a mask as stored, and its photo if it is another one. */
  #take(stored, photo = null, history = null) {
    this.saver?.stop();
    const mask = (this.mask = new Mask(stored.width, stored.height, stored.pixels, history ?? undefined));
    mask.locked = this.locked;
    mask.addEventListener("spared", () => this.say(t("All of that is of a locked class, so nothing changed.")));
    const saver = (this.saver = new Saver(this.stem, mask, stored, this.session));
    mask.addEventListener("edit", () => this.dispatchEvent(new Event("edit")));
    saver.addEventListener("state", () => this.#saveState(saver));
    this.canvases.show(photo, mask);
    this.pointers.showCursor();
    this.dispatchEvent(new Event("edit"));
    this.dispatchEvent(new Event("save"));
  }

  async #saveState(saver) {
    if (saver !== this.saver) return;
    this.dispatchEvent(new Event("save"));
    if (!saver.stuck) return;
    this.pointers.stop();
    this.tool.cancel();
    if (saver.state === "classes") await this.#reload(saver);
    else await this.#settle(saver, await decideMask());
  }

  async #reload(saver) {
    await decideClasses();
    saver.stop();
    location.reload();
  }

  /** After a conflict: takes the mask of the server, or puts this one over it. */
  async #settle(saver, choice) {
    try {
      const stored = await api.mask(this.stem);
      if (stored.classesVersion !== saver.classesVersion) await this.#reload(saver);
      else if (choice === "mine") await saver.overwrite(stored.version);
      else this.#take(stored);
    } catch (error) {
      this.say(error.message);
      await this.#settle(saver, await decideMask());
    }
  }

  /** Tools do nothing while no image is open or a conflict is not settled. */
  get ready() {
    return this.mask !== null && !this.saver.stuck;
  }

  choose(value) {
    this.value = value;
    this.dispatchEvent(new Event("value"));
    this.redraw();
  }

  use(id) {
    if (!this.tools.get(id)?.available || this.tool === this.tools.get(id)) return;
    this.tool.leave();
    this.tool.deactivate();
    this.tool = this.tools.get(id);
    this.tool.activate();
    this.pointers.showCursor();
    this.dispatchEvent(new Event("tool"));
    this.redraw();
  }

  /** Paints spans as one step. */
  paint(spans, value = this.value, only = this.only) {
    this.mask.begin();
    this.mask.fill(spans, value, only);
    this.mask.end();
  }

  /** Accepts what is proposed as one step: [[value, spans]]; not while something is drawn. */
  accept(parts, only) {
    const { mask, saver } = this;
    if (mask.editing) return;
    saver.cut(); // what is painted by hand is learnt from, what is accepted is not
    mask.begin();
    for (const [value, spans] of parts) mask.fill(spans, value, only);
    mask.end(true);
  }

  undo() {
    if (!this.ready) return;
    if (!this.tool.undo()) this.mask.undo();
    this.redraw();
  }

  redo() {
    if (this.ready) this.mask.redo();
  }

  say(text) {
    this.dispatchEvent(new CustomEvent("say", { detail: text }));
  }

  /** The colour of the chosen class, for guides. */
  get color() {
    return this.value === UNLABELLED ? "#ffffff" : this.session.classes.find(({ index }) => index === this.value)?.color ?? "#ffffff";
  }

  /** Draws the guides again in the next frame. */
  redraw() {
    this.canvases.redrawGuides();
  }

  #drawGuides(context) {
    if (!this.mask) return;
    for (const draw of this.marks) draw(context, this.view);
    this.tool.draw(context, this.view);
  }

  /** Classes that are not shown, and those that no tool changes: indices. */
  mark({ hidden, locked }) {
    this.hidden = new Set(hidden);
    this.locked.fill(0);
    for (const index of locked) this.locked[index] = 1;
    this.marked++;
    this.#paintClasses();
    this.redraw();
  }

  #paintClasses() {
    this.canvases.recolor(this.session.classes.filter(({ index }) => !this.hidden.has(index)));
  }

  /** Other classes: other colours, and the chosen one may have another number, or be gone. */
  #recolor() {
    const { classes } = this.session;
    const chosen = this.#classes.find(({ index }) => index === this.value);
    const same = classes.find(({ name }) => name === chosen?.name) ?? classes.find(({ index }) => index === this.value);
    if (this.value !== UNLABELLED && classes.length) this.value = (same ?? classes[0]).index;
    this.#classes = classes;
    this.#paintClasses();
    this.dispatchEvent(new Event("value"));
  }
}
