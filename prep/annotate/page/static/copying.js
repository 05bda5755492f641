// Copies the mask of another image, as it is saved, into what is unlabelled of the open one.

import { api } from "./api.js";
import { UNLABELLED } from "./mask.js";
import { spansByValue } from "./spans.js";
import { t } from "./language.js";

/** As one step that can be undone. What is copied is not painted on this photo: it is not learnt from. */
export async function copyMask(editor, stem) {
  const { mask } = editor;
  if (!editor.ready) return;
  if (stem === undefined) return editor.say(t("There is no image before this one in the list."));
  try {
    const other = await api.mask(stem);
    if (mask !== editor.mask) return;
    const { width, height, pixels } = other;
    if (other.classesVersion !== editor.saver.classesVersion) throw new Error(t("The classes were changed elsewhere. Reload the page, then copy."));
    if (width !== mask.width || height !== mask.height) {
      throw new Error(t("The mask of {stem} has {other} pixels, this image {own}: not copied.", { stem, other: `${width} x ${height}`, own: `${mask.width} x ${mask.height}` }));
    }
    const { steps } = mask;
    editor.accept(spansByValue(width, height, (at) => pixels[at]), UNLABELLED);
    editor.say(mask.steps > steps ? t("Copied from {stem}, where nothing was labelled.", { stem }) : t("{stem} has no label for what is unlabelled here.", { stem }));
  } catch (error) {
    editor.say(error.message);
  }
}
