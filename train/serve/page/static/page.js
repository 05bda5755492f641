// The page: takes a photo, shows it with its mask, and gives both away as files.

import { overlayPng, paintMask, sized } from "./paint.js";
import { decodeMask, withPalette } from "./png.js";
import { bitmapFromServer, bitmapOf, bytesOf, label } from "./server.js";

const LONGEST_SHOWN = 2048; // pixels of the canvases; downloads have the full size
const element = (id) => document.getElementById(id);
const maxUpload = Number(document.body.dataset.maxUpload);

let job = null; // aborts what an older photo still waits for
let result = null; // { name, photo, answer, png, mask, colors, shown } of the photo that is labelled

// A photo comes in.

for (const id of ["choose", "another"]) element(id).addEventListener("click", () => element("file").click());
element("file").addEventListener("change", () => {
  take([...element("file").files]);
  element("file").value = ""; // so that the same file can be chosen again
});
document.addEventListener("paste", (event) => {
  if (event.clipboardData.files.length) take(event.clipboardData.files);
});
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dragging");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) document.body.classList.remove("dragging");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dragging");
  if (event.dataTransfer.files.length) take(event.dataTransfer.files);
  else complain("That was no file. A picture of another page can be copied there and pasted here.");
});

async function take(files) {
  const file = files[0];
  if (!file) return;
  job?.abort();
  const mine = (job = new AbortController());
  clear();
  if (file.size > maxUpload * 1e6) {
    complain(`${file.name} has ${(file.size / 1e6).toFixed(1)} MB, the limit here is ${maxUpload} MB. Save it smaller.`);
    return;
  }
  say("Labelling the photo …");
  const report = (share) => job === mine && showProgress(share);
  try {
    const [photo, answer] = await Promise.all([preview(file, mine.signal), label(file, mine.signal, report)]);
    await show(file, photo, answer, mine.signal);
  } catch (error) {
    mine.abort(); // the other half is of no use any longer
    if (job === mine) {
      clear();
      complain(error.message);
    }
  } finally {
    if (job === mine) element("busy").hidden = true;
  }
  if (job === mine && files.length > 1) say(`${element("status").textContent} Only the first of ${files.length} files.`);
}

/** Show the photo while it is being labelled. */
async function preview(file, signal) {
  welcome(false);
  element("figure").style.setProperty("--aspect", 4 / 3); // a place for it, until it is read
  element("figure").hidden = false;
  showProgress(null);
  element("busy").hidden = false;
  const photo = await bitmapOf(file, signal);
  signal.throwIfAborted();
  frame(photo, photo.width, photo.height);
  element("photo").setAttribute("aria-label", `Photo ${file.name}`);
  return photo;
}

function frame(photo, width, height) {
  const scale = Math.min(1, LONGEST_SHOWN / Math.max(width, height));
  const size = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  const context = sized(element("photo"), ...size).getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(photo, 0, 0, ...size);
  sized(element("mask"), ...size);
  element("figure").style.setProperty("--aspect", width / height);
  element("figure").style.setProperty("--wide", width);
}

// Its mask.

async function show(file, photo, answer, signal) {
  if (photo.width !== answer.width || photo.height !== answer.height) {
    photo = await bitmapFromServer(file, signal); // this browser turns such a file in another way than the server
    frame(photo, answer.width, answer.height);
  }
  const png = bytesOf(answer.mask);
  const mask = await decodeMask(png);
  signal.throwIfAborted();
  const colors = answer.classes.map(({ color }) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)));
  const shown = answer.classes.map(({ name }) => name.toLowerCase() !== "background");
  result = { name: file.name.replace(/\.[^.]*$/, "") || "photo", photo, answer, png, mask, colors, shown };
  element("classes").replaceChildren(...answer.classes.map(legendEntry));
  element("panel").hidden = false;
  element("figure").classList.add("labelled");
  paint();
  const { width, height } = answer.labelled_at;
  const scale = width === answer.width && height === answer.height ? "" : `at ${width} × ${height} `;
  say(`${file.name}: ${answer.width} × ${answer.height} pixels, labelled ${scale}in ${answer.seconds.toFixed(1)} s.`);
}

function paint() {
  const canvas = element("mask");
  const image = paintMask(result.mask, result.colors, result.shown, canvas.width, canvas.height);
  canvas.getContext("2d").putImageData(image, 0, 0);
}

function legendEntry({ index, name, color, pixels, share }) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = pixels ? "" : "absent";
  button.title = `${pixels.toLocaleString("en")} ${pixels === 1 ? "pixel" : "pixels"}`;
  button.setAttribute("aria-pressed", result.shown[index]);
  button.style.setProperty("--color", color);
  button.style.setProperty("--share", `${100 * share}%`);
  button.append(part("span", "swatch"), part("span", "name", name), part("span", "share", percent(share)));
  const bar = part("span", "bar");
  bar.append(part("i"));
  button.append(bar);
  button.addEventListener("click", () => {
    result.shown[index] = !result.shown[index];
    button.setAttribute("aria-pressed", result.shown[index]);
    paint();
  });
  const entry = document.createElement("li");
  entry.append(button);
  return entry;
}

function part(tag, className = "", text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function percent(share) {
  if (share > 0 && share < 0.0005) return "< 0.1 %";
  return `${(100 * share).toFixed(1)} %`;
}

element("opacity").addEventListener("input", () => {
  const value = element("opacity").value;
  element("mask").style.opacity = value / 100;
  element("opacity-text").textContent = `${value} %`;
});

// Hold a key on the button, the button, or the photo itself.
const compare = (on) => element("figure").classList.toggle("comparing", on);
for (const id of ["compare", "figure"]) element(id).addEventListener("pointerdown", () => compare(true));
for (const name of ["keyup", "pointerup", "pointercancel", "blur"]) window.addEventListener(name, () => compare(false));
element("compare").addEventListener("keydown", (event) => compare(event.key === " " || event.key === "Enter"));

// Files to keep.

const downloads = {
  "save-mask": () => save("-mask.png", new Blob([result.png], { type: "image/png" })),
  "save-colors": () => save("-colors.png", withPalette(result.png, result.colors)),
  "save-overlay": async () => {
    const { photo, mask, colors, shown } = result;
    save("-overlay.png", await overlayPng(photo, mask, colors, shown, element("opacity").value / 100));
  },
  "save-json": () => save(".json", new Blob([JSON.stringify(result.answer)], { type: "application/json" })),
};
for (const [id, download] of Object.entries(downloads)) {
  element(id).addEventListener("click", async () => {
    element(id).disabled = true;
    try {
      await download();
    } catch (error) {
      complain(error.message);
    }
    element(id).disabled = false;
  });
}

function save(ending, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = result.name + ending;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser needs it until the file is written
}

// Words.

function clear() {
  result = null;
  for (const id of ["photo", "mask"]) sized(element(id), 1, 1);
  for (const id of ["error", "panel", "busy", "figure"]) element(id).hidden = true;
  element("figure").classList.remove("labelled");
  say("");
}

function say(text) {
  element("status").textContent = text;
}

function complain(text) {
  element("error").textContent = text;
  element("error").hidden = false;
  if (element("figure").hidden) welcome(true);
}

function welcome(on) {
  const [shown, hidden] = on ? ["choose", "another"] : ["another", "choose"];
  const focused = document.activeElement === element(hidden);
  document.querySelector("main").classList.toggle("with-photo", !on); // keeps the place of the panel free
  element("welcome").hidden = !on;
  element("another").hidden = on;
  if (focused) element(shown).focus(); // else the keyboard would have to begin at the top again
}

/** A bar that grows with the share done, 0..1; one that only moves as long as nothing is known (null). */
function showProgress(share) {
  const busy = element("busy");
  busy.classList.toggle("known", share !== null);
  busy.style.setProperty("--done", `${100 * (share ?? 0)}%`);
  if (share === null) busy.removeAttribute("aria-valuenow");
  else busy.setAttribute("aria-valuenow", Math.round(100 * share));
}
