"""Export the model of a run, checked on images of the dataset that it was trained on."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prep.core.errors import SegError
from prep.core.words import counted
from prep.dataset.transaction import writing
from prep.images.imageio import ImageRGB
from train.exporting.export import deployed, export_model, exported_identity
from train.exporting.onnx_model import load_onnx
from train.runs.checkpoint import load_model, model_id
from train.runs.device import find_accelerator
from train.runs.run_files import MODEL, ONNX
from train.runs.runs import open_dataset_of
from train.windows.predictor import Predictor, TorchModel

EXPORTED_FILES = {"onnx": ONNX, "torchscript": "model.torchscript"}
"""Names of the exported files in the run."""

_IMAGES = 3
_LONGEST_PX = 512


@dataclass(frozen=True)
class ExportedModel:
    """An exported file, what it was checked on, and its largest difference of a probability to PyTorch."""

    path: Path
    checked_on: str
    difference: float


def export_run(run: Path, form: str, path: Path | None = None, *, overwrite: bool = False) -> ExportedModel:
    """Export the model of a run to `path`, by default into the run.

    form: onnx or torchscript. Raises SegError if the file is there, of another model, and `overwrite` is not set, or
    as export_model.
    """
    path = path or run / EXPORTED_FILES[form]
    identity = model_id(run / MODEL)
    if path.exists() and not overwrite and exported_identity(path, form) != identity:
        raise SegError(f"{path}: is already there; add --overwrite, or name another file with -o")
    predictor, card = load_model(run / MODEL, find_accelerator("cpu"))
    assert isinstance(predictor.model, TorchModel)
    images, checked_on = _check_images(run)
    model = deployed(predictor.model.network, card)
    with writing(path.parent, target=path):
        difference = export_model(model, card, identity, path, form, images)
    return ExportedModel(path, checked_on, difference)


def onnx_of_run(run: Path, note: Callable[[str], None]) -> tuple[Predictor, str]:
    """The model.onnx of a run, exported first if it is missing or of other weights."""
    path = run / ONNX
    if path.exists():
        predictor, identity = load_onnx(path)
        if identity == model_id(run / MODEL):
            return predictor, identity
        note(f"{path}: of an earlier model; exporting it again")
    exported = export_run(run, "onnx", overwrite=True)
    note(f"exported {path}; largest difference to PyTorch {exported.difference:.1g}")
    return load_onnx(path)


def _check_images(run: Path) -> tuple[list[ImageRGB], str]:
    """Upper left pieces of images the network never saw, else of random pixels; and in words what they are."""
    try:
        dataset, _ = open_dataset_of(run, None)
        samples = (dataset.of_split("test") or dataset.of_split())[:_IMAGES]
        images = [dataset.image(sample)[:_LONGEST_PX, :_LONGEST_PX] for sample in samples]
    except SegError:
        images = []
    if images:
        return images, f"{counted(len(images), 'image')} of {dataset.root}"
    noise = np.random.default_rng(0).integers(0, 256, (_IMAGES, 160, 208, 3)).astype(np.uint8)
    return list(noise), "random pixels, because its dataset is not there"
