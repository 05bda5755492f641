"""Kill every command at every point, or at any moment with several workers, and type it again.

python -m tests.kills
python -m tests.kills --only predict score --every 7
python -m tests.kills --notes kills.csv          # goes on where it was stopped
python -m tests.kills --random 200 --workers 2
python -m tests.kills --random 100 --cluster     # the command is killed, the workers are not
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from tests.forks import preload
from tests.kills.commands import CLUSTERED, COMMANDS, make_base
from tests.kills.trials import killed, killed_after, undisturbed
from tests.prep.core.cluster.machines import running

BAD, GOOD, OVER = "bad", "good", "over before the kill"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=COMMANDS, default=[*COMMANDS])
    parser.add_argument("--every", type=int, default=1, help="only every so many points")
    parser.add_argument("--notes", type=Path, help="a file of the points that are done; those in it are passed over")
    parser.add_argument("--random", type=int, help="so many kills at random moments instead")
    parser.add_argument("--workers", type=int, default=2, help="processes of each command, for --random")
    parser.add_argument("--cluster", action="store_true", help="let two workers of a cluster do the work, for --random")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    options = parser.parse_args()
    preload()
    began, results = time.monotonic(), Counter[tuple[str, str]]()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        base = make_base(folder / "base")
        if options.random is None:
            at_every_point(options, base, folder, results)
        else:
            at_random_moments(options, base, folder, results, _cluster(stack, folder) if options.cluster else None)
    print(f"\n| command | kills | {BAD} | {OVER} |\n|---|---|---|---|")
    for command in options.only:
        kills = results[command, GOOD] + results[command, BAD]
        print(f"| {command} | {kills} | {results[command, BAD]} | {results[command, OVER]} |")
    kills = sum(number for (_, result), number in results.items() if result != OVER)
    bad = sum(number for (_, result), number in results.items() if result == BAD)
    print(f"\n{kills} kills in {time.monotonic() - began:,.0f} s, {bad} bad")
    sys.exit(bad > 0)


def at_every_point(options: argparse.Namespace, base: Path, folder: Path, results: Counter[tuple[str, str]]) -> None:
    """Before and in the middle of each write."""
    notes: Path = options.notes or folder / "notes.csv"
    notes.touch()
    done = dict(line.rsplit(",", 1) for line in notes.read_text().splitlines())
    for command in options.only:
        trial = undisturbed(command, base, folder / "undisturbed")
        points = trial.points[:: options.every]
        for point in points:
            if f"{command},{point}" not in done:
                wrong = killed(trial, point, folder / "trial")
                done[f"{command},{point}"] = GOOD if wrong is None else BAD
                with notes.open("a") as file:
                    file.write(f"{command},{point},{done[f'{command},{point}']}\n")
                if wrong is not None:
                    print(f"{command}, point {point}: {wrong}", flush=True)
            results[command, done[f"{command},{point}"]] += 1
        print(f"{command}: {len(points)} points, {results[command, BAD]} bad", flush=True)


def _cluster(stack: ExitStack, folder: Path) -> Path:
    (folder / "machines").mkdir()
    return stack.enter_context(running(folder / "machines")).file


def at_random_moments(
    options: argparse.Namespace, base: Path, folder: Path, results: Counter[tuple[str, str]], cluster: Path | None
) -> None:
    """At any moment of the commands that take several workers, by turns, until there were so many kills."""
    fitting = CLUSTERED if cluster else [name for name in COMMANDS if "--workers" in COMMANDS[name]]
    options.only = [name for name in options.only if name in fitting]
    for _ in range(2 if cluster else 1):  # workers import what they need once, and are faster then
        trials = [undisturbed(name, base, folder / "undisturbed", options.workers, cluster) for name in options.only]
    chance = random.Random(options.seed)
    while sum(number for (_, result), number in results.items() if result != OVER) < options.random:
        trial = trials[sum(results.values()) % len(trials)]
        moment = chance.random() * trial.seconds
        was_killed, wrong = killed_after(trial, moment, folder / "trial")
        results[trial.name, BAD if wrong is not None else GOOD if was_killed else OVER] += 1
        if wrong is not None:
            print(f"{trial.name}, after {moment:.3f} s of {trial.seconds:.3f} s: {wrong}", flush=True)


if __name__ == "__main__":
    main()
