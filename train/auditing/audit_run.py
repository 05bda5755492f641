"""Audit the labels of a dataset with a run, and write what was found."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prep.core.errors import SegError
from prep.core.progress import Bar
from prep.dataset.lock import LOCK
from prep.dataset.transaction import writing
from train.auditing.audit import REGIONS, Audit, audit, write_audit
from train.runs.checkpoint import load_model
from train.runs.device import make_fabric
from train.runs.run_files import MODEL
from train.runs.runs import open_dataset


@dataclass(frozen=True)
class RunAudit:
    """An audit, the folder with its files, the class names, and a warning of what the model already knew."""

    folder: Path
    audit: Audit
    names: tuple[str, ...]
    warning: str


def audit_run(
    run: Path,
    dataset: Path | None,
    split: str,
    output: Path | None,
    device: str,
    bar: Bar,
    *,
    overwrite: bool,
    max_failed: int | None = None,
) -> RunAudit:
    """Audit and write.

    dataset: by default the one that the run was trained on.  Raises SegError if the folder holds other files, or an
    audit and `overwrite` is not set.
    """
    predictor, card = load_model(run / MODEL, make_fabric(device))
    opened, is_own = open_dataset(run, dataset)
    folder = output or run / f"audit-{opened.root.resolve().name}-{split}"
    _refuse_results(folder, overwrite=overwrite)
    with bar("Auditing") as advance:
        found = audit(predictor, opened, split, advance, max_failed)
    with writing(folder):
        _refuse_results(folder, overwrite=overwrite)  # somebody else's, who was faster
        write_audit(folder, found, opened)
    knows_split = is_own and opened.split_hash() == card.split_hash
    return RunAudit(folder, found, opened.classes.names, _warning(found, knows_split, run.name))


def _refuse_results(folder: Path, *, overwrite: bool) -> None:
    if (folder / REGIONS).exists() and not overwrite:
        raise SegError(f"{folder}: holds an audit already; add --overwrite, or name another folder with -o")
    others = folder.is_dir() and any(path.name != LOCK for path in folder.iterdir())
    if others and not (folder / REGIONS).exists():
        raise SegError(f"{folder}: holds other files than an audit; name a new folder with -o")


def _warning(found: Audit, knows_split: bool, run: str) -> str:
    if not knows_split:
        return f"{run} was trained on another dataset or split: which of these samples it has learned is not known"
    learned = sum(sample.split == "train" for sample in found.samples)
    if not learned:
        return "the model has learned none of them"
    return (
        f"{learned} of the samples are train samples, whose labels the model has learned, errors too: there it finds "
        "fewer ('seg-prep split --folds' lets models look at what they have not learned)"
    )


def plain(found: RunAudit) -> dict[str, Any]:
    """Plain data for programs."""
    regions = [
        {
            "rank": rank,
            "stem": each.sample.stem,
            "split": each.sample.split,
            **vars(each.region),
            "label": found.names[each.region.label],
            "model": found.names[each.region.model],
        }
        for rank, each in enumerate(found.audit.suspects, start=1)
    ]
    samples = [
        {"rank": rank, "stem": sample.stem, "split": sample.split, "regions": number, "score": score}
        for rank, (sample, score, number) in enumerate(found.audit.ranked_samples, start=1)
    ]
    return {"regions": regions, "samples": samples, "warning": found.warning, "left_out": list(found.audit.problems)}
