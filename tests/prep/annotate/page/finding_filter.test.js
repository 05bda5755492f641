// Which findings of an audit are worth a look.

import assert from "node:assert/strict";
import test from "node:test";

import { filtered } from "../../../../prep/annotate/page/static/finding_filter.js";

const IMAGES = new Map([["big", { width: 4000, height: 3000 }], ["small", { width: 100, height: 200 }]]);
const FOUND = [
  { number: 1, stem: "big", width: 60, height: 60, label: "road", model: "grass" }, // 1.5 %
  { number: 2, stem: "big", width: 500, height: 500, label: "grass", model: "road" },
  { number: 3, stem: "small", width: 10, height: 10, label: "road", model: "tree" },
  { number: 4, stem: "big", width: 1000, height: 10, label: "wire", model: "sky" }, // thin, but long
];
const numbers = (kind, size) => filtered(FOUND, { kind, size }, IMAGES).map(({ number }) => number);

test("tiny ones are left out at first; sizes are shares of the image", () => {
  assert.deepEqual(numbers("", "not tiny"), [2, 3, 4]);
  assert.deepEqual(numbers("", "large"), [2]);
  assert.deepEqual(numbers("", "all"), [1, 2, 3, 4]);
  assert.deepEqual(numbers("", "of another version"), [2, 3, 4]);
});

test("a class is one that is labelled or that the model says", () => {
  assert.deepEqual(numbers("road", "all"), [1, 2, 3]);
  assert.deepEqual(numbers("road", "not tiny"), [2, 3]);
  assert.deepEqual(numbers("nothing", "all"), []);
});
