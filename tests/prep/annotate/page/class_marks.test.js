// Which classes are hidden, shown alone or locked.

import assert from "node:assert/strict";
import test from "node:test";

import { ClassMarks } from "../../../../prep/annotate/page/static/class_marks.js";

function made(kept = {}) {
  const editor = Object.assign(new EventTarget(), { value: 0, mark: (marks) => (editor.marks = marks) });
  const session = Object.assign(new EventTarget(), { classes: [] });
  const settings = { get: (name, otherwise) => kept[name] ?? otherwise, set: (name, value) => (kept[name] = value) };
  const call = (...names) => {
    session.classes = names.map((name, index) => ({ index, name }));
    session.dispatchEvent(new Event("classes"));
  };
  const marks = new ClassMarks(editor, session, settings);
  call("sky", "road", "tree");
  return { editor, marks, call, kept };
}

test("marks follow a class to its new number and its new name", () => {
  const { editor, marks, call, kept } = made();
  marks.lock(1);
  marks.hide(2);
  assert.deepEqual(editor.marks, { hidden: [2], locked: [1] });
  call("road", "sky", "tree");
  assert.deepEqual(editor.marks, { hidden: [2], locked: [0] });
  call("street", "sky", "tree");
  assert.deepEqual(editor.marks, { hidden: [2], locked: [0] });
  assert.deepEqual(kept, { hidden: ["tree"], locked: ["street"] });
  call("sky", "tree");
  assert.deepEqual(editor.marks, { hidden: [1], locked: [] }, "the class is gone");
  assert.deepEqual(made(kept).editor.marks, { hidden: [2], locked: [] }, "kept by name");
});

test("one class alone, until it is shown with the others, goes, or somebody paints another one", () => {
  const { editor, marks, call } = made();
  marks.hide(0);
  marks.alone(1);
  assert.deepEqual(editor.marks.hidden, [0, 2]);
  marks.alone(1);
  assert.deepEqual(editor.marks.hidden, [0]);
  marks.alone(2);
  call("sky", "road");
  assert.deepEqual(editor.marks.hidden, [0]);
  editor.value = 0;
  editor.dispatchEvent(new Event("draw"));
  assert.deepEqual(editor.marks.hidden, []);
  marks.alone(255);
  marks.lock(255);
  assert.deepEqual(editor.marks, { hidden: [], locked: [] }, "what is unlabelled is neither");
});
