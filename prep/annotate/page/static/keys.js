// All keys in one table: what the page does with them, and what the help overlay shows.

const TYPING = "input:not([type=range], [type=checkbox], [type=color]), textarea, select";

/**
 * Rows: keys as `nameOf` names them, the label for people, what it does, and the name of the action that runs (none
 * where the stage or the tool itself listens). `repeat`: also while the key is held. `with`: shown only where the
 * dataset has this.
 */
const ROWS = {
  Images: [
    { keys: ["n"], label: "N", does: "Next unfinished", action: "nextUnfinished" },
    { keys: ["PageDown"], label: "PgDn", does: "Next image", action: "next", repeat: true },
    { keys: ["PageUp"], label: "PgUp", does: "Previous image", action: "previous", repeat: true },
    { keys: ["ctrl+ArrowDown"], label: "Ctrl ↓", does: "Next finding", action: "nextFinding", with: "findings" },
    { keys: ["ctrl+ArrowUp"], label: "Ctrl ↑", does: "Previous finding", action: "previousFinding", with: "findings" },
    { keys: ["v"], label: "V", does: "Copy the mask of the image before", action: "copy" },
    { keys: ["ctrl+s"], label: "Ctrl S", does: "Is all saved?", action: "saved" },
    { keys: ["d"], label: "D", does: "Done, or take back", action: "done" },
    { keys: ["r"], label: "R", does: "Reject, or take back", action: "reject" },
  ],
  Classes: [
    { keys: [..."1234567890"], label: "1 … 9 0", does: "Class 1 to 10", action: "class" },
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
    { keys: ["[", "]"], label: "[ ]", does: "Smaller, larger", action: "nudge", repeat: true },
    { label: "Enter", does: "Finish, accept" },
    { label: "Esc", does: "Cancel" },
    { label: "Backspace", does: "Last point back" },
  ],
  View: [
    { keys: ["+", "="], label: "+", does: "Zoom in", action: "zoomIn", repeat: true },
    { keys: ["-"], label: "−", does: "Zoom out", action: "zoomOut", repeat: true },
    { keys: ["f"], label: "F", does: "Whole image", action: "fit" },
    { keys: ["z"], label: "Z", does: "One pixel to one pixel", action: "oneToOne" },
    { keys: ["ArrowLeft"], label: "← ↑ → ↓", does: "Move", action: "left", repeat: true },
    { keys: ["ArrowUp"], action: "up", repeat: true },
    { keys: ["ArrowRight"], action: "right", repeat: true },
    { keys: ["ArrowDown"], action: "down", repeat: true },
    { keys: ["h"], label: "H", does: "Photo alone, while held", action: "alone" },
    { keys: ["o"], label: "O", does: "Mask stronger", action: "stronger", repeat: true },
    { keys: ["shift+o"], label: "Shift O", does: "Mask weaker", action: "weaker", repeat: true },
    { keys: ["Tab"], label: "Tab", does: "Hide or show both sides", action: "sides" },
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

/** [[title, rows]] for people; the keys of tools stand in the tools. */
export function tableOfKeys(tools, dataset) {
  const own = tools.filter((each) => !each.with || dataset[each.with]).map(({ key, title }) => ({ label: key.toUpperCase(), does: title }));
  const rest = Object.entries(ROWS).map(([title, rows]) => [title, rows.filter((row) => row.label && (!row.with || dataset[row.with]))]);
  return [["Tools", own], ...rest];
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
  const row = Object.values(ROWS).flat().find((each) => each.keys?.includes(key));
  if (row) return event.repeat && !row.repeat ? null : [row.action, key];
  const tool = tools.find((each) => each.key === key);
  return tool && !event.repeat ? ["tool", tool.id] : null;
}

/** Whether a key belongs to the element that has the focus, not to the page. */
export function belongsElsewhere(event) {
  const { target } = event;
  if (document.querySelector("dialog[open]")) return true;
  if (target.matches?.(TYPING)) return true;
  const moves = /^(Arrow|Page|Home|End)/.test(event.key);
  if (target.matches?.("input[type=range], [role=radio], [role=option]") && moves) return true;
  // Tab goes from control to control once the focus is on one; on the stage it hides the sides.
  if (event.key === "Tab") return event.shiftKey || !target.matches?.("#stage, body");
  return target.matches?.("button, input, [role=option], summary") && (event.key === "Enter" || event.key === " ");
}
