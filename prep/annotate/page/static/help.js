// The overlay with all keys, made of the table in keys.js; a click on a key chooses another one.

import { byId, icon, keycaps, make } from "./dom.js";
import { changeKey, nameOf, showKeys, tableOfKeys } from "./keys.js";
import { LANGUAGES, language, speak, t } from "./language.js";
import { anyOwn, forgetKeys } from "./own_keys.js";

const HOW = t("A click on a key chooses another one.");

export function showHelp(tools, dataset) {
  const dialog = byId("help");
  let waiting = null; // { action, button } that the next key is for

  const draw = (words = HOW) => {
    waiting = null;
    dialog.replaceChildren(...parts(words));
    showKeys(document, tools);
  };

  const parts = (words) => {
    const close = make("button", { type: "button", className: "quiet", "aria-label": t("Close") }, icon("close"));
    close.addEventListener("click", () => dialog.close());
    const usual = make("button", { type: "button", className: "quiet push", textContent: t("The usual keys again"), hidden: !anyOwn() });
    usual.addEventListener("click", () => {
      forgetKeys();
      draw();
    });
    const groups = tableOfKeys(tools, dataset).map(([title, rows]) =>
      make("section", {}, make("h2", { textContent: title }), make("dl", {}, ...rows.flatMap(row))));
    return [
      make("header", {}, make("h2", { id: "help-title", textContent: t("Keys and mouse") }), close),
      make("div", { className: "body", tabIndex: 0, autofocus: true }, ...groups),
      make("footer", {}, make("p", { className: "fine", role: "status", textContent: words }), usual, languages()),
    ];
  };

  const row = ({ label, does, action }) => [
    make("dt", { textContent: does }), make("dd", {}, ...(action ? [choice(label, does, action)] : keycaps(label))),
  ];

  const choice = (label, does, action) => {
    const button = make("button", { type: "button", className: "quiet key", "aria-label": t("{does}: {label}; choose another key", { does, label }) }, ...keycaps(label));
    button.addEventListener("click", () => {
      waiting?.button.classList.remove("waiting");
      waiting = { action, button };
      button.classList.add("waiting");
      dialog.querySelector("footer p").textContent = t("{does}: press its new key. Esc leaves it as it is.", { does });
    });
    return button;
  };

  dialog.onkeydown = (event) => {
    if (!waiting || ["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") draw();
    else draw(changeKey(waiting.action, nameOf(event), tools) || HOW);
  };
  dialog.oncancel = (event) => waiting && event.preventDefault();
  draw();
  dialog.showModal();
}

/** Another language loads the page anew; what is painted is saved, but its undo is gone. */
function languages() {
  const choices = Object.entries(LANGUAGES).map(([value, textContent]) => make("option", { value, textContent }));
  const select = make("select", { "aria-label": t("Language") }, ...choices);
  select.value = language;
  select.addEventListener("change", () => speak(select.value));
  return select;
}
