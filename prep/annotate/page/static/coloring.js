// Colours of classes for a part of the mask, averaged over boxes of 1, 2, 4, ... pixels.

const MOST = 16; // pixels read along a box's side; of larger boxes every second, fourth, ... is read

/** Look-up tables by class index: the colour as one 32-bit pixel, and red with blue and green with count for sums. */
export function palette(classes) {
  const pixel = new Uint32Array(256), redBlue = new Int32Array(256), greenCount = new Int32Array(256);
  for (const { index, color } of classes) {
    const [red, green, blue] = rgb(color);
    pixel[index] = (255 << 24) | (blue << 16) | (green << 8) | red;
    redBlue[index] = (red << 16) | blue;
    greenCount[index] = (green << 16) | 1;
  }
  return { pixel, redBlue, greenCount };
}

/** [red, green, blue] of "#rrggbb" or of such an array. */
export function rgb(color) {
  if (typeof color !== "string") return color;
  const number = parseInt(color.slice(1), 16);
  return [number >> 16, (number >> 8) & 255, number & 255];
}

/**
 * Colours the pixels {x0, y0, x1, y1} of level `level` into `out` (32-bit pixels, `stride` a row), whose first pixel is
 * (left, top) of the level. Whether any of them is labelled.
 */
export function color(mask, colors, level, { x0, y0, x1, y1 }, out, left, top, stride) {
  return level ? average(mask, colors, 1 << level, x0, y0, x1, y1, out, left, top, stride)
               : copy(mask, colors.pixel, x0, y0, x1, y1, out, left, top, stride);
}

function copy({ pixels, width }, pixel, x0, y0, x1, y1, out, left, top, stride) {
  let any = 0;
  for (let y = y0; y < y1; y++) {
    let to = (y - top) * stride + x0 - left;
    for (let from = y * width + x0, end = y * width + x1; from < end; from++) any |= out[to++] = pixel[pixels[from]];
  }
  return any !== 0;
}

/** Mean colour of the labelled pixels of each box; as opaque as the share of them. */
function average({ pixels, width, height }, { redBlue, greenCount }, box, x0, y0, x1, y1, out, left, top, stride) {
  const step = Math.max(1, box / MOST);
  let any = 0;
  for (let y = y0; y < y1; y++) {
    const firstRow = y * box, lastRow = Math.min(height, firstRow + box);
    let to = (y - top) * stride + x0 - left;
    for (let x = x0; x < x1; x++) {
      const first = x * box, last = Math.min(width, first + box);
      let sumRedBlue = 0, sumGreenCount = 0, all = 0;
      for (let row = firstRow; row < lastRow; row += step) {
        for (let at = row * width + first, end = row * width + last; at < end; at += step) {
          const value = pixels[at];
          // Sums of 256 values fit into 16 bits each; "| 0" lets the upper one wrap into the sign.
          sumRedBlue = (sumRedBlue + redBlue[value]) | 0;
          sumGreenCount = (sumGreenCount + greenCount[value]) | 0;
          all++;
        }
      }
      const count = sumGreenCount & 0xffff;
      if (count === 0) {
        out[to++] = 0;
        continue;
      }
      const red = (sumRedBlue >>> 16) / count, blue = (sumRedBlue & 0xffff) / count;
      const green = (sumGreenCount >>> 16) / count;
      any |= out[to++] =
        (Math.round((255 * count) / all) << 24) | (Math.round(blue) << 16) | (Math.round(green) << 8) | Math.round(red);
    }
  }
  return any !== 0;
}
