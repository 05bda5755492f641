// The switch "Train a network": how far the training is, what came of it, and who proposes.

import { api } from "./api.js";
import { byId, grouped, make } from "./dom.js";
import { t, tCount } from "./language.js";
import { say } from "./notice.js";

const PAUSE = 2000; // milliseconds until the server is asked again
const PROPOSERS = [["network", t("Network")], ["strokes", t("Strokes")]];

/** learning: shows proposals, those of the network once it is told to. */
export class Network {
  #run = null; // of the network that proposes; "" = there is none
  #buttons = new Map();

  constructor(editor, session, settings, learning) {
    Object.assign(this, { editor, session, settings, learning });
    this.switch = byId("train");
    this.switch.addEventListener("change", () => this.#turn(this.switch.checked));
    byId("train-again").addEventListener("click", () => this.#turn(true));
    for (const [name, label] of PROPOSERS) {
      const button = make("button", { type: "button", textContent: label, role: "radio" });
      button.addEventListener("click", () => this.#choose(name));
      this.#buttons.set(name, button);
    }
    byId("proposes").append(...this.#buttons.values());
  }

  /** Asks how far it is, for as long as the page is open: another page may switch it, too. */
  async follow() {
    if (!this.session.dataset.network) return;
    byId("train-part").hidden = false;
    for (;;) {
      await api.json("GET", "/api/network").then((told) => this.#take(told)).catch(() => {}); // the stage says when the server is away
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  async #turn(on) {
    try {
      this.#take(await api.json("PUT", "/api/network", { on }));
    } catch (error) {
      this.switch.checked = !on;
      say(error.message);
    }
  }

  #take(told) {
    this.switch.checked = told.on;
    const verdict = told.on && told.comparison ? verdictOf(told) : "";
    write("training", wordsOf(told));
    write("verdict", verdict);
    byId("train-again").hidden = told.state !== "failed";
    byId("trained").hidden = told.state !== "training";
    byId("trained").firstElementChild.style.width = `${100 * (told.progress?.share ?? 0)}%`;
    byId("proposes").hidden = !told.run;
    if (told.run !== this.#run) this.#change(told, verdict);
  }

  /** Another network proposes from now on, or none any longer. */
  #change({ run, model }, verdict) {
    const before = this.#run;
    this.#run = run;
    this.session.dataset.model = model;
    this.session.dispatchEvent(new Event("model"));
    const chosen = this.settings.get("proposer", {});
    this.#choose(run && (chosen.run === run ? chosen.name : "network"));
    if (run && before !== null) say(this.learning.on ? verdict : `${verdict} ${t("T shows its proposals.")}`);
  }

  /** Who proposes while "Learn from strokes" is on; kept for as long as this network is the one that proposes. */
  #choose(name) {
    if (name) this.settings.set("proposer", { run: this.#run, name });
    for (const [each, button] of this.#buttons) button.setAttribute("aria-checked", String(each === name));
    this.learning.follow(name === "network");
  }
}

function write(id, words) {
  const line = byId(id);
  if (line.textContent !== words) line.textContent = words;
  line.hidden = !words;
}

function wordsOf({ state, failed, labelled, next, progress, comparison }) {
  if (state === "failed") return t("The training failed: {why}", { why: failed });
  if (state === "reading") return tCount(labelled, "Reading {n} labelled photo …", "Reading {n} labelled photos …");
  if (state === "comparing") return t("Comparing it with strokes, on photos that neither has learnt from …");
  if (state === "opening") return t("The network is being opened …");
  if (state === "training") return trainingWords(progress);
  if (state !== "waiting") return "";
  if (comparison) return t("Trains again at {next} labelled photos ({now} now).", { next: grouped(next), now: grouped(labelled) });
  if (labelled < next) return t("Begins once two photos are labelled and left: one to learn from, one to score it on.");
  return t("Begins once photos with two classes are labelled, beside one that is held out to score it on.");
}

function trainingWords(progress) {
  if (!progress?.share) return t("The training begins …");
  const { epoch, val_mean_iou: score, seconds_left: seconds } = progress;
  const left = seconds > 90 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds)} s`;
  if (score === null) return t("Training: epoch {epoch}, {left} left.", { epoch: epoch + 1, left });
  return t("Training: epoch {epoch}, val mIoU {score}, {left} left.", { epoch: epoch + 1, score: score.toFixed(2), left });
}

/** What came of the last training, in two numbers. */
function verdictOf({ comparison, run }) {
  const said = (score) => (score === null ? t("nothing") : score.toFixed(2));
  const [network, strokes] = [comparison.network, comparison.strokes].map(said);
  const numbers = tCount(comparison.photos, "Mean IoU on {n} held-out photo: network {network}, strokes {strokes}.",
    "Mean IoU on {n} held-out photos: network {network}, strokes {strokes}.", { network, strokes });
  return `${numbers} ${run ? t("The network proposes.") : t("Strokes go on proposing.")}`;
}
