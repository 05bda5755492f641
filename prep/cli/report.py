"""seg-prep report."""

from pathlib import Path

import click

from prep.cli.console import finish, open_alone, progress
from prep.cli.options import cluster_option, dataset_argument, json_option, workers_option


@click.command()
@dataset_argument
@workers_option
@json_option
@click.pass_context
@cluster_option
def report(context: click.Context, dataset: Path | None, workers: int | None, as_json: bool) -> None:
    """Write report.html into the dataset: findings, pictures, classes, splits, sizes and colours on one page.

    The page is a single file without scripts that can be sent to somebody as it is. It is a view of the dataset:
    run the command again after a change, and it replaces its own report.html. As with 'seg-prep check', the exit code
    is 1 if there are errors.

    Example:

    \b
        seg-prep report
        seg-prep report datasets/campus
    """
    from prep.checking.check import check_dataset
    from prep.checking.kinds import SEVERITIES
    from prep.core.words import counted
    from prep.reporting.report import start_over, write_report

    opened = open_alone(dataset)
    start_over(opened.root)
    with progress("Checking") as advance:
        findings = check_dataset(opened.root, workers, advance)
    path = write_report(opened, findings, workers, progress)
    counts = {severity: sum(finding.severity == severity for finding in findings) for severity in SEVERITIES}
    listed = ", ".join(counted(number, name) for name, number in counts.items())
    finish(
        opened.root,
        {"dataset": opened.root, "report": path, "samples": len(opened.samples), "findings": counts},
        f"{listed} -> {path}",
    )
    if counts["error"]:
        context.exit(1)
