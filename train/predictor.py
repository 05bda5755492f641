"""A network together with all that is needed to label images with it."""

import functools
from dataclasses import dataclass

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from prep.classes import ClassMap
from prep.imageio import ImageRGB, IndexMask
from train.windows import label_image


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
class Predictor:
    """Labels whole images with overlapping windows of the network's class probabilities."""

    network: nn.Module
    normalize: Normalizer
    classes: ClassMap
    window: int
    overlap: float
    fabric: Fabric

    def __call__(self, image: ImageRGB) -> IndexMask:
        """(H, W, 3) uint8 -> (H, W) class indices, without ignored pixels."""
        was_training = self.network.training
        self.network.eval()
        with torch.inference_mode():
            mask = label_image(
                image, self._probabilities, len(self.classes), self.window, self.overlap, self.fabric.device
            )
        self.network.train(was_training)
        return mask

    def _probabilities(self, windows: Tensor) -> Tensor:
        with self.fabric.autocast():
            logits: Tensor = self.network(self.normalize(windows))
        return logits.float().softmax(dim=1)
