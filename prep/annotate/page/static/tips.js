// Tooltips: the label of a button and its key, on hover and keyboard focus.

import { byId, keycaps, make } from "./dom.js";

const DELAY = 450; // milliseconds before the first one; the next ones come at once
let timer = null;
let lastShown = -Infinity;

/** Shows them for all buttons with an aria-label or data-tip, also for those that come later. */
export function showTips() {
  document.addEventListener("pointerover", (event) => event.pointerType === "mouse" && later(tipped(event.target)));
  document.addEventListener("focusin", (event) => event.target.matches(":focus-visible") && later(tipped(event.target)));
  for (const name of ["pointerdown", "keydown", "focusout", "scroll"]) document.addEventListener(name, hide, true);
}

const tipped = (target) => target.closest?.("button[aria-label], [data-tip]") ?? null;

function later(element) {
  hide();
  if (!element) return;
  timer = setTimeout(() => show(element), performance.now() - lastShown < 300 ? 0 : DELAY);
}

function hide() {
  clearTimeout(timer);
  const tip = byId("tip");
  if (!tip.hidden) lastShown = performance.now();
  tip.hidden = true;
}

function show(element) {
  if (!element.isConnected || document.querySelector("dialog[open]")) return;
  const tip = byId("tip");
  const keys = element.dataset.keys ? keycaps(element.dataset.keys) : [];
  const words = element.dataset.tip ?? element.getAttribute("aria-label");
  tip.replaceChildren(make("span", { textContent: words }), make("span", {}, ...keys));
  tip.hidden = false;
  const box = element.getBoundingClientRect();
  const below = box.bottom + 6 + tip.offsetHeight < innerHeight;
  const left = box.left + box.width / 2 - tip.offsetWidth / 2;
  tip.style.left = `${Math.max(6, Math.min(innerWidth - tip.offsetWidth - 6, left))}px`;
  tip.style.top = `${below ? box.bottom + 6 : box.top - 6 - tip.offsetHeight}px`;
}
