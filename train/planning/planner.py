"""Plan a training: look at the dataset, measure the machine, choose."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prep.core.errors import SegError
from prep.core.files import write_text
from prep.core.progress import Bar, Say
from prep.dataset.dataset import Dataset
from prep.dataset.stats import Stats, ensure_stats
from prep.dataset.transaction import settle
from prep.packing.streamed import open_dataset
from prep.splitting.split import ensure_split
from train.config.plan import Plan, plan_of_recipe
from train.config.recipes import DEFAULT, Recipe
from train.fitting.fit import Planner
from train.networks.networks import need_network
from train.planning.fingerprint import take_fingerprint
from train.planning.machine import measure_machine
from train.planning.plan import plan
from train.runs.device import make_fabric
from train.runs.runs import named_weights

if TYPE_CHECKING:
    from lightning_fabric import Fabric


def planner(given: Mapping[str, Any], say: Say) -> Planner:
    """What fit calls once it knows dataset, statistics and device.

    given: settings chosen by options, or None.  say: told which run the weights "latest" are of.
    """
    if given.get("weights") is not None:
        given = {**given, "weights": named_weights(given["weights"], say)}

    def planned(dataset: Dataset, stats: Stats, fabric: "Fabric", bar: Bar) -> Plan:
        with bar("Looking") as advance:
            fingerprint = take_fingerprint(dataset, stats, given.get("size"), advance)
        with bar("Measuring") as advance:
            machine = measure_machine(len(dataset.classes), fabric, fingerprint.is_photo, advance)
        return plan(fingerprint, machine, given)

    return planned


def plan_dataset(
    root: Path, given: Mapping[str, Any], device: str, bar: Bar, say: Say, output: Path | None = None, *,
    overwrite: bool = False, recipe: Recipe | None = None,
) -> Plan:  # fmt: skip
    """The plan of a training that is not begun; a dataset without split or statistics gets them, as of fit.

    recipe: whose settings the training has; then nothing is chosen.  output: a .toml file to write as a recipe.
    Raises SegError if there is nothing to train on, and where the file is there and `overwrite` is not set.
    """
    if output is not None and output.suffix != ".toml":
        raise SegError(f"{output}: --recipe finds a file by the end of its name; call it {output.stem}.toml")
    if output is not None and output.exists() and not overwrite:
        raise SegError(f"{output}: is already there; add --overwrite, or name another file with -o")
    config = (recipe or DEFAULT).config(given)
    need_network(config)
    choose = planner(given, say)
    settle(root)
    dataset = ensure_split(open_dataset(root), config.seed, say)
    with bar("Counting") as advance:
        stats, _ = ensure_stats(dataset, advance)
    if not dataset.of_split("train"):
        raise SegError(f"{root}: no labelled train samples; look at its split with 'seg-prep split'")
    found = plan_of_recipe(recipe, given) if recipe else choose(dataset, stats, make_fabric(device), bar)
    if output is not None:
        write_text(output, found.to_toml())
    return found
