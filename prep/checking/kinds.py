"""Every kind of finding: how bad it is, what is said of it, and what to do.

In texts and advice, {n} is the number of things found, [one|many] and [s] are chosen by it, and other names in braces
stand for what the check adds.
"""

import re
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "remark"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "remark")
"""Worst first: wrong results, doubtful results, good to know."""

_BY_NUMBER = re.compile(r"\[([^]|]*)\|?([^]]*)\]")


@dataclass(frozen=True)
class FindingKind:
    """One kind of finding; name: a slug such as "size-mismatch"."""

    name: str
    severity: Severity
    text: str
    advice: str


def filled(template: str, n: int, values: dict[str, object]) -> str:
    """Write a text or an advice for `n` things."""
    return _BY_NUMBER.sub(lambda match: _form(match, n), template).format(n=f"{n:,}", **values)


def _form(match: re.Match[str], n: int) -> str:
    one, many = match.groups() if "|" in match[0] else ("", match[1])
    return one if n == 1 else many


_RESPLIT = "split again with 'seg-prep split --overwrite'"
_LEAK = "scores will be too good"
_APART = "split again with 'seg-prep split --group-by place --block {block} --overwrite'"
_RECUT = "[cut again|cut each again, the first] with 'seg-prep patches --size {size} --overwrite'"
_FORGOTTEN = "look whether labels were forgotten; images that really show nothing else may stay"

_ERRORS = (
    ("broken-index", "index.csv cannot be used: {reason}.",
     "correct that line, or restore the file; nothing but the other records was checked without it"),
    ("broken-classes", "classes.json cannot be used: {reason}.",
     "correct or restore it; what the masks hold was not checked without it"),
    ("broken-photos", "photos.csv cannot be used: {reason}.",
     "correct or restore it: labels that come later are turned and scaled by it"),
    ("broken-ranges", "ranges.json cannot be used: {reason}.",
     "correct or restore it: it says which numbers of photos of more than 8 bits became black and white, and which "
     "bands red, green and blue"),
    ("broken-states", "states.csv cannot be used: {reason}.",
     "correct or restore it; without it 'seg-prep annotate' cannot open the dataset"),
    ("broken-commit", "what a command left to be moved into the dataset cannot be used: {reason}.",
     "until then, no command opens the dataset"),
    ("half-moved", "{n} command[s] [was|were] killed while moving results into the dataset: files may be old and new.",
     "type that command again, or any other that changes the dataset: it finishes the move; then check again"),
    ("no-samples", "index.csv names no sample.", "bring photos and labels in, see 'seg-prep -h'"),
    ("missing-file", "{n} file[s] named in index.csv [does|do] not exist.",
     "copy [it|them] back, or bring the samples in again with 'seg-prep masks convert'"),
    ("damaged-image", "{n} image[s] cannot be read: truncated, damaged, or no image at all.",
     "copy or convert [it|them] again"),
    ("damaged-mask", "{n} mask[s] cannot be read: truncated, damaged, or no image at all.",
     "copy or convert [it|them] again"),
    ("strange-mask", "{n} mask[s] [is|are] no 8-bit grey image of class indices.",
     "treat them as raw labels: move them to another folder and use 'seg-prep masks convert' on it"),
    ("rejected-mask",
     "{n} image[s] [is|are] rejected (states.csv), and index.csv names [its mask|their masks]: splits, statistics and "
     "trainings use [it|them].",
     "open the dataset once with 'seg-prep annotate', which leaves the mask[s] out of index.csv and keeps the file[s]"),
    ("rejected-other-mask",
     "{n} image[s] [is|are] rejected (states.csv), and index.csv names [its mask|their masks], called otherwise "
     "than the image: splits, statistics and trainings use [it|them].",
     "rename the mask[s] to masks/STEM.png, where 'seg-prep annotate' finds [it|them] again, and empty [its|their] "
     "cell[s] in index.csv; or delete the line[s] in states.csv"),
    ("size-mismatch", "{n} mask[s] [is|are] of another size than the image.",
     "find out which of the two is right; convert these samples again from photo and label"),
    ("index-size", "{n} sample[s] [is|are] of another size than index.csv says.",
     "files were replaced behind the index; convert these samples again"),
    ("duplicate-stem",
     "{n} stem[s] [stands|stand] twice, apart only in upper and lower case or in how accents are stored.",
     "rename the photos and labels and convert them again: on Windows and macOS one file replaces the other"),
    ("leak", f"{{n}} image[s] [stands|stand] in more than one split under different names: {_LEAK}.",
     f"delete the copies, or {_RESPLIT}, which keeps them together"),
    ("different-masks", "{n} image[s] [is|are] there more than once with different masks: {pixels}.",
     "look at both overlays and keep the better sample"),
    ("unknown-value",
     "{n} mask[s] [holds|hold] values that are no class in classes.json (0 to {last}, 255 for ignored): {values}.",
     "convert these masks again from the raw labels, with the class map that belongs to them"),
    ("one-class", "All labelled pixels are {name}: there is nothing to tell it from, and every model scores 1.",
     "label the rest as a class of its own, for example background ('seg-prep annotate'), or bring labels in "
     "again with --unlabelled background"),
    ("torn-group", f"{{n}} group[s] [lies|lie] in more than one split: {_LEAK}.",
     f"{_RESPLIT}, which keeps groups together"),
    ("place-leak", f"{{n}} sample[s] [shows|show] ground that a sample of another split shows, too: {_LEAK}.",
     f"{_APART}; it leaves out what lies next to another split"),
    ("broken-place", "the places in index.csv cannot be used: {reason}.",
     "restore the file; overlaps between splits were not checked"),
)  # fmt: skip

_WARNINGS = (
    ("changed-meanwhile",
     "The dataset was changed each time it was checked: what is said of it may be of old and new files together.",
     "check again when the other command is done"),
    ("missing-mask", "{n} image[s] of {total} [has|have] no mask and will not be trained on.",
     "bring the masks in with 'seg-prep masks convert', or draw them with 'seg-prep annotate'"),
    ("strange-image", "{n} image[s] [is|are] neither JPEG nor PNG: 'seg-prep annotate' does not show [it|them].",
     "save [it|them] as PNG under the same name[|s]"),
    ("missing-image", "{n} sample[s] of {total} [has|have] no image.",
     "bring the photos in with 'seg-prep masks convert --images FOLDER'"),
    ("orphan", "{n} file[s] in images/ or masks/ [is|are] not named in index.csv; no command uses [it|them].",
     "delete [it|them], or bring [it|them] in with 'seg-prep masks convert' from another folder"),
    ("near-leak", f"{{n}} image[s] [shows|show] the same scene as an image of another split: {_LEAK}.",
     f"{_RESPLIT}, which keeps them together"),
    ("duplicate-image", "{n} image[s] [is an exact copy|are exact copies] of another one.",
     "keep one of each; copies count twice in training and scores"),
    ("absent-class", "{n} class[|es] of {total} [occurs|occur] in no mask.",
     "take them out of the class map, or check that their colours or ids in classes.json are those of the labels"),
    ("class-not-in-split", "{n} class[|es] of {total} [does|do] not occur in {split}: {effect}.",
     "split again with another --seed ('seg-prep split --overwrite'), or label more samples that hold them"),
    ("all-ignored", "{n} mask[s] [holds|hold] ignored pixels only: nothing to learn or to score.",
     "label these images, or leave them out of the dataset"),
    ("all-background", "{n} mask[s] of {total} [holds|hold] {name} only.", _FORGOTTEN),
    ("all-one-class", "{n} mask[s] of {total} [holds|hold] {name} only.", _FORGOTTEN),
    ("no-split", "{n} labelled sample[s] of {total} [has|have] no split while the others have one.",
     "type 'seg-prep split' once more: it gives them a split and leaves the others where they are"),
    ("place-neighbour",
     "{n} sample[s] [lies|lie] next to a sample of another split on the ground: neighbours look alike, and scores may "
     "be too good.", f"{_APART}; it leaves [it|them] out"),
    ("places-apart",
     "index.csv has places in {systems} coordinate systems; only samples of the same one were looked at for ground "
     "that two splits share, or border on.", "to compare the others, too: {install}; then check again"),
    ("broken-stats", "stats.json: {reason}.", "count again with 'seg-prep stats --overwrite'"),
    ("stale-stats",
     "stats.json was counted on another split than the dataset has now, or on other classes, masks or images.",
     "count again with 'seg-prep stats --overwrite'"),
    ("broken-folds", "folds.csv: {reason}.", "write it again with 'seg-prep split --folds K'"),
    ("broken-patches", "{n} set[s] of patches [has|have] settings, an index or pixels that cannot be read.", _RECUT),
    ("stale-patches",
     "{n} set[s] of patches [was|were] cut under another split than the dataset has now, or from other masks or "
     "images: what is tested on may have been trained on.", _RECUT),
)  # fmt: skip

_REMARKS = (
    ("unlabelled", "{n} image[s] of {total} [has|have] no mask.",
     "bring the masks in with 'seg-prep masks convert', or draw them with 'seg-prep annotate'"),
    ("turned-over",
     "{n} photo[s] with a mask [is|are] stored upside down or mirrored (photos.csv), so the size of the mask cannot "
     "tell whether it was turned along.",
     "look at their overlays once, for example in the report of 'seg-prep report'"),
    ("near-duplicate", "{n} image[s] [shows|show] the same scene as another one: {sets}.",
     "nothing to do; 'seg-prep split' keeps each set in one split"),
    ("fold-overlap", "{n} sample[s] [shows|show] ground that a sample of another fold in folds.csv shows, too.",
     "nothing to do: 'seg-train --folds' does not learn [it|them] where that ground is scored; for programs that do, "
     "cut without --overlap"),
    ("much-ignored",
     "In {n} mask[s] more than half of the pixels are ignored ({share} in the whole dataset).",
     "check that 255 does not stand for a class; otherwise label more of these images"),
    ("tiny-region", "{regions} of a few pixels inside another class, in {n} mask[s], may be slips of annotation: "
     "{classes}.", "look at these masks; paint the specks over in the raw labels and convert again"),
    ("unfinished", "{n} command[s] [was|were] interrupted and left [a hidden folder|hidden folders].",
     "type the same command again and it goes on; or delete the folder"),
)  # fmt: skip

FINDING_KINDS = tuple(
    FindingKind(name, severity, text, advice)
    for severity, rows in zip(SEVERITIES, (_ERRORS, _WARNINGS, _REMARKS), strict=True)
    for name, text, advice in rows
)
"""Worst first."""
