// Undo of images that were left.

import assert from "node:assert/strict";
import test from "node:test";

import { Histories } from "../../../../prep/annotate/page/static/histories.js";
import { Mask } from "../../../../prep/annotate/page/static/mask.js";

function painted(value) {
  const mask = new Mask(300, 200);
  mask.begin();
  mask.fill(Int32Array.of(3, 0, 200), value);
  mask.end();
  return mask;
}

const stored = (version, classesVersion = "c1") => ({ version, classesVersion });

test("steps are undone in the mask that is read again, if it is the one that was left", () => {
  const kept = new Histories();
  const left = painted(2);
  kept.keep("a", stored("v1"), left.history);
  const { history, lost } = kept.take("a", stored("v1"));
  const again = new Mask(300, 200, left.pixels.slice(), history);
  assert.deepEqual([lost, again.canUndo], [false, true]);
  again.undo();
  assert.equal(again.pixels[3 * 300 + 100], 255);
  again.redo();
  assert.equal(again.pixels[3 * 300 + 100], 2);
});

test("steps of another mask, or of other classes, are gone and that is told", () => {
  const kept = new Histories();
  kept.keep("a", stored("v1"), painted(1).history);
  kept.keep("b", stored("v1"), painted(1).history);
  kept.keep("c", stored("v1"), painted(1).history);
  assert.deepEqual(kept.take("a", stored("v2")), { history: null, lost: true });
  assert.deepEqual(kept.take("a", stored("v1")), { history: null, lost: false }, "once");
  assert.deepEqual(kept.take("b", stored("v1", "c2")), { history: null, lost: true });
  kept.rename("c1", "c2");
  assert.notEqual(kept.take("c", stored("v1", "c2")).history, null);
  kept.keep("d", stored("none"), new Mask(9, 9).history);
  assert.deepEqual(kept.take("d", stored("v5")), { history: null, lost: false }, "there was nothing to undo");
});

test("the memory of all is bounded: what was left longest ago goes first", () => {
  const each = painted(1).history.bytes;
  const kept = new Histories(2 * each);
  for (const stem of ["a", "b", "c"]) kept.keep(stem, stored("v"), painted(1).history);
  assert.deepEqual(["a", "b", "c"].map((stem) => kept.take(stem, stored("v")).history !== null), [false, true, true]);
});
