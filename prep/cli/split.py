"""seg-prep split."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from prep.cli.console import end_with_left_out, finish, naming_left_out, note, open_alone, progress, table
from prep.cli.options import (
    WholeNumber,
    cluster_option,
    dataset_argument,
    json_option,
    max_failed_option,
    overwrite_option,
    parse_metres,
    parse_ratios,
    seed_option,
    workers_option,
)
from prep.core.words import counted, verb
from prep.dataset.dataset_files import FOLDS, INDEX

if TYPE_CHECKING:
    from prep.dataset.provenance import SplitWay
    from prep.splitting.split import Split


@click.command()
@dataset_argument
@click.option(
    "--ratios",
    callback=parse_ratios,
    metavar="TRAIN/VAL/TEST",
    show_default="as split before, else 80/10/10",
    help="Shares.",
)
@click.option(
    "--group-by",
    metavar="folder|group|place|REGEX",
    show_default="as split before, else the group column of index.csv",
    help="What stays together: photos of one folder, samples of one group in index.csv, those whose middle lies in one "
    "square of --block metres on the earth ('seg-prep tile' keeps places; what touches another split is left out), "
    "or those in whose stems the expression finds the same text.",
)
@click.option(
    "--block",
    callback=parse_metres,
    metavar="METRES",
    show_default=False,
    help="Side of the squares of --group-by place, for example 500m or 2km: larger than what one object covers.",
)
@click.option(
    "--dedupe/--no-dedupe", default=True, help="Keep images of the same scene (near-duplicates) in the same split."
)
@click.option(
    "--folds",
    type=WholeNumber(min=2),
    metavar="K",
    help="Also write folds.csv (stem, group, fold 0..K-1) for cross-validation over all samples outside test.",
)
@seed_option
@workers_option
@max_failed_option
@overwrite_option
@json_option
@cluster_option
def split(
    dataset: Path | None,
    ratios: tuple[float, float, float] | None,
    group_by: str | None,
    block: float | None,
    dedupe: bool,
    folds: int | None,
    seed: int,
    workers: int | None,
    max_failed: int | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Split the samples into train, val and test with exact counts, alike in their classes, and groups kept whole.

    Samples that have a split already keep it and only new ones get one, in the ratios and groups of the split before,
    and in 80/10/10 where splits came with the labels; --overwrite splits all anew, and --folds alone divides the split
    that stands. Test images that came as such with their labels stay in test in any case, with what is like them:
    --overwrite divides the others.
    Samples with a damaged file get no split and are listed, and the exit code is 1 then.

    Example:

    \b
        seg-prep split --ratios 80/10/10
        seg-prep split --group-by folder --folds 5
        seg-prep split --group-by 'tile\\d+'
        seg-prep split --group-by place --block 500m
    """
    from prep.core.failures import Failures
    from prep.dataset.index import SPLITS
    from prep.dataset.provenance import SplitWay
    from prep.splitting.assignment import DEFAULT_RATIOS
    from prep.splitting.split import split_dataset

    opened, failures = open_alone(dataset), Failures(max_failed)
    with progress("Looking") as advance, naming_left_out(failures):
        result = split_dataset(
            opened,
            ratios,
            seed=seed,
            group_by=group_by,
            block=block,
            dedupe=dedupe,
            folds=folds,
            overwrite=overwrite,
            workers=workers,
            progress=advance,
            failures=failures,
        )
    found = result.dataset
    counts = {name: len(found.of_split(name)) for name in SPLITS}
    groups = {name: len({s.group or s.stem for s in found.of_split(name)}) for name in SPLITS}
    for text in _notes(result, SplitWay(ratios, group_by, block), folds=bool(folds), overwrite=overwrite):
        note(text)
    shares = result.way.ratios or DEFAULT_RATIOS
    rows = [[name, str(counts[name]), str(groups[name])] for name in SPLITS]
    empty = [name for name, ratio in zip(SPLITS, shares, strict=True) if ratio and not counts[name]]
    lines = [table(["split", "samples", "groups"], rows)]
    if empty:
        lines.append(_why_empty(" and ".join(empty), all_kept=not (overwrite or result.assigned)))
    for name in SPLITS:
        missing = [label for split_name, label in result.absent if split_name == name]
        lines += [f"No pixel of {', '.join(missing)} in {name}: too few samples or groups hold it."] if missing else []
    points = f"{100 * result.deviation:.3f} percentage points"
    lines.append(f"The share of a class in a split of {found.root} differs from the whole by at most {points}.")
    if folds:
        lines.append(f"{folds} folds of {_sizes(result.folds)}, all but those of test -> {found.root / FOLDS}")
    finish(
        found.root,
        {
            "dataset": found.root,
            **counts,
            "groups": groups,
            "assigned": result.assigned,
            "kept": result.kept,
            "near_duplicates": result.joined,
            "absent": result.absent,
            "deviation": result.deviation,
            "folds": result.folds,
            "buffer": result.buffer,
            "problems": failures.problems,
        },
        "\n".join(lines),
    )
    end_with_left_out(failures.problems)


def _sizes(folds: tuple[int, ...]) -> str:
    low, high = min(folds), max(folds)
    return counted(low, "sample") if low == high else f"{low} to {counted(high, 'sample')}"


def _why_empty(splits: str, *, all_kept: bool) -> str:
    """What to say of splits that have no sample: nobody was dealt out, or there were not enough."""
    return (
        f"No samples in {splits}; --overwrite divides anew." if all_kept else f"Too few samples or groups for {splits}."
    )


def _notes(result: "Split", given: "SplitWay", *, folds: bool, overwrite: bool) -> Iterator[str]:
    """What became of samples that had a split, of those that look alike, and of neighbours on the ground."""
    found = result.dataset
    if result.assigned:
        yield from _as_before(result.way, given)
        if given.ratios is None and result.kept and not overwrite:
            yield from _default_ratios(result)
    if overwrite and result.kept:
        yield (
            f"{counted(result.kept, 'sample')} came as test with the labels and {verb(result.kept, 'stays', 'stay')} "
            f"there; to divide these, too, delete the column source_split of {found.root / INDEX}"
        )
        if followed := len(found.of_split("test")) - result.kept:
            yield (
                f"{counted(followed, 'sample')} {verb(followed, 'goes', 'go')} to test, too: near-duplicates of those, "
                "or in a group with them"
            )
    elif result.kept and result.assigned:
        yield f"{counted(result.assigned, 'new sample')} got a split; what had one keeps it ({result.kept:,})."
        if not folds and (found.root / FOLDS).exists():
            yield f"{FOLDS} does not hold them yet; --folds K writes it anew."
    elif result.kept:
        samples = "samples" if all(sample.is_labelled for sample in found.samples) else "labelled samples"
        yield f"All {samples} have a split already and keep it; --overwrite splits them anew."
    if result.folds_gone:
        yield f"{FOLDS} was of the split before and is deleted; --folds K writes one of this split."
    if joined := sum(map(len, result.joined)):
        sets = counted(len(result.joined), "set")
        yield f"{counted(joined, 'image')} in {sets} of near-duplicates are kept together."
    yield from _neighbour_notes(result)


def _as_before(way: "SplitWay", given: "SplitWay") -> Iterator[str]:
    """What was taken from the split before."""
    from prep.splitting.assignment import DEFAULT_RATIOS

    words = []
    if given.ratios is None and way.ratios and way.ratios != DEFAULT_RATIOS:
        words.append(f"--ratios {'/'.join(f'{ratio:g}' for ratio in way.ratios)}")
    if given.group_by is None and way.grouping:
        words.append(way.grouping)
    if words:
        yield f"As the dataset was split before: {' '.join(words)}."


def _default_ratios(result: "Split") -> Iterator[str]:
    """By which ratios new samples are dealt out, where splits came with the labels: nobody said of new ones."""
    from prep.dataset.index import SPLITS
    from prep.splitting.assignment import DEFAULT_RATIOS

    came = [sum(sample.source_split == name for sample in result.dataset.samples) for name in SPLITS]
    if result.way.ratios == DEFAULT_RATIOS and any(came):
        ratios, theirs = ("/".join(f"{share:g}" for share in shares) for shares in (DEFAULT_RATIOS, came))
        yield (
            f"{counted(sum(came), 'sample')} came with {verb(sum(came), 'its split', 'their splits')} ({theirs}); with "
            f"the new ones, all come as near to {ratios}, the default, as they can; "
            f"--ratios {theirs} --overwrite divides all that did not come as test in theirs."
        )


def _neighbour_notes(result: "Split") -> Iterator[str]:
    """What was left out because it lies next to another split on the ground, and what lies there all the same."""
    from prep.dataset.index import BUFFER
    from prep.geo.blocks import in_metres
    from prep.splitting.way import usual_squares

    if number := result.buffer:
        samples = counted(sum(sample.is_labelled for sample in result.dataset.samples), "sample")
        text = f"{number:,} of {samples} {verb(number, 'lies', 'lie')} next to another split on the ground and "
        yield f"{text}{verb(number, 'is', 'are')} in none ({BUFFER} in {INDEX})."
    if result.better_block:
        side = in_metres(result.better_block)
        yield f"Other squares suit better: --group-by place --block {side} --overwrite splits by them."
    if number := result.touching:
        yield (
            f"{counted(number, 'sample')} {verb(number, 'lies', 'lie')} next to another split on the ground, where "
            "neighbours look alike, which makes scores too good; the same command with --group-by place --block "
            f"{in_metres(result.way.block) if result.way.block else usual_squares(result.dataset)} --overwrite keeps "
            "squares of it whole"
        )
    if number := result.across_folds:
        yield (
            f"{counted(number, 'sample')} {verb(number, 'shows', 'show')} ground that another fold shows, too; "
            f"'seg-train --folds' does not learn {verb(number, 'it', 'them')} where that is scored"
        )
