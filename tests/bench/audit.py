"""How many planted label errors the audit finds, with a model that was trained on the spoiled labels.

    python -m tests.bench.audit FOLDER [--minutes 2] [--share 0.05]

Draws 100 + 10 images of lines and ellipses into FOLDER, makes 5 % of their regions wrong, trains, audits every split,
and prints precision and recall of the first regions. Training must be allowed a few minutes on a quiet machine.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.cli.console import note
from prep.core.progress import no_bar
from synth.dataset import generate
from tests.train.auditing.planted import KINDS, Planted, plant
from train.auditing.audit import Suspect
from train.auditing.audit_run import audit_run
from train.config.config import Config
from train.fitting.fit import fit
from train.runs.device import Hardware
from train.runs.members import find_members


def main() -> None:
    """Plant, train, audit, print."""
    options = _options()
    dataset = generate(options.folder / "planted", n=100, test=10)
    planted, regions = plant(dataset, options.share)
    print(f"{len(planted)} of {regions} regions made wrong, {', '.join(KINDS)} in turn")
    result = fit(dataset.root, Config(minutes=options.minutes), Hardware(), no_bar, note)
    assert result is not None  # in one process
    found = audit_run(
        find_members([result.folder], note), dataset.root, "all", options.folder / "audit", "auto", no_bar,
        overwrite=True,
    )  # fmt: skip
    splits = {sample.stem: sample.split for sample in found.audit.samples}
    report(found.audit.suspects, planted, splits)


def report(suspects: Sequence[Suspect], planted: Sequence[Planted], splits: dict[str, str]) -> None:
    """Print precision and recall where as many regions are looked at as were planted, and half and twice as many."""
    print(f"{len(suspects)} regions ranked\nfirst  precision  recall  recall of each kind, of train / other samples")
    for number in (len(planted) // 2, len(planted), 2 * len(planted)):
        owners = [owner_of(suspect, planted) for suspect in suspects[:number]]
        seen = {owner for owner in owners if owner is not None}
        precision = sum(owner is not None for owner in owners) / max(1, len(owners))
        kinds = [_recall(seen, [place for place, each in enumerate(planted) if each.kind == kind]) for kind in KINDS]
        learned = [place for place, each in enumerate(planted) if splits[each.stem] == "train"]
        parts = [_recall(seen, learned), _recall(seen, sorted(set(range(len(planted))) - set(learned)))]
        print(
            f"{number:5d}  {precision:9.2f}  {len(seen) / len(planted):6.2f}  {', '.join(kinds)}; {' / '.join(parts)}"
        )


def owner_of(suspect: Suspect, planted: Sequence[Planted]) -> int | None:
    """The planted region that a suspect points at: in its box stand at least half as many planted pixels as it has."""
    box = _box(suspect)
    for place, each in enumerate(planted):
        if each.stem == suspect.sample.stem and each.pixels[box].sum() >= 0.5 * suspect.region.pixels:
            return place
    return None


def _box(suspect: Suspect) -> tuple[slice, slice]:
    region = suspect.region
    return slice(region.y, region.y + region.height), slice(region.x, region.x + region.width)


def _recall(seen: set[int], wanted: Sequence[int] | NDArray[np.int64]) -> str:
    return f"{sum(place in seen for place in wanted)}/{len(wanted)}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.audit", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--share", type=float, default=0.05)
    return parser.parse_args()


if __name__ == "__main__":
    main()
