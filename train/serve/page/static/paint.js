// Colours of classes over a photo.

const STRIP = 256; // rows painted at once: a whole large photo would need a second copy of itself

/** Colour and full opacity of every class that is shown, averaged down to width x height, as ImageData. */
export function paintMask(mask, colors, shown, width, height) {
  const image = new ImageData(width, height);
  const columns = Array.from({ length: width + 1 }, (_, x) => Math.floor((x * mask.width) / width));
  for (let y = 0; y < height; y++) {
    const top = Math.floor((y * mask.height) / height);
    const bottom = Math.floor(((y + 1) * mask.height) / height);
    for (let x = 0; x < width; x++) {
      let red = 0, green = 0, blue = 0, painted = 0;
      for (let row = top; row < bottom; row++) {
        for (let at = row * mask.width + columns[x], end = row * mask.width + columns[x + 1]; at < end; at++) {
          const index = mask.pixels[at];
          if (!shown[index]) continue;
          const color = colors[index];
          red += color[0]; green += color[1]; blue += color[2]; painted++;
        }
      }
      if (!painted) continue;
      const all = (bottom - top) * (columns[x + 1] - columns[x]);
      image.data.set([red / painted, green / painted, blue / painted, (255 * painted) / all], 4 * (y * width + x));
    }
  }
  return image;
}

/** The photo in full size with the mask over it, as a PNG Blob. */
export async function overlayPng(photo, mask, colors, shown, opacity) {
  const canvas = sized(document.createElement("canvas"), mask.width, mask.height);
  const context = canvas.getContext("2d");
  context.drawImage(photo, 0, 0, mask.width, mask.height);
  context.globalAlpha = opacity;
  for (let top = 0; top < mask.height; top += STRIP) {
    const height = Math.min(STRIP, mask.height - top);
    const pixels = mask.pixels.subarray(top * mask.width, (top + height) * mask.width);
    const strip = paintMask({ width: mask.width, height, pixels }, colors, shown, mask.width, height);
    const layer = sized(document.createElement("canvas"), mask.width, height);
    layer.getContext("2d").putImageData(strip, 0, 0);
    context.drawImage(layer, 0, top);
  }
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  if (!blob) throw new Error("This browser cannot make a picture of that size; 'seg-train predict' writes overlays, too.");
  return blob;
}

export function sized(canvas, width, height) {
  canvas.width = width;
  canvas.height = height;
  return canvas;
}
