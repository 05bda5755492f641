// Undo of images that were left: their steps are kept as long as their masks on the server are the ones that were left.

const MOST = 64 * 2 ** 20; // bytes of all steps; the image that was left longest ago goes first

export class Histories {
  #kept = new Map(); // stem -> { version, classesVersion, history }, the one that was left last at the end
  #most;

  constructor(most = MOST) {
    this.#most = most;
  }

  /** Keeps the steps of an image that is left, whose mask of this version is saved. */
  keep(stem, { version, classesVersion }, history) {
    this.#kept.delete(stem);
    if (!history.canUndo && !history.canRedo) return;
    this.#kept.set(stem, { version, classesVersion, history });
    let bytes = [...this.#kept.values()].reduce((sum, kept) => sum + kept.history.bytes, 0);
    for (const [each, kept] of this.#kept) {
      if (bytes <= this.#most) break;
      bytes -= kept.history.bytes;
      this.#kept.delete(each);
    }
  }

  /** { history, lost }: the steps that fit the mask as it is stored, or null and whether there were others. */
  take(stem, { version, classesVersion }) {
    const kept = this.#kept.get(stem);
    this.#kept.delete(stem);
    const fits = kept?.version === version && kept.classesVersion === classesVersion;
    return { history: fits ? kept.history : null, lost: Boolean(kept) && !fits };
  }

  /** Classes have other names and colours, but their numbers mean what they did. */
  rename(before, after) {
    for (const kept of this.#kept.values()) if (kept.classesVersion === before) kept.classesVersion = after;
  }
}
