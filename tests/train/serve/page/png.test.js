// Masks as PNG files, read without a canvas.

import assert from "node:assert/strict";
import test from "node:test";
import * as zlib from "node:zlib";

import { decodeMask, withPalette } from "../../../../train/serve/page/static/png.js";

const WIDTH = 7, HEIGHT = 10;

/** A row as one of the five filters of PNG writes it. */
function filtered(kind, row, before) {
  const predict = [() => 0, (left) => left, (left, above) => above, (left, above) => (left + above) >> 1, (left, above, corner) => {
    const to = left + above - corner;
    return [left, above, corner].reduce((best, each) => (Math.abs(to - each) < Math.abs(to - best) ? each : best));
  }][kind];
  return [kind, ...row.map((value, x) => (value - predict(row[x - 1] ?? 0, before[x], before[x - 1] ?? 0)) & 255)];
}

function chunk(name, data) {
  const bytes = Buffer.concat([Buffer.alloc(4), Buffer.from(name), data, Buffer.alloc(4)]);
  bytes.writeUInt32BE(data.length, 0);
  return bytes;
}

/** A grey PNG, its data in two chunks, every filter in turn; checksums are nobody's matter here. */
function png(rows) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH, 0);
  header.writeUInt32BE(HEIGHT, 4);
  header[8] = 8;
  const packed = zlib.deflateSync(Buffer.from(rows.flatMap((row, y) => filtered(y % 5, row, rows[y - 1] ?? row.map(() => 0)))));
  const start = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
  return new Uint8Array(Buffer.concat([
    start, chunk("IHDR", header), chunk("IDAT", packed.subarray(0, 9)), chunk("IDAT", packed.subarray(9)), chunk("IEND", Buffer.alloc(0)),
  ]));
}

const ROWS = Array.from({ length: HEIGHT }, (_, y) => Array.from({ length: WIDTH }, (_, x) => (x * x * 37 + y * 91 + x * y) & 255));

test("all filters are undone", async () => {
  const { width, height, pixels } = await decodeMask(png(ROWS));
  assert.deepEqual([width, height, [...pixels]], [WIDTH, HEIGHT, ROWS.flat()]);
});

test("a palette changes no pixel, and its chunks are valid", async () => {
  const colors = Array.from({ length: 256 }, (_, index) => [index, 255 - index, 7]);
  const file = new Uint8Array(await withPalette(png(ROWS), colors).arrayBuffer());
  assert.deepEqual([...(await decodeMask(file)).pixels], ROWS.flat());
  const view = new DataView(file.buffer);
  assert.equal(file[25], 3, "a palette's PNG");
  const names = [];
  for (let at = 8; at < file.length; at += 12 + view.getUint32(at)) {
    const length = view.getUint32(at), name = Buffer.from(file.subarray(at + 4, at + 8)).toString();
    names.push(name);
    if (name === "PLTE") assert.deepEqual([...file.subarray(at + 8, at + 8 + length)], colors.flat());
    // crc32() is there since node 22.2
    if (zlib.crc32 && (name === "PLTE" || name === "IHDR")) assert.equal(view.getUint32(at + 8 + length), zlib.crc32(file.subarray(at + 4, at + 8 + length)));
  }
  assert.deepEqual(names, ["IHDR", "PLTE", "IDAT", "IDAT", "IEND"]);
});
