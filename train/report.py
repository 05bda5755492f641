"""report.html: one self-contained page about a run."""

import base64
import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from prep.files import read_bytes, write_text
from train.plots import CONFUSION, CURVES
from train.score import METRICS, PREDICTIONS

REPORT = "report.html"


def write_report(run: Path) -> Path:
    """Write report.html from what the run folder holds: settings, curves, scores, confusion matrix, overlays."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    metrics = json.loads(read_bytes(run / METRICS)) if (run / METRICS).exists() else None
    pictures = sorted((run / PREDICTIONS).glob("*.png")) if metrics else []
    page = environment.get_template("report.html.j2").render(
        name=run.name,
        config=json.loads(read_bytes(run / "config.json")),
        metrics=metrics,
        curves=_inline(run / CURVES) if (run / CURVES).exists() else None,
        confusion=_inline(run / CONFUSION) if metrics else None,
        worst=[(path.stem.split("-", 2)[2], _inline(path)) for path in pictures if path.name.startswith("worst-")],
        best=[(path.stem.split("-", 2)[2], _inline(path)) for path in pictures if path.name.startswith("best-")],
    )
    write_text(run / REPORT, page)
    return run / REPORT


def _inline(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(read_bytes(path)).decode("ascii")
