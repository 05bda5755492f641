"""Whether a model has learned the images of another dataset than its own: a copy, a resized one, one divided anew."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from prep.core.errors import SegError
from prep.core.words import counted, list_some, verb
from prep.dataset.dataset import Dataset, is_dataset
from prep.dataset.index import Sample, torn_groups
from prep.dataset.place.advice import for_dataset
from prep.dataset.provenance import last_split_way
from prep.packing.streamed import open_dataset
from train.data.lineage import Learned, Lineage, image_hashes
from train.runs.checkpoint import ModelCard
from train.runs.fold_record import learned_split, run_name
from train.runs.runs import own_dataset
from train.scoring.comparing.ground import shared_ground
from train.scoring.comparing.same_names import SameNames, same_names

_LEARNED = {"test": ("train", "val"), "val": ("train",)}
"""What of the images that were learned must not be in a split to be scored; of others a person knows what he asks for.
"""


_OTHER_PHOTOS = (
    ". If these are other photos of the same scenes, as of a fixed camera: give the photos and labels other names than "
    "those that were learned, and convert them again"
)

_OTHER_TIME = (
    ". What shows that ground at another time gets the splits that the ground had there, too; --split all scores it "
    "although the ground is known"
)


@dataclass(frozen=True)
class KnownImages:
    """Images that were learned, of those that were asked about.

    shown: their stems, each with how it is named for people: with its name there, if that is another.
    place: the dataset where that was.
    among: how many were asked about.  doubt: why it is not known of some; empty if it is.
    else_way: what else to do, in a sentence, where they may be new all the same.
    has_ground: whether some are no images that were learned, but show ground that was.
    """

    shown: Mapping[str, str]
    place: str
    among: int
    doubt: str = ""
    else_way: str = ""
    has_ground: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """As people read them."""
        return tuple(self.shown.values())

    @property
    def words(self) -> str:
        """Where, which and how many, for an error."""
        return f"in {self.place}: {list_some(self.names)} ({len(self.names):,} of {counted(self.among, 'image')})"


def lineage_of(run: Path, split_hash: str, kept: Lineage) -> Lineage:
    """What a model has learned: as it says itself, else the train and val images of its dataset; empty if that is not
    there any more, or divided anew.

    split_hash: that its file says.  kept: the lineage that it says.
    """
    if kept:
        return kept
    own, split_hash = _opened(own_dataset(run)), learned_split(run, split_hash)
    return () if own is None or own.split_hash() != split_hash else (Learned.of(own, split_hash),)


def refuse_learned(run: Path, card: ModelCard, dataset: Dataset, split: str, *, is_own: bool) -> str:
    """SegError if images of a split are those that a run has learned, or the models that it began with: they are equal
    files, or show what those of their names do.

    is_own: whether the run was trained on this dataset.
    Returns a note where that cannot be told.
    """
    lineage = lineage_of(run, card.split_hash, card.lineage)
    if not lineage and not is_own and dataset.split_hash() != learned_split(run, card.split_hash):
        return f"{run_name(run)} was trained on another dataset or split: which of these images it learned is not known"
    if split not in _LEARNED:
        return ""
    doubt = ""
    for number, learned in enumerate(lineage, start=1):
        is_last = number == len(lineage)
        if is_last and is_own and learned.split_hash != dataset.split_hash():
            continue  # of a fold, or of another split: who asks says so
        found = known_images(learned, dataset, split)
        who = run_name(run) if is_last else f"a model that {run_name(run)} began with (--weights)"
        if found.names:
            raise SegError(
                f"{dataset.root}: {who} has learned images of {split} here, {found.words}. Their "
                "score would say nothing. Give these images the splits that they had there, or train on this dataset"
                + ("" if is_last else " without such weights")
                + found.else_way
                + (_OTHER_TIME if found.has_ground else "")
            )
        doubt = doubt or (f"{who}: {found.doubt}" if found.doubt else "")
    return doubt


def knows_any(run: Path, card: ModelCard, dataset: Dataset, split: str, *, is_own: bool) -> bool:
    """Whether images that somebody asks to be scored although they may have been learned were, by a run.

    is_own: as of `refuse_learned`.
    """
    if split in _LEARNED:  # refused else
        return False
    asked = dataset.of_split(*([] if split == "all" else [split]))
    if is_own:
        return any(sample.split == "train" for sample in asked)
    lineage = lineage_of(run, card.split_hash, card.lineage)
    return any(known_of({**each.val, **each.train}, each, dataset, asked).names for each in lineage)


def known_to(run: Path, card: ModelCard, dataset: Dataset, asked: Sequence[Sample]) -> list[KnownImages]:
    """Of some samples those whose labels a run has learned, or a model that it began with; nothing if none says so."""
    lineage = lineage_of(run, card.split_hash, card.lineage)
    return [known_of(each.train, each, dataset, asked) for each in lineage]


def known_images(learned: Learned, dataset: Dataset, split: str) -> KnownImages:
    """The images of val or test that were learned.

    Equal names in equal splits say nothing: files may have been exchanged. Where it was learned, the dataset itself may
    hold an image twice, on both sides, which `seg-prep check` tells: only what became another file there counts.
    """
    images = {stem: known for kind in _LEARNED[split] for stem, known in getattr(learned, kind).items()}
    asked = dataset.of_split(split)
    if learned.split_hash == dataset.split_hash() and _is_at(learned.dataset, dataset):
        images = _became_others(images, dataset, asked)
    return known_of(images, learned, dataset, asked) if images else KnownImages({}, learned.dataset, len(asked))


def _became_others(images: Mapping[str, str], dataset: Dataset, asked: Sequence[Sample]) -> dict[str, str]:
    """Of images that were learned here, those whose files are some that are asked about, and not their own any more."""
    hashes = set(image_hashes(dataset, asked).values()) - {""}
    equal = {stem: known for stem, known in images.items() if known in hashes}
    now = image_hashes(dataset, [sample for sample in dataset.samples if sample.stem in equal]) if equal else {}
    return {stem: known for stem, known in equal.items() if now.get(stem) != known}


def _is_at(place: str, dataset: Dataset) -> bool:
    return Path(place).resolve() == dataset.root.resolve()


def known_of(images: Mapping[str, str], learned: Learned, dataset: Dataset, asked: Sequence[Sample]) -> KnownImages:
    """Which of some samples are among images that were learned, or show ground of them.

    images: those of what was learned that count, the hash of the file of each, by stem.
    """
    place = learned.dataset
    stems = {known: stem for stem, known in images.items() if known}
    hashes, found, others = image_hashes(dataset, asked), dict[str, str](), list[Sample]()
    for sample in asked:
        stem, known = sample.stem, hashes[sample.stem]
        if there := (stem if known and images.get(stem) == known else stems.get(known)):
            found[stem] = stem if there == stem else f"{stem} ({there} there)"
        elif stem in images:
            others.append(sample)
    own = _opened(Path(place))
    if own is not None and _is_at(place, dataset):
        own = None  # they were replaced there
    seen = SameNames((), len(others)) if own is None else same_names(dataset, own, others, images)
    others = [each for each in asked if each.stem not in {*found, *seen.same}]
    ground = shared_ground(learned, images, dataset, others, own)
    found |= {stem: stem for stem in seen.same}
    found |= {stem: f"{stem} (ground of {there} there)" for stem, there in ground.pairs}
    doubt = "; ".join([*_doubts(seen, place), *filter(None, [ground.doubt])])
    else_way = _OTHER_PHOTOS if seen.has_scenes else ""
    return KnownImages(found, place, len(asked), doubt, else_way, has_ground=bool(ground.pairs))


def _doubts(seen: SameNames, place: str) -> Iterator[str]:
    """What is not known of images that have the names of learned ones, one sentence a thing."""
    if seen.unseen:
        yield (
            f"{counted(seen.unseen, 'image')} here {verb(seen.unseen, 'has', 'have')} names of images that it learned "
            f"in {place}, which are not there any more: whether they are the same is not known"
        )
    if number := len(seen.doubtful):
        yield (
            f"{counted(number, 'image')} here {verb(number, 'looks', 'look')} like learned images of equal names in "
            f"{place} ({list_some(seen.doubtful)}): whether they are the same is not known"
        )


def torn_apart(dataset: Dataset) -> str:
    """A note on groups that are in more than one split; empty if there are none."""
    torn = torn_groups(dataset.of_split())
    if not torn:
        return ""
    shown = list_some([f"{group} ({', '.join(splits)})" for group, splits in torn.items()])
    grouping = f"{last_split_way(dataset.root).grouping} ".lstrip()
    return for_dataset(
        dataset.root,
        f"{dataset.root}: {counted(len(torn), 'group')} {verb(len(torn), 'lies', 'lie')} in more than one split, and "
        f"scores will be too good: {shown}; 'seg-prep split {grouping}--overwrite' keeps groups whole",
    )


def _opened(root: Path | None) -> Dataset | None:
    try:
        return open_dataset(root) if root is not None and is_dataset(root) else None
    except (SegError, OSError):  # somebody else's trouble: it is not what is scored, and its name may be anything
        return None
