// How the stage looks: opacity of the mask, the photo alone, the sides, and whether only unlabelled pixels are painted.

import { byId } from "./dom.js";
import { UNLABELLED } from "./mask.js";

const STEP = 10; // percent
const PHONE = 480; // CSS pixels of a window up to which it is a phone's, as in page.css
const NARROW = 768; // CSS pixels of a window up to which the sides are closed at first, as in page.css

/** Joins the controls with the editor and keeps what they are set to. */
export function makeLooks(editor, settings) {
  const opacity = byId("opacity"), only = byId("only"), alone = byId("alone");

  const setOpacity = (percent) => {
    opacity.value = percent;
    byId("opacity-text").textContent = `${opacity.value} %`;
    byId("overlay").style.opacity = opacity.value / 100;
    settings.set("opacity", Number(opacity.value));
  };
  const setOnly = (on) => {
    only.checked = on;
    editor.only = on ? UNLABELLED : null;
    settings.set("only", on);
  };
  const showAlone = (on) => document.body.classList.toggle("alone", on);
  const setSide = (name, shown) => {
    if (shown && innerWidth <= PHONE) hide(name === "images" ? "panel" : "images"); // there is room for one
    document.body.classList.toggle(`no-${name}`, !shown);
    byId(`toggle-${name}`).setAttribute("aria-expanded", String(shown));
    settings.set(name, shown);
  };
  const hide = (name) => setSide(name, false);
  const shown = (name) => !document.body.classList.contains(`no-${name}`);

  opacity.addEventListener("input", () => setOpacity(opacity.value));
  only.addEventListener("change", () => setOnly(only.checked));
  alone.addEventListener("pointerdown", () => showAlone(true));
  alone.addEventListener("keydown", (event) => event.key === " " && showAlone(true));
  for (const type of ["pointerup", "pointerleave", "keyup", "blur"]) alone.addEventListener(type, () => showAlone(false));
  for (const name of ["images", "panel"]) {
    byId(`toggle-${name}`).addEventListener("click", () => setSide(name, !shown(name)));
    setSide(name, settings.get(name, innerWidth > NARROW));
  }
  setOpacity(settings.get("opacity", 50));
  setOnly(settings.get("only", false));

  return {
    showAlone,
    fade: (direction) => setOpacity(Number(opacity.value) + direction * STEP),
    open: (name) => shown(name) || setSide(name, true),
    /** An image was chosen: a list that lies over the stage makes room for it. */
    uncover: () => innerWidth <= NARROW && hide("images"),
    toggleOnly: () => setOnly(!only.checked),
    toggleSides() {
      const any = shown("images") || shown("panel");
      for (const name of ["images", "panel"]) setSide(name, !any);
    },
  };
}
