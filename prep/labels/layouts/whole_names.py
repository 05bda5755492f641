"""Which photo a label is called after: the one whose whole name stands in its own, whatever else does (anna_img0)."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

_RUNS = re.compile(r"[^\W\d_]+|\d+|.", re.DOTALL)
_YEAR, _MONTH, _DAY = r"(?:19|20)\d\d", r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
_DATES = re.compile(
    rf"(?<!\d)(?:{_YEAR}([-_.]){_MONTH}\1{_DAY}|(?:{_DAY}([-_.]){_MONTH}\2|{_MONTH}([-_.]){_DAY}\3){_YEAR})(?!\d)"
)
"""2024-03-01, 01.03.2024 and 03-01-2024."""
_YEAR_DIGITS = 4
_WORDS = re.compile(r"(?<![^\W_])[^\W\d_]+(?![^\W_])")


class WholeNames:
    """Names that are looked for in others: no letter may go on with their letters there, and no digit with digits.

    img1 stands in anna_img1, and not in img10; a name that is a number stands in none beside a letter (v1), and in no
    date (2024-03-01).
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = {name.casefold(): name for name in names}
        self._lengths = frozenset(map(len, self._names))

    def __len__(self) -> int:
        """How many differ in more than upper and lower case."""
        return len(self._names)

    def held_in(self, other: str) -> set[str]:
        """Those that stand whole in another name."""
        text = other.casefold()
        edges = [*(run.start() for run in _RUNS.finditer(text)), len(text)]
        parts = (
            (start, end)
            for place, start in enumerate(edges)
            for end in edges[place + 1 :]
            if end - start in self._lengths and text[start:end] in self._names
        )
        return {self._names[text[start:end]] for start, end in parts if not _is_number_of_more(text, start, end)}


def partners(images: Sequence[str], labels: Sequence[str]) -> dict[str, str]:
    """The image of each label, where one name of each pair stands whole in the other, and in that of no other pair.

    Empty unless each label has exactly one image, and no image two labels.
    """
    of_images, of_labels = WholeNames(images), WholeNames(labels)
    if len(of_images) < len(images) or len(of_labels) < len(labels):
        return {}
    in_labels = [(label, image) for label in labels for image in of_images.held_in(label)]
    in_images = [(label, image) for image in images for label in of_labels.held_in(image)]
    return _only(in_labels, labels) or _only(in_images, labels)


def partners_of_own_names(own: Mapping[str, str], labels: Sequence[str]) -> dict[str, str]:
    """The image of each label that has the name which a photo has in its folder: photos/day1/img1.jpg of img1.

    own: that name by the stem of a photo.  Empty unless each label has exactly one image.
    """
    stems = defaultdict(list)
    for stem, name in own.items():
        stems[name].append(stem)
    return _only([(label, stem) for label in labels for stem in stems[label]], labels)


def varying_words(pairs: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Words that only some labels have beside the name of their image: anna and ben of anna_img0 and ben_img1."""
    added = [frozenset(_WORDS.findall(label.casefold().replace(image.casefold(), " "))) for image, label in pairs]
    return frozenset[str]().union(*added) - frozenset.intersection(*added) if added else frozenset()


def is_number_of_date(text: str, start: int, end: int) -> bool:
    """Whether a part of a text is the day or month of a date that stands in it; a year may be what a photo is of."""
    if not text[start:end].isdecimal() or end - start == _YEAR_DIGITS:
        return False
    return any(date.start() <= start and end <= date.end() for date in _DATES.finditer(text))


def _is_number_of_more(text: str, start: int, end: int) -> bool:
    beside = text[max(0, start - 1) : start] + text[end : end + 1]
    in_word = text[start:end].isdecimal() and any(map(str.isalnum, beside))
    return in_word or is_number_of_date(text, start, end)


def _only(found: Collection[tuple[str, str]], labels: Sequence[str]) -> dict[str, str]:
    """The image of each label, if each has one, and these are as many."""
    images = dict(found)
    return images if len(images) == len(found) == len(labels) == len(set(images.values())) else {}
