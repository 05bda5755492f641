"""The minutes of a training: what is used of them, what is set aside for the end, and when to look at validation."""

import math
import time
from dataclasses import dataclass, field

_AIM = 0.975
"""The middle between the shares of the minutes that a training may take: 0.9 and 1.05."""

_LOOKS_SHARE = 0.17
"""Share of the time that looks at validation may take, all together; a fifth with what steps and estimates add."""

_FEWEST_LOOKS, _USUAL_LOOKS = 5, 20

_LONGEST_S = 600.0
"""Seconds between two looks of a long training, which is saved at each of them."""

_LEAST_TRAINING = 0.1
"""Share of the time that is trained at least, also where the score of all test images takes longer than there is."""


@dataclass
class Budget:
    """All in seconds of time.monotonic(), or of its differences.

    seconds: of the whole command, with those that commands before it used which were interrupted.
    began: when it would have begun, had it never been interrupted.  opening: used when training began.
    finish: what follows the last look will take: running statistics, the score of the test images, the report.
    look: what a look at validation takes.  step: what a step of the training takes.  epochs: that are over, each with
    its look.
    """

    seconds: float
    began: float
    opening: float = 0.0
    finish: float = 0.0
    look: float = 0.0
    step: float = 0.0
    epochs: int = 0
    _until: float = field(default=0.0, init=False)

    @classmethod
    def of(cls, minutes: float, began: float) -> "Budget":
        """The budget of a command that began at this time."""
        return cls(60 * _AIM * minutes, began)

    @property
    def minutes(self) -> float:
        """As they were given."""
        return self.seconds / 60 / _AIM

    def used(self) -> float:
        """Seconds used so far."""
        return time.monotonic() - self.began

    @property
    def deadline(self) -> float:
        """Seconds used when the last step has to be done: a look, the scores and the report follow."""
        return max(self.seconds - self.finish - self.look, self.opening + _LEAST_TRAINING * self.seconds)

    def share(self, used: float) -> float:
        """How much of the training is done, 0..1, when so many seconds are used."""
        # What does not fit whole is left out: half a step more may be late, half a step less is early.
        return min(1.0, max(0.0, (used + self.step / 2 - self.opening) / (self.deadline - self.opening)))

    def begin_epoch(self, used: float) -> None:
        """Decide when the next look is due: what is left, divided by the looks that are left."""
        left = max(self.deadline - used, 0.0)
        share = left / (self.deadline - self.opening)
        looks = max(1, round(self._looks() * share), _FEWEST_LOOKS - self.epochs)
        self._until = used + (left - (looks - 1) * self.look) / looks

    def is_look_due(self, used: float) -> bool:
        """Whether the epoch ends here."""
        return used + self.step / 2 >= self._until

    @property
    def is_overrun(self) -> bool:
        """Whether the final score takes longer than what is left beside the least training."""
        return self.overrun > self.seconds / _AIM

    @property
    def overrun(self) -> float:
        """Seconds that the whole is going to take."""
        return self.deadline + self.look + self.finish

    @property
    def affordable_look(self) -> float:
        """Seconds that each of the fewest looks may take."""
        return _LOOKS_SHARE * (self.deadline - self.opening) / _FEWEST_LOOKS

    def _looks(self) -> int:
        """How many looks there are in the whole training."""
        span = self.deadline - self.opening
        affordable = _LOOKS_SHARE * span / self.look if self.look > 0 else math.inf
        return max(_FEWEST_LOOKS, math.floor(min(affordable, max(_USUAL_LOOKS, span / _LONGEST_S))))
