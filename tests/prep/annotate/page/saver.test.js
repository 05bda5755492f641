// Every change reaches the server, once and in order, also when answers are lost.

import assert from "node:assert/strict";
import test from "node:test";

import { Mask } from "../../../../prep/annotate/page/static/mask.js";
import { Saver } from "../../../../prep/annotate/page/static/saver.js";
import "./chance.js";

/** A server that is asked by fetch(): it lays tiles over its pixels; `answers` are what it does with the next requests. */
function server(width, height) {
  const state = { pixels: new Uint8Array(width * height).fill(255), version: "v0", saves: [], answers: [] };
  globalThis.fetch = async (path, { headers, body }) => {
    const answer = state.answers.shift() ?? "save";
    if (answer === "away") throw new TypeError("no connection");
    const refuse = (conflict) => new Response(JSON.stringify({ error: "changed elsewhere", conflict }), { status: 409 });
    if (answer === "classes") return refuse("classes");
    assert.equal(headers["X-Size"], `${width}x${height}`);
    if (headers["X-Save"] !== state.saves.at(-1)) {
      if (headers["X-Base-Version"] !== state.version) return refuse("mask");
      const data = new DataView(await body.arrayBuffer());
      for (let at = 0; at < data.byteLength; ) {
        const [x, y, across, down] = [0, 4, 8, 12].map((place) => data.getUint32(at + place, true));
        at += 16;
        for (let row = 0; row < down; row++, at += across) {
          state.pixels.set(new Uint8Array(data.buffer, at, across), (y + row) * width + x);
        }
      }
      state.saves.push(headers["X-Save"]);
      state.version = `v${state.saves.length}`;
    }
    if (answer === "lost") throw new TypeError("the connection broke");
    return new Response(JSON.stringify({ stem: path.split("/")[3], version: state.version }));
  };
  return state;
}

function begin() {
  const mask = new Mask(200, 10);
  const found = server(200, 10);
  const told = [];
  const saver = new Saver("s 0", mask, { version: "v0", classesVersion: "c" }, { update: (entry) => told.push(entry.version) });
  const draw = (y, value) => {
    mask.begin();
    mask.fill(Int32Array.of(y, 0, 200), value);
    mask.end();
  };
  return { mask, found, saver, told, draw };
}

test("what is drawn while a save is on its way goes with the next one", async () => {
  const { mask, found, saver, told, draw } = begin();
  draw(1, 0);
  const first = saver.flush();
  draw(2, 1);
  assert.equal(saver.state, "saving");
  assert.equal(await first, true);
  assert.deepEqual(found.pixels, mask.pixels);
  assert.deepEqual([told, saver.state, saver.clean], [["v1", "v2"], "saved", true]);
});

test("a save whose answer was lost is sent again under its name", async () => {
  const { mask, found, saver, draw } = begin();
  found.answers = ["lost", "away"];
  draw(1, 0);
  assert.equal(await saver.flush(), false);
  assert.equal(saver.state, "offline");
  draw(2, 1);
  assert.equal(await saver.flush(), false);
  assert.equal(await saver.flush(), true);
  assert.deepEqual(found.pixels, mask.pixels);
  assert.deepEqual([found.saves.length, saver.state], [2, "saved"]);
});

test("a conflict keeps what is drawn until somebody decides", async () => {
  const { mask, found, saver, draw } = begin();
  found.version = "of another page";
  found.pixels.fill(2);
  draw(1, 0);
  assert.equal(await saver.flush(), false);
  assert.deepEqual([saver.state, saver.words, saver.stuck], ["conflict", "changed elsewhere", true]);
  draw(2, 1);
  assert.equal(await saver.flush(), false);
  assert.deepEqual(found.saves, []);
  assert.equal(await saver.overwrite("of another page"), true);
  assert.deepEqual(found.pixels, mask.pixels);
  found.answers = ["classes"];
  draw(3, 1);
  assert.equal(await saver.flush(), false);
  assert.equal(saver.state, "classes");
  saver.stop();
  assert.equal(saver.clean, true);
});
