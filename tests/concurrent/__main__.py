"""Many trials of every pair of commands at once, at random distances; half of them with a kill -9.

python -m tests.concurrent --trials 300
python -m tests.concurrent --seed 7 --trials 20
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.concurrent.commands import READERS, make_base
from tests.concurrent.trials import Trials, all_pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0, help="of the pairs and the distances")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    began, bad, results = time.monotonic(), 0, Counter[str]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trials = Trials(make_base(folder / "base"), folder)
        pairs: list[tuple[str, str]] = []
        for number in range(options.trials):
            pairs = pairs or chance.sample(all_pairs(), len(all_pairs()))
            first, second = pairs.pop()
            try:
                if number % 10 == 9:
                    result = trials.read(chance.choice([*READERS]), first, chance, folder / f"read{number}")
                else:
                    result = (trials.kill if number % 2 else trials.pair)(first, second, chance)
            except AssertionError as error:
                bad += 1
                print(f"trial {number}, {first} and {second}: {error}", flush=True)
            else:
                results[result] += 1
    print(f"{options.trials} trials in {time.monotonic() - began:.0f} s, {bad} bad; {dict(results)}")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
