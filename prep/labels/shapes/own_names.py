"""Labels that have the name of one photo and say inside that of another: files were renumbered, their text was not."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from prep.core.errors import SegError
from prep.core.words import counted, list_some, verb
from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.rerooting import path_parts


@dataclass(frozen=True)
class OwnNames:
    """The photos of labels' own names that are taken, by the position of the label, and a note that says so."""

    photos: Mapping[int, Path] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def by_own_names(
    files: Sequence[Path | None],
    named: Sequence[str],
    photos: Sequence[Path | None],
    photos_there: Callable[[], Mapping[str, Path]],
) -> OwnNames:
    """Which photos of their own names labels are of, though they name others; none where that is no contradiction.

    files: of the labels, one each.  named: the photo that each names.  photos: what was found for that.
    photos_there: gives the photos that are there by their stems, if it is asked.
    Whoever gives photo and label a new number leaves what stands inside as it was. So where all labels have a photo of
    their own name, these are taken. Raises SegError where nobody knows: where only some have one, or where each names
    another photo that is there, and has the name of none of these.
    """
    stems = [_own_stem(file) for file in files if file is not None]
    if len({*stems}) < len(files) or all(map(_is_named, stems, named)):
        return OwnNames()
    own, claims = _by_own_stem(photos_there()), Counter(named)
    wrong = [
        number
        for number, (stem, name, photo) in enumerate(zip(stems, named, photos, strict=True))
        if stem in own and not _is_named(stem, name) and (claims[name] > 1 or photo not in (None, own[stem]))
    ]
    if not wrong:
        return OwnNames()
    taken = {own[stem] for stem in stems if stem in own}
    is_apart = all(photo is not None and photo not in taken for photo in photos) and len({*photos}) == len(photos)
    first, name = files[wrong[0]], path_parts(named[wrong[0]])[-1]
    if is_apart or not all(stem in own for stem in stems):
        raise SegError(
            f"{first}: has the name of the photo {own[stems[wrong[0]]].name} and says inside that it is of {name} "
            f"({counted(len(wrong), 'label')} like that). Give these labels the names of their photos, or correct what "
            "they say inside"
        )
    said = [f"{stems[number]} says {path_parts(named[number])[-1]}" for number in wrong]
    note = (
        f"{counted(len(wrong), 'label')} {verb(len(wrong), 'has', 'have')} the name of one photo and "
        f"{verb(len(wrong), 'says', 'say')} inside that of another: the photos of their own names are taken; look at "
        f"some masks ({list_some(said)})"
    )
    return OwnNames({number: own[stem] for number, stem in enumerate(stems)}, (note,))


def _own_stem(file: Path) -> str:
    """The name of the photo that a label is called after: x of x.json and of x.jpg.json."""
    stem = Path(file.stem)
    return _plain(stem.stem if stem.suffix.lower() in IMAGE_SUFFIXES else file.stem)


def _by_own_stem(photos: Mapping[str, Path]) -> dict[str, Path]:
    """By stems in one spelling; those of several photos (a.jpg and A.jpg) are of none."""
    several = Counter(map(_plain, photos))
    return {_plain(stem): photo for stem, photo in photos.items() if several[_plain(stem)] == 1}


def _is_named(stem: str, name: str) -> bool:
    """Whether a label of this stem names the photo of the same one."""
    parts = path_parts(name)
    return bool(parts) and stem in (_plain(parts[-1]), _plain(Path(parts[-1]).stem))


def _plain(stem: str) -> str:
    return unicodedata.normalize("NFC", stem).casefold()
