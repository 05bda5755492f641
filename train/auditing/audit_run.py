"""Audit the labels of a dataset with a run, and write what was found."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from prep.core.errors import SegError
from prep.core.files import write_text
from prep.core.jsonio import read_json
from prep.core.progress import Bar
from prep.dataset.provenance import need_record
from prep.dataset.transaction import Transaction, holds_files, settle
from train.auditing.audit import REGIONS, SHEET, Audit, audit, write_audit
from train.runs.checkpoint import load_model, model_id
from train.runs.device import make_fabric
from train.runs.run_files import MODEL
from train.runs.runs import open_dataset
from train.scoring.other_scale import scale_words
from train.windows.scale import Scale

RECORD = "audit.json"
"""Which model looked at which split."""


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
    scale: Scale = "auto",
) -> RunAudit:
    """Audit and write.

    dataset: by default the one that the run was trained on.  scale: as of Predictor.at_scale.
    Raises SegError if the folder holds other files, or an audit and `overwrite` is not set.
    """
    loaded, card = load_model(run / MODEL, make_fabric(device))
    predictor = loaded.at_scale(scale)
    opened, is_own = open_dataset(run, dataset)
    folder = output or run / f"audit-{opened.root.resolve().name}-{split}"
    name = opened.root.resolve().name
    settings: dict[str, object] = {"model": model_id(run / MODEL), "dataset": name, "split": split}
    settings |= {} if scale == "auto" else {"scale": scale}
    need_record(folder)
    settle(folder)
    _refuse_results(folder, settings, overwrite=overwrite)
    with bar("Auditing") as advance:
        found = audit(predictor, opened, split, advance, max_failed)
    content = repr([(suspect.sample, suspect.region) for suspect in found.suspects])
    with Transaction(folder, "audit", {**settings, "found": sha256(content.encode()).hexdigest()}) as change:
        new = change.path(RECORD).parent
        write_audit(new, found, opened)
        write_text(new / RECORD, json.dumps(settings, indent=2, ensure_ascii=False) + "\n")
        change.commit(overwrite=overwrite, remove=[SHEET])
    knows_split = is_own and opened.split_hash() == card.split_hash
    scales = scale_words(predictor, opened, found.samples)
    texts = [_warning(found, knows_split, run.name), *([scales] if scales else [])]
    return RunAudit(folder, found, opened.classes.names, "; ".join(texts))


def _refuse_results(folder: Path, settings: Mapping[str, object], *, overwrite: bool) -> None:
    """SegError for other files, or another audit; this very one may be of this command, killed when it was done."""
    if holds_files(folder) and not (folder / REGIONS).exists():
        raise SegError(f"{folder}: holds other files than an audit; name a new folder with -o")
    record = folder / RECORD
    if overwrite or not (folder / REGIONS).exists():
        return
    if not record.exists() or read_json(record, remedy="add --overwrite") != settings:
        raise SegError(f"{folder}: holds another audit already; add --overwrite, or name another folder with -o")


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
