// A mask changes in steps that are undone exactly; tiles bring a second mask to the same pixels.

import assert from "node:assert/strict";
import test from "node:test";

import { Mask, UNLABELLED } from "../../../../prep/annotate/page/static/mask.js";
import { chance } from "./chance.js";

const WIDTH = 300, HEIGHT = 200; // six tiles, those at the right and lower border smaller

/** Spans of a random box, which may reach over the border. */
function box(upTo) {
  const [x, y, width, height] = [upTo(WIDTH) - 20, upTo(HEIGHT) - 20, 1 + upTo(160), 1 + upTo(90)];
  return Int32Array.from(Array.from({ length: height }, (_, row) => [y + row, x, x + width]).flat());
}

/** Paints spans into pixels as the mask should. */
function paint(pixels, spans, value, only) {
  for (let at = 0; at < spans.length; at += 3) {
    for (let x = spans[at + 1]; x < spans[at + 2]; x++) {
      const y = spans[at], place = y * WIDTH + x;
      if (x >= 0 && x < WIDTH && y >= 0 && y < HEIGHT && (only === null || pixels[place] === only)) pixels[place] = value;
    }
  }
}

/** Lays tiles over pixels, as the server does. */
function lay(pixels, tiles) {
  for (const tile of tiles) {
    for (let row = 0; row < tile.height; row++) {
      pixels.set(tile.pixels.subarray(row * tile.width, (row + 1) * tile.width), (tile.y + row) * WIDTH + tile.x);
    }
  }
}

test("steps, undo, redo and what is sent agree with plain pixels", () => {
  for (let seed = 0; seed < 20; seed++) {
    const upTo = chance(seed);
    const mask = new Mask(WIDTH, HEIGHT);
    const server = mask.pixels.slice();
    let states = [mask.pixels.slice()], at = 0;
    for (let edit = 0; edit < 40; edit++) {
      const kind = upTo(6);
      if (kind === 0) {
        mask.undo();
        at = Math.max(0, at - 1);
      } else if (kind === 1) {
        mask.redo();
        at = Math.min(states.length - 1, at + 1);
      } else {
        const pixels = states[at].slice();
        mask.begin();
        for (let fill = 0; fill <= upTo(3); fill++) {
          const spans = box(upTo), value = [0, 1, 2, UNLABELLED][upTo(4)], only = [null, null, UNLABELLED, 1][upTo(4)];
          mask.fill(spans, value, only);
          paint(pixels, spans, value, only);
          if (!upTo(4)) lay(server, mask.takeChanged());
        }
        if (kind === 2) mask.cancel();
        else if (mask.end()) {
          states = [...states.slice(0, at + 1), pixels];
          at++;
        } else assert.deepEqual(pixels, states[at], "it said that nothing changed");
      }
      assert.deepEqual(mask.pixels, states[at], `seed ${seed}, edit ${edit}`);
      assert.deepEqual([mask.steps, mask.canUndo, mask.canRedo], [at, at > 0, at < states.length - 1]);
      if (!upTo(3)) {
        lay(server, mask.takeChanged());
        assert.deepEqual(server, mask.pixels, `seed ${seed}, edit ${edit}: the server has other pixels`);
        assert.ok(!mask.unsent);
      }
    }
    for (; at > 0; at--) {
      assert.deepEqual(mask.pixels, states[at]);
      mask.undo();
    }
    assert.deepEqual(mask.pixels, states[0]);
    for (; at < states.length - 1; at++) mask.redo();
    assert.deepEqual(mask.pixels, states.at(-1));
  }
});

test("only the tiles that a step touches are sent", () => {
  const mask = new Mask(WIDTH, HEIGHT);
  mask.begin();
  mask.fill(Int32Array.of(10, 100, 140, 150, 299, 300), 1); // a row over two tiles, and the last pixel of another row
  mask.end();
  const tiles = mask.takeChanged().map(({ x, y, width, height }) => [x, y, width, height]);
  assert.deepEqual(tiles, [[0, 0, 128, 128], [128, 0, 128, 128], [256, 128, 44, 72]]);
  assert.deepEqual(mask.takeChanged(), []);
  mask.undo();
  assert.equal(mask.takeChanged().length, 3);
});

test("what changes nothing is no step and is not sent", () => {
  const mask = new Mask(WIDTH, HEIGHT);
  mask.begin();
  mask.fill(Int32Array.of(10, 0, 300), UNLABELLED);
  mask.fill(Int32Array.of(10, 0, 300), 1, 2);
  mask.fill(Int32Array.of(-1, 0, 300, 200, 0, 300, 5, -9, 0, 5, 300, 400), 1);
  assert.equal(mask.end(), false);
  assert.deepEqual([mask.steps, mask.unsent], [0, false]);
  mask.begin();
  mask.fill(Int32Array.of(10, 0, 300), 1);
  mask.fill(Int32Array.of(10, 0, 300), UNLABELLED);
  assert.equal(mask.end(), false, "there and back");
  mask.begin();
  mask.fill(Int32Array.of(20, 0, 10), 1);
  mask.takeChanged();
  mask.cancel();
  assert.equal(mask.takeChanged().length, 1, "it was taken in the middle of the step: it is sent again as it was");
});

test("the box of a change holds every pixel that changed", () => {
  const upTo = chance(9);
  const mask = new Mask(WIDTH, HEIGHT);
  let told = null;
  mask.addEventListener("change", ({ detail }) => (told = detail));
  mask.begin();
  for (let round = 0; round < 100; round++) {
    const before = mask.pixels.slice();
    told = null;
    mask.fill(box(upTo), upTo(3));
    const changed = [...mask.pixels.keys()].filter((at) => mask.pixels[at] !== before[at]);
    const columns = changed.map((at) => at % WIDTH), rows = changed.map((at) => Math.floor(at / WIDTH));
    for (const at of changed.keys()) {
      assert.ok(told.x0 <= columns[at] && columns[at] < told.x1 && told.y0 <= rows[at] && rows[at] < told.y1);
    }
    assert.equal(told !== null, changed.length > 0);
  }
});

test("steps are opened and closed one after the other", () => {
  const mask = new Mask(4, 4);
  assert.throws(() => mask.fill(Int32Array.of(0, 0, 1), 1), /No step is open/);
  mask.begin();
  assert.throws(() => mask.begin(), /open already/);
  mask.fill(Int32Array.of(0, 0, 1), 1);
  mask.undo();
  assert.equal(mask.pixels[0], 1, "an open step is not undone");
});

test("what is of a locked class stays, whatever is painted, and a step of nothing else tells so", () => {
  const mask = new Mask(300, 2);
  let spared = 0;
  mask.addEventListener("spared", () => spared++);
  const step = (spans, value, only = null) => {
    mask.begin();
    mask.fill(Int32Array.from(spans), value, only);
    return mask.end();
  };
  step([0, 100, 200], 1);
  mask.locked[1] = 1;
  assert.equal(step([0, 0, 300], 2), true);
  assert.deepEqual([99, 100, 199, 200].map((x) => mask.pixels[x]), [2, 1, 1, 2]);
  assert.equal(step([0, 120, 180], 255), false);
  assert.equal(spared, 1);
  assert.equal(step([0, 0, 300], 0, 1), false, "nor where only that class is meant");
  assert.equal(step([1, 0, 50], 1), true, "more of it can be painted");
  mask.undo();
  mask.undo();
  assert.deepEqual([mask.pixels[0], mask.pixels[150], mask.unsent], [255, 1, true]);
});
