// Starts the page: a minimal one, with the keys that the stage itself needs.

import { Editor } from "./editor.js";
import { session } from "./session.js";

const editor = new Editor(document.querySelector("#stage"), session);
window.editor = editor; // tests look at it

addEventListener("keydown", (event) => {
  if (event.key === " ") {
    editor.pointers.grab = true;
    event.preventDefault();
  } else if (event.ctrlKey && event.key.toLowerCase() === "z") event.shiftKey ? editor.redo() : editor.undo();
  else if (!editor.tool.key(event)) {
    for (const { id, key } of [...editor.tools.values()].map((tool) => tool.constructor)) if (key === event.key) editor.use(id);
  }
});
addEventListener("keyup", (event) => {
  if (event.key === " ") editor.pointers.grab = false;
});
editor.addEventListener("say", ({ detail }) => console.warn(detail));

await session.load();
const first = session.images.keys().next().value;
if (first !== undefined) await editor.open(first);
