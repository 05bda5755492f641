"""Processes that begin with everything imported that commands need; one list, as a process has one fork server."""

import multiprocessing
from multiprocessing.context import ForkServerContext

PRELOADED = (
    "prep.checking.check", "prep.cli.main", "prep.converting.inspection", "prep.converting.masks",
    "prep.cutting.cut_rasters",
    "prep.patching.patches", "prep.exporting.export", "prep.photos.resize_dataset", "prep.reporting.report",
    "prep.splitting.split", "synth.dataset", "train.auditing.audit_run", "train.cli.main", "train.exporting.engine",
    "train.fitting.fit", "train.folding.cross_validation", "train.predicting.predict", "train.reporting.report",
    "train.scoring.score", "lightning_fabric", "matplotlib.pyplot", "rasterio.warp", "rich.progress", "skimage.measure",
    "tests.concurrent.commands", "tests.kills.trials", "torch._dynamo",
)  # fmt: skip
"""What the commands import when they begin, or on the way."""


def fork_server() -> ForkServerContext:
    """The context of such processes."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*PRELOADED])
    return context
