"""How far a training is: what last.pt holds besides weights and optimizer."""

import math
from dataclasses import dataclass, field
from typing import Any

from train.fitting.history import Epoch


@dataclass
class State:
    """What changes from epoch to epoch; last.pt holds it together with weights and optimizer."""

    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    validation_seconds: float = 0.0
    last_validation_seconds: float = 0.0
    validated_epoch: int = 0
    best: float = -math.inf
    best_epoch: int = 0
    pieces: int = 1
    warned: list[str] = field(default_factory=list)
    history: list[Epoch] = field(default_factory=list)

    def to_plain(self) -> dict[str, Any]:
        """Plain data, for last.pt."""
        return {**vars(self), "history": [row.to_plain() for row in self.history]}

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> "State":
        """Read what to_plain gave."""
        return cls(**{**data, "history": [Epoch.from_plain(row) for row in data["history"]]})
