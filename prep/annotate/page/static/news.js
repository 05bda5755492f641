// Asks again for the list while the server still counts what the masks hold.

import { api } from "./api.js";

const PAUSE = 1500; // milliseconds
const SPARING = 10; // pauses at least so many times longer than the answers take: of 100,000 images that is a second

/** Takes up what was counted, until every image is; the open one is known from its saves. */
export async function keepCounting(session, editor) {
  const counted = ({ labelled }) => labelled !== null;
  let took = 0;
  for (let patience = 0; ![...session.images.values()].every(counted) && patience < 20; patience++) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(PAUSE, SPARING * took)));
    const asked = performance.now();
    const found = await api.dataset().catch(() => null);
    took = performance.now() - asked;
    if (found === null || found.classes_version !== session.classesVersion) continue;
    let news = 0;
    for (const entry of found.images) {
      const known = session.images.get(entry.stem);
      if (entry.stem === editor.stem || !known || counted(known) || !counted(entry)) continue;
      session.images.set(entry.stem, Object.assign(entry, { place: known.place }));
      news++;
    }
    if (news) {
      session.dispatchEvent(new Event("images"));
      patience = 0;
    }
  }
}
