"""Audit the labels of a dataset with a run, and write what was found."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from prep.annotate.audit import AUDIT
from prep.core.errors import SegError
from prep.core.files import write_text
from prep.core.jsonio import read_json
from prep.core.progress import Bar
from prep.core.words import counted
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample
from prep.dataset.provenance import need_record
from prep.dataset.transaction import Transaction, holds_files, settle
from train.auditing.audit import SHEET, Audit, audit, write_audit
from train.exporting.engine import told
from train.runs.checkpoint import ModelCard, model_id
from train.runs.device import find_accelerator
from train.runs.fold_record import learned_by, learned_split
from train.runs.members import Members, load_members, unlearned_by
from train.runs.run_files import MODEL
from train.scoring.comparing.learned import known_to
from train.scoring.comparing.rivals import open_own_dataset
from train.scoring.other_scale import scale_words, seen_smaller
from train.windows.scale import Scale

AUDIT_RECORD = "audit.json"
"""Which model looked at which split."""


@dataclass(frozen=True)
class RunAudit:
    """An audit, the folder with its files, the class names, and a warning of what the model already knew."""

    folder: Path
    audit: Audit
    names: tuple[str, ...]
    warning: str


def audit_run(
    members: Members,
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
    A cross-validation looks at each sample of its dataset with a model that has not learned it.
    Raises SegError if the folder holds other files, or an audit and `overwrite` is not set.
    """
    accelerator = find_accelerator(device)
    predictor, cards = load_members(members, accelerator, scale)
    home = members.folder(output)
    opened, own = open_own_dataset(members, dataset)
    name = opened.root.resolve().name
    folder = output or home / f"audit-{name}-{split}"
    model = told([model_id(run / MODEL) for run in members.runs])
    settings: dict[str, object] = {"model": model, "dataset": name, "split": split}
    settings |= {} if scale == "auto" else {"scale": scale}
    need_record(folder)
    settle(folder)
    _refuse_results(folder, settings, overwrite=overwrite)
    unlearned = unlearned_by(members, accelerator, scale) if members.is_folded and all(own) else None
    with bar("Auditing") as advance:
        found = audit(predictor, opened, split, advance, max_failed, unlearned)
    warning = _warning(members, cards, own, opened, found.samples, is_unlearned=unlearned is not None)
    content = repr([(suspect.sample, suspect.region) for suspect in found.suspects])
    with Transaction(folder, "audit", {**settings, "found": sha256(content.encode()).hexdigest()}) as change:
        new = change.path(AUDIT_RECORD).parent
        write_audit(new, found, opened)
        write_text(new / AUDIT_RECORD, json.dumps(settings, indent=2, ensure_ascii=False) + "\n")
        change.commit(overwrite=overwrite, remove=[SHEET])
    scales = "" if seen_smaller(cards, own) else scale_words(predictor, opened, found.samples)
    return RunAudit(folder, found, opened.classes.names, "; ".join([warning, *([scales] if scales else [])]))


def _refuse_results(folder: Path, settings: Mapping[str, object], *, overwrite: bool) -> None:
    """SegError for other files, or another audit; this very one may be of this command, killed when it was done."""
    if holds_files(folder) and not (folder / AUDIT).exists():
        raise SegError(f"{folder}: holds other files than an audit; name a new folder with -o")
    record = folder / AUDIT_RECORD
    if overwrite or not (folder / AUDIT).exists():
        return
    if not record.exists() or read_json(record, remedy="add --overwrite") != settings:
        raise SegError(f"{folder}: holds another audit already; add --overwrite, or name another folder with -o")


def _warning(
    members: Members, cards: Sequence[ModelCard], own: Sequence[bool], dataset: Dataset, samples: Sequence[Sample], *,
    is_unlearned: bool,
) -> str:  # fmt: skip
    """What the models knew of the samples that they looked at.

    own: of each whether it was trained on this dataset.  is_unlearned: whether each sample was looked at by models of a
    cross-validation that have not learned it.
    """
    hashes = [learned_split(run, card.split_hash) for run, card in zip(members.runs, cards, strict=True)]
    if all(own) and set(hashes) == {dataset.split_hash()}:
        if is_unlearned:
            return "each sample was looked at by models that have not learned it"
        number = len(set[str]().union(*(learned_by(run, samples) for run in members.runs)))
        return _learned_words(number, "of the samples is a train sample", "of the samples are train samples")
    known = [known_to(run, card, dataset, samples) for run, card in zip(members.runs, cards, strict=True)]
    if is_unlearned or not all(known):
        return f"{members.name} was trained on another dataset or split: which of these samples it learned is not known"
    of_all = [each for of_run in known for each in of_run]
    number = len(set[str]().union(*(each.shown for each in of_all)))
    doubts = [*dict.fromkeys(each.doubt for each in of_all if each.doubt)]
    if doubts and not number:
        return "; ".join(doubts)
    one, many = "of the samples is one that was trained on", "of the samples are some that were trained on"
    return "; ".join([_learned_words(number, one, many), *doubts])


def _learned_words(number: int, one: str, many: str) -> str:
    """one, many: what is said of so many samples that were learned."""
    if not number:
        return "the model has learned none of them"
    return (
        f"{counted(number, one, many)}, whose labels the model has learned, errors too: there it finds fewer "
        "('seg-train --folds 5' makes models of which one has not learned each of them)"
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
