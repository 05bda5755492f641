// The tools as buttons, and the options of the one in use.

import { byId, icon, keycaps, make, stepTo } from "./dom.js";
import { showKeys } from "./keys.js";
import { t } from "./language.js";

/** Shows the tools of the editor; what a person sets for a tool is kept in the settings. */
export class Toolbar {
  #buttons = new Map();
  #actions = []; // { button, enabled } of the tool in use

  constructor(editor, tools, settings) {
    Object.assign(this, { editor, tools, settings });
    for (const Tool of tools) this.#buttons.set(Tool.id, byId("tools").appendChild(this.#button(Tool)));
    byId("tools").addEventListener("keydown", (event) => this.#step(event));
    editor.addEventListener("tool", () => this.show());
    editor.addEventListener("tools", () => this.show());
    editor.addEventListener("open", () => this.#fit());
    for (const type of ["options", "edit", "open"]) editor.addEventListener(type, () => this.#enable());
  }

  #button(Tool) {
    const button = make("button", {
      type: "button", className: "tool", role: "radio", "aria-label": t(Tool.title), "aria-checked": "false",
      "data-action": `tool ${Tool.id}`, "data-tool": Tool.id,
    }, icon(Tool.id));
    button.addEventListener("click", () => this.editor.use(Tool.id));
    return button;
  }

  /** Arrow keys go from tool to tool, as in every group of radio buttons. */
  #step(event) {
    stepTo(event, [...this.#buttons.values()].filter(({ hidden }) => !hidden), { ArrowRight: 1, ArrowDown: 4, ArrowLeft: -1, ArrowUp: -4 });
  }

  /** Gives the options of a tool the values that they had last time. */
  restore(tool) {
    for (const option of tool.options) {
      const kept = this.settings.get(`${tool.constructor.id} ${option.id}`);
      if (typeof kept !== typeof option.value) continue;
      option.value = kept;
      option.chosen = true;
    }
  }

  /** Sizes that nobody chose fit the image that was opened. */
  #fit() {
    const { tools, mask } = this.editor;
    for (const option of [...tools.values()].flatMap(({ options }) => options)) {
      if (!option.fit || option.chosen) continue;
      option.value = Math.max(option.min, Math.min(option.max, option.fit(Math.max(mask.width, mask.height))));
    }
    this.show();
  }

  show() {
    const { tool } = this.editor;
    for (const [id, button] of this.#buttons) {
      const current = id === tool.constructor.id;
      button.setAttribute("aria-checked", String(current));
      button.tabIndex = current ? 0 : -1;
      button.hidden = !this.editor.tools.get(id).available;
    }
    const { id, title, hint } = tool.constructor;
    byId("options").replaceChildren(...[
      make("h2", {}, t(title), make("kbd", { "data-action": `tool ${id}` })),
      ...tool.options.filter(({ shown }) => !shown || shown()).map((option) => this.#option(tool, option)),
      this.#actionsOf(tool),
      make("p", { className: "fine", textContent: t(hint) }),
    ].filter(Boolean));
    showKeys(byId("panel"), this.tools);
    this.#enable();
  }

  /** What the tool can do beside drawing, as buttons: a tablet has no keys. */
  #actionsOf(tool) {
    this.#actions = tool.actions.map(({ label, keys, run, enabled }) => {
      const button = make("button", { type: "button", textContent: t(label), "data-tip": t(label), "data-keys": keys });
      button.addEventListener("click", run);
      return { button, enabled };
    });
    return this.#actions.length ? make("div", { className: "actions" }, ...this.#actions.map(({ button }) => button)) : null;
  }

  #enable() {
    for (const { button, enabled } of this.#actions) button.disabled = !enabled();
  }

  #option(tool, option) {
    const id = `option-${option.id}`;
    if (option.type === "switch") return this.#switch(tool, option, id);
    const shown = make("span", { "aria-hidden": "true", className: "amount" });
    const input = make("input", {
      type: "range", id, min: option.min, max: option.max, step: option.step ?? 1, value: option.value,
    });
    const say = () => {
      shown.textContent = `${option.value} ${option.unit ?? ""}`.trim();
      input.setAttribute("aria-valuetext", shown.textContent);
    };
    input.addEventListener("input", () => {
      this.#set(tool, option, Number(input.value));
      say();
    });
    say();
    const label = make("label", { for: id }, `${t(option.label)} `, ...(option.keys ?? []).flatMap(keycaps));
    return make("div", { className: "option", "data-option": option.id }, label, shown, input);
  }

  #switch(tool, option, id) {
    const input = make("input", { type: "checkbox", role: "switch", id, checked: option.value });
    input.addEventListener("change", () => this.#set(tool, option, input.checked));
    return make("label", { className: "switch", "data-option": option.id }, input, make("span", { textContent: t(option.label) }));
  }

  #set(tool, option, value) {
    option.value = value;
    option.chosen = true;
    this.settings.set(`${tool.constructor.id} ${option.id}`, value);
    this.editor.redraw();
  }

  /** Takes one step of the option that has this key; whether there is one. */
  nudge(key) {
    const { tool } = this.editor;
    const option = tool.options.find((each) => each.keys?.includes(key));
    if (!option) return false;
    const direction = option.keys.indexOf(key) === 1 ? 1 : -1;
    const next = option.next?.(option.value, direction) ?? option.value + direction * (option.step ?? 1);
    this.#set(tool, option, Math.min(option.max, Math.max(option.min, next)));
    this.show();
    return true;
  }
}
