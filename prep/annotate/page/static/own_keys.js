// Keys that a person chose in place of the usual ones: by action, kept in the browser for all datasets.

const KEPT = "annotate keys";
const RESERVED = ["Enter", "Escape", "Backspace", "Tab", " ", "Shift", "Control", "Alt", "Meta", "AltGraph", "CapsLock", "Dead"];
const CAPS = { pagedown: "PgDn", pageup: "PgUp", arrowdown: "↓", arrowup: "↑", arrowleft: "←", arrowright: "→", "-": "−" };

let own = read();

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT)) ?? {};
    return Object.fromEntries(Object.entries(kept).filter((pair) => typeof pair[1] === "string"));
  } catch {
    return {}; // forbidden, damaged, or no browser
  }
}

function keep() {
  try {
    localStorage.setItem(KEPT, JSON.stringify(own));
  } catch {
    // forbidden or full: they last as long as the page
  }
}

/** The key that was chosen for an action; undefined if it has its usual ones. */
export const ownKey = (action) => own[action];

export const anyOwn = () => Object.keys(own).length > 0;

export function chooseKey(action, key) {
  own = { ...own, [action]: key };
  keep();
}

export function forgetKeys() {
  own = {};
  keep();
}

/** Whether a key has a meaning that nothing may take: to confirm, to go on, of the browser. */
export const isReserved = (key) => RESERVED.includes(key) || /^(ctrl|alt)\+/.test(key) || /^F\d+$/.test(key) || /^[0-9]$/.test(key);

/** "ctrl+shift+z" as it stands on caps: "Ctrl Shift Z". */
export function capsOf(key) {
  const parts = key === "+" ? ["+"] : key.split("+");
  return parts.map((part) => CAPS[part.toLowerCase()] ?? part[0].toUpperCase() + part.slice(1)).join(" ");
}
