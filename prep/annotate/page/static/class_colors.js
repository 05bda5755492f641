// Colours for new classes: bright on photos, and far from each other.

const COLORS = [
  "#ff5a52", "#ffb62e", "#3d8bff", "#2fc48d", "#b46bff", "#00c2de", "#ff7ac2", "#9fd64a", "#c98b57", "#8fa3bf", "#ff8a3d", "#6f6bff",
];

/** The first of the colours that is not taken; past those, the one of 360 hues that is farthest from all. */
export function distinctColor(taken) {
  const used = taken.map((color) => color.toLowerCase());
  const free = COLORS.find((color) => !used.includes(color) && used.every((other) => distance(color, other) > 40));
  if (free) return free;
  const hues = Array.from({ length: 360 }, (_, hue) => fromHue(hue * 137.5));
  return hues.reduce((best, color) => (nearest(color, used) > nearest(best, used) ? color : best));
}

const nearest = (color, others) => Math.min(...others.map((other) => distance(color, other)));

const channels = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));

function distance(one, other) {
  const [a, b] = [channels(one), channels(other)];
  return Math.hypot(...a.map((value, at) => value - b[at]));
}

function fromHue(degrees) {
  const channel = (offset) => {
    const place = (offset + degrees / 30) % 12;
    return Math.round(255 * (0.58 - 0.42 * Math.max(-1, Math.min(place - 3, 9 - place, 1))));
  };
  return `#${[0, 8, 4].map((offset) => channel(offset).toString(16).padStart(2, "0")).join("")}`;
}
