"""A model together with all that is needed to label images with it."""

import functools
from dataclasses import dataclass

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from prep.classes import ClassMap
from prep.imageio import ImageRGB, IndexMask
from train.windows import Probabilities, label_image


@dataclass(frozen=True)
class Normalizer:
    """Turns uint8 pixels into network input: zero mean and unit deviation over the training set.

    mean, std: RGB in 0..1, as in stats.json.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __call__(self, pixels: Tensor) -> Tensor:
        """(B, H, W, 3) uint8 -> (B, 3, H, W) float32, in channels-last memory order."""
        shift, scale = _shift_and_scale(self.mean, self.std, pixels.device)
        scaled: Tensor = (pixels.float() - shift) * scale
        return scaled.permute(0, 3, 1, 2)


@functools.cache
def _shift_and_scale(mean: tuple[float, ...], std: tuple[float, ...], device: torch.device) -> tuple[Tensor, Tensor]:
    """Kept on the device: copying them there for each batch would make it wait."""
    shift = torch.tensor(mean, device=device) * 255
    # A channel that never changes has no deviation; one grey level stands in.
    scale = torch.tensor([1 / (255 * max(value, 1 / 255)) for value in std], device=device)
    return shift, scale


@dataclass(frozen=True)
class TorchModel:
    """A network in PyTorch as class probabilities of windows."""

    network: nn.Module
    normalize: Normalizer
    fabric: Fabric

    def __call__(self, windows: Tensor) -> Tensor:
        """(B, S, S, 3) uint8 -> (B, C, S, S) float32 class probabilities; leaves the network in evaluation mode."""
        return self.logits(windows).softmax(dim=1)

    def logits(self, windows: Tensor) -> Tensor:
        """(B, S, S, 3) uint8 -> (B, C, S, S) float32 logits; leaves the network in evaluation mode."""
        self.network.eval()
        with torch.inference_mode(), self.fabric.autocast():
            logits: Tensor = self.network(self.normalize(windows))
        return logits.float()


@dataclass(frozen=True)
class Predictor:
    """Labels whole images with overlapping windows of class probabilities.

    model: class probabilities of windows, whatever computes them.  device: where the probabilities are added up.
    """

    model: Probabilities
    classes: ClassMap
    window: int
    overlap: float
    device: torch.device

    def __call__(self, image: ImageRGB) -> IndexMask:
        """(H, W, 3) uint8 -> (H, W) class indices, without ignored pixels."""
        return label_image(image, self.model, len(self.classes), self.window, self.overlap, self.device)
