// Shows how many images the model has looked at, and takes up how uncertain it is of each.

import { api } from "./api.js";
import { byId, grouped } from "./dom.js";
import { t, tCount } from "./language.js";

const PAUSE = 2000; // milliseconds until the server is asked again

/** The values come into the session at once, the list takes them up when a person goes to another image. */
export async function followModel(session) {
  if (session.dataset.model === null && !session.dataset.network) return;
  for (;;) {
    if (session.dataset.model === null) tell("", []);
    else await look(session).catch(() => {}); // the stage says when the server is away
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

async function look(session) {
  const { order, done, total, left_out: leftOut } = await api.json("GET", "/api/model");
  tell(order === "uncertainty" && done < total ? tCount(total, "The model has looked at {done} of {n} image.", "The model has looked at {done} of {n} images.", { done: grouped(done) }) : "", leftOut);
  const found = await api.json("GET", "/api/model/uncertainty");
  for (const [stem, uncertainty] of Object.entries(found)) {
    const entry = session.images.get(stem);
    if (entry) entry.uncertainty = uncertainty;
  }
}

function tell(progress, leftOut) {
  const missing = leftOut.length ? t("The model also knows {names}: not classes of this dataset, so not proposed.", { names: leftOut.join(", ") }) : "";
  const words = [progress, missing].filter(Boolean).join(" ");
  const line = byId("model-progress");
  if (line.textContent !== words) line.textContent = words;
  line.hidden = !words;
}
