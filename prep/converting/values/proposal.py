"""Masks without a class map: the error lists their values, and proposes lines to save as one."""

import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from prep.converting.values.black_and_white import is_blurred, step_of, two_lines
from prep.converting.values.meaning import Meaning
from prep.converting.values.noise import (
    EXACT,
    LOSSY,
    VALUES_OF_PHOTOS,
    are_cut_out,
    look_like_photos,
    noise_among,
    numbers_among,
)
from prep.converting.values.unknown import CodeTotals
from prep.core.classes import IGNORE_INDEX, MAX_CLASSES, ClassMap, format_list, made_up_classes
from prep.core.errors import SegError
from prep.core.words import counted, list_some, options
from prep.labels.class_files import LongList
from prep.labels.pixels.rgb import NO_COLORS
from prep.labels.reader import LabelReader, RawLabel, read_codes
from prep.labels.tables.table import ClassTable

_SHOWN = 20
_JPEG = frozenset({".jpg", ".jpeg"})
_TWO = 2
_MIDDLE = frozenset({127, 128})
_OBJECTS = 6
_RED = 255
"""The largest code of a colour without green and blue."""
_SHOWN_TABLES = 4
_PER_CLASS, _MOST_OBJECTS = 1000, 400
_BLACK_AND_WHITE = ClassMap(("class0", "class255"), ((0, 0, 0), (255, 255, 255)))


@dataclass(frozen=True)
class Lists:
    """What lies beside masks without a class map.

    long: a file that lists more classes than a dataset can have, and its names by their ids.
    beside: files that read as class tables, of any name; those that have all values of the masks are proposed.
    passed_over: what is wrong with files that are called as a class map is.  notes: what was said of the labels.
    """

    long: LongList | None
    beside: Sequence[tuple[Path, ClassTable]]
    passed_over: Sequence[str]
    notes: Sequence[str]


def no_meaning(
    codes: CodeTotals,
    reader: LabelReader,
    named: Meaning | None,
    labels: Sequence[RawLabel],
    lists: Lists,
    unlabelled: Collection[int],
) -> SegError:
    """The error for masks without a class map; named: a list of names that says no colours, for masks of colours.

    unlabelled: codes that mean pixels that nobody labelled.
    """
    if not codes.pixels:
        read_codes(reader, labels[0])  # says what is wrong with it
    if look_like_photos(codes.pixels, sum(codes.pixels.values())):
        return SegError(
            f"{list_some([label.name for label in labels[:3]])}: {counted(len(codes.pixels), 'value')}; "
            f"{VALUES_OF_PHOTOS}"
        )
    if reader.name == "rgb" and NO_COLORS.keys() & codes.pixels and are_cut_out(_opaque(codes.pixels)):
        return _cut_out(labels)
    noise = frozenset() if _in_red(codes.pixels, reader) else _noise(codes, reader, labels)
    if len(codes.pixels.keys() - noise - {*NO_COLORS}) < _TWO and len(codes.pixels) <= MAX_CLASSES:
        noise = frozenset()  # one class is none: near colours are classes then (DIVA-HisDB: #000001, #000002, #000008)
    found = [code for code in codes.by_pixels() if code not in noise]
    shown = found[:_SHOWN]
    lines = [
        f"  {reader.describe(code)}: {counted(codes.pixels[code], 'pixel')} in {counted(codes.files[code], 'file')}"
        for code in shown
    ]
    if more := len(codes.pixels) - len(shown) - len(noise):
        lines.append(f"  ... and {more} more")
    if noise:
        lines.append(f"  ... and {len(noise)} more that look like blended edges or traces of JPEG, not like classes")
    if reader.name == "rgb" and (numbers := sorted(numbers_among(codes.pixels))):
        shown_numbers = list_some([reader.describe(code) for code in numbers])
        lines.append(f"  ... of which {shown_numbers} look like numbers of classes: do some of the masks hold ids?")
    start = "which value is which class? "
    if named is not None:
        where = f"{named.found} " if named.found else "the class map "
        start += f"{where}has names without colours ({list_some(named.classes.names)}), and the masks are colours. "
    listed = f"{start}The masks hold {counted(len(codes.pixels), 'value')}:\n" + "\n".join(lines)
    if reader.name == "ids" and (steps := on_steps(codes.pixels) or _on_three(codes.pixels)):
        return SegError(f"{listed}\n\n{steps}")
    return SegError(
        listed
        + "".join(f"\n* {note}" for note in lists.notes)
        + _on_255(codes, reader)
        + _on_unlabelled(codes, reader, unlabelled)
        + _on_objects(codes, reader, len(labels))
        + _on_ids_of_objects(codes, reader)
        + "".join(f"\n\nPassed over: {error}" for error in lists.passed_over)
        + _tables(reader, found, lists.beside)
        + _to_save(
            reader,
            _without_codes(found if len(found) <= MAX_CLASSES else shown, unlabelled),
            _numbers_in_red(codes.pixels, reader, named) or lists.long,
            nearest=bool(noise),
        )
    )


def _in_red(codes: Collection[int], reader: LabelReader) -> bool:
    """Whether colours differ in red only, as where it holds the number of a class (CARLA)."""
    return reader.name == "rgb" and _TWO < len(codes) <= MAX_CLASSES and all(code <= _RED for code in codes)


def _numbers_in_red(codes: Collection[int], reader: LabelReader, named: Meaning | None) -> LongList | None:
    """A list of names and numbers that has the red of all colours, and its names by their codes."""
    if named is None or named.found is None or not named.has_ids or not _in_red(codes, reader):
        return None
    names = dict(zip(named.classes.ids, named.classes.names, strict=True))
    names |= dict.fromkeys(named.classes.ignored_ids, "ignore")
    by_code = {code: names.get(code, "") for code in codes}
    return (named.found, by_code) if all(by_code.values()) else None


def _without_codes(codes: Sequence[int], left_out: Collection[int]) -> Sequence[int]:
    """The codes but those; all of them if none would be left."""
    return [code for code in codes if code not in left_out] or codes


def _on_unlabelled(codes: CodeTotals, reader: LabelReader, unlabelled: Collection[int]) -> str:
    """What MATLAB's 0 means, which stands in no line."""
    held = [code for code in sorted(unlabelled) if code in codes.pixels]
    if reader.name == "rgb" or not held or len(held) == len(codes.pixels):
        return ""
    return (
        f"\n\n{reader.describe(held[0])} means that nobody labelled the pixel: it is ignored, and stands in no line; "
        "if it is a class, add --unlabelled background, or its name"
    )


def _opaque(pixels: Mapping[int, int]) -> Mapping[int, int]:
    return {own: number for own, number in pixels.items() if own not in NO_COLORS}


def _cut_out(labels: Sequence[RawLabel]) -> SegError:
    """The error for photos whose background was made transparent: their alpha channels are the masks."""
    folder = shlex.quote(str(labels[0].path.parent))
    return SegError(
        f"{list_some([label.name for label in labels[:3]])}: photos cut out of their background, not masks; what is "
        "not transparent is the object. Write their alpha channels as masks into a folder, and convert that one; with "
        f"ImageMagick:\n  mkdir masks_alpha && mogrify -path masks_alpha -alpha extract -format png {folder}/*"
    )


def _tables(reader: LabelReader, codes: Sequence[int], beside: Sequence[tuple[Path, ClassTable]]) -> str:
    """Files beside the masks that read as their class map, and how to say so."""
    by_color = reader.name == "rgb"
    fitting = [
        (file, table.classes)
        for file, table in beside
        if (table.has_colors or not by_color) and _explains(reader.table(table.classes), codes)
    ]
    if not fitting:
        return ""
    names = "; ".join(list_some(classes.names) for _, classes in fitting[:_SHOWN_TABLES])
    ways = options("--classes", [str(file) for file, _ in fitting[:_SHOWN_TABLES]])
    return f"\n\nBeside the masks lies what reads as their class map ({names}); if it is, add{ways}"


def _explains(table: Mapping[int, int], codes: Sequence[int]) -> bool:
    """Whether a table has all codes, and several of them as classes."""
    return set(codes) <= table.keys() and len({table[code] for code in codes} - {IGNORE_INDEX}) > 1


def _to_save(reader: LabelReader, codes: Sequence[int], long: LongList | None, *, nearest: bool) -> str:
    """The lines of a class map for these codes, with the names that a list gives to their ids, and how to use it."""
    said, added = "", " and --unknown nearest" if nearest else ""
    if reader.name == "ids" and set(codes) == {0, IGNORE_INDEX} and nearest:
        rows = two_lines(_BLACK_AND_WHITE)
    else:
        classes, by_color = reader.propose(sorted(codes)), reader.name == "rgb"
        numbers = sorted(codes) if by_color else classes.ids
        if long is not None and set(numbers) <= long[1].keys() and (not by_color or max(numbers) <= _RED):
            classes = replace(classes, names=tuple(long[1][raw] for raw in numbers))
            has = f"has {counted(len(long[1]), 'class', 'classes')}"
            most = f"{has}, a dataset at most {MAX_CLASSES}; these are those of the masks"
            said = f"\n\n{long[0]} {'gives these names to the red of the colours' if by_color else most}"
        rows = format_list(classes)
    return (
        f"{said}\n\nSave these lines with your own names as classes.txt and add --classes classes.txt{added}:\n\n{rows}"
    )


def on_steps(values: Collection[int]) -> str:
    """What to ask of greys in equal steps from black to white; empty for others."""
    if not (step := step_of(values)):
        return ""
    classes = made_up_classes((f"class{code}" for code in sorted(values)), sorted(values))
    return (
        f"They go from 0 to 255 in steps of {step}. If they say how many people, or how surely, saw one object, the "
        "nearer of black and white decides: save these two with your own names as classes.txt and add --classes "
        f"classes.txt and --unknown nearest:\n\n{two_lines(_BLACK_AND_WHITE)}\n\nIf each is a class, save these lines "
        f"with your own names as classes.txt and add --classes classes.txt:\n\n{format_list(classes)}"
    )


def _on_three(values: Collection[int]) -> str:
    """What to ask of black, the grey in the middle and white: REFUGE's three classes, or a trimap with one unknown."""
    if len(values) != _TWO + 1 or not {0, IGNORE_INDEX} <= set(values) or not set(values) & _MIDDLE:
        return ""
    classes = made_up_classes((f"class{code}" for code in sorted(values)), sorted(values))
    return (
        "Save these lines with your own names as classes.txt and add --classes classes.txt; one that means pixels that "
        f"nobody labelled is called ignore:\n\n{format_list(classes)}"
    )


def _noise(codes: CodeTotals, reader: LabelReader, labels: Sequence[RawLabel]) -> frozenset[int]:
    if reader.name == "ids" and is_blurred(codes.pixels) and not step_of(codes.pixels):
        return frozenset(codes.pixels) - {0, IGNORE_INDEX}
    if reader.name != "rgb":
        return frozenset()
    lossy = any(Path(label.short_name).suffix.lower() in _JPEG for label in labels)
    if lossy:
        return noise_among(codes.pixels, (), LOSSY)
    return noise_among(codes.pixels, (), EXACT) - numbers_among(codes.pixels)


def _on_objects(codes: CodeTotals, reader: LabelReader, labels: int) -> str:
    """A word on ids that may count objects: without a gap, and the last ones not in all files."""
    ids = sorted(set(codes.pixels) - {0, IGNORE_INDEX})
    if reader.name not in ("ids", "npy") or len(ids) < _OBJECTS or ids[-1] - ids[0] >= 2 * len(ids):
        return ""
    if codes.files[ids[-1]] == labels > 1:
        return ""
    if reader.name == "npy":
        return (
            "\n\nIf these numbers count objects rather than classes, save 1 for any object: "
            "np.save(path, (mask > 0).astype(np.uint8))"
        )
    return (
        "\n\nIf these numbers count objects (as Cellpose, StarDist and the like write them) rather than classes, add "
        "--from object-ids: then any object is 1, of the class object"
    )


def _on_ids_of_objects(codes: CodeTotals, reader: LabelReader) -> str:
    """A word on ids of which the large ones may hold a class and the number of an object in one: 7, 26001, 26002."""
    large = [code for code in codes.pixels if code >= _PER_CLASS]
    several = len(large) > len({code // _PER_CLASS for code in large})
    if reader.name != "ids" or not several or any(code % _PER_CLASS > _MOST_OBJECTS for code in large):
        return ""
    kind, number = divmod(max(large), _PER_CLASS)
    return f"\n\nIf {max(large)} is object {number} of class {kind}, add --from ids-1000"


def _on_255(codes: CodeTotals, reader: LabelReader) -> str:
    if reader.name == "rgb" or IGNORE_INDEX not in codes.pixels or len(codes.pixels) <= _TWO:
        return ""
    if reader.name == "ids" and is_blurred(codes.pixels):
        return ""
    return (
        "\n\n255 is ignored, as in Pascal VOC, Cityscapes and Ultralytics, and stands in no line; "
        "if it is a class, add a line name,#rrggbb,255"
    )
