// The corners of a polygon while it is drawn.

import assert from "node:assert/strict";
import test from "node:test";

import { Corners } from "../../../../prep/annotate/page/static/tools/corners.js";

const SQUARE = [{ x: 0, y: 0 }, { x: 10, y: 0 }, { x: 10, y: 10 }, { x: 0, y: 10 }];

function square() {
  const corners = new Corners();
  for (const point of SQUARE) corners.add(point);
  return corners;
}

test("every change is taken back by itself, a drag as one", () => {
  const corners = square();
  corners.move(1, { x: 11, y: 1 }, false);
  corners.move(1, { x: 15, y: 2 }, true);
  corners.insert(0, { x: 5, y: -3 });
  corners.remove(3);
  assert.deepEqual(corners.points, [{ x: 0, y: 0 }, { x: 5, y: -3 }, { x: 15, y: 2 }, { x: 0, y: 10 }]);
  assert.equal(corners.undo(), true);
  assert.deepEqual(corners.points[3], { x: 10, y: 10 });
  corners.undo();
  assert.deepEqual(corners.points[1], { x: 15, y: 2 });
  corners.undo();
  assert.deepEqual(corners.points, SQUARE);
  for (let left = 4; left; left--) assert.equal(corners.undo(), true);
  assert.deepEqual([corners.undo(), corners.points], [false, []]);
});

test("the nearest corner and edge within reach are found; the closing edge only of a closed shape", () => {
  const corners = square();
  assert.equal(corners.near({ x: 9, y: 1 }, 2), 1);
  assert.equal(corners.near({ x: 5, y: 5 }, 2), -1);
  assert.equal(corners.nearEdge({ x: 5, y: 1 }, 2), 0);
  assert.equal(corners.nearEdge({ x: -1, y: 5 }, 2), -1);
  corners.closed = true;
  assert.equal(corners.nearEdge({ x: -1, y: 5 }, 2), 3);
  assert.equal(corners.nearEdge({ x: 30, y: 0 }, 2), -1, "beyond the end of an edge");
});
