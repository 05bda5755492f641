// Which images the list shows, and in which order.

import { t } from "./language.js";

const BY_NAME = new Intl.Collator(undefined, { numeric: true }); // 9 comes before 10

export const ORDERS = {
  name: { label: t("By name"), rank: () => 0 },
  uncertainty: { label: t("Most uncertain first"), rank: rankOfUncertain },
  labelled: { label: t("Least labelled first"), rank: (entry) => entry.labelled ?? 2 },
};

/** The most uncertain first, then what the model has not looked at, then what is finished. */
function rankOfUncertain({ state, uncertainty }) {
  return state === "done" || state === "rejected" ? 2 : -(uncertainty ?? -1);
}

export const NOTED = "noted"; // stands among the states: images with a note

/** Whether an entry is wanted: its state, a class in it ("none" for unlabelled images), a part of its name or note; "" is any. */
export function matches(entry, { state, kind, name }) {
  const rightClass = !kind || (kind === "none" ? entry.labelled === 0 : entry.classes?.includes(Number(kind)));
  const rightState = !state || (state === NOTED ? Boolean(entry.note) : entry.state === state);
  const part = name.trim().toLowerCase();
  return rightState && Boolean(rightClass) && `${entry.stem}\n${entry.note ?? ""}`.toLowerCase().includes(part);
}

/** Compares two entries in an order; equal ranks stand by name. */
export function compare(one, other, order) {
  const { rank } = ORDERS[order] ?? ORDERS.name;
  return rank(one) - rank(other) || BY_NAME.compare(one.stem, other.stem) || (one.stem < other.stem ? -1 : 1);
}
