"""seg-train audit."""

from pathlib import Path

import click

from prep.cli.console import end_with_left_out, finish, note, progress, table
from prep.cli.options import AnyPath, json_option, max_failed_option, overwrite_option
from prep.core.words import counted
from train.cli.options import device_option, runs_and_dataset, scale_option
from train.cli.torch_needed import need_torch
from train.windows.scale import Scale

_PRINTED = 20


@click.command()
@runs_and_dataset
@click.option("--split", type=click.Choice(["train", "val", "test", "all"]), default="all", help="What to look at.")
@click.option(
    "-o",
    "--output",
    type=AnyPath(path_type=Path, file_okay=False),
    metavar="FOLDER",
    show_default="RUN/audit-DATASET-SPLIT",
    help="Where to write.",
)
@scale_option
@device_option
@max_failed_option
@overwrite_option
@json_option
def audit(
    runs: tuple[Path, ...],
    dataset: Path | None,
    split: str,
    output: Path | None,
    scale: Scale,
    device: str,
    max_failed: int | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Find likely label errors: regions whose label a trained model contradicts most confidently.

    Writes audit.csv (regions, the most suspicious first), samples.csv and audit.png (image, label and prediction of
    the first regions). Look at them before you correct anything: the model may be wrong, not the label. Samples of
    the train split were learned as they are labelled, errors too, so those may rank low. Samples whose files are
    damaged are left out and listed; the exit code is 1 then.

    A cross-validation ('seg-train --folds') looks at each sample with a model that has not learned it. Of several runs,
    the mean of their models looks.

    Example:

    \b
        seg-train audit
        seg-train audit runs/latest datasets/campus --split val -o suspects
    """
    need_torch()
    from train.auditing.audit_run import audit_run, plain
    from train.runs.members import find_members

    chosen = find_members(runs, note)
    found = audit_run(
        chosen, dataset, split, output, device, progress, overwrite=overwrite, max_failed=max_failed, scale=scale
    )
    names = found.names
    shown = found.audit.suspects[:_PRINTED]
    rows = [
        [each.sample.stem, each.sample.split, str(each.region.x), str(each.region.y), f"{each.region.pixels:,}",
         names[each.region.label], names[each.region.model], f"{each.region.score:.0f}"]
        for each in shown
    ]  # fmt: skip
    finish(
        found.folder,
        {**plain(found), "folder": found.folder},
        f"{table(['stem', 'split', 'x', 'y', 'pixels', 'label', 'model', 'score'], rows)}\n"
        f"{_regions(len(shown), len(found.audit.suspects))} in {counted(len(found.audit.samples), 'sample')}; "
        f"{found.warning}\n"
        f"{found.folder}",
    )
    end_with_left_out(found.audit.problems)


def _regions(shown: int, found: int) -> str:
    first = f", the first {shown} of them here" if shown < found else ""
    return f"{counted(found, 'region')}{first},"
