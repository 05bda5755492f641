"""What the scores of models are compared with: another run, or the best of the models of a mean by itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prep.core.errors import SegError
from prep.core.progress import Bar
from prep.dataset.dataset import Dataset
from prep.dataset.dataset_files import INDEX
from train.runs.checkpoint import ModelCard
from train.runs.fold_record import folded, learned_split, run_name
from train.runs.members import Members, load_members
from train.runs.remote import RemoteModel, remote_members
from train.runs.runs import open_dataset_of, own_dataset
from train.scoring.comparing.compare import Candidate, Comparison, compare
from train.scoring.comparing.learned import knows_any, refuse_learned
from train.scoring.split_scores import SplitScores, score_split
from train.windows.accelerator import Accelerator
from train.windows.predictor import Predictor
from train.windows.scale import Scale


@dataclass(frozen=True)
class Rival:
    """What a score is compared with.

    load: its model, when its turn comes, so that one at a time is in memory.  remote: the same, for a cluster, with
    other windows.
    """

    name: str
    load: Callable[[], Predictor]
    remote: Callable[[Mapping[str, Any]], RemoteModel]


def open_own_dataset(members: Members, dataset: Path | None) -> tuple[Dataset, list[bool]]:
    """Open the dataset named, else the one that all were trained on; also of which run it is the own one.

    Raises SegError as open_dataset, and if none is named and they were trained on several.
    """
    opened, _ = open_dataset_of(members.runs[0], dataset)
    is_own = _trained_on(members, opened)
    if dataset is None and not all(is_own):
        other = members.runs[is_own.index(False)]
        raise SegError(
            f"{run_name(members.runs[0])} was trained on {opened.root}, and {run_name(other)} on "
            f"{own_dataset(other) or 'one that it does not name'}; name the one that is meant as DATASET"
        )
    return opened, is_own


def _trained_on(members: Members, dataset: Dataset) -> list[bool]:
    """Of each run whether it is the dataset that it was trained on."""
    roots = [own_dataset(run) for run in members.runs]
    return [root is not None and root.resolve() == dataset.root.resolve() for root in roots]


def need_unknown(
    members: Members, cards: Sequence[ModelCard], is_own: Sequence[bool], dataset: Dataset, split: str
) -> str:
    """SegError if models know, or may know, the images of a split that is scored, or folds learned them.

    Returns a note where that cannot be told.
    """
    note = ""
    for run, card, own in zip(members.runs, cards, is_own, strict=True):
        note = refuse_learned(run, card, dataset, split, is_own=own) or note
        if not own:
            continue
        if dataset.split_hash() != learned_split(run, card.split_hash):
            raise SegError(
                f"{dataset.root}: its split has changed since {run_name(run)} was trained; its test images may be "
                f"known. Put the split back ({INDEX}), or train again on this one"
            )
        if split != "test" and (parent := folded(run)):
            raise SegError(
                f"{dataset.root}: folds learn images of train and val alike, so their score of {split} would say "
                f"nothing; {parent}/metrics.json holds the scores of images that each fold has not learned, and "
                "--split test those of images that none has"
            )
    return note


def know_any(
    members: Members, cards: Sequence[ModelCard], is_own: Sequence[bool], dataset: Dataset, split: str
) -> bool:
    """Whether models learned images of a split that is scored although they may have."""
    return any(
        knows_any(run, card, dataset, split, is_own=own)
        for run, card, own in zip(members.runs, cards, is_own, strict=True)
    )


def each_alone(members: Members, accelerator: Accelerator, scale: Scale, device: str) -> list[Rival]:
    """What the mean of several models is compared with: each of them; none for a single one."""
    alone = [] if members.is_single else [Members((run,), run) for run in members.runs]
    return [Rival(each.name, _loader(each, accelerator, scale), _remote(each, device, scale)) for each in alone]


def find_rival(
    members: Members, cards: Sequence[ModelCard], other: Members, accelerator: Accelerator, scale: Scale,
    device: str, dataset: Dataset, split: str,
) -> tuple[Rival, str]:  # fmt: skip
    """The run to compare with on a split of a dataset, and a note as of `need_unknown`.

    Raises SegError if the other is the same, or if one knows, or may know, images that are new to the other.
    """
    if {run.resolve() for run in other.runs} == {run.resolve() for run in members.runs}:
        raise SegError(
            f"--compare {other.home or other.name}: is the run that is scored ({other.name}); name another one"
        )
    predictor, other_cards = load_members(other, accelerator, scale)
    is_own, is_theirs = _trained_on(members, dataset), _trained_on(other, dataset)
    ours = learned_split(members.runs[0], cards[0].split_hash)
    for run, card, own in zip(other.runs, other_cards, is_theirs, strict=True):
        theirs = learned_split(run, card.split_hash)
        if own and all(is_own) and theirs != ours:
            raise SegError(
                f"{run_name(run)} was trained on another split ({card.dataset} {theirs}) than "
                f"{members.name} ({cards[0].dataset} {ours}): one of them may know the test images of the other; "
                "train both on the same split"
            )
    note = need_unknown(other, other_cards, is_theirs, dataset, split)
    knowing = know_any(members, cards, is_own, dataset, split)
    if knowing != know_any(other, other_cards, is_theirs, dataset, split):
        knows, new = (members, other) if knowing else (other, members)
        raise SegError(
            f"{dataset.root}: {knows.name} has learned images of {split} here, which {new.name} has not: the "
            "difference of their scores would say nothing; compare them with --split test"
        )
    return Rival(other.name, lambda: predictor, _remote(other, device, scale)), note


def _loader(members: Members, accelerator: Accelerator, scale: Scale) -> Callable[[], Predictor]:
    return lambda: load_members(members, accelerator, scale)[0]


def _remote(members: Members, device: str, scale: Scale) -> Callable[[Mapping[str, Any]], RemoteModel]:
    return remote_members(members, device, scale).with_settings


def compare_with_best(
    scored: SplitScores, rivals: Sequence[Rival], windows: Mapping[str, Any], dataset: Dataset, bar: Bar
) -> Comparison | None:
    """Score the rivals on the same images, and compare with the one of the highest mean IoU; None without any.

    windows: arguments of Predictor.changed.
    """
    best: tuple[str, SplitScores] | None = None
    among = []
    for number, rival in enumerate(rivals, start=1):
        label = "the other run" if len(rivals) == 1 else f"model {number} of {len(rivals)}"
        with bar(f"Scoring {label}") as advance:
            model, remote = rival.load().changed(**windows), rival.remote(windows)
            found = score_split(model, dataset.without(scored.problems), scored.split, advance, remote)
        among.append(Candidate(rival.name, found.scores.mean_iou))
        if best is None or found.scores.mean_iou > best[1].scores.mean_iou:
            best = rival.name, found
    if best is None:
        return None
    differences = compare(scored, best[1], dataset.classes)
    return Comparison(best[0], tuple(differences), tuple(among) if len(among) > 1 else ())
