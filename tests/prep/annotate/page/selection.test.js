// Which images the list shows, and in which order.

import assert from "node:assert/strict";
import test from "node:test";

import { ORDERS, byName, compare, matches, tally } from "../../../../prep/annotate/page/static/selection.js";
import { chance } from "./chance.js";

const entry = (stem, more = {}) => ({ stem, state: "new", labelled: 0, classes: [], uncertainty: null, ...more });
const ALL = { state: "", kind: "", name: "" };

test("without a filter every image is shown", () => {
  for (const more of [{}, { labelled: null, classes: null }]) assert.equal(matches(entry("a", more), ALL), true);
});

test("a filter of states, classes or names shows what has it", () => {
  const tree = entry("Park 12", { state: "done", labelled: 0.5, classes: [0, 2] });
  const counting = entry("later", { labelled: null, classes: null });
  const empty = entry("bare");
  const shown = (filter) => [tree, counting, empty].filter((each) => matches(each, { ...ALL, ...filter })).map(({ stem }) => stem);
  assert.deepEqual(shown({ state: "done" }), ["Park 12"]);
  assert.deepEqual(shown({ state: "new" }), ["later", "bare"]);
  assert.deepEqual(shown({ kind: "2" }), ["Park 12"]);
  assert.deepEqual(shown({ kind: "1" }), []);
  assert.deepEqual(shown({ kind: "none" }), ["bare"], "what is not counted yet may hold something");
  assert.deepEqual(shown({ name: " park " }), ["Park 12"]);
  empty.note = "Wind in the leaves";
  assert.deepEqual(shown({ state: "noted" }), ["bare"]);
  assert.deepEqual(shown({ name: "LEAVES" }), ["bare"]);
  empty.note = "";
  assert.deepEqual(shown({ name: "a", state: "new" }), ["later", "bare"]);
});

const placed = (entries) => byName(entries).forEach((each, place) => Object.assign(each, { place }));

test("names stand in the order of their numbers, whatever the order they came in", () => {
  const stems = (list) => byName(list.map((stem) => entry(stem))).map(({ stem }) => stem);
  assert.deepEqual(stems(["b10", "b9", "A", "a"]), stems(["a", "A", "b9", "b10"]));
  assert.deepEqual(stems(["b10", "b9"]), ["b9", "b10"]);
});

test("what each filter would show is counted at once", () => {
  const { states, kinds } = tally([entry("a", { classes: [0, 2], labelled: 1 }), entry("b", { state: "done", note: "x" }), entry("c", { classes: null, labelled: null })]);
  assert.deepEqual([...states], [["", 3], ["new", 2], ["done", 1], ["noted", 1]]);
  assert.deepEqual([...kinds].sort(), [[0, 1], [2, 1], ["none", 1]].sort());
});

test("the orders", () => {
  const entries = [
    entry("b10", { uncertainty: 0.2, labelled: 0.1 }),
    entry("b9", { uncertainty: 0.9, labelled: null }),
    entry("c", { uncertainty: 0.5, state: "done", labelled: 0 }),
    entry("a", { labelled: 0.1 }),
  ];
  placed(entries);
  const sorted = (order) => [...entries].sort((one, other) => compare(one, other, order)).map(({ stem }) => stem);
  assert.deepEqual(sorted("name"), ["a", "b9", "b10", "c"]);
  assert.deepEqual(sorted("uncertainty"), ["b9", "b10", "a", "c"], "then what no model has seen, then what is finished");
  assert.deepEqual(sorted("labelled"), ["c", "a", "b10", "b9"]);
  assert.deepEqual(sorted("no such order"), sorted("name"));
});

test("an order does not depend on how the images stood before", () => {
  const upTo = chance(4);
  for (const order of Object.keys(ORDERS)) {
    const entries = Array.from({ length: 60 }, (_, at) =>
      entry(`${"aAäb"[upTo(4)]}${at}`, { state: ["new", "done"][upTo(2)], uncertainty: [null, 0, 0.5][upTo(3)], labelled: [null, 0, 1][upTo(3)] }));
    placed(entries);
    const sorted = [...entries].sort((one, other) => compare(one, other, order));
    for (let round = 0; round < 5; round++) {
      for (let at = entries.length - 1; at > 0; at--) {
        const other = upTo(at + 1);
        [entries[at], entries[other]] = [entries[other], entries[at]];
      }
      assert.deepEqual([...entries].sort((one, other) => compare(one, other, order)), sorted);
    }
  }
});
