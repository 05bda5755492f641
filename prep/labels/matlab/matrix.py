"""Plain .mat files: each holds a matrix of ids (2-D, whole numbers, logical, or categorical), maybe inside a struct."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import MAX_CLASSES, MAX_ID, made_up_classes
from prep.core.errors import SegError
from prep.core.folder_names import names_photos
from prep.core.words import counted, list_some, options
from prep.images.finding import FoundFile, find_photos, photos_beside
from prep.labels.contents import Contents
from prep.labels.formats import FileFormat
from prep.labels.matlab.matfile import load_mat
from prep.labels.matlab.nested import variables_in
from prep.labels.pixels.arrays import recognise_beside_photos, same_named_photos
from prep.labels.pixels.ids import IdCodes
from prep.labels.reader import Codes, LabelSource, RawLabel
from prep.photos.photoio import open_photo

_ELEMENT = re.compile(r".*?\(\d+\)")
"""objects(2) of objects(2).mask."""

_OBJECTS = "inst_map"
"""Of nuclei, as HoVer-Net and Lizard have it."""

_UNDEFINED = 0
"""Id of pixels without a category; MATLAB counts categories from 1."""


class MatrixReader(IdCodes):
    """Ids of the one matrix in a .mat file; `part` of the label names the variable where there are several.

    `names` of the label are the categories of all files, if they are categorical: id = position + 1.
    """

    name = "mat"

    def read(self, label: RawLabel) -> Codes:
        """(H, W) ids; NaN becomes 65535, which no class map names, and a pixel without a category 0."""
        name, value = _chosen(label)
        where = f"{label.path}: {name}"
        if bool(label.names) != _is_categorical(value):
            kind, others = ("categorical", "numbers") if not label.names else ("a matrix of numbers", "categorical")
            raise SegError(f"{where} is {kind}, and other labels here are {others}; convert them one kind at a time")
        return _by_category(where, value, label.names) if label.names else _checked(where, value)


def matrix_source(labels: Sequence[RawLabel]) -> LabelSource:
    """List .mat files; where the first one is categorical, its categories are the classes.

    Raises SegError if there are more categories than a dataset has classes.
    """
    for label in labels:
        try:
            _, value = _chosen(label)
        except SegError:  # converting it will say what is wrong with it
            continue
        if not _is_categorical(value):
            break
        names = tuple(_categories(str(label.path), value))
        try:
            classes = made_up_classes(names, range(1, len(names) + 1))
        except SegError as error:
            raise SegError(f"{label.path}: {error}") from error
        named = tuple(replace(label, names=names) for label in labels)
        return LabelSource("mat", named, classes=classes, unlabelled=(_UNDEFINED,))
    return LabelSource("mat", tuple(labels))


def _chosen(label: RawLabel) -> tuple[str, Any]:
    """Name and value of the matrix to read; SegError if it is not there, or if there are several."""
    found = {name: value for name, value in variables_in(load_mat(label.path)) if _is_matrix(value)}
    if label.part:
        if label.part not in found:
            raise SegError(
                f"{label.path}: has no label matrix {label.part!r}; its matrices: {list_some([*found]) or 'none'}"
            )
        return label.part, found[label.part]
    fitting = found if len(found) == 1 or label.ground is None else _of_size(found, label.ground)
    if len(fitting) != 1:
        if not found:
            raise SegError(
                f"{label.path}: holds no 2-D matrix of ids; save one, for example save('a.mat', 'mask'), and a sparse "
                "one by mask = full(mask) before"
            )
        _refuse_objects(label.path, [*(fitting or found)])
        raise SegError(
            f"{label.path}: holds {counted(len(found), 'matrix', 'matrices')} ({list_some([*found])}); add which one "
            f"to read:{options('--variable', fitting or found)}"
        )
    name, value = next(iter(fitting.items()))
    if name == _OBJECTS:
        raise SegError(
            f"{label.path}: {name} numbers objects and not classes. If any object is the class, add --variable {name} "
            "and name each number in a class map; else save a matrix of classes (in Lizard: for each number in id, its "
            "entry in class)"
        )
    return name, value


def _refuse_objects(path: Path, names: Sequence[str]) -> None:
    """SegError for a mask of each object in an array of structs (PASCAL-Part): one of them alone is not the photo's."""
    objects = sorted({found[0] for name in names if (found := _ELEMENT.match(name))})
    if len(objects) > 1:
        raise SegError(
            f"{path}: holds a mask of each of {counted(len(objects), 'object')} ({list_some(objects)}), and one matrix "
            "of ids a photo is read: save one in MATLAB with the number of its class in the pixels of each object"
        )


def _of_size(found: Mapping[str, Any], photo: Path) -> dict[str, Any]:
    """The matrices of the size of the photo, upright or as it is stored."""
    opened = open_photo(photo)
    sizes = {opened.upright_size[::-1], (opened.height, opened.width)}
    return {name: value for name, value in found.items() if _numbers(value).shape in sizes}


def _is_categorical(value: Any) -> bool:  # noqa: ANN401  # whatever a .mat file holds
    return hasattr(value, "codes") and hasattr(value, "categories")  # mat-io gives a pandas.Categorical with 2-D codes


def _numbers(value: Any) -> Any:  # noqa: ANN401
    return np.asarray(value.codes) if _is_categorical(value) else value


def _is_matrix(value: Any) -> bool:  # noqa: ANN401
    numbers = _numbers(value)
    if not isinstance(numbers, np.ndarray) or numbers.ndim != 2:
        return False
    return min(numbers.shape) >= 2 and numbers.dtype.kind in "buif"


def _categories(where: str, value: Any) -> list[str]:  # noqa: ANN401
    """Names of the categories; SegError, before millions of them are made, for more than a dataset has classes."""
    if len(value.categories) > MAX_CLASSES:
        number = counted(len(value.categories), "category", "categories")
        raise SegError(
            f"{where}: holds {number}, and a dataset has at most {MAX_CLASSES} classes; is it the label matrix?"
        )
    return [str(name) for name in value.categories]


def _by_category(where: str, value: Any, names: Sequence[str]) -> Codes:  # noqa: ANN401
    """Ids by name: files may list their categories in different orders."""
    own = _categories(where, value)
    codes = np.asarray(value.codes)
    strangers = sorted({own[code] for code in np.unique(codes).tolist() if code >= 0} - set(names))
    if strangers:
        raise SegError(
            f"{where} has the category {strangers[0]!r}, which the first of these files has not ({', '.join(names)}); "
            "give all files the same categories in MATLAB (setcats)"
        )
    ids = [names.index(name) + 1 if name in names else _UNDEFINED for name in own]
    by_code = np.array([*ids, _UNDEFINED], np.uint16)
    return by_code.take(codes)  # pixels without a category have the code -1: the last


def _checked(where: str, values: NDArray[Any]) -> Codes:
    if values.dtype in (np.uint8, np.uint16):
        return values
    numbers = values.astype(np.float64)
    numbers[np.isnan(numbers)] = MAX_ID
    if not np.isfinite(numbers).all() or (numbers != np.floor(numbers)).any():
        raise SegError(f"{where} holds numbers that are not whole, so no ids; is it the label matrix?")
    if numbers.min() < 0 or numbers.max() > MAX_ID:
        raise SegError(f"{where} holds ids from {numbers.min():.0f} to {numbers.max():.0f}; ids go from 0 to {MAX_ID}")
    return numbers.astype(np.uint16)


def _files(contents: Contents) -> list[FoundFile]:
    return [] if contents.is_zip else contents.of_suffix(".mat", skip=names_photos)


def _recognised(contents: Contents) -> float:
    return recognise_beside_photos(contents, _files(contents))


def _opened(contents: Contents, variable: str) -> LabelSource:
    files = _files(contents)
    beside = same_named_photos(contents, files)
    photos = beside or _photos_elsewhere(contents)
    grounds = [photos.get(file.stem) or photos.get(file.path.stem) for file in files]
    labels = [
        RawLabel(file.path, file.stem, variable, ground=ground) for file, ground in zip(files, grounds, strict=True)
    ]
    return replace(matrix_source(labels), photos=beside)


def _photos_elsewhere(contents: Contents) -> dict[str, Path]:
    """Photos in the folder that a person named, or where they usually lie, by their stems."""
    files = find_photos([contents.photos]) if contents.photos is not None else photos_beside(contents.source)
    return {file.stem: file.path for file in files}


FORMAT = FileFormat(
    "mat",
    "matrices in .mat files",
    _recognised,
    _opened,
    (MatrixReader(),),
    requires="seg-prep[matlab]",
    rules="Matrices inside of structs and cells count as well (groundTruth{1}.Segmentation); of several the only one "
    "of the size of its photo is taken, or --variable names it.",
)
