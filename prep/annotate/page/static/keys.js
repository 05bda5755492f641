// All keys in one table: what the page does with them, and what the help overlay shows.

import { t } from "./language.js";
import { capsOf, chooseKey, isReserved, ownKey } from "./own_keys.js";

const TYPING = "input:not([type=range], [type=checkbox], [type=color]), textarea, select";

/**
 * Rows: keys as `nameOf` names them, the label for people, what it does, and the name of the action that runs (none
 * where the stage or the tool itself listens). `repeat`: also while the key is held. `fixed`: nobody can choose another
 * key. `with`: shown only where the dataset has this.
 */
const ROWS = {
  Images: [
    { keys: ["n"], label: "N", does: "Next unfinished", action: "nextUnfinished" },
    { keys: ["PageDown"], label: "PgDn", does: "Next image", action: "next", repeat: true },
    { keys: ["PageUp"], label: "PgUp", does: "Previous image", action: "previous", repeat: true },
    { keys: ["ctrl+ArrowDown"], label: "Ctrl ↓", does: "Next finding", action: "nextFinding", with: "findings" },
    { keys: ["ctrl+ArrowUp"], label: "Ctrl ↑", does: "Previous finding", action: "previousFinding", with: "findings" },
    { keys: ["v"], label: "V", does: "Copy the mask of the image before", action: "copy" },
    { keys: ["j"], label: "J", does: "Note on this image", action: "note" },
    { keys: ["ctrl+s"], label: "Ctrl S", does: "Is all saved?", action: "saved" },
    { keys: ["d"], label: "D", does: "Done, or take back", action: "done" },
    { keys: ["r"], label: "R", does: "Reject, or take back", action: "reject" },
  ],
  Classes: [
    { keys: [..."1234567890"], label: "1 … 9 0", does: "Class 1 to 10", action: "class", fixed: true },
    { keys: ["x"], label: "X", does: "Unlabelled", action: "unlabelled" },
    { keys: ["i"], label: "I", does: "Hide, or show again", action: "hide" },
    { keys: ["shift+i"], label: "Shift I", does: "Show alone", action: "showAlone" },
    { keys: ["k"], label: "K", does: "Lock, or unlock", action: "lock" },
    { keys: ["u"], label: "U", does: "Only unlabelled", action: "only" },
    { keys: ["t"], label: "T", does: "Learn from strokes", action: "learn" },
    { keys: ["c"], label: "C", does: "Edit the classes", action: "classes" },
  ],
  Drawing: [
    { keys: ["ctrl+z"], label: "Ctrl Z", does: "Undo", action: "undo", repeat: true },
    { keys: ["ctrl+shift+z", "ctrl+y"], label: "Ctrl Shift Z", does: "Redo", action: "redo", repeat: true },
    { keys: ["[", "]"], label: "[ ]", does: "Smaller, larger", action: "nudge", repeat: true, fixed: true },
    { label: "Enter", does: "Finish, accept" },
    { label: "Esc", does: "Cancel" },
    { label: "Backspace", does: "Last point back" },
  ],
  View: [
    { keys: ["+", "="], label: "+", does: "Zoom in", action: "zoomIn", repeat: true },
    { keys: ["-"], label: "−", does: "Zoom out", action: "zoomOut", repeat: true },
    { keys: ["f"], label: "F", does: "Whole image", action: "fit" },
    { keys: ["z"], label: "Z", does: "One pixel to one pixel", action: "oneToOne" },
    { keys: ["ArrowLeft"], label: "← ↑ → ↓", does: "Move", action: "left", repeat: true, fixed: true },
    { keys: ["ArrowUp"], action: "up", repeat: true, fixed: true },
    { keys: ["ArrowRight"], action: "right", repeat: true, fixed: true },
    { keys: ["ArrowDown"], action: "down", repeat: true, fixed: true },
    { keys: ["h"], label: "H", does: "Photo alone, while held", action: "alone" },
    { keys: ["o"], label: "O", does: "Mask stronger", action: "stronger", repeat: true },
    { keys: ["shift+o"], label: "Shift O", does: "Mask weaker", action: "weaker", repeat: true },
    { keys: ["q"], label: "Q", does: "Hide or show both sides", action: "sides" },
    { label: "Tab", does: "To the next control" },
    { keys: ["?"], label: "?", does: "These keys", action: "help" },
  ],
  Mouse: [
    { label: "Shift Click", does: "Straight line (brush, eraser, edge)" },
    { label: "Alt Click", does: "Refuse a model's proposal", with: "model" },
    { label: "Right Click", does: "Not this (object)", with: "sam" },
    { label: "Wheel", does: "Zoom at the pointer" },
    { label: "Space Drag", does: "Move" },
    { label: "Middle Drag", does: "Move" },
  ],
};

const ACTIONS = Object.values(ROWS).flat().filter(({ keys }) => keys);
const rowOf = (action) => ACTIONS.find((row) => row.action === action);
const toolRow = ({ id, key, title }) => ({ keys: [key], label: capsOf(key), does: title, action: `tool ${id}` });

/** The keys of a row: the one that a person chose, or the usual ones. */
const keysOf = ({ keys, action }) => (ownKey(action) ? [ownKey(action)] : keys);

/** [[title, rows]] for people: { label, does, action }, the action only where another key can be chosen. */
export function tableOfKeys(tools, dataset) {
  const told = (row) => ({
    label: ownKey(row.action) ? capsOf(ownKey(row.action)) : row.label, does: t(row.does), action: row.action && !row.fixed ? row.action : null,
  });
  const wanted = (row) => row.label && (!row.with || dataset[row.with]);
  const own = tools.filter((each) => !each.with || dataset[each.with]).map(toolRow);
  return [["Tools", own], ...Object.entries(ROWS)].map(([title, rows]) => [t(title), rows.filter(wanted).map(told)]);
}

/** The key of an action on caps, as "Ctrl Z"; "" if it has none. `tools` for those of tools. */
export function labelOf(action, tools) {
  const row = rowOf(action) ?? tools.map(toolRow).find((each) => each.action === action);
  return ownKey(action) ? capsOf(ownKey(action)) : row?.label ?? "";
}

/** Writes the keys of actions onto the caps and into the tips of the page, wherever data-action names one. */
export function showKeys(root, tools) {
  for (const element of root.querySelectorAll("[data-action]")) {
    const label = labelOf(element.dataset.action, tools);
    if (element.matches("kbd")) element.textContent = element.dataset.hold ? t("hold {key}", { key: label }) : label;
    else element.dataset.keys = label;
  }
}

/** Gives an action another key; what is wrong with that key in words, "" if it has it now. */
export function changeKey(action, key, tools) {
  if (isReserved(key)) return t("This key has to stay what it is. Choose a letter or a sign.");
  const rows = [...ACTIONS, ...tools.map(toolRow)];
  const other = rows.find((row) => row.action !== action && keysOf(row).includes(key));
  if (other) return t("{key} is taken: {does}. Choose another key, or change that one first.", { key: capsOf(key), does: t(other.does ?? "Move") });
  chooseKey(action, key);
  return "";
}

/**
 * "ctrl+shift+z", "?", "ArrowLeft", "shift+o": Shift counts for letters only, and Command is Control. Signs that a
 * keyboard has on a third level ("[" on a German one) count as such: Windows says that Ctrl and Alt are held, macOS Alt.
 */
export function nameOf(event) {
  const letter = letterOf(event);
  const shift = event.shiftKey && letter !== letter.toUpperCase() ? "shift+" : "";
  const third = event.altKey && /^[\[\]]$/.test(letter);
  const control = (event.ctrlKey && !third) || event.metaKey;
  return `${control ? "ctrl+" : ""}${event.altKey && !third ? "alt+" : ""}${shift}${letter}`;
}

/** The key in lower case; where a keyboard writes another alphabet, the Latin letter that stands at its place. */
function letterOf({ key, code }) {
  if (key.length > 1) return key;
  const isForeign = /\p{L}/u.test(key) && !/\p{Script=Latin}/u.test(key);
  return isForeign && /^Key[A-Z]$/.test(code ?? "") ? code.slice(3).toLowerCase() : key.toLowerCase();
}

/** The action of a key event, as [name, key]; null if it has none. */
export function actionOf(event, tools) {
  const key = nameOf(event);
  const row = ACTIONS.find((each) => keysOf(each).includes(key));
  if (row) return event.repeat && !row.repeat ? null : [row.action, key];
  const tool = tools.find((each) => keysOf(toolRow(each)).includes(key));
  return tool && !event.repeat ? ["tool", tool.id] : null;
}

/** Whether a key that is let go is the one of an action, whatever is held beside it. */
export const isKeyOf = (event, action) => keysOf(rowOf(action)).some((key) => key.split("+").at(-1) === letterOf(event));

/** Whether a key belongs to the element that has the focus, not to the page. */
export function belongsElsewhere(event) {
  const { target } = event;
  if (document.querySelector("dialog[open]")) return true;
  if (target.matches?.(TYPING)) return true;
  const moves = /^(Arrow|Page|Home|End)/.test(event.key);
  if (target.matches?.("input[type=range], [role=radio], [role=option]") && moves) return true;
  return target.matches?.("button, input, [role=option], summary") && (event.key === "Enter" || event.key === " ");
}
