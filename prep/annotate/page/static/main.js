// Starts the page and joins its parts.

import { api } from "./api.js";
import { ClassEditor } from "./class_editor.js";
import { ClassMarks } from "./class_marks.js";
import { byId, drawIcons } from "./dom.js";
import { Editor } from "./editor.js";
import { Filters } from "./filters.js";
import { Findings } from "./findings.js";
import { listenToKeys } from "./actions.js";
import { Learning } from "./learning.js";
import { makeLight } from "./light.js";
import { List } from "./list.js";
import { showKeys } from "./keys.js";
import { t, tCount, translate } from "./language.js";
import { makeLooks } from "./looks.js";
import { UNLABELLED } from "./mask.js";
import { followModel } from "./model.js";
import { Notes } from "./notes.js";
import { hideNotice, hush, say, showNotice } from "./notice.js";
import { Network } from "./network.js";
import { Palette } from "./palette.js";
import { putIntoAddress, Settings, stemInAddress } from "./place.js";
import { session } from "./session.js";
import { showTips } from "./tips.js";
import { Toolbar } from "./toolbar.js";
import { TopBar } from "./topbar.js";
import { TOOLS } from "./tools/index.js";
import { keepCounting } from "./news.js";

translate(document);
drawIcons(document);
showKeys(document, TOOLS);
showTips();
const stage = byId("stage");
const editor = new Editor(stage, session);
Object.assign(window, { editor, session }); // tests look at them
editor.addEventListener("say", ({ detail }) => say(detail));

/** Opens an image, and says on the stage why it cannot be shown. */
let opening = null;
async function open(stem) {
  if (stem === undefined) return;
  if (stem === editor.stem && stem === list.current && byId("notice").hidden) return; // would end undo and what a tool has begun
  const mine = (opening = {});
  let words = "";
  const hear = ({ detail }) => (words = detail);
  list.current = stem;
  editor.addEventListener("say", hear);
  const opened = await editor.open(stem);
  editor.removeEventListener("say", hear);
  if (opening !== mine) return;
  if (opened) {
    hideNotice();
    putIntoAddress(stem);
    settings.set("image", stem);
  } else if (editor.saver && !editor.saver.clean) {
    list.current = editor.stem; // what is not saved stays in sight
  } else {
    const next = list.beside(1) ?? list.beside(-1);
    topBar.name(stem);
    hush();
    showNotice(t("{stem} cannot be opened", { stem }), words, next === undefined ? [] : [[t("Another image"), () => open(next)]]);
  }
}

/** Changes how far the chosen image is; whether the server took it. */
async function setState(state) {
  const stem = list.current;
  try {
    if (editor.saver && !(await editor.saver.flush())) throw new Error(editor.saver.words);
    session.update(await api.json("PUT", api.image(stem, "state"), { state }));
    return true;
  } catch (error) {
    say(error.message);
    return false;
  }
}

/** Marks the image as done or rejected and goes to the next unfinished one; or takes the mark back. */
async function finish(state) {
  const entry = session.images.get(list.current);
  const inSight = editor.stem === list.current || !byId("notice").hidden;
  if (!entry || !inSight) return; // nobody has seen an image that is still on its way
  if (entry.state === state) {
    await setState(entry.labelled === 0 ? "new" : "in work"); // null: it has a mask that is not counted yet
    return;
  }
  const next = list.nextUnfinished();
  if (!(await setState(state))) return;
  if (next !== undefined) await open(next);
  else say(t("Every image of this list is done or rejected."));
}

/** Sends other classes once everything is saved; masks whose numbers changed are read again. */
async function changeClasses(request, moves) {
  if (editor.saver && !(await editor.saver.flush())) throw new Error(editor.saver.words);
  const first = session.classes.length === 0;
  const answer = await api.json("PUT", "/api/classes", request);
  await session.load();
  editor.choose(known(first ? 0 : editor.value));
  if (moves) list.filters.clear(); // a class that was chosen there has another number, or is gone
  if (moves && editor.stem !== null) await editor.open(editor.stem);
  if (!moves) {
    // The numbers mean what they did.
    editor.histories.rename(request.classes_version, answer.classes_version);
    if (editor.saver) editor.saver.classesVersion = answer.classes_version;
  }
  const rewritten = answer.changed ? tCount(answer.changed, "{n} mask has the new classes.", "{n} masks have the new classes.") : "";
  // Statistics are counted again by themselves; patches are not.
  const patches = answer.removed.includes("patches") ? t("Patches were of the old classes and are gone: cut them again before you train on them.") : "";
  if (rewritten || patches) say([rewritten, patches].filter(Boolean).join(" "));
  stage.focus();
}

/** The value itself if it is a class or unlabelled; else the first class, or unlabelled where there is none. */
function known(value) {
  const exists = value === UNLABELLED || session.classes.some(({ index }) => index === value);
  return exists ? value : (session.classes[0]?.index ?? UNLABELLED);
}

async function load() {
  try {
    await session.load();
    hideNotice();
    return true;
  } catch (error) {
    showNotice(t("The images cannot be listed"), error.message, [[t("Try again"), () => location.reload()]]);
    return false;
  }
}

let settings, list, topBar;
if (await load()) {
  settings = new Settings(session.dataset.name);
  const filters = new Filters(session, settings);
  list = new List(session, filters, (stem) => {
    looks.uncover();
    open(stem);
  });
  const classMarks = new ClassMarks(editor, session, settings);
  const palette = new Palette(editor, session, classMarks);
  const learning = new Learning(editor, session, settings, editor.tools.get("proposal"));
  const toolbar = new Toolbar(editor, TOOLS, settings);
  const classEditor = new ClassEditor(session, changeClasses);
  topBar = new TopBar(editor, session);
  const looks = makeLooks(editor, settings);
  makeLight(settings);
  const notes = new Notes(editor, session);
  const findings = new Findings(editor, session, settings, open);
  listenToKeys({ editor, session, list, toolbar, classEditor, looks, open, finish, tools: TOOLS, findings, learning, classMarks, notes });

  for (const tool of editor.tools.values()) toolbar.restore(tool);
  const model = session.dataset.network ? null : session.dataset.model; // one that was trained meanwhile changes no tool
  const first = model === settings.get("model", null) ? settings.get("tool") : model && "proposal"; // of a new model first
  editor.use(editor.tools.get(first)?.available ? first : "brush");
  settings.set("model", model);
  toolbar.show();
  editor.addEventListener("tool", () => settings.set("tool", editor.tool.constructor.id));
  editor.choose(known(settings.get("value", 0)));
  editor.addEventListener("value", () => settings.set("value", editor.value));
  editor.addEventListener("classless", () => classEditor.show());
  palette.fill();
  filters.restore();
  session.dispatchEvent(new Event("images"));
  topBar.state();
  keepCounting(session, editor);
  followModel(session);
  new Network(editor, session, settings, learning).follow();
  if (session.dataset.findings) await findings.load().catch((error) => say(error.message));
  addEventListener("hashchange", () => session.images.has(stemInAddress()) && stemInAddress() !== editor.stem && open(stemInAddress()));

  const wanted = [stemInAddress(), settings.get("image", ""), list.nextUnfinished(), session.images.keys().next().value];
  await open(wanted.find((stem) => session.images.has(stem)));
  stage.focus();
  if (session.classes.length === 0) await classEditor.show();
}
