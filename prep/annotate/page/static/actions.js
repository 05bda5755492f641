// What keys and buttons do.

import { copyMask } from "./copying.js";
import { byId } from "./dom.js";
import { showHelp } from "./help.js";
import { actionOf, belongsElsewhere, isKeyOf } from "./keys.js";
import { UNLABELLED } from "./mask.js";
import { t } from "./language.js";

const STEP = 80; // CSS pixels that an arrow key moves the image
const ZOOM = 1.25;
const WHILE_DRAWING = ["alone", "stronger", "weaker", "zoomIn", "zoomOut", "left", "up", "right", "down"]; // others would end a stroke

export function listenToKeys(page) {
  const actions = actionsOf(page);
  const { editor, tools, looks, learning } = page;

  document.addEventListener("keydown", (event) => {
    if (belongsElsewhere(event)) return;
    if (event.key === " ") {
      editor.pointers.grab = true;
      event.preventDefault();
      return;
    }
    if (!event.ctrlKey && !event.metaKey && editor.ready && isShown() && (editor.tool.key(event) || learning.key(event))) {
      event.preventDefault();
      return;
    }
    const [name, key] = actionOf(event, tools) ?? [];
    if (!name) return;
    event.preventDefault();
    if (!editor.pointers.drawing || WHILE_DRAWING.includes(name)) actions[name](key);
  });
  document.addEventListener("keyup", (event) => {
    if (event.key === " ") editor.pointers.grab = false;
    if (isKeyOf(event, "alone")) looks.showAlone(false);
  });
  addEventListener("blur", () => {
    editor.pointers.grab = false;
    looks.showAlone(false);
  });

  const clicks = {
    undo: "undo", redo: "redo", done: "done", reject: "reject", previous: "previous", next: "next", fit: "fit",
    "one-to-one": "oneToOne", "zoom-in": "zoomIn", "zoom-out": "zoomOut", "help-button": "help", "edit-classes": "classes",
    "name-classes": "classes",
  };
  for (const [id, name] of Object.entries(clicks)) byId(id).addEventListener("click", () => actions[name]());

  // The mouse leaves the focus on the stage, so that Space and Enter never press the button that was clicked last.
  document.addEventListener("click", (event) => {
    const control = event.detail > 0 && event.target.closest("button, input[type=range], input[type=checkbox], [role=option], summary");
    if (control && !control.closest("dialog") && !document.querySelector("dialog[open]")) byId("stage").focus({ preventScroll: true });
  });
}

/** Whether the open image is in sight, not covered by the words that another one cannot be opened. */
const isShown = () => byId("notice").hidden;

function actionsOf({ editor, session, list, toolbar, classEditor, looks, open, finish, tools, findings, learning, classMarks, notes }) {
  const { view } = editor;
  const zoom = (factor) => view.zoomAt(view.width / 2, view.height / 2, factor);
  return {
    next: () => open(list.beside(1)),
    previous: () => open(list.beside(-1)),
    nextUnfinished() {
      const stem = list.nextUnfinished();
      if (stem === undefined) editor.say(t("No other image of this list is unfinished."));
      else open(stem);
    },
    nextFinding: () => findings.step(1),
    previousFinding: () => findings.step(-1),
    copy: () => isShown() && copyMask(editor, list.beside(-1)),
    note() {
      looks.open("panel");
      notes.write();
    },
    async saved() {
      const { saver } = editor;
      if (saver) editor.say((await saver.flush()) ? t("All is saved. Every stroke is, by itself.") : saver.words);
    },
    done: () => finish("done"),
    reject: () => finish("rejected"),
    class(key) {
      const index = (Number(key) + 9) % 10;
      if (index < session.classes.length) editor.choose(index);
      else if (!session.classes.length) classEditor.show();
    },
    hide: () => classMarks.hide(editor.value),
    showAlone: () => classMarks.alone(editor.value),
    lock: () => classMarks.lock(editor.value),
    unlabelled: () => editor.choose(UNLABELLED),
    only: () => looks.toggleOnly(),
    learn: () => learning.toggle(),
    classes: () => classEditor.show(),
    undo: () => isShown() && editor.undo(),
    redo: () => isShown() && editor.redo(),
    nudge(key) {
      toolbar.nudge(key);
    },
    tool: (id) => editor.use(id),
    zoomIn: () => zoom(ZOOM),
    zoomOut: () => zoom(1 / ZOOM),
    fit: () => view.fit(),
    oneToOne: () => view.oneToOne(editor.pointers.position ?? undefined),
    left: () => view.pan(STEP, 0),
    right: () => view.pan(-STEP, 0),
    up: () => view.pan(0, STEP),
    down: () => view.pan(0, -STEP),
    alone: () => looks.showAlone(true),
    stronger: () => looks.fade(1),
    weaker: () => looks.fade(-1),
    sides: () => looks.toggleSides(),
    help: () => showHelp(tools, session.dataset),
  };
}
