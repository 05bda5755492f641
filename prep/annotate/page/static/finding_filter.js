// Which findings of an audit are worth a look: of what class, and of what size.

import { t } from "./language.js";

const TINY = 0.02, LARGE = 0.1; // sides of a square as large as a finding's box, as shares of the image's longer side

export const SIZES = {
  "not tiny": { label: t("Not tiny"), least: TINY },
  large: { label: t("Large only"), least: LARGE },
  all: { label: t("All sizes"), least: 0 },
};

/** How large a finding is: 1 = as large as a square of the image's longer side. */
export function sizeOf({ width, height }, image) {
  return Math.sqrt(width * height) / Math.max(image.width, image.height);
}

/** The findings of a class, labelled or said by the model ("" is any), and of a size; `images` is a Map by stem. */
export function filtered(findings, { kind, size }, images) {
  const { least } = SIZES[size] ?? SIZES["not tiny"];
  const large = (finding) => !images.has(finding.stem) || sizeOf(finding, images.get(finding.stem)) >= least;
  return findings.filter((each) => (!kind || each.label === kind || each.model === kind) && large(each));
}
