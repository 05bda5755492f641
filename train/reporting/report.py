"""report.html: one self-contained page about a run."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from prep.core.errors import SegError
from prep.core.files import read_bytes, write_text
from prep.core.tables import read_table
from prep.core.words import counted
from prep.dataset.transaction import writing
from train.runs.checkpoint import read_checkpoint
from train.runs.run_files import (
    CONFIG,
    CONFUSION,
    CURVES,
    METRICS,
    MODEL,
    PER_IMAGE,
    PREDICTIONS,
    RUN_REPORT,
    STATISTICS,
)
from train.runs.run_settings import read_settings
from train.scoring.score_files import read_metrics

_REMEDY = "score the run again with 'seg-train score'"
_LEVELS = 20
"""Of settings in settings that are shown: ours have three."""

_TOLD = ("arch", "encoder", "dataset", "train_images", "val_images", "device", "precision_used")


def write_run_report(run: Path, steps: Sequence[str] = ()) -> Path:
    """Write report.html from what the run folder holds: settings, curves, scores, confusion matrix, overlays.

    steps: what to do next, at its end.
    """
    metrics = read_metrics(run) if (run / METRICS).exists() else None
    pictures = sorted((run / PREDICTIONS).glob("*.png")) if metrics else []
    scores = _scores(run) if metrics else {}
    page = _template().render(
        counted=counted,
        name=run.name,
        steps=steps,
        config=_settings(run),
        metrics=metrics,
        curves=inline(run / CURVES) if (run / CURVES).exists() else None,
        statistics=_statistics(run),
        confusion=inline(run / CONFUSION) if metrics else None,
        worst=[_shown(run, path, scores) for path in pictures if path.name.startswith("worst-")],
        best=[_shown(run, path, scores) for path in pictures if path.name.startswith("best-")],
    )
    with writing(run):
        write_text(run / RUN_REPORT, page)
    return run / RUN_REPORT


def renew_run_report(folder: Path) -> None:
    """Write report.html anew where a run was scored once more; other folders of scores have none."""
    if (folder / CONFIG).exists():
        write_run_report(folder)


@cache
def _template() -> Template:
    """Compiled once in a process."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["in_words"] = _in_words
    return environment.get_template("report.html.j2")


def _settings(run: Path) -> dict[str, Any]:
    """What the page tells of config.json; SegError if something of that is not in it."""
    settings = read_settings(run)
    missing = [name for name in _TOLD if name not in settings]
    if missing:
        raise SegError(f"{run / CONFIG}: says no {missing[0]}; restore it from a copy, or train again")
    return settings


def _statistics(run: Path) -> str | None:
    """What was done to the running statistics of the model at the end of its training; None if nothing was."""
    results = read_checkpoint(run / MODEL).get("results") if (run / MODEL).exists() else None
    told = results.get(STATISTICS) if isinstance(results, dict) else None
    return told if isinstance(told, str) else None


def _in_words(value: object, levels: int = _LEVELS) -> str:
    """A setting as the page shows it, down to so many levels of settings in settings."""
    if isinstance(value, Mapping | list) and not levels:
        return "…"
    if isinstance(value, Mapping):
        return "; ".join(f"{name.replace('_', ' ')} {_in_words(each, levels - 1)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(_in_words(each, levels - 1) for each in value) or "–"
    words = {None: "–", True: "yes", False: "no"}
    return words[value] if value is None or isinstance(value, bool) else str(value)


@dataclass(frozen=True)
class _Score:
    stem: str
    mean_iou: float | None


def _scores(run: Path) -> dict[str, str]:
    """Mean IoU of each image, by stem."""
    rows = read_table(run / PER_IMAGE, _Score, remedy=_REMEDY, others=True)
    return {row.stem: "–" if row.mean_iou is None else f"{row.mean_iou:.4f}" for row in rows}


def _shown(run: Path, path: Path, scores: dict[str, str]) -> tuple[str, str]:
    """Caption and picture; the file is called KIND-NUMBER-STEM.png."""
    stem = path.stem.split("-", 2)[-1]
    if stem not in scores:
        raise SegError(f"{path}: {run / PER_IMAGE} has no row of {stem}; {_REMEDY}, or remove this picture")
    return f"{stem}: mean IoU {scores[stem]}", inline(path)


def inline(path: Path) -> str:
    """A PNG file as an address that holds it."""
    return "data:image/png;base64," + base64.b64encode(read_bytes(path)).decode("ascii")
