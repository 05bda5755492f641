// Accepts or refuses what is proposed, region by region, class by class or all that is left.

import { make } from "../dom.js";
import { Hatching } from "../hatching.js";
import { UNLABELLED } from "../mask.js";
import { Proposal } from "../proposal.js";
import { pixel } from "./region.js";
import { Tool } from "./tool.js";
import { t } from "../language.js";

const UNSURE = 60; // percent below which a network that was trained meanwhile is marked as least sure

export class ProposalTool extends Tool {
  static id = "proposal";
  static title = "Proposal";
  static key = "m";
  static hint = "Click accepts a region, Ctrl click its class everywhere. Enter accepts the rest where nothing is labelled. Of a model: Alt or the right button refuses, Shift Enter accepts over labels, too.";
  static cursor = "pointer";
  options = [{ id: "confidence", label: "Hide below", type: "range", min: 0, max: 100, step: 5, value: 0, unit: "%", keys: ["[", "]"] }];
  #model = new Proposal();
  proposal = this.#model; // the one that is shown
  #hatching = new Hatching();
  #region = null; // {spans, value} under the pointer
  #asking = null; // the pixel whose region is asked for
  #line = make("p", { id: "looking", role: "status" });
  #refused = []; // {spans, value, steps}: what was refused, and how many steps the mask had then

  constructor(editor) {
    super(editor);
    editor.stage.append(this.#line);
    editor.addEventListener("open", () => this.#load());
    for (const news of ["classes", "model"]) editor.session.addEventListener(news, () => editor.mask && this.#load());
    this.#model.addEventListener("change", () => this.#tell());
    editor.stage.addEventListener("contextmenu", () => this.#active && editor.pointers.position && this.#decide(editor.pointers.position, { refused: true }));
  }

  /** Shows another proposal than that of the model; null = that of the model. */
  take(proposal) {
    this.#forget();
    this.proposal = proposal ?? this.#model;
    if (this.editor.tool === this && !this.available) this.editor.use("brush");
    this.editor.dispatchEvent(new Event("tools"));
    this.#tell();
  }

  get available() {
    return this.proposal !== this.#model || Boolean(this.editor.session.dataset?.model);
  }

  get #active() {
    return this.editor.tool === this && this.editor.ready;
  }

  #load() {
    this.#forget();
    const { model, network } = this.editor.session.dataset;
    if (network) Object.assign(this.#model, { over: false, unsure: UNSURE }); // it proposes as strokes do
    if (model) this.#model.load(this.editor.stem, this.editor.mask);
  }

  #forget() {
    this.#region = null;
    this.#refused = [];
  }

  #tell() {
    const { state, words } = this.proposal;
    const told = this.editor.tool === this && (state === "waiting" || state === "failed");
    this.#line.textContent = told ? words : "";
    this.editor.redraw();
  }

  activate() {
    this.#tell();
  }

  deactivate() {
    this.#show(null);
    this.#line.textContent = "";
  }

  hover(point) {
    if (this.proposal.state !== "ready") return;
    const at = this.#pixel(point);
    if (at && this.#region && this.proposal.lit[at.y * this.proposal.width + at.x]) return;
    this.#ask(at);
  }

  /** Lights the region of a pixel up; while one is asked for, only the last pixel that came meanwhile is remembered. */
  async #ask(at) {
    const running = this.#asking !== null;
    this.#asking = at ?? {};
    if (running) return;
    for (let now = null; this.#asking !== now; ) {
      now = this.#asking;
      const region = "x" in now ? await this.#regionOf(now) : null;
      if (this.#asking === now) this.#show(region);
    }
    this.#asking = null;
  }

  #regionOf({ x, y }) {
    return this.proposal.region(x, y).catch((error) => {
      this.editor.say(error.message);
      return null;
    });
  }

  #show(region) {
    if (region || this.#region) this.proposal.light(region?.spans, this.#region?.spans);
    this.#region = region;
    this.editor.redraw();
  }

  down(point, event) {
    this.#decide(point, { refused: event.altKey, everywhere: event.ctrlKey || event.metaKey });
  }

  async #decide(point, { refused = false, everywhere = false }) {
    const at = this.#pixel(point);
    const { proposal, editor } = this;
    if (!at || proposal.state !== "ready") return;
    const known = this.#region && proposal.lit[at.y * proposal.width + at.x];
    const { mask } = editor;
    const region = known ? this.#region : await this.#regionOf(at);
    if (!region || mask !== editor.mask || !this.#active) return;
    this.#show(null);
    const { value } = region;
    if (refused) this.#refuse(region);
    else editor.accept([[value, everywhere ? proposal.rest().get(value) : region.spans]], proposal.over ? editor.only : UNLABELLED);
    editor.redraw();
  }

  #refuse({ spans, value }) {
    if (!this.proposal.over) return this.editor.say(t("Paint a stroke over what is wrong: it is learnt."));
    this.#refused.push({ spans, value, steps: this.editor.mask.steps });
    this.proposal.set(spans, UNLABELLED);
  }

  key(event) {
    const { proposal, editor } = this;
    if (event.key !== "Enter" || proposal.state !== "ready") return false;
    this.#show(null);
    editor.accept(proposal.rest(), event.shiftKey && proposal.over ? editor.only : UNLABELLED);
    return true;
  }

  /** What was refused after the last step of the mask is proposed again. */
  undo() {
    const last = this.#refused.at(-1);
    if (!last || last.steps < this.editor.mask.steps) return false;
    this.#refused.pop();
    this.proposal.set(last.spans, last.value);
    return true;
  }

  #pixel(point) {
    const at = pixel(point);
    return at.x >= 0 && at.y >= 0 && at.x < this.proposal.width && at.y < this.proposal.height ? at : null;
  }

  draw(context, view) {
    const { proposal } = this;
    if (proposal.state !== "ready") return;
    proposal.least = this.options[0].value;
    const { classes } = this.editor.session;
    this.#hatching.draw(context, view, proposal, classes, `${proposal.over} ${this.editor.marked} ${proposal.revision} ${proposal.least} ${classes.map(({ color }) => color)}`);
  }
}
