"""What a person should know of a conversion that is done, one line a thing."""

from collections.abc import Sequence, Set

import numpy as np
from numpy.typing import NDArray

from prep.converting.job import LabelOutcome, forms_of_turned
from prep.converting.placement import PhotoForm
from prep.converting.plan import ConversionPlan
from prep.core.classes import IGNORE_INDEX
from prep.core.words import counted, list_some, verb
from prep.labels.pixels.part_masks import ClassMaskReader
from prep.labels.region_labels import BACKGROUND
from prep.photos.commit import notes_on_others

_BLACK_AND_WHITE = (0, 255)
_HARDLY = 0.2
"""Less of it is hardly a background."""


def notes_on(
    outcomes: Sequence[LabelOutcome], plan: ConversionPlan, pixels: NDArray[np.int64], raw_pixels: NDArray[np.int64]
) -> list[str]:
    """All lines; pixels, raw_pixels: (256,) by mask value, in the masks and in the raw labels."""
    return [
        *_on_overlaps(outcomes, plan, raw_pixels),
        *_on_how_they_lie(outcomes, plan),
        *_blank(outcomes),
        *_absent(plan, pixels),
        *_background_not_first(plan, pixels),
        *_white_background(plan, pixels),
        *notes_on_others(
            _labelled(plan), [*(job.sample.stem for job in plan.jobs), *plan.labels.damaged], "mask", "these labels"
        ),
    ]


def _labelled(plan: ConversionPlan) -> list[str]:
    """Stems of samples that had a mask before; where photos are brought in, of those whose photos are among them."""
    brought = plan.brought
    return [stem for stem, sample in plan.known.items() if sample.mask and (not brought or stem in brought)]


def _on_overlaps(outcomes: Sequence[LabelOutcome], plan: ConversionPlan, raw_pixels: NDArray[np.int64]) -> list[str]:
    """A note on pixels that lie in several masks of a photo."""
    pixels, files = sum(each.overlapping for each in outcomes), sum(each.overlapping > 0 for each in outcomes)
    if not pixels:
        return []
    note = f"{counted(pixels, 'pixel')} of {counted(files, 'photo')} {verb(pixels, 'lies', 'lie')} in several masks"
    if plan.reader.name != ClassMaskReader.name or 2 * pixels <= raw_pixels[1:IGNORE_INDEX].sum():
        return [note]
    return [
        f"{note}, which is most of what {list_some(plan.labels.names or ())} cover: if these are folders of people who "
        "marked the same things, and no classes, convert the folder of one alone"
    ]


def _on_how_they_lie(outcomes: Sequence[LabelOutcome], plan: ConversionPlan) -> list[str]:
    """Notes on matrices on their side, and on photos of which the size of a mask does not tell how it lies."""
    notes = []
    if on_their_sides := [outcome.sample.stem for outcome in outcomes if outcome.transposed]:
        lay = f"{counted(len(on_their_sides), 'matrix', 'matrices')} of the shape of a photo on its side"
        notes.append(f"{lay}, read as written columns first; look at {list_some(on_their_sides)}")
    if themselves := [outcome.sample.stem for outcome in outcomes if outcome.turned_itself]:
        notes.append(
            f"turned as EXIF of their own files says: {counted(len(themselves), 'mask')} ({list_some(themselves)}); "
            "look at some"
        )
    unclear = [each for each in outcomes if each.is_unclear or each.turned_as_others]
    if names := [each.record.photo for each in unclear if each.record is not None]:
        notes.append(
            f"{counted(len(names), 'photo')} {verb(len(names), 'is', 'are')} turned over, mirrored, or square and "
            f"turned by EXIF, so that sizes do not tell how masks lie: {_taken_as(forms_of_turned(outcomes))}, look at "
            f"{list_some(names)}"
        )
    return notes


def _taken_as(forms: Set[PhotoForm]) -> str:
    """How masks were taken of which sizes do not tell it, by the forms of photos that those of the others show."""
    if len(forms) == 1:
        form = "before EXIF turns it" if forms == {"stored"} else "upright"
        return f"taken as drawn on the photo {form}, as the masks of the other turned photos are"
    doubt = "; those of the other turned photos lie both ways" if forms else ""
    return f"taken as drawn on the upright photo{doubt}"


def _blank(outcomes: Sequence[LabelOutcome]) -> list[str]:
    """A note on labels in which nothing is labelled: their photos stay unlabelled."""
    blank = [outcome.sample.stem for outcome in outcomes if not outcome.sample.mask]
    if not blank:
        return []
    stay = verb(len(blank), "its photo stays", "their photos stay")
    return [f"{counted(len(blank), 'label')} without a labelled pixel: {stay} unlabelled ({list_some(blank)})"]


def _absent(plan: ConversionPlan, pixels: NDArray[np.int64]) -> list[str]:
    """Notes on classes that no mask holds: often the class map is shifted or wrong."""
    numbered = list(zip(plan.classes.names, plan.classes.ids, strict=True))
    absent = [f"{name} (id {raw})" for (name, raw), count in zip(numbered, pixels, strict=False) if not count]
    if not absent:
        return []
    (first, least), (last, most) = numbered[0], numbered[-1]
    order = (
        f"names stand for values by their order, {first} for {least} to {last} for {most}: if the list lacks one, all "
        "after it are taken for others; look at some masks with 'seg-prep report'"
    )
    is_counted = plan.reader.name == "ids" and not plan.meaning.has_ids and len(numbered) > len(_BLACK_AND_WHITE)
    return [f"occurs in no mask: {list_some(absent)}", *([order] if is_counted else [])]


def _background_not_first(plan: ConversionPlan, pixels: NDArray[np.int64]) -> list[str]:
    """A note on a counted list in which background is not the first, where the first has more pixels than it has."""
    names = [name.lower() for name in plan.classes.names]
    if plan.reader.name != "ids" or plan.meaning.has_ids or BACKGROUND not in names[1:]:
        return []
    place, total = names.index(BACKGROUND), pixels[:IGNORE_INDEX].sum()
    if pixels[0] <= pixels[place]:
        return []
    first, rest = plan.classes.names[0], plan.classes.names[place]
    return [
        f"{rest} has {pixels[place] / total:.2%} of the pixels (value {plan.classes.ids[place]}), and {first} "
        f"{pixels[0] / total:.2%} (value {plan.classes.ids[0]}), as the list counts them: if {rest} is meant to be the "
        f"most of it, write {rest} into the first line of the list and convert again with --overwrite"
    ]


def _white_background(plan: ConversionPlan, pixels: NDArray[np.int64]) -> list[str]:
    """A note on black and white masks of which hardly anything is the background that black was taken for."""
    classes = plan.classes
    if plan.reader.name != "ids" or plan.meaning.has_ids or len(classes) != len(_BLACK_AND_WHITE):
        return []
    if classes.ids != _BLACK_AND_WHITE or classes.names[0].lower() != BACKGROUND:
        return []
    share = pixels[0] / pixels[:IGNORE_INDEX].sum()
    if share >= _HARDLY:
        return []
    first, second = classes.names
    return [
        f"black, {first}, is {share:.2%} of the pixels, and white, {second}, the rest: if black is {second}, save "
        f"these two lines as classes.txt and convert again with --classes classes.txt --overwrite:\n\n"
        f"{first},#ffffff,255\n{second},#000000,0\n"
    ]
