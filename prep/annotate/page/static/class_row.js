// One row of the class editor, as it looks and what its controls do.

import { count, icon, make } from "./dom.js";

/** Draws a row; `act` has edit(), move(row, direction), remove(row), keep(row) and next(row). */
export function drawRow(rows, row, act) {
  return row.gone ? goneRow(rows, row, act) : keptRow(rows, row, act);
}

function keptRow(rows, row, act) {
  const place = rows.kept.indexOf(row);
  const called = row.name || `class ${place + 1}`;
  const color = make("input", { type: "color", value: row.color, "aria-label": `Colour of ${called}`, "data-part": "color" });
  const name = make("input", {
    type: "text", value: row.name, placeholder: "Name, for example road", maxLength: 60, spellcheck: false,
    "aria-label": `Name of class ${place + 1}`, "data-part": "name",
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
    const made = make("button", { type: "button", className: "quiet", "aria-label": `${words} ${called}`, "data-part": part, disabled }, icon(part));
    made.addEventListener("click", run);
    return made;
  };
  return make("div", { className: "row", role: "group", "aria-label": called },
    make("span", { className: "number", textContent: place + 1 }), color, name,
    button("up", "Move up", () => act.move(row, -1), place === 0),
    button("down", "Move down", () => act.move(row, 1), place === rows.kept.length - 1),
    button("remove", "Remove", () => act.remove(row)));
}

function goneRow(rows, row, act) {
  const swatch = make("span", { className: "swatch" });
  swatch.style.backgroundColor = row.color;
  const keep = make("button", { type: "button", className: "quiet", textContent: "Keep", "data-part": "name" });
  keep.addEventListener("click", () => act.keep(row));
  const parts = [make("span"), swatch, make("del", { textContent: row.name }), keep];
  if (row.use) parts.push(make("span", { className: "question" }, ...question(rows, row, act)));
  return make("div", { className: "row gone", role: "group", "aria-label": `${row.name}, removed` }, ...parts);
}

function question(rows, row, act) {
  const { images, pixels } = row.use;
  const words = `${count(images, "image")} ${images === 1 ? "has" : "have"} ${count(pixels, "pixel")} of ${row.name}. They become`;
  const select = make("select", { "data-part": "to", "aria-label": words });
  select.append(make("option", { value: "", textContent: "choose …", disabled: true }));
  rows.kept.forEach((other, at) => select.append(make("option", { value: at, textContent: other.name || `class ${at + 1}` })));
  select.append(make("option", { value: "none", textContent: "unlabelled" }));
  select.value = row.to === null ? "" : row.to === "none" ? "none" : rows.kept.indexOf(row.to);
  select.addEventListener("change", () => {
    row.to = select.value === "none" ? "none" : rows.kept[Number(select.value)];
    act.edit();
  });
  return [make("span", { textContent: words }), select];
}
