// What was learnt, laid out in the size of the image: regions as a plain flood finds them, questions one at a time.

import assert from "node:assert/strict";
import test from "node:test";

import { chance, drawn } from "./chance.js";
import { Learnt } from "../../../../prep/annotate/page/static/learnt.js";
import { Mask } from "../../../../prep/annotate/page/static/mask.js";
import { Saver } from "../../../../prep/annotate/page/static/saver.js";
import { regionAt, scaled } from "../../../../prep/annotate/page/static/small.js";

/** A picture of few values, so that regions touch at corners and sides. */
function picture(upTo, width, height) {
  const pixels = (most) => Uint8Array.from({ length: width * height }, () => upTo(most));
  return { width, height, values: pixels(2), confidence: pixels(100) };
}

/** The region in the size of the image, pixel by pixel until nothing is added. */
function grown(values, confidence, width, height, x, y, least) {
  const found = new Uint8Array(width * height), value = values[y * width + x];
  if (confidence[y * width + x] < least) return found;
  found[y * width + x] = 1;
  for (let more = true; more; ) {
    more = false;
    for (let at = 0; at < found.length; at++) {
      if (found[at] || values[at] !== value || confidence[at] < least) continue;
      const column = at % width, row = Math.floor(at / width);
      const near = [-1, 0, 1].some((down) => [-1, 0, 1].some((right) => {
        const inside = column + right >= 0 && column + right < width && row + down >= 0 && row + down < height;
        return inside && found[at + down * width + right];
      }));
      if (near) more = found[at] = 1;
    }
  }
  return found;
}

test("a region is what grows from the point in the size of the image", () => {
  const upTo = chance(5);
  for (let turn = 0; turn < 200; turn++) {
    const small = picture(upTo, 1 + upTo(6), 1 + upTo(6));
    const width = small.width + upTo(15), height = small.height + upTo(15), least = [0, 50][upTo(2)];
    const x = upTo(width), y = upTo(height);
    const [values, confidence] = [small.values, small.confidence].map((part) => scaled(small, part, width, height));
    const spans = regionAt(small, x, y, width, height, least);
    assert.deepEqual(drawn(spans, width, height), grown(values, confidence, width, height, x, y, least));
    for (let at = 3; at < spans.length; at += 3) {
      assert.ok(spans[at] > spans[at - 3] || (spans[at] === spans[at - 3] && spans[at + 1] > spans[at - 1]), "sorted, apart");
    }
  }
});

test("each pixel of the image has the value of the pixel in which its middle lies", () => {
  const pixels = Uint8Array.of(1, 2, 3, 4, 5, 6);
  assert.deepEqual(Array.from(scaled({ width: 3, height: 2 }, pixels, 7, 2)), [1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 5, 5, 6, 6]);
  assert.equal(scaled({ width: 3, height: 2 }, pixels, 3, 2), pixels);
  const tall = scaled({ width: 1, height: 2 }, Uint8Array.of(8, 9), 2, 5);
  assert.deepEqual(Array.from(tall), [8, 8, 8, 8, 9, 9, 9, 9, 9, 9]);
});

/** A server whose answers are given out one by one; asked: how often it was asked. */
function server() {
  const state = { asked: 0, answers: [] };
  globalThis.fetch = () => {
    state.asked++;
    return new Promise((resolve) => state.answers.push((values) => {
      const body = values === null ? JSON.stringify({ state: "nothing" }) : Uint8Array.from([...values, ...values.map(() => 70)]);
      const headers = { "X-Width": "2", "X-Height": "2", "X-Unsure": "40", "X-Complete": "1" };
      resolve(new Response(body, values === null ? { status: 202 } : { headers }));
    }));
  };
  return state;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("strokes that come while it is asked are asked about once more, and what is shown stays until then", async () => {
  const asked = server(), learnt = new Learnt(), mask = new Mask(2, 2);
  learnt.load("s0", mask);
  await turn();
  for (let stroke = 0; stroke < 5; stroke++) learnt.refresh();
  asked.answers.shift()([0, 0, 1, 1]);
  while (asked.answers.length === 0) await turn();
  assert.deepEqual([learnt.state, learnt.unsure, Array.from(learnt.pixels)], ["ready", 40, [0, 0, 1, 1]]);
  asked.answers.shift()([1, 1, 1, 1]);
  while (learnt.pixels[0] !== 1) await turn();
  await turn();
  assert.equal(asked.asked, 2);
});

test("only what is unlabelled is proposed", async () => {
  const asked = server(), learnt = new Learnt(), mask = new Mask(2, 2, Uint8Array.of(255, 0, 1, 255));
  learnt.load("s0", mask);
  await turn();
  asked.answers.shift()([0, 1, 1, 1]);
  while (learnt.state !== "ready") await turn();
  assert.deepEqual([0, 1, 2, 3].map(learnt.values), [0, 255, 255, 1]);
  assert.deepEqual(Array.from(learnt.rest()), [[0, [0, 0, 1]], [1, [1, 1, 2]]]);
  assert.equal(await learnt.region(1, 0), null);
  assert.deepEqual((await learnt.region(1, 1)).value, 1);
});

test("an answer for an image that was left is not shown, and before two classes it says what to do", async () => {
  const asked = server(), learnt = new Learnt();
  learnt.load("s0", new Mask(2, 2));
  await turn();
  const second = new Mask(2, 2);
  learnt.load("s1", second);
  asked.answers.shift()([0, 0, 0, 0]);
  while (asked.answers.length === 0) await turn();
  assert.equal(learnt.state, "waiting");
  asked.answers.shift()(null);
  while (!learnt.words.startsWith("Paint a stroke")) await turn();
  learnt.stop();
  assert.deepEqual([learnt.state, asked.asked], ["none", 2]);
});

test("a save says whether a proposal was accepted in it, also when that is undone and redone", async () => {
  const told = [];
  globalThis.fetch = async (_, { headers }) => {
    told.push(headers["X-Proposed"]);
    return new Response(JSON.stringify({ stem: "s0", version: `v${told.length}` }));
  };
  const mask = new Mask(4, 4);
  const saver = new Saver("s0", mask, { version: "v0", classesVersion: "c" }, { update() {} });
  const draw = (y, proposed) => {
    mask.begin();
    mask.fill(Int32Array.of(y, 0, 4), 1);
    mask.end(proposed);
  };
  for (const work of [() => draw(0), () => draw(1, true), () => draw(2), () => mask.undo(), () => mask.undo(), () => mask.redo(), () => draw(3)]) {
    work();
    await saver.flush();
  }
  assert.deepEqual(told, ["0", "1", "0", "0", "1", "1", "0"]);
});
