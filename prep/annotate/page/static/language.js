// The language of the page: English stands in the code, every other language in texts.js.

import { SERVER_TEXTS, TEXTS } from "./texts.js";

const KEY = "annotate language";
const ATTRIBUTES = ["aria-label", "placeholder", "data-tip"];

export const LANGUAGES = { en: "English", de: "Deutsch" };

/** What the person chose, else what the browser asks for; English where neither is there. */
function wanted() {
  if (typeof document === "undefined") return "en";
  try {
    const kept = localStorage.getItem(KEY);
    if (kept in LANGUAGES) return kept;
  } catch {
    // forbidden: the browser says
  }
  return navigator.languages.map((each) => each.slice(0, 2).toLowerCase()).find((each) => each in LANGUAGES) ?? "en";
}

export const language = wanted();

/** Words in the language of the page; {name} stands for a value. */
export function t(english, values = {}) {
  return filled(TEXTS[language]?.[english] ?? english, values);
}

const filled = (words, values) => words.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

/** What the server says in English, in the language of the page; as it is where texts.js has nothing of that form. */
export function told(english, spoken = language) {
  for (const [form, words] of Object.entries(SERVER_TEXTS[spoken] ?? {})) {
    const found = formOf(form).exec(english);
    if (found) return filled(words, found.groups ?? {});
  }
  return english;
}

/** All that a text with {name} in the places of its values can be. */
function formOf(text) {
  const exact = text.replace(/[.*+?^$()|[\]\\]/g, "\\$&");
  return new RegExp(`^${exact.replace(/\{(\w+)\}/g, "(?<$1>.+?)")}$`, "s");
}

/** `one` for the number 1, `many` for all others; {n} is the number, in groups of three. */
export const tCount = (number, one, many, values = {}) =>
  t(number === 1 ? one : many, { n: String(number).replace(/\B(?=(\d{3})+$)/g, "\u202f"), ...values });

/** Puts the words that stand in the page itself into its language. */
export function translate(root) {
  root.documentElement.lang = language;
  if (language === "en") return;
  const walker = root.createTreeWalker(root.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { data } = walker.currentNode;
    const words = data.trim();
    if (words) walker.currentNode.data = data.replace(words, () => t(words));
  }
  for (const name of ATTRIBUTES) {
    for (const element of root.querySelectorAll(`[${name}]`)) element.setAttribute(name, t(element.getAttribute(name)));
  }
}

/** Speaks another language from now on; the page is loaded anew, for all that is on it. */
export function speak(chosen) {
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    return; // it would be forgotten by the next page
  }
  location.reload();
}
