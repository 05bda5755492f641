// The top bar: which image, whether it is saved, undo and redo, and how far it is.

import { byId } from "./dom.js";
import { t } from "./language.js";

const SAVES = {
  saved: t("Saved"),
  saving: t("Saving …"),
  offline: t("Not saved yet"),
  conflict: t("Changed elsewhere"),
  classes: t("Classes changed elsewhere"),
};

const REJECT = t("Reject: leave this image out of splits and training");
const DONE = t("Done, and on to the next unfinished image");

export class TopBar {
  stem = ""; // of the image that was chosen

  constructor(editor, session) {
    Object.assign(this, { editor, session });
    byId("dataset").textContent = session.dataset.name;
    editor.addEventListener("open", () => this.#opened());
    editor.addEventListener("edit", () => this.#steps());
    editor.addEventListener("save", () => this.#saved());
    session.addEventListener("images", () => this.state());
    editor.view.addEventListener("change", () => this.#scale());
  }

  #opened() {
    this.name(this.editor.stem);
    this.#steps();
    this.#saved();
  }

  /** The image that was chosen; also one that cannot be opened. */
  name(stem) {
    byId("name").textContent = byId("name").title = this.stem = stem;
    document.title = `${stem} · ${this.session.dataset.name}`;
    this.state();
  }

  #steps() {
    byId("undo").disabled = !this.editor.mask?.canUndo;
    byId("redo").disabled = !this.editor.mask?.canRedo;
  }

  #saved() {
    const { saver } = this.editor;
    const words = document.createElement("span");
    words.textContent = saver ? SAVES[saver.state] : "";
    byId("away").textContent = saver?.words ?? "";
    byId("away").hidden = saver?.state !== "offline";
    byId("save").dataset.state = saver?.state ?? "saved";
    byId("save").replaceChildren(...(saver ? [words] : []));
  }

  state() {
    const state = this.session.images.get(this.stem)?.state;
    for (const [id, its] of [["done", "done"], ["reject", "rejected"]]) {
      byId(id).setAttribute("aria-pressed", String(state === its));
      byId(id).disabled = state === undefined;
    }
    byId("reject").lastElementChild.textContent = state === "rejected" ? t("Rejected") : t("Reject");
    byId("reject").setAttribute("aria-label", state === "rejected" ? t("Rejected: take it back") : REJECT);
    byId("done").setAttribute("aria-label", state === "done" ? t("Done: take it back") : DONE);
  }

  #scale() {
    const { scale, ratio } = this.editor.view;
    const share = 100 * scale * ratio;
    byId("scale").textContent = `${share < 10 ? share.toFixed(1).replace(".", t(".")) : Math.round(share)} %`;
  }
}
