// Which classes are hidden, shown alone or locked on this page; kept by name, for another order gives other numbers.

/** Hides in the editor's overlay and locks in its masks. Event "change". */
export class ClassMarks extends EventTarget {
  #hidden = new Set(); // names
  #locked = new Set();
  #alone = null; // the name of the only class that is shown
  #classes = []; // as they were

  constructor(editor, session, settings) {
    super();
    Object.assign(this, { editor, session, settings });
    this.#hidden = new Set(settings.get("hidden", []));
    this.#locked = new Set(settings.get("locked", []));
    session.addEventListener("classes", () => this.#rename());
    editor.addEventListener("draw", () => this.#reveal(editor.value));
    this.#apply();
  }

  isHidden(index) {
    const name = this.#name(index);
    return name !== undefined && (this.#alone === null ? this.#hidden.has(name) : name !== this.#alone);
  }

  isAlone(index) {
    return this.#alone !== null && this.#name(index) === this.#alone;
  }

  isLocked(index) {
    return this.#locked.has(this.#name(index));
  }

  hide(index) {
    if (this.#alone !== null) this.alone(this.session.classes.find(({ name }) => name === this.#alone).index);
    else this.#toggle(this.#hidden, index);
  }

  alone(index) {
    const name = this.#name(index);
    if (name === undefined) return;
    this.#alone = this.#alone === name ? null : name;
    this.#apply();
  }

  lock(index) {
    this.#toggle(this.#locked, index);
  }

  #name(index) {
    return this.session.classes.find((each) => each.index === index)?.name;
  }

  #toggle(names, index) {
    const name = this.#name(index);
    if (name === undefined) return; // what is unlabelled is neither hidden nor locked
    if (!names.delete(name)) names.add(name);
    this.#apply();
  }

  /** Nobody paints what nobody sees. */
  #reveal(index) {
    if (!this.isHidden(index)) return;
    this.#hidden.delete(this.#name(index));
    this.#alone = null;
    this.#apply();
  }

  /** A class that is called otherwise now stays hidden or locked: its number tells which it is. */
  #rename() {
    const [before, after] = [this.#classes, this.session.classes];
    const names = (classes) => classes.map(({ name }) => name);
    for (const { index, name } of before) {
      const now = after.find((each) => each.index === index)?.name;
      if (now === undefined || names(after).includes(name) || names(before).includes(now)) continue;
      for (const marked of [this.#hidden, this.#locked]) if (marked.delete(name)) marked.add(now);
      if (this.#alone === name) this.#alone = now;
    }
    this.#apply();
  }

  #apply() {
    const { classes } = this.session;
    this.#classes = classes;
    if (!classes.some(({ name }) => name === this.#alone)) this.#alone = null;
    this.settings.set("hidden", [...this.#hidden]);
    this.settings.set("locked", [...this.#locked]);
    this.editor.mark({
      hidden: classes.map(({ index }) => index).filter((index) => this.isHidden(index)),
      locked: classes.map(({ index }) => index).filter((index) => this.isLocked(index)),
    });
    this.dispatchEvent(new Event("change"));
  }
}
