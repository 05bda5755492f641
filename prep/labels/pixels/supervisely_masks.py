"""Supervisely's "Export as masks": masks_machine/ with numbers from 1, masks_human/ with colours, img/ with photos.

Source of the layout: https://github.com/supervisely-ecosystem/export-as-masks. Both folders say the same; the numbers
are taken. Classes are found in meta.json, as with any folder.
"""

from pathlib import Path

from prep.images.finding import FoundFile, find_files
from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.contents import Contents
from prep.labels.formats import LIKELY, NO, FileFormat
from prep.labels.reader import LabelSource, RawLabel

_MACHINE, _HUMAN, _PHOTOS = "masks_machine", "masks_human", "img"


def _recognised(contents: Contents) -> float:
    """Surer than the project's own format: these masks were made of the objects in its ann/."""
    return LIKELY + 0.1 if contents.is_folder and _mask_folders(contents) else NO


def _mask_folders(contents: Contents) -> list[Path]:
    """Folders of masks: those of numbers where there are some."""
    source = contents.source.absolute()
    if source.name in (_MACHINE, _HUMAN):
        return [contents.source]
    below = {file.path.parent for file in contents.files if file.path.suffix.lower() in IMAGE_SUFFIXES}
    for name in (_MACHINE, _HUMAN):
        if found := sorted(folder for folder in below if folder.name == name):
            return found
    return []


def _opened(contents: Contents, variable: str) -> LabelSource:
    labels, photos = [], {}
    folders = _mask_folders(contents)
    for folder in folders:
        dataset = folder.absolute().parent
        prefix = "" if len(folders) == 1 else "/".join(folder.parent.relative_to(contents.source).parts)
        beside = _photos_by_stem(dataset / _PHOTOS)
        for file in find_files(folder):
            stem = FoundFile(file.path, f"{prefix}/{_name(file, beside)}").stem
            labels.append(RawLabel(file.path, stem))
            if (photo := beside.get(_name(file, beside))) is not None:
                photos[stem] = photo
    notes = ["masks_human holds the same in colours and was left out"] if _both(contents, folders) else []
    names_photos = len(photos) == len(labels)
    reader = "ids" if folders[0].absolute().name == _MACHINE else "rgb"
    return LabelSource(reader, tuple(labels), photos=photos, names_photos=names_photos, notes=tuple(notes))


def _photos_by_stem(folder: Path) -> dict[str, Path]:
    """Photos by the name that a mask of theirs may have, without .png: x or x.jpg."""
    files = find_files(folder) if folder.is_dir() else []
    return {name: file.path for file in files for name in (file.path.stem, file.path.name)}


def _name(file: FoundFile, photos: dict[str, Path]) -> str:
    """The mask's name, which may be that of the photo with .png added."""
    return file.name if file.path.stem not in photos and file.path.name in photos else str(Path(file.name).stem)


def _both(contents: Contents, folders: list[Path]) -> bool:
    return folders[0].name == _MACHINE and any(file.path.parent.name == _HUMAN for file in contents.files)


FORMAT = FileFormat(
    "supervisely-masks",
    "Supervisely's masks (masks_machine, masks_human)",
    _recognised,
    _opened,
    rules="Numbers count from 1 in the order of meta.json, or as obj_class_to_machine_color.json says; 0 lies in no "
    "object and becomes the background. masks_machine is taken before masks_human, which holds the same in colours.",
)
