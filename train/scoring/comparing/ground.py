"""Whether samples of a dataset show ground that a model has learned, in tiles of other sizes, names or coordinates."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from prep.core.words import counted, verb
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample
from prep.geo.adjacency import OVERLAPPING, adjacent
from prep.geo.extra import INSTALL_GEO, has_geo
from prep.geo.footprint import Footprint, footprints_of
from train.data.lineage import Learned, image_hashes


@dataclass(frozen=True)
class SharedGround:
    """pairs: samples that show learned ground, each with a learned one that shows it.  doubt: why it is not known."""

    pairs: tuple[tuple[str, str], ...]
    doubt: str = ""


def shared_ground(
    learned: Learned, stems: Collection[str], dataset: Dataset, asked: Sequence[Sample], own: Dataset | None
) -> SharedGround:
    """Which of some samples show ground of learned ones.

    stems: of the learned ones that count.  own: the dataset that they were learned from, if it is there.
    SegError where a sample lies nowhere.
    """
    footprints = footprints_of(asked)
    if not footprints or (own is not None and not footprints_of(own.samples)) or _is_same(learned, dataset):
        return SharedGround(())
    if learned.grounds is None:
        return SharedGround((), _doubt(len(footprints), learned, "an older version trained it, train it again to know"))
    grounds = {stem: each for stem, each in learned.grounds.items() if stem in stems}
    if not grounds:
        return SharedGround(())
    pairs = _overlapping(footprints, grounds)
    has_others = {each.crs for each in footprints.values()} != {each.crs for each in grounds.values()}
    doubt = _doubt(len(footprints), learned, f"type {INSTALL_GEO} to know") if has_others and not has_geo() else ""
    return SharedGround(tuple(pairs.items()), doubt)


def _overlapping(footprints: Mapping[str, Footprint], grounds: Mapping[str, Footprint]) -> dict[str, str]:
    """Of samples that share ground with a learned one, the first such one."""
    names, places = [*footprints, *grounds], [*footprints.values(), *grounds.values()]
    sides = ["asked"] * len(footprints) + ["learned"] * len(grounds)
    found: dict[str, str] = {}
    for one, other in adjacent(places, sides, OVERLAPPING).tolist():  # sorted, those that are asked about come first
        found.setdefault(names[one], names[other])
    return found


def _is_same(learned: Learned, dataset: Dataset) -> bool:
    """Whether it is the dataset that was learned, as it was divided: ground that its own splits share `check` tells."""
    if learned.split_hash != dataset.split_hash():
        return False
    samples = dataset.of_split("train", "val")
    if learned.grounds is not None:
        return learned.grounds == footprints_of(samples)
    return image_hashes(dataset, samples) == {**learned.train, **learned.val}


def _doubt(number: int, learned: Learned, remedy: str) -> str:
    places = f"{counted(number, 'place')} here {verb(number, 'is', 'are')}"
    return f"whether {places} ground that it learned in {learned.dataset} is not known; {remedy}"
