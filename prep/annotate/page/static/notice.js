// Words on the stage: passing messages, and why there is no photo.

import { byId, make } from "./dom.js";

const LASTS = 6000; // milliseconds
let timer = null;

/** Says something in passing; screen readers read it out. */
export function say(words) {
  const message = byId("message");
  message.textContent = words;
  message.classList.remove("old");
  clearTimeout(timer);
  timer = setTimeout(() => message.classList.add("old"), LASTS);
}

export function hush() {
  byId("message").textContent = "";
}

/** Covers the stage with words and buttons ([[words, run], ...]). */
export function showNotice(title, text, buttons = []) {
  const made = buttons.map(([words, run], place) => {
    const button = make("button", { type: "button", textContent: words, className: place === 0 ? "main" : "" });
    button.addEventListener("click", run);
    return button;
  });
  const notice = byId("notice");
  notice.replaceChildren(make("h2", { textContent: title }), make("p", { textContent: text }), make("div", { className: "buttons" }, ...made));
  notice.hidden = false;
  made[0]?.focus();
}

export function hideNotice() {
  byId("notice").hidden = true;
}

// What lies below a notice is not drawn on.
for (const type of ["pointerdown", "pointermove", "wheel"]) byId("notice").addEventListener(type, (event) => event.stopPropagation());
