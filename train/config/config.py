"""Everything that a training depends on besides its data, in one value that is saved with the model."""
# ruff: noqa: RUF009 (the functions called in defaults return fields)

from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from prep.core.arguments import BELOW_1, POSITIVE, UP_TO_1, NumberRange, python_numbers, shown_value
from prep.core.errors import SegError
from prep.core.words import counted
from train.config.loss_spec import parse_loss
from train.config.settings import setting, settings_of

Optimizer = Literal["adamw", "adam", "sgd"]
Schedule = Literal["one-cycle", "cosine", "step", "poly", "constant"]
Best = Literal["iou", "dice", "loss"]
Precision = Literal["auto", "bf16", "32"]

IMAGENET_WEIGHTS = ("imagenet", "imagenet-lite")
"""Initial weights of encoders."""

NONE, OFF_BY_NONE = "none", ("encoder", "augment")
"""A word that takes away what a recipe has, where None cannot be typed."""

_USUAL_LR = {"adamw": 3e-3, "adam": 1e-3, "sgd": 0.05}
_USUAL_WEIGHT_DECAY = {"adamw": 1e-2, "adam": 0.0, "sgd": 1e-4}
_USUAL_SCHEDULE: dict[str, Schedule] = {"adamw": "one-cycle", "adam": "one-cycle", "sgd": "step"}
_USUAL_EPOCHS, _USUAL_PATIENCE, _USUAL_OVERLAP = 12, 20, 0.5
_MAX_CHANNELS = 4096
"""Of the plain U-Net's lowest level: its weights take 2 GB then."""


OF_VALIDATION = ("best", "patience")
"""Settings that go by validation images."""


def need_validation(given: Mapping[str, Any]) -> None:
    """SegError for settings that were chosen for a cross-validation, and that only validation images give a meaning.

    given: by name, None where nothing was chosen; a patience of 0 waits for ever, as all trainings of folds do.
    """
    if unused := [SETTINGS[name].flag for name in OF_VALIDATION if given.get(name)]:
        flags = " and ".join(unused)
        raise SegError(
            f"{flags}: by validation images, and trainings of --folds have none, as they learn train and val alike: "
            f"leave {flags} out; they are as long as --epochs or --minutes say, and their last model is kept"
        )


def architecture_key(arch: str) -> str:
    """U-Net, unet++ and deeplabv3+ as unet, unetplusplus and deeplabv3plus."""
    return arch.lower().replace("+", "plus").replace("-", "").replace("_", "")


_network = partial(setting, "Network")
_training = partial(setting, "Training")
_patches = partial(setting, "Patches and augmentation")
_windows = partial(setting, "Predicting whole images")
_pictures = partial(setting, "Pictures and logs")
_reproducing = partial(setting, "Reproducing")


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of one training; docs/settings.md lists them. Raises SegError that names the option of a wrong value.

    Numbers may be of NumPy, and files Paths; they are kept as Python's own, and as texts.
    """

    arch: str = _network("unet", "Architecture; 'seg-train networks' lists them.", "NAME")
    encoder: str | None = _network(
        None, "Encoder of the architecture; 'seg-train networks' lists them.", "none|NAME", usual="none: plain"
    )
    weights: str | Path = _network(
        "none",
        "Initial weights; FILE is a run or its model.pt, latest the latest run.",
        "none|imagenet|imagenet-lite|latest|FILE",
    )
    width: int = _network(16, "Channels of the plain U-Net's first level.", "CHANNELS", within=NumberRange(1, 1024))
    depth: int = _network(4, "Times that the plain U-Net halves the resolution.", "NUMBER", within=NumberRange(1, 8))
    decoder_width: int = _network(
        256, "Channels of the decoder's first level, halved from level to level, at least 16; of --arch unet, "
        "unetplusplus and manet with an encoder.", "CHANNELS", within=NumberRange(16, 1024),
    )  # fmt: skip
    epochs: int | None = _training(
        None, "Times that every patch is shown.", "NUMBER", within=NumberRange(1), usual="12, or as --minutes allow"
    )
    batch: int = _training(
        16, "Patches that the network sees at once.", "NUMBER",
        within=NumberRange(2), reason="batch normalisation compares the patches of a batch",
    )  # fmt: skip
    accumulate: int = _training(1, "Batches in one step of the optimizer.", "NUMBER", within=NumberRange(1))
    loss: str = _training("ce", "Loss, such as ce, ce+dice, 0.5*bce+0.5*dice, focal:gamma=2.", "SUM")
    class_weights: bool = _training(False, "Weight the loss by the class weights of stats.json.")
    optimizer: Optimizer = _training("adamw", "Optimizer; sgd has Nesterov momentum.")
    lr: float | None = _training(
        None, "Highest learning rate.", "RATE", within=POSITIVE, usual="adamw 0.003, adam 0.001, sgd 0.05"
    )
    encoder_lr: float = _training(
        1.0, "Learning rate of the encoder, as a share of --lr.", "SHARE", within=NumberRange(0, 10)
    )
    schedule: Schedule | None = _training(None, "Learning rate over the training.", usual="one-cycle; step for sgd")
    warm_up: float | None = _training(
        None, "Share of the training in which the rate rises.", "SHARE", within=BELOW_1, usual="one-cycle 0.2"
    )
    weight_decay: float | None = _training(
        None, "Weight decay.", "RATE", within=NumberRange(0), usual="adamw 0.01, adam 0, sgd 0.0001"
    )
    clip: float | None = _training(None, "Highest norm of the gradient.", "NORM", within=POSITIVE, usual="no limit")
    ema: float = _training(
        0.0, "Keep a running mean of the weights, such as 0.99; 0 keeps the weights.", "DECAY", within=BELOW_1
    )
    best: Best = _training("iou", "Validation figure that decides on the model kept.")
    patience: int | None = _training(
        None, "Stop after so many epochs without a better one; 0 never stops.", "EPOCHS",
        within=NumberRange(0), usual="20; with --minutes 0",
    )  # fmt: skip
    minutes: float | None = _training(
        None, "Use so much time, score and report included; an epoch is then the time between two validations.",
        "NUMBER", within=POSITIVE,
    )  # fmt: skip
    size: int | None = _patches(
        None, "Side of a patch.", "PIXELS", within=NumberRange(16, 8192), usual="the patches there are, else 96"
    )
    image_size: int | None = _patches(
        None, "Longer side to which larger images are brought, in training and in labelling.", "PIXELS",
        within=NumberRange(16, 100_000), usual="as they are",
    )  # fmt: skip
    crops: int = _patches(
        20,
        "Random crops of each image in an epoch, where there are no patches.",
        "NUMBER",
        within=NumberRange(1, 1_000_000),
    )
    flips: bool = _patches(True, "Flip at random.")
    vertical_flips: bool = _patches(True, "Flip upside down, too, not only left to right.")
    quarter_turns: bool = _patches(False, "Turn by multiples of 90 degrees.")
    rotate: float = _patches(0.0, "Turn by up to so much, either way.", "DEGREES", within=NumberRange(0, 180))
    scale: tuple[float, float] = _patches(
        (1.0, 1.0), "Enlarge by a random factor between these.", "LOW HIGH", within=NumberRange(0.1, 10), usual="1 1"
    )
    brightness: float = _patches(0.0, "Add up to this share of white, either way.", "SHARE", within=UP_TO_1)
    contrast: float = _patches(0.0, "Change contrast by up to this share, either way.", "SHARE", within=UP_TO_1)
    blur: float = _patches(0.0, "Blur by a Gaussian of up to this deviation.", "PIXELS", within=NumberRange(0, 20))
    noise: float = _patches(0.0, "Add noise of up to this deviation, as a share of white.", "SHARE", within=UP_TO_1)
    augment: str | Path | None = _patches(None, "Any transform of albumentations, as YAML or JSON.", "none|FILE")
    window: int | None = _windows(
        None, "Side of a window.", "PIXELS", within=NumberRange(16, 8192), usual="twice the patch"
    )
    overlap: float | None = _windows(
        None, "Share of a window that the next one covers again.", "SHARE",
        within=NumberRange(0, 0.9), usual="0.5; less where --minutes are short for it",
    )  # fmt: skip
    compile: bool = _network(False, "Compile the network: slower to begin, then faster on GPUs.")
    film: bool = _pictures(False, "Write progress.mp4: one validation image, epoch by epoch.")
    tensorboard: bool = _pictures(False, "Write TensorBoard events too.")
    precision: Precision = _reproducing("auto", "auto is bf16 where hardware computes it.")
    seed: int = _reproducing(0, "Seed of every random choice.", "NUMBER", within=NumberRange(0))

    def __post_init__(self) -> None:
        for name, each in SETTINGS.items():
            value = python_numbers(getattr(self, name))
            value = None if name in OFF_BY_NONE and isinstance(value, str) and value == NONE else value
            value = str(value) if each.is_path and isinstance(value, Path) else value
            object.__setattr__(self, name, value)
            if (wanted := each.wanted(value)) is not None:
                raise SegError(f"{each.flag} needs {wanted}; got {shown_value(value)}")
        object.__setattr__(self, "scale", tuple(self.scale))  # lists come from TOML and checkpoints
        channels = self.width * 2 ** (self.depth - 1)
        if channels > _MAX_CHANNELS:
            raise SegError(
                f"--width {self.width} with --depth {self.depth} makes {counted(channels, 'channel')} at the lowest "
                f"level; at most {_MAX_CHANNELS:,} are possible"
            )
        for flag, side in (("--size", self.size), ("--window", self.window)):
            if side is not None and side < 2**self.depth:
                raise SegError(
                    f"{flag} needs at least {counted(2**self.depth, 'pixel')} with --depth {self.depth}; got {side}"
                )
        parse_loss(self.loss)

    def need_used(self, given: Container[str]) -> None:
        """SegError for settings that were chosen for this training and that its network does not follow."""
        if unused := [name for name in self.unused if name in given]:
            flags = " and ".join(SETTINGS[name].flag for name in unused)
            other = f"--arch {self.arch}" if self.encoder is None else f"--encoder {self.encoder}"
            raise SegError(
                f"{flags}: of the plain U-Net, and {other} is another network, if there is one of that name: leave "
                f"{flags} out; 'seg-train networks' lists all"
            )

    def without_unused(self) -> "Config":
        """These settings, with the default in the place of what the network does not follow."""
        return replace(self, **{name: SETTINGS[name].default for name in self.unused})

    @classmethod
    def from_plain(cls, data: Mapping[str, Any], source: object) -> "Config":
        """Read settings of a checkpoint; what an older version did not have keeps its default.

        Raises SegError that names the source for values that no training can have.
        """
        try:
            return cls(**{name: data[name] for name in SETTINGS if name in data})
        except SegError as error:
            raise SegError(f"{source}: {error}") from error

    @property
    def is_plain(self) -> bool:
        """Whether it is our plain U-Net, whose size is width and depth; the others have the sizes of their names."""
        return self.encoder is None and architecture_key(self.arch) == "unet"

    @property
    def unused(self) -> tuple[str, ...]:
        """Settings that the network does not follow."""
        return () if self.is_plain else ("width", "depth")

    @property
    def is_affine(self) -> bool:
        """Whether patches are sampled between the pixels of the image."""
        return self.rotate > 0 or self.scale != (1, 1)

    @property
    def alters_colors(self) -> bool:
        """Whether the values of pixels change, not only their places."""
        return max(self.brightness, self.contrast, self.blur, self.noise) > 0

    @property
    def initial_model(self) -> Path | None:
        """The file of the model that a training begins with; None for random weights and those of ImageNet."""
        return None if self.weights in ("none", "imagenet", "imagenet-lite") else Path(self.weights)

    @property
    def peak_lr(self) -> float:
        """The highest learning rate."""
        return self.lr if self.lr is not None else _USUAL_LR[self.optimizer]

    @property
    def decay(self) -> float:
        """The weight decay."""
        return self.weight_decay if self.weight_decay is not None else _USUAL_WEIGHT_DECAY[self.optimizer]

    @property
    def passes(self) -> int | None:
        """How often every patch is shown; None where only the time says."""
        return self.epochs if self.epochs is not None or self.minutes is not None else _USUAL_EPOCHS

    @property
    def waits(self) -> int:
        """Epochs without a better one after which the training stops; 0 never stops."""
        return self.patience if self.patience is not None else _USUAL_PATIENCE if self.minutes is None else 0

    @property
    def window_overlap(self) -> float:
        """The overlap of windows, where time suffices."""
        return self.overlap if self.overlap is not None else _USUAL_OVERLAP

    @property
    def curve(self) -> Schedule:
        """The learning rate's schedule."""
        return self.schedule or _USUAL_SCHEDULE[self.optimizer]

    def to_plain(self) -> dict[str, Any]:
        """Plain data, for checkpoints and config.json."""
        return {**asdict(self), "scale": list(self.scale)}


SETTINGS = settings_of(Config)
"""Every setting by its name."""
