// Which images the list shows, and in which order.

import { t } from "./language.js";

const BY_NAME = new Intl.Collator(undefined, { numeric: true }); // 9 comes before 10

/** Entries in the order of their names; of many, comparing neighbours first is far less than sorting. */
export function byName(entries) {
  const isSorted = entries.every((entry, place) => !place || compareNames(entries[place - 1], entry) <= 0);
  return isSorted ? entries : [...entries].sort(compareNames);
}

const compareNames = (one, other) => BY_NAME.compare(one.stem, other.stem) || (one.stem < other.stem ? -1 : 1);

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
  return rightState && Boolean(rightClass) && (!part || `${entry.stem}\n${entry.note ?? ""}`.toLowerCase().includes(part));
}

/** How many entries pass each choice of a filter: Maps by state ("" = all) and by class ("none" = without any). */
export function tally(entries) {
  const states = new Map(), kinds = new Map();
  const add = (counts, choice) => counts.set(choice, (counts.get(choice) ?? 0) + 1);
  for (const { state, note, labelled, classes } of entries) {
    add(states, "");
    add(states, state);
    if (note) add(states, NOTED);
    if (labelled === 0) add(kinds, "none");
    for (const index of classes ?? []) add(kinds, index);
  }
  return { states, kinds };
}

/** Compares two entries in an order; equal ranks stand by their places among the names. */
export function compare(one, other, order) {
  const { rank } = ORDERS[order] ?? ORDERS.name;
  return rank(one) - rank(other) || one.place - other.place;
}
