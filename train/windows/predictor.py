"""A model together with all that is needed to label images with it."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from prep.core.classes import ClassMap
from prep.images.imageio import ImageRGB, IndexMask
from train.windows.blending import Blend
from train.windows.image_rows import ArrayRows, ImageRows
from train.windows.probability_file import Precision, written
from train.windows.tta import TTA
from train.windows.windows import Probabilities, label_image, labelled, probability_strips


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
    blend: how much a window counts away from its middle.  tta: "d4" averages over the eight symmetries of a window.
    """

    model: Probabilities
    classes: ClassMap
    window: int
    overlap: float
    device: torch.device
    blend: Blend = "gaussian"
    tta: TTA | None = None

    def __call__(self, image: ImageRGB) -> IndexMask:
        """(H, W, 3) uint8 -> (H, W) class indices, without ignored pixels."""
        return label_image(
            image, self.model, len(self.classes), self.window, self.overlap, self.device, blend=self.blend, tta=self.tta
        )

    def strips(
        self, source: ImageRows, probabilities: Path | None = None, precision: Precision = "float16"
    ) -> Iterator[tuple[int, IndexMask]]:
        """Label an image that need not fit in memory: (first row, (n, W) class indices) from the top down.

        probabilities: a .npy file (C, H, W) to write as well; it appears when all strips have been taken.
        """
        classes = len(self.classes)
        strips = probability_strips(
            source, self.model, classes, self.window, self.overlap, self.device, blend=self.blend, tta=self.tta
        )
        if probabilities is not None:
            strips = written(strips, probabilities, (classes, source.height, source.width), precision)
        return labelled(strips)

    def probabilities(self, image: ImageRGB | ImageRows, path: Path, precision: Precision = "float16") -> None:
        """Write the class probabilities of an image, (C, H, W), to a .npy file; np.load(path, mmap_mode="r") opens it.

        Raises SegError if the file cannot be written.
        """
        source = ArrayRows(image) if isinstance(image, np.ndarray) else image
        for _ in self.strips(source, path, precision):
            pass

    def changed(
        self,
        window: int | None = None,
        overlap: float | None = None,
        blend: Blend | None = None,
        tta: TTA | None = None,
    ) -> "Predictor":
        """The same model with other windows; None leaves a value as it is."""
        return replace(
            self,
            window=window or self.window,
            overlap=self.overlap if overlap is None else overlap,
            blend=blend or self.blend,
            tta=tta or self.tta,
        )
