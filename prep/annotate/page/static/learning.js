// The switch "Learn from strokes": on, what is proposed is learnt from what people paint, whatever tool is in the hand.

import { byId } from "./dom.js";
import { Learnt } from "./learnt.js";
import { t } from "./language.js";

const OF_NETWORK = t("Hatched: proposed by the network. Enter accepts it where nothing is labelled. Dotted: least sure.");
const READY = t("Hatched: proposed. Strokes correct it, Enter accepts it where nothing is labelled. Dotted: least sure.");

export class Learning {
  #proposal = new Learnt();
  #byNetwork = false; // a network was trained that proposes better

  constructor(editor, session, settings, tool) {
    Object.assign(this, { editor, session, settings, tool });
    this.switch = byId("learn");
    this.switch.addEventListener("change", () => this.set(this.switch.checked));
    editor.addEventListener("open", () => this.#load());
    editor.addEventListener("save", () => this.#byStrokes && editor.saver?.state === "saved" && this.#saved());
    session.addEventListener("classes", () => this.#load());
    for (const proposal of [this.#proposal, tool.proposal]) proposal.addEventListener("change", () => this.#tell());
    editor.marks.push((context, view) => this.on && editor.tool !== tool && tool.draw(context, view));
    this.set(settings.get("learn", false));
  }

  get on() {
    return this.switch.checked;
  }

  set(on) {
    this.switch.checked = on;
    this.settings.set("learn", on);
    this.tool.take(this.#byStrokes ? this.#proposal : null);
    if (this.#byStrokes) this.#load();
    else this.#proposal.stop();
    this.#tell();
  }

  get #byStrokes() {
    return this.on && !this.#byNetwork;
  }

  /** Whether what the network proposes is shown in place of what strokes teach. */
  follow(byNetwork) {
    this.#byNetwork = byNetwork;
    this.set(this.on);
  }

  toggle() {
    this.set(!this.on);
  }

  /** Enter, when the tool in the hand has no use for it. */
  key(event) {
    return this.on && this.editor.tool !== this.tool && this.tool.key(event);
  }

  async #load() {
    const { mask, saver, stem } = this.editor;
    if (!this.#byStrokes || !mask) return;
    await saver.flush();
    if (this.#byStrokes && mask === this.editor.mask) this.#proposal.load(stem, mask);
  }

  /** Also after a mask was taken from the server in place of the one here. */
  #saved() {
    const { mask } = this.editor;
    if (this.#proposal.mask === mask) this.#proposal.refresh();
    else this.#load();
  }

  #tell() {
    const { state, words } = this.tool.proposal;
    const ready = this.#byNetwork ? OF_NETWORK : READY;
    const line = byId("learning");
    const { model } = this.session.dataset;
    const instead = model && !this.#byNetwork ? ` ${t("Shown in place of what {model} proposes.", { model })}` : "";
    line.textContent = this.on ? (state === "ready" ? ready : words) + instead : "";
    line.hidden = !this.on;
    this.editor.redraw();
  }
}
