"""Everything that a training depends on besides its data, in one value that is saved with the model."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from prep.errors import SegError

Optimizer = Literal["adamw", "sgd"]


@dataclass(frozen=True)
class Config:
    """Settings of one training. Raises SegError for impossible values."""

    width: int = 16
    """Channels of the U-Net's first level; every level down has twice as many."""
    depth: int = 4
    """Number of times that the U-Net halves the resolution."""
    epochs: int = 12
    """An epoch shows every patch once, in one of its orientations; what does not fill a batch is left out."""
    batch: int = 16
    """Patches in one step."""
    lr: float | None = None
    """Highest learning rate; None takes the optimizer's usual one."""
    optimizer: Optimizer = "adamw"
    """adamw with one cycle of the learning rate, or sgd with momentum and a tenth of the rate late in training."""
    weight_decay: float = 1e-2
    """Decoupled weight decay of adamw, plain weight decay of sgd (there a hundredth of this)."""
    class_weights: bool = False
    """Weight the loss by the class weights of stats.json."""
    patience: int = 20
    """Stop after so many epochs without a better validation score; 0 never stops."""
    minutes: float | None = None
    """Time budget: the learning rate falls so that training is done by then."""
    size: int | None = None
    """Side of a training patch in pixels; None takes the only set of patches there is."""
    crops: int = 20
    """Random crops of each image in an epoch, where there are no patches."""
    window: int | None = None
    """Side of a window while predicting, in pixels; None takes twice the patch."""
    overlap: float = 0.5
    """Share of a window that the next one covers again."""
    seed: int = 0
    """Seed of weights, order, crops and flips."""

    def __post_init__(self) -> None:
        for name in ("width", "depth", "epochs", "batch", "crops"):
            if getattr(self, name) < 1:
                raise SegError(f"--{name} needs at least 1; got {getattr(self, name)}")
        if self.batch < 2:
            raise SegError("--batch needs at least 2: batch normalisation compares the patches of a batch")
        for name in ("size", "window"):
            if getattr(self, name) is not None and getattr(self, name) < 2**self.depth:
                raise SegError(f"--{name} needs at least {2**self.depth} pixels; got {getattr(self, name)}")
        if self.lr is not None and not self.lr > 0:
            raise SegError(f"--lr needs a number above 0; got {self.lr}")
        if self.minutes is not None and not self.minutes > 0:
            raise SegError(f"--minutes needs a number above 0; got {self.minutes}")
        if not 0 <= self.overlap < 1:
            raise SegError(f"--overlap needs a share from 0 to below 1; got {self.overlap}")

    @property
    def peak_lr(self) -> float:
        """The highest learning rate."""
        return self.lr if self.lr is not None else {"adamw": 3e-3, "sgd": 0.05}[self.optimizer]

    def to_plain(self) -> dict[str, Any]:
        """Plain data, for checkpoints and config.json."""
        return asdict(self)
