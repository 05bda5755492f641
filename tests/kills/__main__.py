"""Kill every command at every point.

python -m tests.kills
python -m tests.kills --only predict score --every 7
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.kills.commands import COMMANDS, make_base
from tests.kills.killer import preload
from tests.kills.trials import killed, undisturbed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=COMMANDS, default=[*COMMANDS])
    parser.add_argument("--every", type=int, default=1, help="only every so many points")
    options = parser.parse_args()
    preload()
    began, all_bad, kills = time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory() as name:
        base = make_base(Path(name) / "base")
        for command in options.only:
            trial = undisturbed(command, base, Path(name) / "undisturbed")
            bad = 0
            points = trial.points[:: options.every]
            for point in points:
                if (wrong := killed(trial, point, Path(name) / "trial")) is not None:
                    bad += 1
                    print(f"{command}, point {point}: {wrong}", flush=True)
            print(f"{command}: {len(points)} points, {bad} bad", flush=True)
            all_bad, kills = all_bad + bad, kills + len(points)
    print(f"{kills} kills of {len(options.only)} commands in {time.monotonic() - began:.0f} s, {all_bad} bad")
    sys.exit(all_bad > 0)


if __name__ == "__main__":
    main()
