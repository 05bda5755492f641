// Copies the mask of another image, as it is saved, into what is unlabelled of the open one.

import { api } from "./api.js";
import { UNLABELLED } from "./mask.js";
import { spansByValue } from "./spans.js";

/** As one step that can be undone. What is copied is not painted on this photo: it is not learnt from. */
export async function copyMask(editor, stem) {
  const { mask } = editor;
  if (!editor.ready) return;
  if (stem === undefined) return editor.say("There is no image before this one in the list.");
  try {
    const other = await api.mask(stem);
    if (mask !== editor.mask) return;
    const { width, height, pixels } = other;
    if (other.classesVersion !== editor.saver.classesVersion) throw new Error("The classes were changed elsewhere. Reload the page, then copy.");
    if (width !== mask.width || height !== mask.height) {
      throw new Error(`The mask of ${stem} has ${width} x ${height} pixels, this image ${mask.width} x ${mask.height}: not copied.`);
    }
    const { steps } = mask;
    editor.accept(spansByValue(width, height, (at) => pixels[at]), UNLABELLED);
    editor.say(mask.steps > steps ? `Copied from ${stem}, where nothing was labelled.` : `${stem} has no label for what is unlabelled here.`);
  } catch (error) {
    editor.say(error.message);
  }
}
