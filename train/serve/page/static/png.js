// Masks as PNG files: one 8-bit number a pixel, the class index.
// Read without a canvas: browsers that guard against fingerprinting add noise to what a canvas gives back.

const SIGNATURE_LENGTH = 8;
const COLOR_TYPE = 25; // its place in a PNG file; 0 is grey, 3 an index into a palette

/** Width, height and class indices (Uint8Array, row by row) of a PNG file (Uint8Array). */
export async function decodeMask(file) {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const parts = [];
  for (let at = SIGNATURE_LENGTH; at < file.length; at += 12 + view.getUint32(at)) {
    const name = String.fromCharCode(...file.subarray(at + 4, at + 8));
    if (name === "IDAT") parts.push(file.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  const inflated = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate"));
  const rows = new Uint8Array(await new Response(inflated).arrayBuffer());
  return { width, height, pixels: unfilter(rows, width, height) };
}

/** Undo the filters of PNG (standard, section 9): each row begins with the number of its own. */
function unfilter(rows, width, height) {
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const from = y * (width + 1) + 1;
    const to = y * width;
    const predict = PREDICTORS[rows[from - 1]];
    for (let x = 0; x < width; x++) {
      const left = x ? pixels[to + x - 1] : 0;
      const above = y ? pixels[to + x - width] : 0;
      const corner = x && y ? pixels[to + x - width - 1] : 0;
      pixels[to + x] = rows[from + x] + predict(left, above, corner);
    }
  }
  return pixels;
}

const PREDICTORS = [
  () => 0,
  (left) => left,
  (left, above) => above,
  (left, above) => (left + above) >> 1,
  (left, above, corner) => {
    const [a, b, c] = [Math.abs(above - corner), Math.abs(left - corner), Math.abs(left + above - 2 * corner)];
    return a <= b && a <= c ? left : b <= c ? above : corner;
  },
];

/** The same PNG file with a palette: the very same pixels, but viewers show colors ([[r, g, b], ...]). */
export function withPalette(file, colors) {
  const header = file.slice(SIGNATURE_LENGTH, SIGNATURE_LENGTH + 25);
  header[COLOR_TYPE - SIGNATURE_LENGTH] = 3;
  const rest = file.subarray(SIGNATURE_LENGTH + 25);
  const start = file.subarray(0, SIGNATURE_LENGTH);
  return new Blob([start, chunk("IHDR", header.subarray(8, 21)), chunk("PLTE", Uint8Array.from(colors.flat())), rest],
    { type: "image/png" });
}

function chunk(name, data) {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = name.charCodeAt(i);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
