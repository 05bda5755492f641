// Small helpers for building the page.

import { t } from "./language.js";

export const byId = (id) => document.getElementById(id);

/** An element with properties (data-* and aria-* as attributes) and children (nodes or text). */
export function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || key === "role" || key === "for") element.setAttribute(key, value);
    else element[key] = value;
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** A drawing of the sprite; words stand beside it or in the label of its button. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("aria-hidden", "true");
  svg.appendChild(document.createElementNS(space, "use")).setAttribute("href", `/static/icons.svg#${name}`);
  return svg;
}

/** Keys as small caps of a keyboard: "Ctrl Z" is two. */
export const keycaps = (keys) => keys.split(" ").map((key) => make("kbd", { textContent: t(key) }));

/** Draws the icons of the buttons that stand in the page. */
export function drawIcons(root) {
  for (const button of root.querySelectorAll("[data-icon]")) button.prepend(icon(button.dataset.icon));
}

/** 1 203 456: groups of three, as in technical texts. */
export const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, "\u202f");

/** With one place after the point, or the comma. */
const decimal = (number) => number.toFixed(1).replace(".", t("."));

/** A share 0..1 in percent; what is there is never shown as nothing, and what is missing never as all. */
export function percent(share) {
  if (share === 0) return "0 %";
  if (share > 0 && share < 0.001) return `< ${decimal(0.1)} %`;
  if (share > 0.999 && share < 1) return `> ${decimal(99.9)} %`;
  return share < 0.1 ? `${decimal(100 * share)} %` : `${Math.round(100 * share)} %`;
}

/** Goes by an arrow key from one of these radio buttons to another; moves: places for each key. */
export function stepTo(event, buttons, moves) {
  const next = buttons[buttons.indexOf(event.target) + (moves[event.key] ?? NaN)];
  if (!next) return;
  event.preventDefault();
  event.stopPropagation();
  next.focus();
  next.click();
}
