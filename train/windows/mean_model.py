"""Several models as one: the mean of their class probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from prep.core.errors import SegError
from prep.photos.ranges import Range, Ranges
from train.windows.predictor import Predictor
from train.windows.scale import ImageScale, Rescaling, Scale, parse_scale
from train.windows.window_settings import WindowSettings
from train.windows.windows import Probabilities

_ALIKE = 1.25
"""Images whose sides differ no more are of one scale: a model loses nothing there (tests/bench/NOTES.md)."""


@dataclass(frozen=True)
class MeanModel:
    """The mean of the class probabilities of several models, which see the same windows one after the other."""

    models: tuple[Probabilities, ...]

    def __call__(self, windows: Tensor) -> Tensor:
        """(B, S, S, 3) uint8 -> (B, C, S, S) float32 class probabilities."""
        total = self.models[0](windows).clone()
        for model in self.models[1:]:
            total += model(windows)
        return total.div_(len(self.models))


@dataclass(frozen=True)
class Member:
    """A model and its name, as people know it."""

    name: str
    predictor: Predictor


def mean_predictor(members: Sequence[Member], scale: Scale = "auto") -> Predictor:
    """One predictor of all members, at a scale as of Predictor.at_scale; of a single one, that one.

    Its windows are as large, and overlap as much, as the largest of theirs. Raises SegError where their probabilities
    cannot be averaged: of other classes, for images of another scale (unless `scale` is a factor), or for deep photos
    that they read otherwise.
    """
    first = members[0]
    if len(members) == 1:
        return first.predictor.at_scale(scale)
    for other in members[1:]:
        _need_same_classes(first, other)
        if other.predictor.device != first.predictor.device:
            raise SegError(f"{first.name} and {other.name} compute in different places; add --device cpu")
    settings = [member.predictor.windows for member in members]
    wanted = parse_scale(scale)
    return replace(
        first.predictor,
        model=MeanModel(tuple(member.predictor.model for member in members)),
        windows=WindowSettings(max(each.window for each in settings), max(each.overlap for each in settings)),
        ranges=_common_ranges(members),
        scale=Rescaling(_common_scale(members, wanted), wanted),
    )


def _need_same_classes(first: Member, other: Member) -> None:
    ours, theirs = (member.predictor.classes.names for member in (first, other))
    if ours != theirs:
        why = "them in another order" if sorted(ours) == sorted(theirs) else "other ones"
        raise SegError(
            f"{first.name} knows the classes {', '.join(ours)}, and {other.name} knows {why} ({', '.join(theirs)}): "
            "only models of the same classes, in the same order, have a mean; name such runs"
        )


def _common_ranges(members: Sequence[Member]) -> Ranges:
    found: dict[str, tuple[Member, Range]] = {}
    for member in members:
        for kind, span in member.predictor.ranges.items():
            other, known = found.setdefault(kind, (member, span))
            if known != span:
                raise SegError(
                    f"{other.name} and {member.name} were trained on {kind} photos read otherwise ({known[0]} to "
                    f"{known[1]}, and {span[0]} to {span[1]}): they have no mean; name runs of one dataset"
                )
    return {kind: span for kind, (_, span) in found.items()}


def _common_scale(members: Sequence[Member], wanted: Scale) -> ImageScale | None:
    """The scale of the images that all of them learned from; None where it differs, which only a factor allows."""
    first = members[0].predictor.scale
    for member in members[1:]:
        other = member.predictor.scale
        if _are_alike(first.trained, other.trained):
            continue
        if not isinstance(wanted, str):
            return None
        raise SegError(
            f"{members[0].name} learned from images {_sizes(first)}, and {member.name} from images {_sizes(other)}: "
            "photos cannot be at the scale of both; name runs of one scale, or add --scale FACTOR, such as --scale 1, "
            "which labels photos as they are"
        )
    return first.trained


def _sizes(scale: Rescaling) -> str:
    """The sizes of the training's images, and what tells two alike ones apart, for people."""
    if scale.trained is None:
        return scale.known
    if scale.trained.stretched is not None:
        return f"stretched to {scale.trained.stretched[0]:,} x {scale.trained.stretched[1]:,} px"
    cut, photos = scale.trained.cut, scale.trained.photos
    ground = f" at {scale.trained.ground.words} a pixel" if scale.trained.ground else ""
    origin = (
        f" cut out of rasters{ground}"
        if cut
        else ""
        if photos is None
        else f" made of photos of up to {photos[2]:,} px"
    )
    return f"of {scale.known}{origin}"


def _are_alike(one: ImageScale | None, other: ImageScale | None) -> bool:
    """Whether photos are at the right scale for both models where they are so for one."""
    if one is None or other is None:
        return one is other
    if (one.stretched, one.cut, one.is_by_short, one.photos is None) != (
        other.stretched, other.cut, other.is_by_short, other.photos is None
    ):  # fmt: skip
        return False
    if (one.ground is None) != (other.ground is None):
        return False
    ours, theirs = (
        (*each.long, *each.short, *(each.metres_across or ()), *(each.metres_down or ())) for each in (one, other)
    )
    return all(max(pair) <= _ALIKE * min(pair) for pair in zip(ours, theirs, strict=True))
