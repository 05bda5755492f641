// Brightness and contrast of the photo as it is shown: the file, the mask and what is learnt never see them.

import { byId } from "./dom.js";

const NAMES = ["brightness", "contrast"];
const AS_IT_IS = 100; // percent

export function makeLight(settings) {
  const sliders = NAMES.map((name) => byId(name));

  const show = () => {
    const values = sliders.map(({ value }) => Number(value));
    const changed = values.some((value) => value !== AS_IT_IS);
    byId("photo").style.filter = changed ? NAMES.map((name, place) => `${name}(${values[place]}%)`).join(" ") : "";
    NAMES.forEach((name, place) => {
      byId(`${name}-text`).textContent = `${values[place]} %`;
      settings.set(name, values[place]);
    });
    byId("light").classList.toggle("changed", changed);
    byId("as-it-is").disabled = !changed;
  };

  for (const [place, name] of NAMES.entries()) {
    sliders[place].value = settings.get(name, AS_IT_IS);
    sliders[place].addEventListener("input", show);
  }
  byId("as-it-is").addEventListener("click", () => {
    for (const slider of sliders) slider.value = AS_IT_IS;
    show();
  });
  byId("light").open = settings.get("light", false);
  byId("light").addEventListener("toggle", () => settings.set("light", byId("light").open));
  show();
}
