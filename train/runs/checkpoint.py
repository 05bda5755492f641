"""Checkpoints: model.pt to use a model anywhere, last.pt to go on with its training."""

import functools
import hashlib
import io
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from prep.core.arguments import UP_TO_1
from prep.core.classes import ClassMap, classes_from_json
from prep.core.errors import SegError
from prep.core.files import read_bytes, write_bytes
from prep.photos.rendering import OWN_RANGES, Rendering
from train.config.config import SETTINGS, Config
from train.data.lineage import Lineage, lineage_from_plain, lineage_to_plain
from train.networks.networks import build_network, labelling_network
from train.runs.fold_record import run_name
from train.windows.accelerator import Accelerator
from train.windows.predictor import Normalizer, Predictor, TorchModel
from train.windows.scale import ImageScale, Rescaling
from train.windows.window_settings import WindowSettings

_POSSIBLE = {
    "mean": (UP_TO_1, 3, (int, float)),
    "std": (UP_TO_1, 3, (int, float)),
    "window": (SETTINGS["window"].within, 1, (int,)),
    "overlap": (SETTINGS["overlap"].within, 1, (int, float)),
}
"""Range, count and types of the numbers of a card; a channel that never changes has the std 0: the normalizer knows."""

_PACKAGES = ("seg-prep", "torch", "lightning-fabric", "numpy")


@dataclass(frozen=True)
class ModelCard:
    """Everything besides the weights that a model needs to be used, and to be believed.

    rendering: how photos became the images of the dataset.
    image_scale: how large the images were that it learned from; None if an older version trained it.
    lineage: which images it has learned, and the models that it began with; empty if an older version trained it.
    """

    config: Config
    classes: ClassMap
    mean: tuple[float, ...]
    std: tuple[float, ...]
    window: int
    overlap: float
    dataset: str
    split_hash: str
    rendering: Rendering = OWN_RANGES
    image_scale: ImageScale | None = None
    lineage: Lineage = ()

    @classmethod
    def from_plain(cls, data: dict[str, Any], path: Path) -> "ModelCard":
        """Read what to_plain gave; SegError for numbers that no model has, before any memory is spent on them."""
        plain: dict[str, Any] = {}
        for name, (within, count, types) in _POSSIBLE.items():
            value = data[name]
            numbers = tuple(value) if count > 1 and isinstance(value, list | tuple) else (value,)
            if len(numbers) != count or not all(type(each) in types and each in within for each in numbers):
                raise SegError(f"{path}: {name} needs {within}{', three times' * (count == 3)}; got {value!s:.100}")
            plain[name] = numbers if count > 1 else value
        return cls(
            config=Config.from_plain(data["config"], path),
            classes=classes_from_json(data["classes"]),
            **plain,
            **{name: data[name] for name in ("dataset", "split_hash")},
            rendering=Rendering.from_plain(data.get("ranges", {}), path),
            image_scale=ImageScale.from_plain(data.get("image_scale"), path),
            lineage=lineage_from_plain(data.get("lineage")),
        )

    def to_plain(self) -> dict[str, Any]:
        """Plain data, with the versions of the packages and of this program's source."""
        return {
            **{name: value for name, value in vars(self).items() if name != "rendering"},
            "config": self.config.to_plain(),
            "classes": self.classes.to_json(),
            "ranges": self.rendering.to_plain(),
            "image_scale": self.image_scale.to_plain() if self.image_scale else None,
            "lineage": lineage_to_plain(self.lineage),
            "versions": {name: version(name) for name in _PACKAGES},
            "git_hash": _git_hash(),
        }


def save_model(path: Path, network: torch.nn.Module, card: ModelCard, results: Mapping[str, object]) -> None:
    """Write weights, card and validation results (cells of history.csv); torch.load(weights_only=True) reads them."""
    weights = {name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}
    write_checkpoint(path, {"weights": weights, **card.to_plain(), "results": dict(results)})


def load_model(path: Path, accelerator: Accelerator) -> tuple[Predictor, ModelCard]:
    """Read a model.pt onto the device; SegError if it is none of ours."""
    data = read_checkpoint(path)
    try:
        card = ModelCard.from_plain(data, path)
        network = _network(card, data["weights"])
        if not all(each.isfinite().all() for each in network.state_dict().values()):
            raise SegError("its weights are no numbers (NaN, infinite): a training that went wrong; train again")
    except SegError as error:  # of its classes and its network, which know no file
        raise error if str(error).startswith(f"{path}:") else SegError(f"{path}: {error}") from error
    except (KeyError, TypeError, AttributeError, RuntimeError) as error:
        reason = str(error).strip().partition("\n")[0][:200]
        raise SegError(f"{path}: not a model of this version of seg-train ({reason})") from error
    network = network.to(memory_format=torch.channels_last).to(accelerator.device)
    model = TorchModel(network, Normalizer(card.mean, card.std), accelerator)
    windows = WindowSettings(card.window, card.overlap)
    scale = Rescaling(card.image_scale)
    return Predictor(model, card.classes, windows, accelerator.device, card.rendering, scale), card


def _network(card: ModelCard, weights: dict[str, torch.Tensor]) -> torch.nn.Module:
    """The network of a card with these weights; RuntimeError, before it takes memory, if they are of another one."""
    if card.config.is_plain:  # of others, what the libraries make of them
        with torch.device("meta"):  # shapes only
            expected = build_network(card.config, len(card.classes)).state_dict()
        if _shapes(weights) != _shapes(expected):
            raise RuntimeError("its weights are of a network of another size than it names")
    network = labelling_network(card.config, len(card.classes))
    network.load_state_dict(weights)
    return network


def _shapes(weights: Mapping[str, torch.Tensor]) -> dict[str, tuple[torch.Size, bool]]:
    """And whether each holds floating-point numbers."""
    return {name: (each.shape, each.is_floating_point()) for name, each in weights.items()}


def model_id(path: Path) -> str:
    """Name of the run and a hash of its model file: equal only for the same weights."""
    return f"{run_name(path.parent)} {hashlib.sha256(read_bytes(path)).hexdigest()[:16]}"


def write_checkpoint(path: Path, data: dict[str, Any]) -> None:
    """Write plain data and tensors atomically."""
    buffer = io.BytesIO()
    torch.save(data, buffer)
    write_bytes(path, buffer.getbuffer())


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read plain data and tensors to the CPU; never runs code from the file. SegError if it is damaged."""
    content = read_bytes(path)
    try:
        _refuse_packed(content)
        data = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds; all mean that the file is not ours
        raise SegError(f"{path}: not a checkpoint of seg-train, or damaged; copy it again, or name another") from error
    if not isinstance(data, dict):
        raise SegError(f"{path}: not a checkpoint of seg-train; name a run, or its model.pt")
    return data


def _refuse_packed(content: bytes) -> None:
    """ValueError where torch would make more of a file than its bytes: it stores tensors as they are, in a zip file.

    It unpacks those of others as well, and reads the format before that, whose storages are as large as they say.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(info.file_size for info in archive.infolist()) > len(content):
            raise ValueError("it unpacks to more than it holds")


@functools.cache
def _git_hash() -> str:
    """The commit of the source this runs from; empty for an installed package or without git."""
    source = Path(__file__).resolve().parents[2]
    if not (source / ".git").exists():  # a repository further up would be somebody else's
        return ""
    try:
        answer = subprocess.run(
            ["git", "-C", str(source), "rev-parse", "HEAD"],
            capture_output=True, text=True, timeout=10, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip()
