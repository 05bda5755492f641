// Accepts or refuses what the model proposes, region by region or all that is left.

import { make } from "../dom.js";
import { Hatching } from "../hatching.js";
import { UNLABELLED } from "../mask.js";
import { Proposal } from "../proposal.js";
import { pixel } from "./region.js";
import { Tool } from "./tool.js";

export class ProposalTool extends Tool {
  static id = "proposal";
  static title = "Proposal";
  static key = "m";
  static hint = "Click accepts a region, Alt or the right button refuses it. Enter accepts the rest where nothing is labelled, Shift Enter everywhere.";
  static cursor = "pointer";
  static needs = "model";
  options = [{ id: "confidence", label: "Hide below", type: "range", min: 0, max: 100, step: 5, value: 0, unit: "%", keys: ["[", "]"] }];
  proposal = new Proposal();
  #hatching = new Hatching();
  #region = null; // {spans, value} under the pointer
  #asking = null; // the pixel whose region is asked for
  #line = make("p", { id: "looking", role: "status" });
  #refused = []; // {spans, value, steps}: what was refused, and how many steps the mask had then

  constructor(editor) {
    super(editor);
    editor.stage.append(this.#line);
    editor.addEventListener("open", () => this.#load());
    editor.session.addEventListener("classes", () => editor.mask && this.#load());
    this.proposal.addEventListener("change", () => this.#tell());
    editor.stage.addEventListener("contextmenu", () => this.#active && editor.pointers.position && this.#decide(editor.pointers.position, false));
  }

  get #active() {
    return this.editor.tool === this && this.editor.ready;
  }

  #load() {
    this.#region = null;
    this.#refused = [];
    if (this.editor.session.dataset.model) this.proposal.load(this.editor.stem, this.editor.mask);
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
    this.proposal.light(region?.spans, this.#region?.spans);
    this.#region = region;
    this.editor.redraw();
  }

  down(point, event) {
    this.#decide(point, !event.altKey);
  }

  async #decide(point, accepted) {
    const at = this.#pixel(point);
    const { proposal, editor } = this;
    if (!at || proposal.state !== "ready") return;
    const known = this.#region && proposal.lit[at.y * proposal.width + at.x];
    const { mask } = editor;
    const region = known ? this.#region : await this.#regionOf(at);
    if (!region || mask !== editor.mask || !this.#active) return;
    this.#show(null);
    if (accepted) editor.paint(region.spans, region.value);
    else this.#refuse(region);
    editor.redraw();
  }

  #refuse({ spans, value }) {
    this.#refused.push({ spans, value, steps: this.editor.mask.steps });
    this.proposal.set(spans, UNLABELLED);
  }

  key(event) {
    if (event.key !== "Enter" || this.proposal.state !== "ready") return false;
    const { mask } = this.editor;
    mask.begin();
    for (const [value, spans] of this.proposal.rest()) mask.fill(spans, value, event.shiftKey ? this.editor.only : UNLABELLED);
    mask.end();
    this.#show(null);
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
    this.#hatching.draw(context, view, proposal, classes, `${proposal.revision} ${proposal.least} ${classes.map(({ color }) => color)}`);
  }
}
