"""Processes that begin with everything imported that commands need. A process has one fork server, whoever uses it."""

from collections.abc import Sequence
from multiprocessing import forkserver

PRELOADED = (
    "prep.checking.check", "prep.cli.main", "prep.converting.inspection", "prep.converting.masks",
    "prep.cutting.cut_rasters",
    "prep.patching.patches", "prep.exporting.export", "prep.photos.resize_dataset", "prep.reporting.report",
    "prep.splitting.split", "synth.dataset", "train.auditing.audit_run", "train.cli.main", "train.exporting.engine",
    "train.fitting.fit", "train.folding.cross_validation", "train.predicting.predict", "train.reporting.report",
    "train.scoring.score", "lightning_fabric", "matplotlib.pyplot", "rasterio.warp", "rich.progress", "scipy.special",
    "skimage.measure",
    "tests.concurrent.commands", "tests.kills.trials", "torch._dynamo",
)  # fmt: skip
"""What the commands import when they begin, or on the way."""

FEW_CROPS = 80
"""Ten batches, over which running statistics are counted anew where 480 crops would cost more than a tiny training."""


def preload() -> None:
    """Let the processes of the fork server begin with all of that; one that runs with less is ended."""
    _start_over(PRELOADED)


def release() -> None:
    """Let other tests have a fork server of their own: what it holds counts for the limits of its processes."""
    _start_over(("__main__",))


def _start_over(modules: Sequence[str]) -> None:
    forkserver._forkserver._stop()  # type: ignore[attr-defined]
    forkserver.set_forkserver_preload([*modules])
