// Keys of all keyboards, and what they do.

import assert from "node:assert/strict";
import test from "node:test";

import { actionOf, nameOf, tableOfKeys, changeKey, labelOf } from "../../../../prep/annotate/page/static/keys.js";
import { forgetKeys } from "../../../../prep/annotate/page/static/own_keys.js";

const TOOLS = [{ id: "brush", key: "b", title: "Brush" }];
const key = (name, more = {}) => ({ key: name, code: "", shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, repeat: false, ...more });

test("keys have one name on every keyboard", () => {
  assert.equal(nameOf(key("Z", { ctrlKey: true, shiftKey: true })), "ctrl+shift+z");
  assert.equal(nameOf(key("z", { metaKey: true })), "ctrl+z");
  assert.equal(nameOf(key("?", { shiftKey: true })), "?");
  assert.equal(nameOf(key("[", { ctrlKey: true, altKey: true })), "[", "AltGr 8 on a German keyboard");
  assert.equal(nameOf(key("я", { code: "KeyZ", ctrlKey: true })), "ctrl+z", "a Russian keyboard");
  assert.equal(nameOf(key("ä", { code: "Quote" })), "ä");
});

test("a key does one thing, and goes on only where that is meant", () => {
  assert.deepEqual(actionOf(key("b"), TOOLS), ["tool", "brush"]);
  assert.deepEqual(actionOf(key("z", { ctrlKey: true, repeat: true }), TOOLS), ["undo", "ctrl+z"]);
  assert.equal(actionOf(key("d", { repeat: true }), TOOLS), null);
  assert.equal(actionOf(key("b", { repeat: true }), TOOLS), null);
  assert.equal(actionOf(key("ö"), TOOLS), null);
});

test("the help shows what this dataset has", () => {
  const shown = (dataset) => tableOfKeys(TOOLS, dataset).flatMap(([, rows]) => rows.map(({ does }) => does));
  assert.ok(shown({ findings: true }).includes("Next finding"));
  assert.ok(!shown({ findings: false }).includes("Next finding"));
  assert.equal(shown({})[0], "Brush");
});

test("another key takes the place of the usual one, unless it is taken or has to stay", () => {
  assert.match(changeKey("done", "b", TOOLS), /^B is taken: Brush\./);
  assert.match(changeKey("done", "3", TOOLS), /^This key has to stay/);
  for (const reserved of ["Enter", "Tab", " ", "ctrl+w", "F5"]) assert.notEqual(changeKey("done", reserved, TOOLS), "");
  assert.equal(changeKey("done", "ö", TOOLS), "");
  assert.deepEqual(actionOf(key("ö"), TOOLS), ["done", "ö"]);
  assert.equal(actionOf(key("d"), TOOLS), null);
  assert.equal(changeKey("tool brush", "d", TOOLS), "", "what is free again can be taken");
  assert.deepEqual(actionOf(key("d"), TOOLS), ["tool", "brush"]);
  assert.deepEqual([labelOf("done", TOOLS), labelOf("tool brush", TOOLS), labelOf("redo", TOOLS)], ["Ö", "D", "Ctrl Shift Z"]);
  forgetKeys();
  assert.deepEqual(actionOf(key("b"), TOOLS), ["tool", "brush"]);
});
