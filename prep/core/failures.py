"""Files that cannot be used: a job over many leaves them out and goes on, up to so many."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from prep.core.errors import SegError
from prep.core.words import counted

_SHOWN = 10


class Outcome(Protocol):
    """What a job gives for one file."""

    @property
    def problem(self) -> str:
        """Why the file is left out; empty if it is not."""


AnyOutcome = TypeVar("AnyOutcome", bound=Outcome)
Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Tried(Generic[Result]):
    """The result of a job, or why there is none."""

    result: Result | None
    problem: str = ""


@dataclass(frozen=True)
class Trying(Generic[Job, Result]):
    """A function for `run_jobs` that goes on where another one raises SegError, or kills its worker."""

    function: Callable[[Job], Result]

    def __call__(self, job: Job) -> Tried[Result]:
        """What the function gives, or its error."""
        try:
            return Tried(self.function(job))
        except SegError as error:
            return Tried(None, str(error))

    def killed(self, job: Job, problem: str) -> Tried[Result]:
        """As of a file that cannot be used."""
        return Tried(None, problem)


def refused(problems: Sequence[str], ends: str = "") -> SegError:
    """The error where no file can be used: the first problems, how many more there are, and what follows."""
    more = len(problems) - _SHOWN
    lines = [
        *problems[:_SHOWN],
        *([f"... and {counted(more, 'more file')}"] if more > 0 else []),
        *([ends] if ends else []),
    ]
    return SegError("\n".join(lines))


class TooManyFailed(SegError):
    """More files cannot be used than may be left out."""


class Failures:
    """What is wrong with the files that are left out, in the order in which they were found.

    most: with more of them it is a TooManyFailed that lists the first ones; None is any number.
    """

    def __init__(self, most: int | None = None) -> None:
        self.problems: list[str] = []
        self._most = most
        self._known: set[str] = set()

    def add(self, problem: str) -> None:
        """Leave one file out; what was left out before is not listed twice."""
        self.add_all([problem])

    def add_all(self, problems: Sequence[str]) -> None:
        """Leave several files out, of which all are known already: if they are too many, all of them count."""
        new = [problem for problem in dict.fromkeys(problems) if problem not in self._known]
        self._known.update(new)
        self.problems += new
        if not new or self._most is None or len(self.problems) <= self._most:
            return
        more = len(self.problems) - _SHOWN
        lines = [*self.problems[:_SHOWN], *([f"... and {more:,} more"] if more > 0 else [])]
        text = "\n".join([f"{counted(len(self.problems), 'file')} cannot be used:", *lines])
        enough = max(2 * self._most + 10, len(self.problems))
        raise TooManyFailed(f"{text}\nMend them, or let more be left out with --max-failed {enough}")

    def look(self, outcome: AnyOutcome) -> AnyOutcome:
        """Leave a file out if its outcome says so; returns the outcome."""
        if outcome.problem:
            self.add(outcome.problem)
        return outcome

    @contextmanager
    def leaving_out(self) -> Iterator[None]:
        """Leave the file of the block out, instead of raising its SegError."""
        try:
            yield
        except SegError as error:
            problem = str(error)
        else:
            return
        self.add(problem)
