"""Which program computes a model: PyTorch, or onnxruntime."""

from collections.abc import Callable
from pathlib import Path

from prep.core.errors import SegError
from train.exporting.export_run import onnx_of_run
from train.exporting.onnx_model import load_onnx
from train.runs.checkpoint import load_model, model_id
from train.runs.device import make_fabric
from train.runs.run_files import MODEL
from train.runs.runs import find_run
from train.windows.predictor import Predictor

_ONNX_SUFFIX = ".onnx"


def open_predictor(
    run: Path | None, engine: str | None, device: str, note: Callable[[str], None]
) -> tuple[Predictor, str]:
    """The model of a run, or of an exported file, and its identity (train.runs.checkpoint.model_id).

    run: a run, a model.pt, an .onnx file, or as find_run takes it.  engine: torch, onnx, or None for what fits.
    device: of train.runs.device, for PyTorch only. `note` tells which run is the latest, and
    if the model is exported first.
    Raises SegError if there is no such model, or if the engine cannot compute it.
    """
    if run is not None and run.suffix.lower() == _ONNX_SUFFIX:
        if engine == "torch":
            raise SegError(f"{run}: PyTorch does not read ONNX; name the run, or leave --engine out")
        return load_onnx(run)
    chosen = find_run(run, note)
    if engine == "onnx":
        return onnx_of_run(chosen, note)
    predictor, _ = load_model(chosen / MODEL, make_fabric(device))
    return predictor, model_id(chosen / MODEL)
