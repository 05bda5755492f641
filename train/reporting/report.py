"""report.html: one self-contained page about a run."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from prep.core.files import read_bytes, write_text
from prep.core.jsonio import read_json
from prep.core.tables import read_table
from prep.core.words import counted
from prep.dataset.transaction import writing
from train.runs.run_files import CONFIG, CONFUSION, CURVES, METRICS, PER_IMAGE, PREDICTIONS, REPORT
from train.scoring.score_files import read_metrics

_REMEDY = "score the run again with 'seg-train score'"


def write_run_report(run: Path, steps: Sequence[str] = ()) -> Path:
    """Write report.html from what the run folder holds: settings, curves, scores, confusion matrix, overlays.

    steps: what to do next, at its end.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    metrics = read_metrics(run) if (run / METRICS).exists() else None
    pictures = sorted((run / PREDICTIONS).glob("*.png")) if metrics else []
    scores = _scores(run) if metrics else {}
    page = environment.get_template("report.html.j2").render(
        counted=counted,
        name=run.name,
        steps=steps,
        config=read_json(run / CONFIG, remedy="restore it, or train again"),
        metrics=metrics,
        curves=_inline(run / CURVES) if (run / CURVES).exists() else None,
        confusion=_inline(run / CONFUSION) if metrics else None,
        worst=[_shown(path, scores) for path in pictures if path.name.startswith("worst-")],
        best=[_shown(path, scores) for path in pictures if path.name.startswith("best-")],
    )
    with writing(run):
        write_text(run / REPORT, page)
    return run / REPORT


@dataclass(frozen=True)
class _Score:
    stem: str
    mean_iou: float | None


def _scores(run: Path) -> dict[str, str]:
    """Mean IoU of each image, by stem."""
    rows = read_table(run / PER_IMAGE, _Score, remedy=_REMEDY, others=True)
    return {row.stem: "–" if row.mean_iou is None else f"{row.mean_iou:.4f}" for row in rows}


def _shown(path: Path, scores: dict[str, str]) -> tuple[str, str]:
    """Caption and picture; the file is called KIND-NUMBER-STEM.png."""
    stem = path.stem.split("-", 2)[2]
    return f"{stem}: mean IoU {scores[stem]}", _inline(path)


def _inline(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(read_bytes(path)).decode("ascii")
