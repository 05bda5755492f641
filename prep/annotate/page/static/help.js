// The overlay with all keys, made of the table in keys.js.

import { byId, icon, keycaps, make } from "./dom.js";
import { tableOfKeys } from "./keys.js";

export function showHelp(tools, dataset) {
  const dialog = byId("help");
  const close = make("button", { type: "button", className: "quiet", "aria-label": "Close" }, icon("close"));
  close.addEventListener("click", () => dialog.close());
  const groups = tableOfKeys(tools, dataset).map(([title, rows]) =>
    make("section", {}, make("h2", { textContent: title }), make("dl", {}, ...rows.flatMap(row))));
  dialog.replaceChildren(
    make("header", {}, make("h2", { id: "help-title", textContent: "Keys and mouse" }), close),
    make("div", { className: "body", tabIndex: 0, autofocus: true }, ...groups),
  );
  dialog.showModal();
}

const row = ({ label, does }) => [make("dt", { textContent: does }), make("dd", {}, ...keycaps(label))];
