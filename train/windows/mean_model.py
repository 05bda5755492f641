"""Several models as one: the mean of their class probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from prep.core.errors import SegError
from prep.images.bands import format_bands
from prep.photos.ranges import Range
from prep.photos.rendering import Rendering
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
        rendering=_common_rendering(members),
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


def _common_rendering(members: Sequence[Member]) -> Rendering:
    first, *others = members
    bands = first.predictor.rendering.bands
    for other in others:
        if other.predictor.rendering.bands != bands:
            raise SegError(
                f"{first.name} and {other.name} were trained on images of other bands ({format_bands(bands)}, and "
                f"{format_bands(other.predictor.rendering.bands)}): they have no mean; name runs of one dataset"
            )
    found: dict[str, tuple[Member, Range]] = {}
    for member in members:
        for kind, span in member.predictor.rendering.ranges.items():
            other, known = found.setdefault(kind, (member, span))
            if known != span:
                raise SegError(
                    f"{other.name} and {member.name} were trained on {kind} photos read otherwise ({known[0]} to "
                    f"{known[1]}, and {span[0]} to {span[1]}): they have no mean; name runs of one dataset"
                )
    return Rendering({kind: span for kind, (_, span) in found.items()}, bands)


def _common_scale(members: Sequence[Member], wanted: Scale) -> ImageScale | None:
    """The scale of the images that all of them learned from; None where it differs, which only a factor allows."""
    first = members[0].predictor.scale
    for member in members[1:]:
        other = member.predictor.scale
        if _are_alike(first.trained, other.trained, wanted):
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
    trained = scale.trained
    if trained is None:
        return scale.known
    if trained.stretched is not None:
        return f"stretched to {trained.stretched[0]:,} x {trained.stretched[1]:,} px"
    if trained.ground is not None:
        return f"of {trained.ground.words} a pixel"
    photos = "" if trained.photos is None else f" made of photos of up to {trained.photos[2]:,} px"
    return f"of {scale.known}{' cut out of rasters' if trained.cut else photos}"


def _are_alike(one: ImageScale | None, other: ImageScale | None, wanted: Scale) -> bool:
    """Whether photos are at the right scale for both models where they are so for one."""
    if one is None or other is None:
        return one is other
    if _kind(one) != _kind(other):
        return False
    pairs: list[tuple[float, float]] = list(zip((*one.long, *one.short), (*other.long, *other.short), strict=True))
    if one.ground is not None and other.ground is not None:
        ours, theirs = ((*each.across, *each.down) for each in (one.ground, other.ground))
        metres = list(zip(ours, theirs, strict=True))
        pairs = [*metres, *pairs] if wanted == "fit" else metres  # of rasters only what is on the ground counts
    return all(max(pair) <= _ALIKE * min(pair) for pair in pairs)


def _kind(scale: ImageScale) -> tuple[object, ...]:
    return scale.stretched, scale.cut, scale.is_by_short, scale.photos is None, scale.ground is None
