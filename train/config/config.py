"""Everything that a training depends on besides its data, in one value that is saved with the model."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from prep.core.errors import SegError
from train.config.augmentation import Augmentation
from train.config.loss_spec import parse_loss

Optimizer = Literal["adamw", "adam", "sgd"]
Schedule = Literal["one-cycle", "cosine", "step", "poly", "constant"]
Best = Literal["iou", "dice", "loss"]
Precision = Literal["auto", "bf16", "32"]

_USUAL_LR = {"adamw": 3e-3, "adam": 1e-3, "sgd": 0.05}
_USUAL_WEIGHT_DECAY = {"adamw": 1e-2, "adam": 0.0, "sgd": 1e-4}
_USUAL_SCHEDULE: dict[str, Schedule] = {"adamw": "one-cycle", "adam": "one-cycle", "sgd": "step"}


@dataclass(frozen=True)
class Config:
    """Settings of one training. Raises SegError for impossible values."""

    arch: str = "unet"
    """Architecture: unet, atrous-unet, or one of segmentation-models-pytorch."""
    encoder: str | None = None
    """Encoder of segmentation-models-pytorch; None takes the plain U-Net, and resnet34 in other architectures."""
    weights: str = "none"
    """Initial weights: none, imagenet (of the encoder, downloaded), imagenet-lite (from a package), or a model.pt."""
    width: int = 16
    """Channels of the plain U-Net's first level; every level down has twice as many."""
    depth: int = 4
    """Number of times that the plain U-Net halves the resolution."""
    epochs: int = 12
    """An epoch shows every patch once, in one of its orientations; what does not fill a batch is left out."""
    batch: int = 16
    """Patches in one step."""
    accumulate: int = 1
    """Batches whose gradients are added up before the weights change."""
    loss: str = "ce"
    """Loss, or a sum of losses, as losses.build_loss reads it."""
    class_weights: bool = False
    """Weight the loss by the class weights of stats.json."""
    optimizer: Optimizer = "adamw"
    """adamw, adam, or sgd with Nesterov momentum 0.9."""
    lr: float | None = None
    """Highest learning rate; None takes the optimizer's usual one."""
    schedule: Schedule | None = None
    """Learning rate over the training; None takes one-cycle, and step (a tenth late in training) for sgd."""
    warm_up: float | None = None
    """Share of the training in which the rate rises; None takes 0.2 for one-cycle and none for the others."""
    weight_decay: float | None = None
    """Decoupled for adamw, plain for the others; None takes the optimizer's usual one."""
    clip: float | None = None
    """Highest norm of the gradient; None does not clip."""
    ema: float = 0.0
    """Decay of the running mean of the weights that is validated and saved instead of them; 0 takes the weights."""
    best: Best = "iou"
    """Which validation figure decides on the model that is kept: mean IoU, mean Dice, or loss."""
    patience: int = 20
    """Stop after so many epochs without a better validation figure; 0 never stops."""
    minutes: float | None = None
    """Time budget: the learning rate falls so that training is done by then."""
    size: int | None = None
    """Side of a training patch in pixels; None takes the only set of patches there is."""
    crops: int = 20
    """Random crops of each image in an epoch, where there are no patches."""
    flips: bool = True
    """Flip patches at random, unless the patches were cut with --no-flips."""
    vertical_flips: bool = True
    """Flip patches upside down, too; photos taken by people are better off without."""
    quarter_turns: bool = False
    """Turn patches at random by multiples of 90 degrees."""
    rotate: float = 0.0
    """Turn patches by up to so many degrees either way."""
    scale: tuple[float, float] = (1.0, 1.0)
    """Enlarge what a patch shows by a random factor between these."""
    brightness: float = 0.0
    """Add up to this share of white, either way."""
    contrast: float = 0.0
    """Change contrast by up to this share, either way."""
    blur: float = 0.0
    """Highest deviation of a Gaussian blur, in pixels."""
    noise: float = 0.0
    """Highest deviation of Gaussian noise, as a share of white."""
    augment: str | None = None
    """File of an albumentations transform (YAML or JSON) that each patch goes through."""
    window: int | None = None
    """Side of a window while predicting, in pixels; None takes twice the patch."""
    overlap: float = 0.5
    """Share of a window that the next one covers again."""
    compile: bool = False
    """Compile the network with torch.compile for training."""
    film: bool = False
    """Write progress.mp4: the prediction of one validation image, epoch by epoch."""
    tensorboard: bool = False
    """Write the history as TensorBoard events too."""
    precision: Precision = "auto"
    """bf16 or 32 (float32); auto takes bf16 where the hardware computes it."""
    seed: int = 0
    """Seed of weights, order, crops and augmentation."""

    def __post_init__(self) -> None:
        for name in ("width", "depth", "epochs", "batch", "crops", "accumulate"):
            _need(getattr(self, name) >= 1, name, "at least 1", getattr(self, name))
        _need(self.batch >= 2, "batch", "at least 2: batch normalisation compares the patches of a batch", self.batch)
        for name in ("size", "window"):
            value = getattr(self, name)
            _need(value is None or value >= 2**self.depth, name, f"at least {2**self.depth} pixels", value)
        for name in ("lr", "minutes", "clip"):
            value = getattr(self, name)
            _need(value is None or value > 0, name, "a number above 0", value)
        for name in ("overlap", "ema"):
            _need(0 <= getattr(self, name) < 1, name, "a share from 0 to below 1", getattr(self, name))
        _need(self.warm_up is None or 0 <= self.warm_up < 1, "warm_up", "a share from 0 to below 1", self.warm_up)
        _need(self.weight_decay is None or self.weight_decay >= 0, "weight_decay", "0 or more", self.weight_decay)
        _need(self.patience >= 0, "patience", "0 or more", self.patience)
        parse_loss(self.loss)
        object.__setattr__(self, "scale", self.augmentation.scale)  # lists come from TOML and checkpoints
        for name, kinds in (("optimizer", Optimizer), ("schedule", Schedule), ("best", Best), ("precision", Precision)):
            value = getattr(self, name)
            _need(value is None or value in get_args(kinds), name, "one of " + ", ".join(get_args(kinds)), value)

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> "Config":
        """Read settings of a checkpoint; what an older version did not have keeps its default."""
        return cls(**{field.name: data[field.name] for field in fields(cls) if field.name in data})

    @property
    def augmentation(self) -> Augmentation:
        """How patches are changed at random."""
        return Augmentation(**{field.name: getattr(self, field.name) for field in fields(Augmentation)})

    @property
    def peak_lr(self) -> float:
        """The highest learning rate."""
        return self.lr if self.lr is not None else _USUAL_LR[self.optimizer]

    @property
    def decay(self) -> float:
        """The weight decay."""
        return self.weight_decay if self.weight_decay is not None else _USUAL_WEIGHT_DECAY[self.optimizer]

    @property
    def curve(self) -> Schedule:
        """The learning rate's schedule."""
        return self.schedule or _USUAL_SCHEDULE[self.optimizer]

    def to_plain(self) -> dict[str, Any]:
        """Plain data, for checkpoints and config.json."""
        return {**asdict(self), "scale": list(self.scale)}


def _need(fits: bool, name: str, what: str, value: object) -> None:
    if not fits:
        raise SegError(f"--{name.replace('_', '-')} needs {what}; got {value}")
