"""Two commands at once, and what may come of it: what one after the other gives, in one of the two orders.

That is the whole judgement. It depends on nobody's speed: commands that wait for each other end in one of the two
orders, one that is refused leaves the result of the other, and one that is killed may have been before its point of
no return or behind it.
"""

import random
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from tests.concurrent.commands import COMMANDS, HOME, STEPS, copy_base, start
from tests.support import SCRIPTS, tree

PATIENCE_S = 120
State = frozenset[tuple[str, bytes]]


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code, negative if it was killed, and what it said."""

    code: int
    said: str


def state(folder: Path) -> State:
    """The dataset of a trial, without what may be lost and what tells the time."""
    found = tree(folder / HOME)
    return frozenset((name, content) for name, content in found.items() if not name.startswith(".annotate"))


def _without_report(found: State) -> State:
    return frozenset((name, b"" if name == "report.html" else content) for name, content in found)


class Trials:
    """Trials on copies of one dataset. folder: where everything happens.  base: of commands.make_base."""

    def __init__(self, base: Path, folder: Path) -> None:
        self._base = base
        self._folder = folder
        self._number = 0
        self.after = cache(self._after)

    def _after(self, names: tuple[str, ...]) -> tuple[tuple[int, ...], State]:
        """Exit codes and dataset after commands one after the other, with nobody beside them."""
        place = self._place()
        ended = [self._end(start(name, place, place / name, 5.0), place / name) for name in names]
        self._judge_words(ended)
        return tuple(end.code for end in ended), self._remove(place)

    def pair(self, first: str, second: str, chance: random.Random) -> str:
        """Run two commands at once; returns how it ended, for the statistics.  AssertionError if something is wrong."""
        place = self._place()
        wait = chance.choice([0.0, 0.1, 5.0, 5.0])
        delay = chance.random() ** 2 * 0.5
        said = place / "first", place / "second"
        processes = start(first, place, said[0], wait), start(second, place, said[1], wait, delay)
        ended = [self._end(process, path) for process, path in zip(processes, said, strict=True)]
        self._judge_words(ended)
        self._judge_result(first, second, ended, self._remove(place), delay, wait)
        return "both done" if ended[0].code == ended[1].code == 0 else "one refused"

    def _judge_result(self, first: str, second: str, ended: Sequence[Ended], found: State, *times: float) -> None:
        (one, two), both = self.after((first, second))
        (two_first, one_second), other = self.after((second, first))
        allowed = {((one, two), both), ((one_second, two_first), other)}
        allowed |= {((self.after((first,))[0][0], 1), self.after((first,))[1])}
        allowed |= {((1, self.after((second,))[0][0]), self.after((second,))[1])}
        codes = ended[0].code, ended[1].code
        assert (codes, found) in allowed, self._words(first, second, ended, *times)

    def kill(self, first: str, second: str, chance: random.Random) -> str:
        """As pair, and one of the two is killed on the way; then that one is run again."""
        place = self._place()
        delay, life = chance.random() ** 2 * 0.3, chance.random() ** 2 * 0.6
        said = place / "first", place / "second"
        processes = start(first, place, said[0], 5.0), start(second, place, said[1], 5.0, delay)
        victim = chance.randrange(2)
        processes[victim].join(life)
        processes[victim].kill()
        ended = [self._end(process, path) for process, path in zip(processes, said, strict=True)]
        self._judge_words([end for end in ended if end.code != -signal.SIGKILL])
        name, other = (first, second) if victim == 0 else (second, first)
        again = self._end(start(name, place, place / "again", 5.0), place / "again")
        self._judge_words([again])
        befores = [((other,), 0), ((name, other), 1), ((other, name), 0)]
        if name in STEPS:
            befores += [((f"{name} step", other), 1), ((other, f"{name} step"), 0)]
        allowed = {
            (codes[where], codes[-1], _without_report(found))
            for before, where in befores
            for codes, found in [self.after((*before, name))]
        }
        allowed |= {
            (1, codes[-1], _without_report(found))
            for before in ((), (name,))
            for codes, found in [self.after((*before, name))]
        }
        survivor = ended[1 - victim].code
        for given_up in (place / HOME).glob(".unfinished-*"):  # of a result that now is another command's
            assert again.code == 1 or name in STEPS, given_up
            assert not (given_up / "commit.json").exists(), given_up
            shutil.rmtree(given_up)
        found = _without_report(self._remove(place))  # which tells of the hidden folder of who was killed
        closest = min((each ^ found for *_, each in allowed), key=len)
        words = self._words(first, second, [*ended, again], delay, life, *sorted({name for name, _ in closest}))
        assert (survivor, again.code, found) in allowed, words
        return "killed" if ended[victim].code == -signal.SIGKILL else "over before the kill"

    def read(self, reader: str, writer: str, chance: random.Random, place: Path) -> str:
        """A reader beside a writer: what it says, or writes elsewhere, is of the dataset before or after that."""
        copy_base(self._base, place)
        said = place / "reader", place / "writer"
        processes = start(writer, place, said[1], 5.0), start(reader, place, said[0], 5.0, chance.random() ** 2 * 0.5)
        wrote, read = (self._end(process, path) for process, path in zip(processes, reversed(said), strict=True))
        self._judge_words([wrote])
        assert ((wrote.code,), state(place)) == self.after((writer,))
        results = [self._read_alone(reader, names) for names in ((), (writer,))]
        found = read.code, read.said, tree(place / "out") if (place / "out").exists() else {}
        if found not in results:
            assert read.code == 1, (read, results)
            assert "was changed while it was read; nothing was written" in read.said, read
        return "read"

    def _read_alone(self, reader: str, before: tuple[str, ...]) -> tuple[int, str, dict[str, bytes]]:
        place = self._place()
        for name in (*before, reader):
            ended = self._end(start(name, place, place / name, 5.0), place / name)
        out = tree(place / "out") if (place / "out").exists() else {}
        shutil.rmtree(place)
        return ended.code, ended.said, out

    def scripts(self, first: str, second: str) -> None:
        """Two commands at once as people start them, with nothing of the tests in their processes."""
        place = self._place()
        options = {"cwd": place, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        commands = [[str(SCRIPTS / "seg-prep"), *COMMANDS[name].split()] for name in (first, second)]
        processes = [subprocess.Popen(command, **options) for command in commands]  # type: ignore[call-overload]
        said = [process.communicate(timeout=PATIENCE_S)[0] for process in processes]
        ended = [Ended(process.returncode, words) for process, words in zip(processes, said, strict=True)]
        self._judge_words(ended)
        self._judge_result(first, second, ended, self._remove(place))

    def _judge_words(self, ended: Sequence[Ended]) -> None:
        for end in ended:
            assert "Traceback" not in end.said, end.said
            assert end.code in (0, 1), end
            if end.code == 1:
                *_, last = lines = end.said.strip().splitlines()
                assert last.startswith("Error: "), end.said
                assert sum(line.startswith("Error: ") for line in lines) == 1, end.said

    def _words(self, first: str, second: str, ended: Sequence[Ended], *details: object) -> str:
        return f"{first} and {second}, {details}: neither order gives this; {[(end.code, end.said) for end in ended]}"

    def _end(self, process: ForkServerProcess, path: Path) -> Ended:
        process.join(PATIENCE_S)
        assert process.exitcode is not None, "hangs"
        return Ended(process.exitcode, path.read_text(encoding="utf-8") if path.exists() else "")

    def _place(self) -> Path:
        self._number += 1
        return copy_base(self._base, self._folder / str(self._number))

    def _remove(self, place: Path) -> State:
        """The state of a trial that is over; nothing hidden may be left."""
        found = state(place)
        left = [name for name, _ in found if name.startswith((".unfinished", ".lock")) or name.endswith(".part")]
        assert not left, left
        shutil.rmtree(place)
        return found


def all_pairs() -> list[tuple[str, str]]:
    """Every pair of commands, also of one with itself, in both orders."""
    return [(first, second) for first in COMMANDS for second in COMMANDS]
