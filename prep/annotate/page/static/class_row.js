// One row of the class editor, as it looks and what its controls do.

import { grouped, icon, make } from "./dom.js";
import { t, tCount } from "./language.js";

/** Draws a row; `act` has edit(), move(row, direction), remove(row), keep(row) and next(row). */
export function drawRow(rows, row, act) {
  return row.gone ? goneRow(rows, row, act) : keptRow(rows, row, act);
}

function keptRow(rows, row, act) {
  const place = rows.kept.indexOf(row);
  const called = row.name || t("class {n}", { n: place + 1 });
  const color = make("input", { type: "color", value: row.color, "aria-label": t("Colour of {name}", { name: called }), "data-part": "color" });
  const name = make("input", {
    type: "text", value: row.name, placeholder: t("Name, for example road"), maxLength: 60, spellcheck: false,
    "aria-label": t("Name of class {n}", { n: place + 1 }), "data-part": "name",
  });
  color.addEventListener("input", () => {
    row.color = color.value;
    act.edit();
  });
  name.addEventListener("input", () => {
    row.name = name.value;
    act.edit();
  });
  name.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // from name to name; after the last one, and with Ctrl, it saves
    if (event.ctrlKey || event.metaKey || !row.name.trim()) name.form.requestSubmit();
    else act.next(row);
  });
  const button = (part, words, run, disabled = false) => {
    const made = make("button", { type: "button", className: "quiet", "aria-label": words, "data-part": part, disabled }, icon(part));
    made.addEventListener("click", run);
    return made;
  };
  return make("div", { className: "row", role: "group", "aria-label": called },
    make("span", { className: "number", textContent: place + 1 }), color, name,
    button("up", t("Move up {name}", { name: called }), () => act.move(row, -1), place === 0),
    button("down", t("Move down {name}", { name: called }), () => act.move(row, 1), place === rows.kept.length - 1),
    button("remove", t("Remove {name}", { name: called }), () => act.remove(row)));
}

function goneRow(rows, row, act) {
  const swatch = make("span", { className: "swatch" });
  swatch.style.backgroundColor = row.color;
  const keep = make("button", { type: "button", className: "quiet", textContent: t("Keep"), "data-part": "name" });
  keep.addEventListener("click", () => act.keep(row));
  const parts = [make("span"), swatch, make("del", { textContent: row.name }), keep];
  if (row.use) parts.push(make("span", { className: "question" }, ...question(rows, row, act)));
  return make("div", { className: "row gone", role: "group", "aria-label": t("{name}, removed", { name: row.name }) }, ...parts);
}

function question(rows, row, act) {
  const { images, pixels } = row.use;
  const words = tCount(images, "{n} image has {pixels} px of {name}. They become", "{n} images have {pixels} px of {name}. They become", { pixels: grouped(pixels), name: row.name });
  const select = make("select", { "data-part": "to", "aria-label": words });
  select.append(make("option", { value: "", textContent: t("choose …"), disabled: true }));
  rows.kept.forEach((other, at) => select.append(make("option", { value: at, textContent: other.name || t("class {n}", { n: at + 1 }) })));
  select.append(make("option", { value: "none", textContent: t("unlabelled") }));
  select.value = row.to === null ? "" : row.to === "none" ? "none" : rows.kept.indexOf(row.to);
  select.addEventListener("change", () => {
    row.to = select.value === "none" ? "none" : rows.kept[Number(select.value)];
    act.edit();
  });
  return [make("span", { textContent: words }), select];
}
