"""A model together with all that is needed to label images with it."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from prep.core.classes import ClassMap
from prep.geo.pixel_size import PixelSize
from prep.images.imageio import ImageRGB, IndexMask
from prep.photos.rendering import OWN_RANGES, Rendering
from train.windows.accelerator import Accelerator
from train.windows.image_rows import ArrayRows, ImageRows
from train.windows.probability_file import Keep
from train.windows.resampling import brought_back, resized
from train.windows.scale import Rescaling, Scale, parse_scale
from train.windows.window_settings import WindowSettings
from train.windows.windows import Part, Probabilities, best_class, count_windows, probability_parts, whole_rows


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
    accelerator: Accelerator

    def __call__(self, windows: Tensor) -> Tensor:
        """(B, S, S, 3) uint8 -> (B, C, S, S) float32 class probabilities; leaves the network in evaluation mode."""
        return self.logits(windows).softmax(dim=1)

    def logits(self, windows: Tensor) -> Tensor:
        """(B, S, S, 3) uint8 -> (B, C, S, S) float32 logits; leaves the network in evaluation mode."""
        self.network.eval()
        with torch.inference_mode(), self.accelerator.autocast():
            logits: Tensor = self.network(self.normalize(windows))
        return logits.float()


@dataclass(frozen=True)
class Predictor:
    """Labels whole images with overlapping windows of class probabilities.

    model: class probabilities of windows, whatever computes them.  device: where the probabilities are added up.
    rendering: how photos become images, as in the training.
    scale: the size at which a photo is labelled; it is brought to that, and its labels back, rows at a time.
    """

    model: Probabilities
    classes: ClassMap
    windows: WindowSettings
    device: torch.device
    rendering: Rendering = OWN_RANGES
    scale: Rescaling = field(default_factory=Rescaling)

    def __call__(self, image: ImageRGB) -> IndexMask:
        """(H, W, 3) uint8 -> (H, W) class indices, without ignored pixels.

        SegError for any other kind of array, and where its scale cannot be told: then load with scale="fit", or 1.
        """
        source = ArrayRows(image)
        labels = np.empty((source.height, source.width), np.uint8)
        for top, strip in self.strips(source):
            labels[top : top + len(strip)] = strip
        return labels

    def probabilities(self, image: ImageRGB) -> NDArray[np.float32]:
        """(H, W, 3) uint8 -> (C, H, W), what the labels are the highest of. SegError as above."""
        source = ArrayRows(image)
        found = np.empty((len(self.classes), source.height, source.width), np.float32)
        for top, left, part in self.probability_parts(source):
            found[:, top : top + part.shape[1], left : left + part.shape[2]] = part.cpu().numpy()
        return found

    def strips(self, source: ImageRows, keep: Keep | None = None) -> Iterator[tuple[int, IndexMask]]:
        """Label an image that need not fit in memory: (first row, (n, W) class indices) from the top down.

        The label of a pixel is the class whose probability, averaged over all windows, is highest; on a tie the lower
        index wins.  keep: writes the probabilities as well, on the way.
        """
        parts = self.probability_parts(source)
        if keep is not None:
            parts = keep(parts, (len(self.classes), source.height, source.width))
        labels = np.empty(0, np.uint8)
        for top, left, part in parts:
            if left == 0:
                labels = np.empty((part.shape[1], source.width), np.uint8)
            labels[:, left : left + part.shape[2]] = best_class(part).cpu().numpy()
            if left + part.shape[2] == source.width:
                yield top, labels

    def probability_strips(self, source: ImageRows) -> Iterator[tuple[int, Tensor]]:
        """(first row, float32 (C, n, W)) from the top down; each is overwritten when the next one is asked for."""
        return whole_rows(self.probability_parts(source), source.width)

    def probability_parts(self, source: ImageRows) -> Iterator[Part]:
        """Parts from the top down and from left to right, which take less memory than whole strips."""
        height, width = source.height, source.width
        size = self.scale.size(height, width)
        image = source if size == (height, width) else resized(source, *size)
        parts = probability_parts(image, self.model, len(self.classes), self.windows, self.device)
        if image is source:
            return parts
        strips = brought_back(whole_rows(parts, size[1]), size, height, width)
        return ((top, 0, strip) for top, strip in strips)

    def changed(self, **windows: Any) -> "Predictor":  # noqa: ANN401
        """The same model with other windows: arguments of WindowSettings.changed."""
        return replace(self, windows=self.windows.changed(**windows))

    def at_scale(self, wanted: Scale) -> "Predictor":
        """The same model at another scale: auto, fit or a factor, as of Rescaling. SegError if it cannot be."""
        return replace(self, scale=replace(self.scale, wanted=parse_scale(wanted)))

    def on_ground(self, pixel: PixelSize | None) -> "Predictor":
        """The same for a raster whose pixels have this size on the ground; None for what has none that is known."""
        return self if pixel == self.scale.pixel else replace(self, scale=replace(self.scale, pixel=pixel))

    def watched(self, height: int, width: int, check: Callable[[float], None]) -> "Predictor":
        """The same for one image of this size, which tells `check` the share of its windows that is done.

        It does so before each batch of windows; what `check` raises ends the labelling. A network cannot be stopped
        while it computes, but between two batches it can.
        """
        number, done = count_windows(*self.scale.size(height, width), self.windows), 0

        def model(windows: Tensor) -> Tensor:
            nonlocal done
            check(min(1.0, done / number))
            done += len(windows)
            return self.model(windows)

        return replace(self, model=model)
