"""seg-prep check."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from prep.cli.console import emit, progress
from prep.cli.options import cluster_option, dataset_argument, json_option, workers_option

if TYPE_CHECKING:
    from prep.checking.findings import Finding

_SHOWN = 5
_LONGEST_NAME = 100
_COLORS = {"error": "red", "warning": "yellow", "remark": "cyan"}


@click.command()
@dataset_argument
@workers_option
@json_option
@click.pass_context
@cluster_option
def check(context: click.Context, dataset: Path | None, workers: int | None, as_json: bool) -> None:
    """Find every problem of a dataset at once, worst first, and say what to do; exit code 1 if there are errors.

    Nothing is changed. An error makes results wrong or a command fail, a warning may, a remark is good to know.

    Example:

    \b
        seg-prep check datasets/campus
        seg-prep check datasets/campus --json
    """
    from prep.checking.check import check_dataset
    from prep.checking.kinds import SEVERITIES
    from prep.core.words import counted, printable
    from prep.dataset.dataset import find_dataset
    from prep.dataset.dataset_files import INDEX
    from prep.dataset.index import read_index

    root = find_dataset(dataset)
    with progress("Checking") as advance:
        findings = check_dataset(root, workers, advance)
    counts = {severity: sum(finding.severity == severity for finding in findings) for severity in SEVERITIES}
    if findings:
        closing = ", ".join(counted(number, severity) for severity, number in counts.items()) + f" in {root}"
    else:
        closing = f"no problems found in {counted(len(read_index(root / INDEX)), 'sample')} of {root}"
    result: dict[str, object] = {
        "dataset": root,
        **{f"{severity}s": number for severity, number in counts.items()},
        "findings": [vars(finding) for finding in findings],
    }
    emit(result, "\n\n".join([*map(_described, findings), printable(closing)]), colored=True)
    if counts["error"]:
        context.exit(1)


def _described(finding: "Finding") -> str:
    head = click.style(finding.severity, fg=_COLORS[finding.severity], bold=True)
    return "\n".join([f"{head}: {finding.text}", *_listed(finding.names), f"    -> {finding.advice}"])


def _listed(names: Sequence[str]) -> list[str]:
    lines = [f"    {name if len(name) <= _LONGEST_NAME else name[:_LONGEST_NAME] + ' ...'}" for name in names[:_SHOWN]]
    more = len(names) - _SHOWN
    return [*lines, f"    and {more:,} more"] if more > 0 else lines
