// The rows of the class editor: what a person wants the classes to be.

import { distinctColor } from "./class_colors.js";
import { t } from "./language.js";

/**
 * A row: {from: index that the class has now, null for a new one; name, color; gone: whether it is to be dropped;
 * use: {images, pixels} once the server has said that masks hold a dropped class; to: the row that its pixels go to,
 * "none" for unlabelled, null while nobody has said}.
 */
export class ClassRows {
  constructor(classes) {
    this.before = classes;
    this.rows = classes.map(({ index, name, color }) => ({ from: index, name, color, gone: false, use: null, to: null }));
  }

  get kept() {
    return this.rows.filter((row) => !row.gone);
  }

  /** Dropped classes that masks hold, of which nobody has said what becomes of their pixels. */
  get open() {
    return this.rows.filter((row) => row.gone && row.use && row.to === null);
  }

  add() {
    const row = { from: null, name: "", color: distinctColor(this.rows.map(({ color }) => color)), gone: false, use: null, to: null };
    this.rows.push(row);
    return row;
  }

  remove(row) {
    if (row.from === null) this.rows.splice(this.rows.indexOf(row), 1);
    else Object.assign(row, { gone: true, use: null, to: null });
    for (const other of this.rows) if (other.to === row) other.to = null;
  }

  /** New classes that nobody named are none, unless there is no other. */
  dropNameless() {
    const named = this.rows.filter((row) => row.from !== null || row.name.trim());
    if (named.length) this.rows = named;
  }

  keep(row) {
    Object.assign(row, { gone: false, use: null, to: null });
  }

  /** Exchanges a row with the next one in this direction that is kept. */
  move(row, direction) {
    const { kept } = this;
    const other = kept[kept.indexOf(row) + direction];
    if (!other) return;
    const from = this.rows.indexOf(row), to = this.rows.indexOf(other);
    [this.rows[from], this.rows[to]] = [other, row];
  }

  /** What is wrong, as [row, words]; null if nothing is. */
  get mistake() {
    const { kept } = this;
    if (!kept.length) return [null, t("Keep at least one class.")];
    const name = (row) => row.name.trim();
    const empty = kept.find((row) => !name(row));
    if (empty) return [empty, t("Give every class a name.")];
    const twin = kept.find((row, at) => kept.findIndex((other) => name(other) === name(row)) < at);
    if (twin) return [twin, t("Two classes are called {name}.", { name: name(twin) })];
    const same = kept.find((row, at) => kept.findIndex((other) => other.color === row.color) < at);
    return same ? [same, t("{name} has the colour of another class.", { name: name(same) })] : null;
  }

  /** Whether mask values change their meaning, so that masks are rewritten. */
  get moves() {
    return this.rows.some((row) => row.gone) || this.kept.some((row, at) => row.from !== null && row.from !== at);
  }

  get changed() {
    const same = ({ name, color }, { name: oldName, color: oldColor }) => name.trim() === oldName && color === oldColor;
    return this.moves || this.kept.length !== this.before.length || this.kept.some((row, at) => !same(row, this.before[at]));
  }

  /** The body of the request that makes it so. */
  request(version) {
    const { kept } = this;
    const pixels = {};
    for (const { from, to } of this.rows.filter((row) => row.gone && row.to !== null)) {
      pixels[from] = to === "none" ? 255 : kept.indexOf(to);
    }
    const classes = kept.map(({ from, name, color }) => ({ from, name: name.trim(), color }));
    return { classes_version: version, classes, pixels };
  }
}
