"""Photos and labels in TIFF files of several pages: pairs need as many on both sides."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from prep.core.errors import SegError
from prep.core.words import counted
from prep.images.finding import FoundFile
from prep.labels.reader import LabelSource, RawLabel


def refuse_other_page_counts(
    photos: Sequence[FoundFile],
    labels: Sequence[RawLabel],
    pair: Callable[[Sequence[str], Sequence[str]], Iterable[tuple[str, str]]],
) -> None:
    """SegError if a file of several pages and its partner have not as many. pair: which stems belong together."""
    if not any(file.page for file in photos) and not any(label.page for label in labels):
        return
    whole_photos = {replace(file, page=0).stem: file for file in photos}
    whole_labels = {_whole_stem(label): label.path for label in labels}
    pages = Counter(_whole_stem(label) for label in labels)
    for photo, label in pair(list(whole_photos), list(whole_labels)):
        file = whole_photos[photo]
        if max(1, file.pages) != pages[label]:
            raise _unequal(file.path, max(1, file.pages), whole_labels[label], pages[label])


def is_one_file_each(source: Path, photos: Path | None, labels: LabelSource) -> bool:
    """Whether a person named one file of labels and one photo, which then belong together, page by page."""
    is_one_label = source.is_file() and not any(label.part or label.path != source for label in labels.labels)
    return is_one_label and photos is not None and photos.is_file() and not labels.names_photos


def _whole_stem(label: RawLabel) -> str:
    """The stem of the file that a label is a page of."""
    return label.stem.rpartition("_page")[0] if label.page else label.stem


def _unequal(photo: Path, pages: int, label: Path, others: int) -> SegError:
    return SegError(
        f"{photo}: holds {counted(pages, 'page')}, and its mask {label} {others}: pages are paired one by one. Save "
        "the pages that belong together as files of their own (in ImageJ: Image, Stacks, Stack to Images)"
    )
