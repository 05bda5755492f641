"""A run as annotation needs it: labels, confidences and entropies of whole images."""

import hashlib
import math
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from prep.annotate.model.proposer import Proposal, Report
from prep.annotate.model.uncertainty import block_means
from prep.core.errors import SegError
from prep.dataset.index import Sample
from prep.images.imageio import ImageRGB
from train.exporting.engine import joint_name, open_predictor
from train.scoring.grounded import Grounded
from train.windows.image_rows import ArrayRows
from train.windows.predictor import Predictor
from train.windows.scale import Rescaling, Scale
from train.windows.windows import best_class


class RunProposer:
    """A predictor that says how sure it is.

    name: of the run, as people know it.  key: differs for every other model file, and is fit for a folder's name.
    """

    def __init__(self, predictor: Predictor, name: str, key: str) -> None:
        self.name = name
        self.key = key
        self.classes = predictor.classes.names
        self._predictor = predictor

    def __call__(self, image: ImageRGB, report: Report, sample: Sample) -> Proposal:
        """Label (H, W, 3), at the size on the ground of the training where the model goes by that.

        `report` is told the share of the windows that are done; what it raises ends the work.
        Raises SegError if there is not enough memory.
        """
        height, width = image.shape[:2]
        predictor = Grounded(self._predictor, [sample]).of(sample)
        _need_scale(predictor.scale, height, width)
        parts = [np.empty((height, width), np.uint8) for _ in range(3)]
        try:
            for top, strip in predictor.watched(height, width, report).probability_strips(ArrayRows(image)):
                for part, rows in zip(parts, (best_class(strip), *_sureness(strip)), strict=True):
                    part[top : top + len(rows)] = rows.cpu().numpy()
        except (MemoryError, torch.OutOfMemoryError) as error:
            raise SegError(
                "the model needs more memory for this image than there is; close other programs, or make the images "
                "smaller with 'seg-prep resize'"
            ) from error
        mask, confidence, entropy = parts
        return Proposal(mask, confidence, block_means(entropy))


def _need_scale(scale: Rescaling, height: int, width: int) -> None:
    """SegError if the scale of an image of this size cannot be told."""
    try:
        scale.size(height, width)
    except SegError as error:
        raise SegError(
            f"{width:,} x {height:,} pixels, and the model learned from images of {scale.known}: it cannot be told "
            "whether this shows the same in other pixels; add --scale fit (as a whole at the size of those images) or "
            "--scale 1 (as it is)"
        ) from error


def open_run(run: Path | None, note: Callable[[str], None], scale: Scale = "auto") -> RunProposer:
    """The model of a run, or of an exported file, found as open_predictor does; it leaves a core to the page.

    scale: at which it labels, as of Predictor.at_scale.
    Raises SegError if there is no such model.
    """
    torch.set_num_threads(max(1, (os.cpu_count() or 1) - 1))
    predictor, identities = open_predictor([] if run is None else [run], None, "auto", note, scale)
    # An earlier version labelled images of another scale as they were: its proposals are others.
    key = hashlib.sha256(f"{' '.join(identities)} {predictor.scale}".encode()).hexdigest()[:16]
    return RunProposer(predictor, joint_name(identities), key)


def _sureness(strip: Tensor) -> tuple[Tensor, Tensor]:
    """(C, n, W) probabilities -> (n, W) uint8 each: percent of the highest one, and entropy, 255 the most possible."""
    confidence = (strip.amax(dim=0) * 100 + 1e-4).clamp_(0, 100)
    entropy = torch.zeros_like(strip[0])
    for scores in strip:  # one class at a time: the copies stay small
        entropy -= torch.special.xlogy(scores, scores)
    entropy *= 255 / math.log(max(2, len(strip)))
    return confidence.to(torch.uint8), entropy.round_().clamp_(0, 255).to(torch.uint8)
