"""The model of a command as a worker of a cluster opens it for itself: once, for all the images that it gets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from prep.core.errors import SegError
from prep.photos.ranges import Ranges
from train.runs.checkpoint import model_id
from train.runs.device import find_accelerator
from train.runs.members import Members, load_members
from train.runs.run_files import MODEL
from train.windows.predictor import Predictor
from train.windows.scale import Scale


@dataclass(frozen=True)
class RemoteModel:
    """What the model was opened with.  opener: a function of a module, which opens the same and tells its identities.

    identities: of the models, as of model_id: a run that was replaced meanwhile is no longer the same.
    windows: arguments of Predictor.changed.  ranges: of deep photos, as of Predictor.
    """

    opener: Callable[["RemoteModel"], tuple[Predictor, tuple[str, ...]]]
    runs: tuple[str, ...]
    identities: tuple[str, ...]
    engine: str | None = None
    device: str = "auto"
    scale: Scale = "auto"
    windows: tuple[tuple[str, Any], ...] = ()
    ranges: tuple[tuple[str, tuple[float, float]], ...] = ()

    def with_settings(self, windows: Mapping[str, Any], ranges: Ranges | None = None) -> "RemoteModel":
        """With other windows, of which None is as the model has them, and the ranges of deep photos."""
        chosen = tuple(sorted((name, value) for name, value in windows.items() if value is not None))
        return replace(self, windows=chosen, ranges=tuple(sorted((ranges or {}).items())))

    def open(self) -> Predictor:
        """The model; the same one as long as this process is asked for no other. SegError if it is not there."""
        return _opened(self)


def remote_members(members: Members, device: str, scale: Scale) -> RemoteModel:
    """The mean of the models of runs."""
    return RemoteModel(
        _open_members, _texts(members.runs), _identities(members.runs), device=device, scale=scale
    )  # fmt: skip


def _open_members(model: RemoteModel) -> tuple[Predictor, tuple[str, ...]]:
    runs = tuple(Path(run) for run in model.runs)
    predictor, _ = load_members(Members(runs, None), find_accelerator(model.device), model.scale)
    return predictor, _identities(runs)


def _texts(runs: Sequence[Path]) -> tuple[str, ...]:
    return tuple(str(run) for run in runs)


def _identities(runs: Sequence[Path]) -> tuple[str, ...]:
    return tuple(model_id(run / MODEL) for run in runs)


@lru_cache(maxsize=1)
def _opened(model: RemoteModel) -> Predictor:
    torch.set_num_threads(1)  # there is a worker for each core
    predictor, identities = model.opener(model)
    if identities != model.identities:
        raise SegError(f"{', '.join(model.runs) or 'the latest run'}: was replaced while its model was at work")
    predictor = predictor.changed(**dict(model.windows))
    return replace(predictor, ranges=dict(model.ranges)) if model.ranges else predictor
