// Where the image is on the stage.

import assert from "node:assert/strict";
import test from "node:test";

import { View } from "../../../../prep/annotate/page/static/view.js";
import { chance } from "./chance.js";

const near = (one, other, by = 1e-6) => assert.ok(Math.abs(one - other) <= by, `${one} is not ${other}`);

function stage(width, height, ratio = 1) {
  const view = new View();
  view.resize(width, height, ratio);
  return view;
}

test("screen and image are ways back and forth, whatever was done", () => {
  const upTo = chance(5);
  for (let round = 0; round < 100; round++) {
    const view = stage(100 + upTo(900), 100 + upTo(600), [1, 1.25, 2][upTo(3)]);
    view.open(1 + upTo(5000), 1 + upTo(5000));
    for (let step = 0; step < 10; step++) {
      [() => view.pan(upTo(400) - 200, upTo(400) - 200), () => view.zoomAt(upTo(300), upTo(300), 0.5 + upTo(4)), () => view.oneToOne(),
       () => view.fit(), () => view.resize(100 + upTo(900), 100 + upTo(600), view.ratio)][upTo(5)]();
      const { x, y } = view.toImage(12, 34);
      const there = view.toScreen(x, y);
      near(there.x, 12);
      near(there.y, 34);
      // The image begins on a whole device pixel, and the middle of the stage stays on it.
      const { scale, x: left, y: top } = view.device;
      near(-view.left * scale, left);
      near(-view.top * scale, top);
      const middle = view.toImage(view.width / 2, view.height / 2);
      const slack = 1 / scale;
      assert.ok(middle.x >= -slack && middle.x <= view.image.width + slack && middle.y >= -slack && middle.y <= view.image.height + slack);
    }
  }
});

test("zooming keeps what is under the pointer", () => {
  const view = stage(800, 600);
  view.open(4000, 3000);
  view.zoomAt(400, 300, 8);
  const before = view.toImage(420, 310);
  view.zoomAt(420, 310, 2);
  const after = view.toImage(420, 310);
  near(after.x, before.x, 1 / view.scale);
  near(after.y, before.y, 1 / view.scale);
});

test("a whole image stays whole when the window changes; one that was moved keeps its middle", () => {
  const view = stage(840, 640);
  view.open(4000, 3000);
  assert.equal(view.scale, 0.2);
  view.resize(440, 640, 1);
  assert.equal(view.scale, 0.1);
  view.oneToOne({ x: 1000, y: 900 });
  view.resize(200, 100, 1);
  const middle = view.toImage(100, 50);
  near(middle.x, 1000, 1);
  near(middle.y, 900, 1);
});
