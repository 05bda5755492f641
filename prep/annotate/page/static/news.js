// Asks again for the list while the server still counts what the masks hold.

import { api } from "./api.js";

const PAUSE = 1500; // milliseconds

/** Takes up what was counted, until every image is; the open one is known from its saves. */
export async function keepCounting(session, editor) {
  const counted = ({ labelled, version }) => labelled !== null || version === "none";
  for (let patience = 0; ![...session.images.values()].every(counted) && patience < 20; patience++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    const found = await api.dataset().catch(() => null);
    if (found === null || found.classes_version !== session.classesVersion) continue;
    let news = 0;
    for (const entry of found.images) {
      const known = session.images.get(entry.stem);
      if (entry.stem === editor.stem || !known || counted(known) || !counted(entry)) continue;
      session.images.set(entry.stem, entry);
      news++;
    }
    if (news) {
      session.dispatchEvent(new Event("images"));
      patience = 0;
    }
  }
}
