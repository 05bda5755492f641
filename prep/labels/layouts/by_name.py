"""Pairs that names tell without a pattern: one mask an image, or of several kinds of masks the one that is known."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prep.core.errors import SegError
from prep.core.words import counted, list_some
from prep.labels.layouts.affixes import SAME_STEM, Patterns, Relation, relate, says_mask

_BEST = (
    ("labelids", "Cityscapes: labelIds are the numbers of its classes"),
    ("labeltrainids", "Cityscapes: labelTrainIds are the numbers of its classes"),
    ("watershed_mask", "PixelAnnotationTool: the watershed mask is the finished one"),
)
"""Ends of masks' names that are taken before others of the same images, and why."""


@dataclass(frozen=True)
class NamedPairs:
    """(image stem, label stem), labels of other kinds that were left out, and a note that says how names pair."""

    pairs: tuple[tuple[str, str], ...]
    left_out: frozenset[str]
    note: str


def pairs_by_name(images: Sequence[str], labels: Sequence[str]) -> NamedPairs | None:
    """Pair masks whose names are those of images with something added; None if that is not certain.

    It is certain where each image has one mask of a kind, and all masks have the same added, or a word that says mask.
    Raises SegError where images have several masks and nobody knows which is meant.
    """
    relation = relate(images, labels)
    if relation.alone or not relation.found:
        return None
    kinds = _kinds(relation)
    several = Counter(image for image, _ in relation.found.values())
    if max(several.values()) == 1:
        sure = len(kinds) == 1 or all(says_mask(label) or label == "{}" for _, label in kinds)
        pairs = [(image, label) for label, (image, _) in relation.found.items()]
        return NamedPairs(tuple(sorted(pairs)), frozenset(), _note(kinds)) if sure else None
    return _best_kind(kinds, len(several))


def _kinds(relation: Relation) -> Mapping[Patterns, dict[str, str]]:
    """Label by image, of each kind: what images' and labels' names have beside what they share."""
    kinds: dict[Patterns, dict[str, str]] = {}
    for label, (image, patterns) in relation.found.items():
        kinds.setdefault(patterns, {})[image] = label
    return kinds


def _best_kind(kinds: Mapping[Patterns, Mapping[str, str]], images: int) -> NamedPairs:
    for end, why in _BEST:
        best = [patterns for patterns in kinds if patterns[1].lower().endswith(end)]
        if len(best) == 1 and len(kinds[best[0]]) == images:
            pairs = tuple(sorted(kinds[best[0]].items()))
            others = [patterns for patterns in kinds if patterns != best[0]]
            rest = frozenset(label for patterns in others for label in kinds[patterns].values())
            note = f"{why}; left out: {_listed(others, kinds)}; --match with the two patterns takes others"
            return NamedPairs(pairs, rest, note)
    commands = [
        f"  --match '{image}' '{label}'   {counted(len(found), 'mask')}, {list_some(sorted(found.values())[:1])}"
        for (image, label), found in kinds.items()
    ]
    raise SegError(
        f"{counted(images, 'image')} and {counted(sum(map(len, kinds.values())), 'mask')} of several kinds: which "
        "masks are meant? Nothing was written; type the same command with one of\n" + "\n".join(commands)
    )


def _listed(kinds: Sequence[Patterns], masks: Mapping[Patterns, Mapping[str, str]]) -> str:
    return ", ".join(f"{len(masks[patterns])} named {patterns[1]}" for patterns in kinds)


def _note(kinds: Mapping[Patterns, Mapping[str, str]]) -> str:
    if kinds.keys() == {SAME_STEM}:
        image, label = min(kinds[SAME_STEM].items())
        return f"paired by names that differ in upper and lower case only: {image} with {label}"
    how = []
    for (before, after), found in kinds.items():
        image, label = min(found.items())
        how.append(f"{len(found)} as '{before}' '{after}' ({image} with {label})")
    return f"paired by name: {', '.join(how)}"
