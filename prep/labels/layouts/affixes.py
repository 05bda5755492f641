"""Which image a mask is of by its name: an equal name, or one with something added (x_mask, Mask_x, x.jpg, x_L)."""

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from prep.core.errors import SegError
from prep.core.folder_names import split_word
from prep.labels.layouts.whole_names import WholeNames, is_number_of_date

Patterns = tuple[str, str]
"""Stem of an image and of its label, each with one {} for the part that they share: 'Img_{}' 'Mask_{}'."""

SAME_STEM: Patterns = ("{}", "{}")

_MASK_WORDS = frozenset(
    {"mask", "masks", "label", "labels", "lab", "lbl", "gt", "groundtruth", "truth", "seg", "segm", "segmentation"}
    | {
        "annotation",
        "annotations",
        "annot",
        "anno",
        "manual",
        "labelled",
        "labeled",
        "l",
        "p",
        "target",
        "labelids",
        "labeltrainids",
    }
    | {"trainids", "instanceids", "gtfine", "gtcoarse", "watershed", "color", "colour", "jpg", "jpeg", "png", "tif"}
    | {"fuse", "save"}  # SuperAnnotate: x.jpg___fuse.png
)
_PHOTO_WORDS = frozenset(
    {"image", "images", "img", "im", "photo", "sat", "rgb", "leftimg8bit", "original", "orig", "raw", "training"}
    | {"train", "test", "val", "0000"}  # 0000: nnU-Net's first channel
)
_SIDES = {**dict.fromkeys(("l", "left", "os"), "left"), **dict.fromkeys(("r", "right", "od"), "right")}
"""Words of names that say which of two eyes, hands or cameras it is; OS and OD are those of ophthalmologists."""
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_GAP = r"[ _\-.]+"
_FIRST = re.compile(rf"([^ _\-.]+{_GAP})(.+)", re.DOTALL)
_GLUED_LAST, _GLUED_FIRST = re.compile(r"(.*\d)([A-Za-z]+)", re.DOTALL), re.compile(r"([A-Za-z]+)(\d.*)", re.DOTALL)
_ENDS, _BEGINS = re.compile(r"(?<=[^A-Za-z])([A-Za-z]+)(?:[ _\-.]*\d+)?$"), re.compile(r"([A-Za-z]+)[ _\-.\d]+.")
_DEEPEST = 4


@dataclass(frozen=True)
class Relation:
    """(image, patterns) of each label that begins or ends with the name of an image, by label; and the others."""

    found: Mapping[str, tuple[str, Patterns]]
    alone: tuple[str, ...]


def relate(images: Sequence[str], labels: Sequence[str]) -> Relation:
    """Find the image of each label, whose name has as little added as can be.

    Upper and lower case count as equal, and numbers with and without leading zeros (CelebAMask-HQ: 7.jpg, 00007_hair).
    A part of an image's name tells nothing where the whole name of another one stands in the label's (Label_1_img0).
    """
    keys = _keys(images)
    whole = WholeNames(images)

    @functools.cache
    def are_of_others(ours: str, theirs: str) -> bool:
        numbers_or_sides = _are_numbers(ours, theirs) or are_two_sides(ours, theirs)
        return numbers_or_sides and not _are_raw_and_labels(images, labels, (ours, theirs))

    found: dict[str, tuple[str, Patterns]] = {}
    for label in labels:
        hits = ((keys.get(core.casefold()) or keys.get(_number(core)), pattern) for core, pattern in _cores(label))
        fitting = [
            (image, pattern)
            for image, pattern in hits
            if image
            and not are_of_others(image[1], pattern)
            and not _takes_of_date(label, pattern)
            and (image[1] == "{}" or whole.held_in(label) <= {image[0]})
        ]
        if fitting:  # 1_a1 is a1 with a number before it, and not the 1 of a1 with something after it
            of_image = [hit for hit in fitting if hit[0][0] == fitting[0][0][0]]
            (image, before), after = next((hit for hit in of_image if hit[0][1] == "{}"), of_image[0])
            found[label] = image, (before, after)
    return Relation(found, tuple(label for label in labels if label not in found))


def relate_in_places(images: Mapping[str, str], labels: Mapping[str, str]) -> Relation:
    """Relate the names of files in their folders, each in folders of its own place; patterns are of these names.

    images, labels: these names by stem.  train/i0.png is the image of train/anna_i0.png, and of no label in val.
    """
    found, alone = dict[str, tuple[str, Patterns]](), list[str]()
    for ours, theirs in in_places(images, labels):
        relation = relate([*ours], [*theirs])
        found |= {theirs[name]: (ours[image], how) for name, (image, how) in relation.found.items()}
        alone += [theirs[name] for name in relation.alone]
    return Relation(found, tuple(alone))


def in_places(images: Mapping[str, str], labels: Mapping[str, str]) -> list[tuple[dict[str, str], dict[str, str]]]:
    """Stem by name of the images and labels of each place; empty where no folder tells one, or one has no images.

    A place is what a stem has before the name of its file, of folders (train_); val and valid are one.
    """
    ours, theirs = _by_place(images), _by_place(labels)
    if not any(theirs) or not theirs.keys() <= ours.keys():
        return []
    return [(ours[place], names) for place, names in theirs.items()]


def _by_place(own: Mapping[str, str]) -> dict[str, dict[str, str]]:
    places: dict[str, dict[str, str]] = {}
    for stem, place in places_of(own).items():
        places.setdefault(place, {})[own[stem]] = stem
    return places


def places_of(own: Mapping[str, str]) -> dict[str, str]:
    """What each stem has before the name of its file, with one word for each split, unless two places become one."""
    places = {stem: stem.removesuffix(name) for stem, name in own.items()}
    one_word = {place: _with_split_words(place) for place in set(places.values())}
    if len(set(one_word.values())) < len(one_word):
        return places
    return {stem: one_word[place] for stem, place in places.items()}


def _with_split_words(place: str) -> str:
    """train_ of training_, and val_ of valid_."""
    return re.sub(r"[^\W\d_]+", lambda word: split_word(word[0]) or word[0], place)


def _are_numbers(image: str, label: str) -> bool:
    """Whether a number is cut off both names: the mask of case_0000 (nnU-Net) is case, of IMG_0000 it is not IMG_7."""
    return all(words and all(map(str.isdecimal, words)) for words in map(_other_words, (image, label)))


def _takes_of_date(label: str, pattern: str) -> bool:
    """Whether {} stands for the day, the month or the year of a date in a name."""
    before, _, after = pattern.partition("{}")
    return is_number_of_date(label, len(before), len(label) - len(after))


def are_two_sides(image: str, label: str) -> bool:
    """Whether one of two names, or what is cut off one of them, says left and the other right: 1_l_gt and 1_r."""
    ours, theirs = ({_SIDES[word] for word in _single_words(name) if word in _SIDES} for name in (image, label))
    return bool(ours and theirs and not ours & theirs)


def _are_raw_and_labels(images: Sequence[str], labels: Sequence[str], patterns: Patterns) -> bool:
    """Whether r and l stand for raw and label: all images have the one added and nothing else, all labels the other."""
    if [_single_words(pattern) for pattern in patterns] != [["r"], ["l"]]:
        return False
    return all(fits(name, pattern) for names, pattern in zip((images, labels), patterns, strict=True) for name in names)


def _single_words(text: str) -> list[str]:
    """Its words in lower case: left and eye of leftEye."""
    return [word.lower() for word in _WORD.findall(text)]


def _other_words(pattern: str) -> list[str]:
    """The words of a pattern that say neither mask nor photo."""
    words = re.findall(r"[^ _\-.]+", pattern.replace("{}", " "))
    return [word for word in words if word.isdecimal() or not (_is_mask_word(word) or word.lower() in _PHOTO_WORDS)]


def fits(stem: str, pattern: str) -> str | None:
    """The part of a stem that stands for {}, None if it does not fit; SegError if there is not one {}."""
    before, brackets, after = pattern.partition("{}")
    if not brackets or "{}" in after:
        raise SegError(f"--match {pattern!r}: a pattern needs one {{}} for the part that image and label share")
    before, after = (unicodedata.normalize("NFC", text) for text in (before, after))  # as stems are
    inside = len(stem) > len(before) + len(after) and stem.startswith(before) and stem.endswith(after)
    return stem[len(before) : len(stem) - len(after)] if inside else None


def says_mask(pattern: str) -> bool:
    """Whether what a pattern adds to a name says that it is a mask's: '{}_mask', 'Mask_{}', '{}.jpg', '{}_manual1'."""
    words = re.findall(r"[A-Za-z]+", pattern)
    return bool(words) and all(_is_mask_word(word) for word in words)


def is_called_mask(stem: str) -> bool:
    """Whether a name has no other words than such that say mask (mask, gt_1), which are no letters (p1)."""
    words = re.findall(r"[A-Za-z]+", stem)
    return bool(words) and all(len(word) > 1 and _is_mask_word(word) for word in words)


def is_named_as_mask(stem: str) -> bool:
    """Whether a name begins or ends with a word that says so, and has something else.

    A letter says so only if no number follows it at once: x_L and p_1 are masks, p1 and train_p1 are not.
    """
    last, first = _ENDS.search(stem), _BEGINS.match(stem)
    apart = first is not None and (len(first[1]) > 1 or not stem[len(first[1])].isdecimal())
    begins = first is not None and apart and _is_mask_word(first[1])
    ends = last is not None and (len(last[1]) > 1 or last[1] == last[0]) and _is_mask_word(last[1])
    return begins or ends


def suggest_patterns(images: Sequence[str], labels: Sequence[str]) -> Patterns:
    """Patterns from what all images, and all labels, begin and end with, without what both have, if they pair any.

    Left and right stay parts of the name where images say them: 1_l_gt is no mask of 1_r. No part of a date is taken.
    """
    affixes = _common(images), _common(labels)
    if any(word in _SIDES for image in images for word in _single_words(image)):
        affixes = (_without_sides(*affixes[0]), _without_sides(*affixes[1]))
    patterns = _without_shared(*affixes)
    ours, theirs = (
        {fits(name, pattern) for name in names} - {None}
        for names, pattern in zip((images, labels), patterns, strict=True)
    )
    of_date = any(_takes_of_date(label, patterns[1]) for label in labels)
    return SAME_STEM if _are_numbers(*patterns) or of_date or not ours & theirs else patterns


def offered_patterns(images: Sequence[str], labels: Sequence[str]) -> Patterns:
    """Patterns of all names, or of at least half of the labels where others are of another day, or of lost images."""
    if (patterns := suggest_patterns(images, labels)) != SAME_STEM:
        return patterns
    kinds = Counter(how for _, how in relate(images, labels).found.values())
    patterns, number = max(kinds.items(), key=lambda kind: (kind[1], kind[0]), default=(SAME_STEM, 0))
    return patterns if 2 * number >= len(labels) else SAME_STEM


def _without_shared(ours: tuple[str, str], theirs: tuple[str, str]) -> Patterns:
    """Patterns from what images begin and end with, and labels, without what both have."""
    start = ours[0] if ours[0] == theirs[0] else ""
    end = ours[1] if ours[1] == theirs[1] else ""
    image, label = (f"{prefix.removeprefix(start)}{{}}{suffix.removesuffix(end)}" for prefix, suffix in (ours, theirs))
    return image, label


def _without_sides(prefix: str, suffix: str) -> tuple[str, str]:
    """What comes before the first side in a prefix, and after the last one in a suffix: _gt of _l_gt."""
    before = next((word.start() for word in _WORD.finditer(prefix) if word[0].lower() in _SIDES), len(prefix))
    after = max((word.end() for word in _WORD.finditer(suffix) if word[0].lower() in _SIDES), default=0)
    return prefix[:before], suffix[after:]


@functools.lru_cache(maxsize=4096)
def _is_mask_word(word: str) -> bool:
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", word)
    return word.lower() in _MASK_WORDS or all(part.lower() in _MASK_WORDS for part in parts)


def _keys(images: Sequence[str]) -> dict[str, tuple[str, str]]:
    """(image, its pattern) by what a label may have of its name: all of it, or all but a word that says photo."""
    whole = {image.casefold(): (image, "{}") for image in images}
    if len(whole) < len(images):  # a.JPG and A.jpg
        whole = {image: (image, "{}") for image in images}
    prefix, suffix = _common(images) if len(images) > 1 else ("", "")
    cut: dict[str, tuple[str, str]] = {}
    number: Counter[str] = Counter()
    for image in images:
        for core, pattern in _photo_cores(image, prefix, suffix):
            number[core.casefold()] += 1
            cut.setdefault(core.casefold(), (image, pattern))
    numbers = Counter(filter(None, map(_number, images)))
    alone = {key: (image, "{}") for image in images if numbers[key := _number(image)] == 1}
    return alone | {key: hit for key, hit in cut.items() if number[key] == 1} | whole


def _number(name: str) -> str:
    """A name that is a number, in a spelling that no name has; empty for all others."""
    return f"\0{name.lstrip('0')}" if name.isdecimal() and name.isascii() else ""


def _photo_cores(image: str, prefix: str, suffix: str) -> Iterator[tuple[str, str]]:
    words = dict.fromkeys(
        (core, pattern)
        for core, pattern in _cores(image, deepest=1)
        if pattern != "{}" and pattern.strip("{} _-.").lower() in _PHOTO_WORDS
    )
    common = f"{prefix}{{}}{suffix}"
    if common != "{}" and len(image) > len(prefix) + len(suffix):
        words.setdefault((image[len(prefix) : len(image) - len(suffix)], common))
    yield from words


def _cores(name: str, deepest: int = _DEEPEST) -> Iterator[tuple[str, str]]:
    """(part of a name, pattern with {} for it): all of it first, then with ever more words cut off its end or start."""
    yield name, "{}"
    rest, end = name, ""
    for _ in range(deepest):
        if not (found := _last(rest)):
            break
        rest, end = found[0], found[1] + end
        yield rest, f"{{}}{end}"
        if first := _FIRST.fullmatch(rest):
            yield first[2], f"{first[1]}{{}}{end}"
    rest, start = name, ""
    for _ in range(deepest):
        first = _FIRST.fullmatch(rest)
        if not first:
            break
        rest, start = first[2], start + first[1]
        yield rest, f"{start}{{}}"
    if glued := _GLUED_LAST.fullmatch(name):
        yield glued[1], f"{{}}{glued[2]}"
    if glued := _GLUED_FIRST.fullmatch(name):
        yield glued[2], f"{glued[1]}{{}}"


def _last(name: str) -> tuple[str, str] | None:
    """A name without its last word, and that word with the gap before it."""
    starts = [found.start() for found in re.finditer(_GAP, name)]
    return (name[: starts[-1]], name[starts[-1] :]) if starts and starts[-1] > 0 else None


def _common(stems: Sequence[str]) -> tuple[str, str]:
    """What all names begin and end with, without digits that belong to their numbers."""
    prefix = _common_start(stems).rstrip("0123456789")
    rest = [stem[len(prefix) :] for stem in stems]
    return prefix, _common_start([text[::-1] for text in rest])[::-1].lstrip("0123456789")


def _common_start(texts: Sequence[str]) -> str:
    first, last = min(texts), max(texts)  # in order, so what these two share all share
    length = next((i for i, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first))
    return first[:length]
