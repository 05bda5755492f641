"""What the terminal shows of a cross-validation when it is over."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from prep.cli.console import end_with_left_out, finish, table
from prep.core.jsonio import or_null
from prep.core.words import shown_score

if TYPE_CHECKING:
    from train.folding.results import CrossValidation
    from train.scoring.score_files import Metrics


def tell_folds(result: CrossValidation) -> None:
    """The table of a cross-validation, and the score of the mean of its models."""
    found = result.table
    names = [f"fold{number}" for number in range(1, len(found.images) + 1)]
    rows = [
        [row.score, *map(shown_score, row.folds), f"{shown_score(row.mean)} ± {shown_score(row.spread)}",
         shown_score(row.pooled) + ("" if row.interval is None else " [{:.3f}, {:.3f}]".format(*row.interval))]
        for row in found.rows
    ]  # fmt: skip
    rows.append(["images", *map(str, found.images), "", str(sum(found.images))])
    lines = [table(["score", *names, "mean ± spread", "pooled"], rows), result.metrics.intervals.words]
    on_test = result.on_test
    if on_test is not None:
        lines.append(
            f"mean of the {len(names)} models: test mean IoU {shown_score(on_test.mean_iou)}{_beside_best(on_test)}"
        )
    steps = "".join(f"\nnext    {step}" for step in result.next_steps)
    finish(
        result.folder,
        {
            "run": result.folder,
            "report": result.report,
            "folds": found.to_json(),
            "mean_iou": or_null(result.mean_iou),
            "test_mean_iou": None if on_test is None else or_null(on_test.mean_iou),
            "next_steps": list(result.next_steps),
            "problems": list(result.problems),
        },
        "\n".join(lines) + f"\nrun     {result.folder}\nreport  {result.report}{steps}",
    )
    end_with_left_out(result.problems)


def _beside_best(on_test: Metrics) -> str:
    if on_test.comparison is None:
        return ""
    first = on_test.comparison.differences[0]
    ends = "" if math.isnan(first.low) else f" [{first.low:+.4f}, {first.high:+.4f}]"
    difference = f"{first.ours - first.theirs:+.4f}{ends}"
    return f"; beside the best single one, {on_test.comparison.other}: {difference}, {first.verdict}"
