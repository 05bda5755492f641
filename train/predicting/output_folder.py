"""A folder of predictions: which of its files were made of which photo with which model, whole or only begun."""

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field
from pathlib import Path

from prep.core.classes import ClassMap, write_classes
from prep.core.errors import SegError
from prep.core.files import appending, explained, make_folder, open_plain, refuse_special_file, remove_parts, write_text
from prep.core.jsonio import read_json
from prep.core.tables import ONE_OF, read_table, table_line, write_table
from prep.core.words import counted, list_some
from prep.dataset.commit import STAGING
from prep.dataset.dataset import is_dataset
from prep.dataset.dataset_files import CLASSES
from prep.dataset.transaction import forget, writing
from prep.photos.commit import size_and_time

PREDICTIONS_RECORD, PREDICTED_FILES = "predictions.json", "predictions.csv"
"""How the latest predictions of the folder were made, and what each of its files was made with."""

POLYGONS = ("geojson", "geopackage", "coco", "labelme")
_COMMAND = "predict"
_OF_POLYGONS = ("simplify", "min_area", "maps")

_BEGUN, _WHOLE = "begun", "whole"
_REMEDY = "name another folder, or remove this file and add --overwrite"


@dataclass(frozen=True)
class _Row:
    """file: posix path below the folder.  made_with: hash of the model and the settings that change such a file.

    made_of: size and time of its photo or video, empty for a file that is about all of them.
    """

    file: str
    state: str = field(metadata={ONE_OF: (_BEGUN, _WHOLE)})
    made_with: str
    made_of: str = ""


class OutputFolder:
    """Knows of each file below `root` whether predict has made it, and with what.

    settings: the model and what else changes predictions, as plain data.  overwrite: make everything anew.
    A file that is written stands in predictions.csv before, as begun: whatever a killed command left is known.
    """

    def __init__(self, root: Path, settings: Mapping[str, object], *, overwrite: bool = False) -> None:
        self.root, self.overwrite = root, overwrite
        plain = {name: value for name, value in settings.items() if name not in _OF_POLYGONS}
        self._plain, self._polygons = _hash(plain), _hash(settings)
        make_folder(root)
        self._rows = {row.file: row for row in _read_rows(root / PREDICTED_FILES)}
        self.tidy()

    def tidy(self) -> None:
        """Remove what killed commands left half-written, and write the record anew: one row a file, in order."""
        begun = [name for name, row in self._rows.items() if row.state == _BEGUN]
        for kind in {Path(name).parts[0] for name in begun}:
            remove_parts(self.root / kind)
        for name in begun:
            if not (self.root / name).exists():
                del self._rows[name]
        write_table(self.root / PREDICTED_FILES, _Row, [self._rows[name] for name in sorted(self._rows)])

    def lacks(self, paths: Collection[Path], photo: Path | None = None, frames: Path | None = None) -> bool:
        """Whether any of these files is not there as this model makes it of this photo, or all are to be made anew.

        photo: None for files that are about all photos. Another one of the same name is told by its size and time.
        frames: the one of them that is a folder.
        Raises SegError if another one is a folder, or one that predict did not make, unless it may be overwritten.
        """
        for path in paths:
            if path.is_dir() and path != frames:
                raise SegError(f"{path}: is a folder; a file is expected here: move it away")
        if self.overwrite:
            return True
        for path in paths:
            if path.exists() and self._name(path) not in self._rows:
                raise SegError(
                    f"{path}: is there already, and 'seg-train predict' did not make it; name another folder with -o, "
                    "or add --overwrite to replace it"
                )
        made_of = _stamp(photo)
        return not all(self.is_whole(path) and self._rows[self._name(path)].made_of == made_of for path in paths)

    def is_whole(self, path: Path) -> bool:
        """Whether a file is there, and was made with this model and these settings."""
        row = self._rows.get(self._name(path))
        return row is not None and (row.state, row.made_with) == (_WHOLE, self._made_with(path)) and path.exists()

    @contextmanager
    def making(self, paths: Sequence[Path], photo: Path | None = None) -> Iterator[None]:
        """A block that reads a photo and writes these files, each atomically."""
        made_of = self.begin(paths, photo)
        yield
        self.end(paths, made_of)

    def begin(self, paths: Sequence[Path], photo: Path | None = None) -> str:
        """Note that a photo is going to be read and these files written, each atomically; what `end` is told."""
        made_of = _stamp(photo)  # before it is read: one that is replaced meanwhile is labelled again next time
        self._note(paths, _BEGUN, made_of)
        return made_of

    def end(self, paths: Sequence[Path], made_of: str) -> None:
        """Note that these files are whole."""
        self._note(paths, _WHOLE, made_of)

    def remove_others(self) -> list[str]:
        """Where everything is made anew, remove what other models or settings have left here; names of these files."""
        ours = (self._plain, self._polygons)
        others = [name for name, row in self._rows.items() if self.overwrite and row.made_with not in ours]
        others = [name for name in others if ".." not in Path(name).parts and not Path(name).is_absolute()]
        for name in others:
            path = self.root / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
            del self._rows[name]
        return sorted(others)

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """A hidden folder for workers that may outlive this command: what they write there then is nobody's."""
        staging = self.root / f"{STAGING}{_COMMAND}-{secrets.token_hex(4)}"
        make_folder(staging)
        try:
            yield staging
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def _note(self, paths: Sequence[Path], state: str, made_of: str) -> None:
        rows = [_Row(self._name(path), state, self._made_with(path), made_of) for path in paths]
        record = self.root / PREDICTED_FILES
        with appending(record, create=False) as file:
            file.write(b"".join(table_line(astuple(row)) for row in rows))
        self._rows |= {row.file: row for row in rows}

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def _made_with(self, path: Path) -> str:
        return self._polygons if path.relative_to(self.root).parts[0] in POLYGONS else self._plain


@contextmanager
def opened_output(
    root: Path, classes: ClassMap, settings: Mapping[str, object], *, overwrite: bool
) -> Iterator[OutputFolder]:
    """Make the folder, with the classes and a record of how predictions are made; nobody else writes there meanwhile.

    settings: as of OutputFolder. Raises SegError if the folder is a dataset, or holds predictions made with other
    settings and `overwrite` is not set; a setting that only one of the two has is no conflict.
    """
    if is_dataset(root):
        raise SegError(f"{root}: that is a dataset; name another folder with -o")
    with writing(root):
        forget(root, _COMMAND)
        record = root / PREDICTIONS_RECORD
        before = _read_record(record) if record.exists() and not overwrite else {}
        for name, value in settings.items():
            if before.get(name, value) != value:
                what = "another model" if name == "model" else f"{name} {before[name]} (now {value})"
                raise SegError(f"{root}: holds predictions of {what}; name another folder, or add --overwrite")
        folder = OutputFolder(root, {**before, **settings}, overwrite=overwrite)
        write_text(record, json.dumps({**before, **settings}, indent=2, ensure_ascii=False) + "\n")
        write_classes(root / CLASSES, classes)
        yield folder
        folder.tidy()


def note_on_removed(names: Sequence[str]) -> str:
    """What to say of files of other models or settings that were removed."""
    files = f"{counted(len(names), 'file')} that another model or other settings had made"
    return f"removed {files}: {list_some(names)}"


def _stamp(photo: Path | None) -> str:
    return "" if photo is None else "{} {}".format(*size_and_time(photo))


def _hash(settings: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]


def _read_record(path: Path) -> dict[str, object]:
    content = read_json(path, remedy="remove the folder, or add --overwrite")
    if not isinstance(content, dict):
        raise SegError(f"{path}: not of seg-train predict; name another folder")
    return content


def _read_rows(path: Path) -> list[_Row]:
    """The rows of the record; a last line that a killed command could not end is dropped."""
    if not os.path.lexists(path):
        return []
    refuse_special_file(path)
    with explained(path), os.fdopen(open_plain(path, os.O_RDWR), "r+b") as file:
        content = file.read()
        file.truncate(content.rfind(b"\n") + 1)
    return list(read_table(path, _Row, remedy=_REMEDY))
