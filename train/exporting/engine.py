"""Which program computes a model: PyTorch, or onnxruntime; and the mean of several models."""

from collections.abc import Callable, Sequence
from pathlib import Path

from prep.core.errors import SegError
from prep.core.progress import say_nothing
from prep.core.words import list_some
from train.exporting.export_run import onnx_of_run
from train.exporting.onnx_model import load_onnx
from train.runs.checkpoint import load_model, model_id
from train.runs.device import find_accelerator
from train.runs.members import find_members
from train.runs.remote import RemoteModel
from train.runs.run_files import MODEL
from train.windows.mean_model import Member, mean_predictor
from train.windows.predictor import Predictor
from train.windows.scale import Scale

_ONNX_SUFFIX = ".onnx"


def open_predictor(
    runs: Sequence[Path], engine: str | None, device: str, note: Callable[[str], None], scale: Scale = "auto"
) -> tuple[Predictor, tuple[str, ...]]:
    """The model of a run or of an exported file, or the mean of several; and their identities, as of model_id.

    runs: runs, model.pt and .onnx files, cross-validations, or as find_members takes them; none is the latest.
    engine: torch, onnx, or None for what fits.  device: of train.runs.device, for PyTorch only.
    scale: as of Predictor.at_scale.  `note` tells which run is the latest, and if a model is exported first.
    Raises SegError if there is no such model, if the engine cannot compute it, or as mean_predictor.
    """
    files = [run for run in runs if run.suffix.lower() == _ONNX_SUFFIX]
    if files and engine == "torch":
        raise SegError(f"{files[0]}: PyTorch does not read ONNX; name the run, or leave --engine out")
    loaded = [load_onnx(file) for file in files]
    others = [run for run in runs if run not in files]
    if others or not files:
        loaded += [_opened(run, engine, device, note) for run in find_members(others, note).runs]
    members = [Member(identity.rsplit(" ", 1)[0], predictor) for predictor, identity in loaded]
    identities = tuple(identity for _, identity in loaded)
    for number, identity in enumerate(identities):
        if identity in identities[:number]:
            raise SegError(f"{members[number].name}: is named twice, and would count twice in the mean; name it once")
    return mean_predictor(members, scale), identities


def remote_predictor(
    runs: Sequence[Path], identities: tuple[str, ...], engine: str | None, device: str, scale: Scale
) -> RemoteModel:
    """What open_predictor gave, for the workers of a cluster."""
    return RemoteModel(_open_remotely, tuple(str(run) for run in runs), identities, engine, device, scale)


def _open_remotely(model: RemoteModel) -> tuple[Predictor, tuple[str, ...]]:
    runs = [Path(run) for run in model.runs]
    return open_predictor(runs, model.engine, model.device, say_nothing, model.scale)


def _opened(run: Path, engine: str | None, device: str, note: Callable[[str], None]) -> tuple[Predictor, str]:
    if engine == "onnx":
        return onnx_of_run(run, note)
    return load_model(run / MODEL, find_accelerator(device))[0], model_id(run / MODEL)


def joint_name(identities: Sequence[str]) -> str:
    """One name for people of models with these identities."""
    names = [identity.rsplit(" ", 1)[0] for identity in identities]
    return names[0] if len(names) == 1 else f"mean of {len(names)} models: {list_some(names)}"


def told(identities: Sequence[str]) -> str | list[str]:
    """The identities as files of results name them."""
    return identities[0] if len(identities) == 1 else list(identities)
