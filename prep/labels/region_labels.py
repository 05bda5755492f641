"""What readers of named regions (polygons, run lengths) have in common: codes by name, JSON files, sizes."""

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX, ClassMap, Color, distinct_color, made_up_classes, parse_color
from prep.core.errors import SegError
from prep.core.files import explained, read_bytes, within_limits
from prep.core.words import composed, counted, list_some
from prep.images.imageio import MAX_IMAGE_MEGAPIXELS
from prep.labels.text_files import text_in_gbk

UNCOVERED = 0
"""Code of pixels that lie in no region."""

_IGNORED = 255
"""Code of pixels in a region that is named so."""

BACKGROUND = "background"

_IGNORED_NAMES = frozenset({"ignore", "_ignore_", "__ignore__"})
_BACKGROUND_NAMES = frozenset({"_background_", "__background__"})

SPECIAL_NAMES = (*sorted(_IGNORED_NAMES), *sorted(_BACKGROUND_NAMES))
"""Names of regions that are read as something else (in lower case)."""

MOST_NAMES = 250
"""Of regions: codes are bytes."""

_MAX_JSON_BYTES = 1 << 30

_NUMBERED = re.compile(r"(.+[-_ #]|.*[^\W\d_]{3})\d{1,4}", re.DOTALL)
"""car-1, car1: a name that may count objects; C3 and T12 are names of their own."""
_NUMBERED_CLASSES = frozenset({"class", "label", "category"})
"""What stands before the numbers of classes that have no names yet."""


@dataclass(frozen=True)
class RegionCodes:
    """Code = position of the name in `names` + 1; what a name means is said by aliases, not by ids of a class map."""

    names: tuple[str, ...] = ()

    size = 256

    def table(self, classes: ClassMap) -> dict[int, int]:
        """Ignored regions only."""
        return {_IGNORED: IGNORE_INDEX}

    def describe(self, code: int) -> str:
        """The name."""
        if code == _IGNORED:
            return "ignore"
        return self.names[code - 1] if 1 <= code <= len(self.names) else "(in no region)"

    def distance(self, code: int, classes: ClassMap) -> list[float]:
        """Names have no distance."""
        return [math.inf] * len(classes)

    def propose(self, codes: Sequence[int]) -> ClassMap:
        """The names with made-up colours."""
        return made_up_classes(map(self.describe, codes))


def spelt_plainly(name: str) -> str:
    """A name in lower case and without spaces, to compare."""
    return "".join(composed(name).split()).casefold()


def plain_name(name: str) -> str:
    """The name of a region in composed Unicode, without the spellings of other tools; "ignore" for ignored pixels."""
    lower = name.strip().lower()
    if lower in _IGNORED_NAMES:
        return "ignore"
    return BACKGROUND if lower in _BACKGROUND_NAMES else composed(name)


def class_names(path: Path, names: Sequence[str]) -> tuple[str, ...]:
    """The names that are classes, each once, in the order given; SegError if one is empty or there are too many."""
    if any(not name.strip() for name in names):
        raise SegError(f"{path}: a label has an empty name; name it in the tool that drew it, and save it again")
    plain = dict.fromkeys(map(plain_name, names))
    plain.pop("ignore", None)
    if len(plain) > MOST_NAMES:
        raise SegError(
            f"{path}: holds {counted(len(plain), 'different name')}; a dataset has at most {MOST_NAMES} classes"
        )
    return tuple(plain)


def numbered_note(names: Sequence[str]) -> tuple[str, ...]:
    """What to say of names like car-1 and car-2, which may be objects of one class; nothing where there are none."""
    found = {name: match[1].rstrip("-_ #") for name in names if (match := _NUMBERED.fullmatch(name))}
    bases = Counter(found.values())
    alike = [name for name, base in found.items() if bases[base] > 1 and base.lower() not in _NUMBERED_CLASSES]
    if not alike:
        return ()
    return (
        f"a class each, though they differ in a number only: {list_some(alike)}; if the numbers count objects, give "
        "these one name in the tool that drew them",
    )


def named_classes(names: Sequence[str], colors: Mapping[str, object]) -> ClassMap:
    """The classes with the colours that their tool gave them, or made-up ones where there is none or another has it.

    colors: [r, g, b] or #rrggbb by name, as they stand in a file; whatever else is decoration and passed over.
    """
    given = {plain_name(name): color_of(value) for name, value in reversed(list(colors.items()))}
    chosen: list[Color] = []
    spare = (made_up for made_up in map(distinct_color, range(10_000)) if made_up not in given.values())
    for name in names:
        color = given.get(name)
        while color is None or color in chosen:
            color = next(spare)
        chosen.append(color)
    return ClassMap(tuple(names), tuple(chosen))


def color_of(value: object) -> Color | None:
    """A colour as [r, g, b] or #rrggbb; None if it is none."""
    if isinstance(value, list) and len(value) == 3 and all(is_whole(part) and 0 <= part <= 255 for part in value):
        red, green, blue = value
        return red, green, blue
    try:
        return parse_color(value) if isinstance(value, str) else None
    except SegError:  # a name of a colour, or whatever else: it is decoration
        return None


def code_of(name: str, names: Sequence[str]) -> int:
    """The code of a region's name; the name is one of `names` or means ignored pixels."""
    plain = plain_name(name)
    return _IGNORED if plain == "ignore" else names.index(plain) + 1


def load_json(path: Path, data: bytes | None = None, on_gbk: Callable[[str], None] = lambda text: None) -> Any:  # noqa: ANN401  # whatever a JSON file holds
    """Content of a JSON file, of which `data` is what stands in it; SegError if it is damaged or too large.

    In UTF-8, in UTF-16 as Windows writes it, or in GBK as Chinese Windows does; on_gbk: takes the text of the latter.
    """
    if data is None:
        with explained(path):
            size = path.stat().st_size
        if size > _MAX_JSON_BYTES:
            raise SegError(f"{path}: larger than {_MAX_JSON_BYTES >> 30} GB; export it in several parts")
    with within_limits(path):
        content = read_bytes(path) if data is None else data
        try:
            try:
                return json.loads(content)
            except UnicodeDecodeError as error:
                text = text_in_gbk(content)
                if text is None:
                    raise _of_other_encoding(path, content, error) from error
                on_gbk(text)
                return json.loads(text)
        except ValueError as error:
            raise SegError(f"{path}: not valid JSON ({error}); export it again") from error


def _of_other_encoding(path: Path, content: bytes, error: UnicodeDecodeError) -> SegError:
    line = content[: error.start].count(b"\n") + 1
    return SegError(
        f"{path}: neither UTF-8 nor GBK (byte {content[error.start]:#04x} in line {line}); save it as UTF-8 (in "
        "Windows Notepad: Save as, Encoding)"
    )


def stated_extent(where: str, entry: Mapping[str, Any]) -> tuple[int, int]:
    """The width and height of an entry, (0, 0) where it does not state both; SegError as image_extent."""
    sides = entry.get("width"), entry.get("height")
    return image_extent(where, *sides) if all(sides) else (0, 0)


def image_extent(where: str, width: object, height: object) -> tuple[int, int]:
    """Width and height that a label file states; SegError if they are no sizes, or larger than any photo."""
    if not (is_whole(width) and is_whole(height)) or min(width, height) < 1:
        raise SegError(
            f"{where}: its image is said to be {width!r:.40} wide and {height!r:.40} high; both are whole numbers "
            "above 0. Export it again"
        )
    if width * height > MAX_IMAGE_MEGAPIXELS * 1_000_000:
        raise SegError(
            f"{where}: its image is said to have {width} x {height} pixels; more than {MAX_IMAGE_MEGAPIXELS} "
            "megapixels are no photo. Correct the size in the file"
        )
    return width, height


def is_whole(value: object) -> TypeGuard[int]:
    """Whether a JSON value is a whole number (true and false are not)."""
    return isinstance(value, int) and not isinstance(value, bool)


def corners(where: str, values: object) -> NDArray[np.float64]:
    """Corners (N, 2) from [[x, y], ...] or [x, y, x, y, ...]; SegError if they are not pairs of finite numbers."""
    try:
        numbers = np.asarray(values, np.float64)
    except (ValueError, TypeError, OverflowError):
        numbers = np.empty(())
    if numbers.ndim == 1 and numbers.size % 2 == 0:
        numbers = numbers.reshape(-1, 2)
    if numbers.ndim != 2 or numbers.shape[1] != 2 or not np.isfinite(numbers).all():
        raise SegError(
            f"{where}: has a region whose points are not pairs of finite numbers ({values!r:.60}); "
            "correct or remove it in the tool that drew it"
        )
    return numbers
