// What a person wants the classes to be, and the request that makes it so.

import assert from "node:assert/strict";
import test from "node:test";

import { distinctColor } from "../../../../prep/annotate/page/static/class_colors.js";
import { ClassRows } from "../../../../prep/annotate/page/static/class_rows.js";

const CLASSES = [
  { index: 0, name: "ground", color: "#000000" },
  { index: 1, name: "road", color: "#ff0000" },
  { index: 2, name: "tree", color: "#00ff00" },
];

test("classes as they are change nothing", () => {
  const edited = new ClassRows(CLASSES);
  assert.deepEqual([edited.changed, edited.moves, edited.mistake], [false, false, null]);
  edited.rows[1].name = " road ";
  assert.equal(edited.changed, false);
});

test("a dropped class asks for its pixels, which go to where the other class stands then", () => {
  const edited = new ClassRows(CLASSES);
  const [ground, road, tree] = edited.rows;
  edited.remove(ground);
  assert.deepEqual(edited.open, [], "no mask is known to hold it");
  ground.use = { images: 1, pixels: 9 };
  assert.deepEqual(edited.open, [ground]);
  ground.to = tree;
  edited.move(tree, -1);
  assert.deepEqual(edited.request("v1"), {
    classes_version: "v1",
    classes: [{ from: 2, name: "tree", color: "#00ff00" }, { from: 1, name: "road", color: "#ff0000" }],
    pixels: { 0: 0 },
  });
  ground.to = "none";
  assert.deepEqual(edited.request("v1").pixels, { 0: 255 });
  ground.to = road;
  edited.remove(road);
  assert.equal(ground.to, null, "that class goes, too");
  edited.keep(ground);
  edited.keep(road);
  assert.equal(edited.moves, true, "tree still stands before road");
  edited.move(tree, 1);
  assert.equal(edited.changed, false);
});

test("mistakes name their row", () => {
  const edited = new ClassRows(CLASSES);
  const added = edited.add();
  assert.deepEqual(edited.mistake, [added, "Give every class a name."]);
  added.name = " tree";
  assert.deepEqual(edited.mistake, [added, "Two classes are called tree."]);
  Object.assign(added, { name: "sky", color: "#ff0000" });
  assert.deepEqual(edited.mistake, [added, "sky has the colour of another class."]);
  added.name = " ";
  edited.dropNameless();
  assert.deepEqual([edited.rows.length, edited.changed], [3, false]);
  for (const row of [...edited.rows]) edited.remove(row);
  assert.deepEqual(edited.mistake, [null, "Keep at least one class."]);
});

test("new classes get colours of their own", () => {
  const colors = [];
  for (let number = 0; number < 40; number++) colors.push(distinctColor(colors));
  assert.equal(new Set(colors).size, 40);
  assert.ok(colors.every((color) => /^#[0-9a-f]{6}$/.test(color)));
});
