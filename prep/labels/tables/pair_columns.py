"""Which columns of a table name the photo of a row, which name its mask, and which only show what somebody made."""

from collections.abc import Iterable, Mapping

from prep.core.folder_names import SPLIT_WORDS, words_of

MASK_PARTS = ("mask", "label", "seg", "annot", "gt", "target", "truth")
"""What the name of a column of masks holds."""
SPLIT_COLUMNS = ("split", "subset", "set", "partition", "phase", "fold")
_PHOTOS = frozenset({"image", "images", "img", "imgs", "photo", "photos", "picture", "pictures", "input", "rgb"})
_MASKS = frozenset(
    {"mask", "masks", "label", "labels", "annotation", "annotations", "annot", "segmentation", "seg", "gt"}
    | {"groundtruth", "truth", "target"}
)
_FILLERS = frozenset({"path", "paths", "file", "name", "filename", "filepath", "url", "uri", "ref", "map", "ground"})
_SHOWN = (
    *("pred", "prev", "overlay", "visuali", "thumb", "blend", "heatmap", "infer", "result", "output", "depth"),
    *("next", "dupl", "propagat"),
)
"""How words begin of columns of results of models, of pictures of masks, and of what else is no photo of the row."""


def roles_of(columns: Iterable[str]) -> tuple[list[str], list[str]]:
    """The columns that name photos, and those that name masks; of several a row may fill one.

    Whole names (image_path, mask) come before those that hold such a word, and these before all others. output is the
    mask beside input, and no mask beside others; target_image is the photo where only target is beside it.
    """
    columns = list(columns)
    kept = [column for column in columns if not _is_shown(column)]
    masks = [column for column in kept if _is_mask(column)] or [column for column in kept if _says_mask(column)]
    if not masks and any("input" in words_of(column) for column in kept):
        masks = [column for column in columns if "output" in words_of(column)]
    photos = [column for column in kept if _is_photo(column)]
    photos = photos or [column for column in kept if words_of(column) <= _FILLERS]
    photos = photos or [column for column in kept if column not in masks and not _says_mask(column)]
    if not photos:
        photos = [column for column in masks if "target" in words_of(column) and words_of(column) & _PHOTOS]
        masks = [column for column in masks if column not in photos]
    return photos, masks


def first_and_second(columns: Iterable[str]) -> tuple[list[str], list[str]]:
    """The same where names of columns say nothing: the first of two names photos, the second masks."""
    kept = [column for column in columns if not _is_shown(column)]
    return (kept[:1], kept[1:]) if len(kept) == 2 else ([], [])


def split_said(row: Mapping[str, object]) -> str:
    """The split that a column of a row says; empty if none does."""
    plain = {str(column).strip().lower(): str(value).strip().lower() for column, value in row.items()}
    return next((SPLIT_WORDS[plain[key]] for key in SPLIT_COLUMNS if plain.get(key) in SPLIT_WORDS), "")


def _says_mask(column: str) -> bool:
    return any(part in column.lower() for part in MASK_PARTS)


def _is_photo(column: str) -> bool:
    said = words_of(column) - _FILLERS
    return bool(said) and said <= _PHOTOS


def _is_mask(column: str) -> bool:
    said = words_of(column) - _FILLERS - _PHOTOS
    return bool(said) and said <= _MASKS


def _is_shown(column: str) -> bool:
    return any(word.startswith(_SHOWN) or word in ("vis", "viz") for word in words_of(column))
