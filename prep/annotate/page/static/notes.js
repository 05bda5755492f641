// A note of a person on the open image: in states.csv, beside how far the image is.

import { api } from "./api.js";
import { byId } from "./dom.js";

export class Notes {
  #stem = null; // the image whose note is in the field

  constructor(editor, session) {
    Object.assign(this, { editor, session, field: byId("note") });
    editor.addEventListener("open", () => this.#show(editor.stem));
    session.addEventListener("images", () => document.activeElement !== this.field && this.#show(this.#stem));
    this.field.addEventListener("change", () => this.#keep());
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.field.value = this.#noted;
      if (event.key === "Enter" || event.key === "Escape") byId("stage").focus({ preventScroll: true });
    });
  }

  /** Puts the cursor into the note; on a narrow window the panel has to be open for that. */
  write() {
    this.field.focus();
    this.field.select();
  }

  get #noted() {
    return this.session.images.get(this.#stem)?.note ?? "";
  }

  #show(stem) {
    this.#stem = stem;
    this.field.value = this.field.title = this.#noted;
  }

  /** Also when another image is opened meanwhile: the note is of the image that it was written on. */
  async #keep() {
    const stem = this.#stem, note = this.field.value;
    try {
      this.session.update(await api.json("PUT", api.image(stem, "note"), { note }));
    } catch (error) {
      this.editor.say(error.message);
    }
  }
}
