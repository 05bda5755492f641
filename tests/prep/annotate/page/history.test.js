// Steps as runs: back and forth they lose nothing, and take little.

import assert from "node:assert/strict";
import test from "node:test";

import { History, pack, unpack } from "../../../../prep/annotate/page/static/history.js";
import { chance } from "./chance.js";

test("tiles come back as they were packed", () => {
  const upTo = chance(1);
  for (let round = 0; round < 200; round++) {
    const tiles = Array.from({ length: upTo(5) }, (_, place) => {
      const pixels = new Uint8Array(1 + upTo(20000)), most = [1, 2, 300, 20000][upTo(4)];
      for (let at = 0; at < pixels.length; ) {
        const end = at + 1 + upTo(most);
        pixels.fill(upTo(256), at, end);
        at = end;
      }
      return [3 * place, pixels];
    });
    const sizes = new Map(tiles.map(([place, pixels]) => [place, pixels.length]));
    assert.deepEqual(unpack(pack(tiles), (place) => sizes.get(place)), tiles);
  }
});

test("runs of 1, 127, 128, 16 383 and 16 384 pixels have their lengths", () => {
  for (const length of [1, 127, 128, 16383, 16384]) {
    const pixels = new Uint8Array(length + 1).fill(7, 0, length);
    const step = pack([[0, pixels]]);
    assert.deepEqual(unpack(step, () => length + 1), [[0, pixels]]);
    assert.ok(step.runs.length <= 6);
  }
});

test("a new step forgets those that were undone", () => {
  const history = new History();
  history.undo(assert.fail);
  history.redo(assert.fail);
  for (const name of ["a", "b", "c"]) history.push({ name, places: [], runs: [] });
  const back = (step) => ({ ...step, name: step.name.toUpperCase() });
  history.undo(back);
  history.undo(back);
  const seen = [];
  history.redo((step) => seen.push(step.name) && step);
  assert.deepEqual([seen, history.steps, history.canUndo, history.canRedo], [["B"], 2, true, true]);
  history.push({ name: "d", places: [], runs: [] });
  assert.deepEqual([history.steps, history.canRedo], [3, false]);
});
