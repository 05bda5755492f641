"""Names of the files in a run folder."""

from pathlib import Path

RUNS, LATEST = Path("runs"), "latest"

MODEL, LAST, CONFIG = "model.pt", "last.pt", "config.json"
HISTORY, CURVES, LOG, EVENTS = "history.csv", "curves.png", "log.txt", "tensorboard"
METRICS, PER_IMAGE, CONFUSION = "metrics.json", "per_image.csv", "confusion.png"
PREDICTIONS, WORST = "predictions", "worst.png"
RUN_REPORT, ONNX, PLAN = "report.html", "model.onnx", "plan.toml"
LAUNCH = "launch.txt"
TRAINING = ".training"
"""Stands while a run is trained, or was killed."""

RUN_FOLDS, FOLD_TABLE, FOLD_COUNTS = "folds.json", "folds.csv", "counts.npz"

STATISTICS = "running_statistics"
"""In the results of a model.pt: that its running statistics were counted anew, and what that changed, in words."""
