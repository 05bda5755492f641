// What a person decides when another page changed the same mask, or the classes.

import { t } from "./language.js";

/** Asks, and gives the name of the choice: the key of `choices` ({name: words}). The dialog has no way around. */
export function decide(title, text, choices) {
  const dialog = document.createElement("dialog");
  dialog.className = "conflict";
  const heading = dialog.appendChild(document.createElement("h2"));
  heading.textContent = title;
  heading.id = "conflict-title";
  dialog.setAttribute("aria-labelledby", heading.id);
  dialog.appendChild(document.createElement("p")).textContent = text;
  const buttons = dialog.appendChild(document.createElement("div"));
  buttons.className = "buttons";
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  document.body.appendChild(dialog);
  return new Promise((resolve) => {
    for (const [name, words] of Object.entries(choices)) {
      const button = buttons.appendChild(document.createElement("button"));
      Object.assign(button, { type: "button", textContent: words, value: name });
      button.addEventListener("click", () => {
        dialog.remove();
        resolve(name);
      });
    }
    dialog.showModal();
  });
}

export const decideMask = () =>
  decide(
    t("This image was changed elsewhere"),
    t("Another window or command saved this mask after this page opened it, so your last strokes are not saved. Load the other version and lose them, or replace it by the mask that you see here?"),
    { theirs: t("Load the other version"), mine: t("Keep mine over it") },
  );

export const decideClasses = () =>
  decide(
    t("The classes were changed elsewhere"),
    t("Another window changed the classes, so the class numbers of this page may no longer fit. Your last strokes are not saved. Load the page again to go on."),
    { reload: t("Load the page again") },
  );
