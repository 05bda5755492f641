"""Label photos that have no masks."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from prep.classes import write_classes
from prep.dataset import CLASSES
from prep.errors import SegError
from prep.files import make_folder, read_bytes, write_text
from prep.finding import FoundFile
from prep.photoio import read_photo
from prep.progress import Progress, silent
from train.outputs import Output, Predicted, finish_outputs, make_outputs
from train.predictor import Predictor

RECORD = "predictions.json"
"""How the predictions of a folder were made: the model and every setting that changes them."""


def predict_photos(
    predictor: Predictor,
    photos: Sequence[FoundFile],
    output: Path,
    kinds: Sequence[str],
    *,
    tolerance: float = 1.0,
    overwrite: bool = False,
    progress: Progress = silent,
) -> list[str]:
    """Write the outputs of each photo, upright and in its full size; return what went wrong.

    kinds: of train.outputs.  tolerance: of the simplification of polygons, in pixels.
    A photo that cannot be read does not stop the others. One whose files are all there is left as it is, unless
    `overwrite` is set: an interrupted command goes on.
    """
    outputs = make_outputs(kinds, output, predictor.classes, tolerance)
    problems = []
    for done, photo in enumerate(photos, start=1):
        if overwrite or not all(each.path(photo).exists() for each in outputs):
            try:
                _predict_photo(predictor, photo, outputs)
            except SegError as error:
                problems.append(str(error))
        progress(done, len(photos))
    finish_outputs(kinds, output, predictor.classes)
    return problems


def _predict_photo(predictor: Predictor, photo: FoundFile, outputs: Sequence[Output]) -> None:
    image = read_photo(photo.path)
    predicted = Predicted(photo, image, predictor(image))
    for each in outputs:
        each.write(predicted)


def open_output(output: Path, predictor: Predictor, settings: Mapping[str, object], *, overwrite: bool) -> None:
    """Make the folder, with its class map and a record of how the predictions are made.

    settings: the model and what else changes predictions, as plain data. Raises SegError if the folder holds
    predictions made with others and `overwrite` is not set; a setting that only one of the two has is no conflict.
    """
    record = output / RECORD
    before = _read_record(record) if record.exists() and not overwrite else {}
    for name, value in settings.items():
        if before.get(name, value) != value:
            what = "another model" if name == "model" else f"{name} {before[name]} (now {value})"
            raise SegError(f"{output}: holds predictions of {what}; name another folder, or add --overwrite")
    make_folder(output)
    write_text(record, json.dumps({**before, **settings}, indent=2, ensure_ascii=False) + "\n")
    write_classes(output / CLASSES, predictor.classes)


def _read_record(path: Path) -> dict[str, object]:
    try:
        content = json.loads(read_bytes(path))
    except ValueError as error:
        raise SegError(f"{path}: damaged; remove the folder, or add --overwrite") from error
    if not isinstance(content, dict):
        raise SegError(f"{path}: not of seg-train predict; name another folder")
    return content
