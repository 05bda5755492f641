"""The model of a command as a worker of a cluster opens it for itself: once, for all the images that it gets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from prep.core.errors import SegError
from prep.photos.ranges import Ranges
from train.exporting.engine import open_predictor
from train.runs.checkpoint import model_id
from train.runs.members import Members
from train.runs.run_files import MODEL
from train.windows.predictor import Predictor
from train.windows.scale import Scale


@dataclass(frozen=True)
class RemoteModel:
    """What the model was opened with.  identities: of it, so that a file that was replaced is opened anew.

    windows: arguments of Predictor.changed.  ranges: of deep photos, as of Predictor.
    """

    runs: tuple[str, ...]
    identities: tuple[str, ...]
    engine: str | None = None
    device: str = "auto"
    scale: Scale = "auto"
    windows: tuple[tuple[str, Any], ...] = ()
    ranges: tuple[tuple[str, tuple[float, float]], ...] = ()

    @classmethod
    def of(
        cls, runs: Sequence[Path], identities: Sequence[str], *, engine: str | None = None, device: str = "auto",
        scale: Scale = "auto", windows: Mapping[str, Any], ranges: Ranges | None = None,
    ) -> "RemoteModel":  # fmt: skip
        """The same from what commands have; a run that was not named is to be given by its folder."""
        chosen = tuple(sorted((name, value) for name, value in windows.items() if value is not None))
        places = tuple(str(run) for run in runs)
        return cls(places, tuple(identities), engine, device, scale, chosen, tuple(sorted((ranges or {}).items())))

    @classmethod
    def of_members(cls, members: Members, device: str, scale: Scale, windows: Mapping[str, Any]) -> "RemoteModel":
        """The mean of the models of runs."""
        identities = [model_id(run / MODEL) for run in members.runs]
        return cls.of(members.runs, identities, device=device, scale=scale, windows=windows)

    def open(self) -> Predictor:
        """The model; the same one as long as this process is asked for no other. SegError as open_predictor."""
        return _opened(self)


@lru_cache(maxsize=1)
def _opened(model: RemoteModel) -> Predictor:
    torch.set_num_threads(1)  # there is a worker for each core
    runs = [Path(run) for run in model.runs]
    predictor, identities = open_predictor(runs, model.engine, model.device, lambda text: None, model.scale)
    if identities != model.identities:
        raise SegError(f"{', '.join(model.runs) or 'the latest run'}: was replaced while its model was at work")
    predictor = predictor.changed(**dict(model.windows))
    return replace(predictor, ranges=dict(model.ranges)) if model.ranges else predictor
