// Areas as spans: exactly the pixels whose centres lie in them, each once.

import assert from "node:assert/strict";
import test from "node:test";

import { capsule, disc, polygon } from "../../../../prep/annotate/page/static/spans.js";
import { chance, drawn } from "./chance.js";

const SIDE = 40;

/** 0 or 1 for every pixel, by its centre. */
const where = (holds) => Uint8Array.from({ length: SIDE * SIDE }, (_, at) => holds((at % SIDE) + 0.5, Math.floor(at / SIDE) + 0.5));

/** A coordinate on a grid of quarters, well inside: such numbers are computed without an error. */
const place = (upTo) => 10 + upTo(80) / 4;

test("a capsule holds the centres near its segment, each once", () => {
  const upTo = chance(1);
  for (let round = 0; round < 200; round++) {
    const [ax, ay, radius] = [place(upTo), place(upTo), upTo(36) / 4];
    const [bx, by] = round % 4 ? [place(upTo), place(upTo)] : [ax, ay];
    const [dx, dy] = [bx - ax, by - ay];
    const expected = where((x, y) => {
      const along = (x - ax) * dx + (y - ay) * dy, length2 = dx * dx + dy * dy;
      if (along <= 0) return (x - ax) ** 2 + (y - ay) ** 2 <= radius ** 2;
      if (along >= length2) return (x - bx) ** 2 + (y - by) ** 2 <= radius ** 2;
      return ((x - ax) * dy - (y - ay) * dx) ** 2 <= radius ** 2 * length2;
    });
    assert.deepEqual(drawn(capsule(ax, ay, bx, by, radius), SIDE, SIDE), expected, `${[ax, ay, bx, by, radius]}`);
    if (!dx && !dy) assert.deepEqual(disc(ax, ay, radius), capsule(ax, ay, bx, by, radius));
  }
});

test("a polygon holds the centres inside by the even-odd rule, each once", () => {
  const upTo = chance(2);
  for (let round = 0; round < 200; round++) {
    const points = Array.from({ length: 3 + upTo(6) }, () => ({ x: place(upTo) + 0.125, y: place(upTo) + 0.125 }));
    const expected = where((x, y) => {
      let odd = false;
      points.forEach((a, at) => {
        const b = points[(at + 1) % points.length];
        const area = (b.x - a.x) * (y - a.y) - (b.y - a.y) * (x - a.x);
        if (a.y <= y !== b.y <= y) odd = odd !== (b.y > a.y ? area > 0 : area < 0);
      });
      return odd;
    });
    assert.deepEqual(drawn(polygon(points), SIDE, SIDE), expected, JSON.stringify(points));
  }
});

test("spans go from top to bottom and from left to right, and none is empty", () => {
  const upTo = chance(3);
  for (let round = 0; round < 100; round++) {
    const points = Array.from({ length: 3 + upTo(6) }, () => ({ x: place(upTo), y: place(upTo) }));
    const spans = polygon(points);
    for (let at = 0; at < spans.length; at += 3) {
      assert.ok(spans[at + 1] < spans[at + 2]);
      assert.ok(at === 0 || spans[at - 3] < spans[at] || (spans[at - 3] === spans[at] && spans[at - 1] <= spans[at + 1]));
    }
  }
});

test("nothing holds no pixel", () => {
  for (const points of [[], [{ x: 3, y: 3 }], [{ x: 3, y: 3 }, { x: 9, y: 9 }], [{ x: NaN, y: NaN }]]) {
    assert.equal(polygon(points).length, 0);
  }
  assert.equal(disc(3, 3, 0).length, 0);
  assert.deepEqual([...disc(3.5, 4.5, 0)], [4, 3, 4]);
});
