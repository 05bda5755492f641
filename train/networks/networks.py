"""The network that a config describes: our plain U-Net, our atrous one, or any of segmentation-models-pytorch."""

import difflib
import functools
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from prep.core.errors import SegError
from train.config.config import Config, architecture_key
from train.networks.lite_unet import LITE0, LiteUNet
from train.networks.unet import UNet

ATROUS = "atrous-unet"
USUAL_ENCODER = "resnet34"

_ENCODER_MULTIPLE, _MULTIPLE = 32, {"pan": 128}
"""Sides that encoders need, and those that an architecture needs: PAN halves its lowest features thrice."""


_TRIAL_SIZE = 64

USUAL_DECODER_WIDTH = Config().decoder_width
_LEVELS, _LEAST_CHANNELS = 5, 16
_WITH_DECODER_WIDTH = ("manet", "unet", "unetplusplus")


class AnySize(nn.Module):
    """A network that needs sides divisible by `multiple`, made to take any: borders are repeated, logits cropped."""

    def __init__(self, network: nn.Module, multiple: int) -> None:
        super().__init__()
        self.network, self.multiple = network, multiple

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) normalised image -> (B, classes, H, W) logits."""
        height, width = x.shape[-2:]
        padded = F.pad(x, (0, -width % self.multiple, 0, -height % self.multiple), mode="replicate")
        logits: Tensor = self.network(padded)
        return logits[..., :height, :width]


def need_network(config: Config) -> None:
    """SegError for an --arch or an --encoder that does not exist: before anything is written, and in a moment."""
    _known_arch(config.arch)
    if config.encoder is not None and not config.encoder.startswith("tu-"):  # any network of timm, by its name there
        _need_name("--encoder", config.encoder, encoders())


def build_network(config: Config, classes: int) -> nn.Module:
    """The network of a config, with random weights from torch's global generator.

    (B, 3, H, W) normalised image -> (B, classes, H, W) logits.  Raises SegError for names that do not exist.
    """
    arch = _known_arch(config.arch)
    _need_decoder(config, arch)
    if config.is_plain:
        return UNet(classes, config.width, config.depth)
    encoder = config.encoder or USUAL_ENCODER
    need_network(config)
    try:
        return AnySize(_build(arch, encoder, classes, config.decoder_width), _MULTIPLE.get(arch, _ENCODER_MULTIPLE))
    except (KeyError, TypeError, ValueError, RuntimeError, NotImplementedError, AttributeError) as error:
        raise SegError(f"--arch {arch} does not go with --encoder {encoder}: {error}") from error


def labelling_network(config: Config, classes: int) -> nn.Module:
    """The network of a config to load weights into: the numbers are those of build_network, it takes less memory."""
    if config.encoder == LITE0 and _known_arch(config.arch) == "unet":
        return AnySize(LiteUNet(classes, decoder_channels(config.decoder_width)), _ENCODER_MULTIPLE)
    return build_network(config, classes)


def decoder_channels(width: int) -> list[int]:
    """Channels of the decoder's levels, from the coarsest to that of the whole image."""
    return [max(width >> level, _LEAST_CHANNELS) for level in range(_LEVELS)]


def takes_decoder_width(arch: str) -> bool:
    """Whether --decoder-width goes with this architecture, by any of its names; SegError if there is none of it."""
    return _known_arch(arch) in _WITH_DECODER_WIDTH


def _need_decoder(config: Config, arch: str) -> None:
    if config.decoder_width == USUAL_DECODER_WIDTH:
        return
    if config.is_plain:
        raise SegError("--decoder-width is of networks with an encoder: add --encoder NAME, or give --width instead")
    if not takes_decoder_width(arch):
        raise SegError(f"--decoder-width goes with --arch {', '.join(_WITH_DECODER_WIDTH)}: leave it out for {arch}")


def _build(arch: str, encoder: str, classes: int, decoder_width: int) -> nn.Module:
    if arch == ATROUS:
        from train.networks.atrous import AtrousUNet

        return AtrousUNet(encoder, classes)
    smp = _smp()
    options: dict[str, Any] = {}
    if arch == "dpt":
        options["dynamic_img_size"] = True  # else it takes images of one size only
    if arch in _WITH_DECODER_WIDTH:
        options["decoder_channels"] = decoder_channels(decoder_width)
    network: nn.Module = smp.create_model(arch, encoder, None, in_channels=3, classes=classes, **options)
    return network


def freeze_idle(network: nn.Module) -> nn.Module:
    """Mark parameters that the logits do not depend on as such, and return the network.

    Some encoders have layers that no decoder uses; several processes would wait for their gradients.
    """
    weights = list(network.parameters())
    logits: Tensor = network.eval()(torch.zeros(1, 3, _TRIAL_SIZE, _TRIAL_SIZE))
    found = torch.autograd.grad(logits.sum(), weights, allow_unused=True)
    for weight, gradient in zip(weights, found, strict=True):
        weight.requires_grad_(gradient is not None)
    return network.train()


def encoder_of(network: nn.Module) -> nn.Module | None:
    """The encoder in a network that `build_network` made; None in the plain U-Net, which has none of its own."""
    encoder = getattr(network.network, "encoder", None) if isinstance(network, AnySize) else None
    return encoder if isinstance(encoder, nn.Module) else None


def architectures() -> list[str]:
    """Names that --arch takes."""
    return sorted({ATROUS, *_smp().MODEL_ARCHITECTURES_MAPPING})


def encoders() -> list[str]:
    """Names that --encoder takes; besides them tu-NAME for any network of timm."""
    return sorted(
        name for name in _smp().encoders.get_encoder_names() if not name.startswith("timm-")
    )  # outdated names


@functools.cache
def _smp() -> Any:  # noqa: ANN401
    import segmentation_models_pytorch as smp  # seconds of import that the plain U-Net does not need

    return smp


def _known_arch(name: str) -> str:
    """The architecture that is meant, however it is spelt."""
    if architecture_key(name) == "unet":
        return "unet"  # without the import of all others
    found = {architecture_key(each): each for each in architectures()}.get(architecture_key(name), name)
    _need_name("--arch", found, architectures())
    return found


def _need_name(option: str, name: str, known: list[str]) -> None:
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    raise SegError(f"{option} {name}: {hint}'seg-train networks' lists all")
