"""seg-prep split."""

from pathlib import Path

import click

from prep.cli.console import finish, table
from prep.cli.options import dataset_argument, json_option, overwrite_option, parse_ratios, seed_option, workers_option


@click.command()
@dataset_argument
@click.option("--ratios", callback=parse_ratios, default="80/10/10", metavar="TRAIN/VAL/TEST", help="Shares.")
@click.option("--group-by", metavar="REGEX", help="Keep together the samples in whose stems this finds the same text.")
@seed_option
@workers_option
@overwrite_option
@json_option
def split(
    dataset: Path | None,
    ratios: tuple[float, float, float],
    group_by: str | None,
    seed: int,
    workers: int | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Split the samples into train, val and test with exact counts; a group stays in one split.

    One process is enough for this, whatever the number of workers.

    Example:

    \b
        seg-prep split --ratios 80/10/10
        seg-prep split --group-by 'tile\\d+'
    """
    from prep.dataset import SPLITS, Dataset, find_dataset
    from prep.split import split_dataset

    opened = Dataset.open(find_dataset(dataset))
    result = split_dataset(opened, ratios, seed=seed, group_by=group_by, overwrite=overwrite)
    counts = {name: len(result.of_split(name)) for name in SPLITS}
    groups = {name: len({s.group or s.stem for s in result.of_split(name)}) for name in SPLITS}
    rows = [[name, str(counts[name]), str(groups[name])] for name in SPLITS]
    empty = [name for name, ratio in zip(SPLITS, ratios, strict=True) if ratio and not counts[name]]
    remark = f"\nToo few samples or groups for {' and '.join(empty)}." if empty else ""
    finish(
        result.root,
        {"dataset": result.root, **counts, "groups": groups},
        table(["split", "samples", "groups"], rows) + remark,
    )
