"""Everything that only a GPU can show, as one table at the end: python -m tests.gpu, about 8 minutes.

It works with the packages of whatever Python runs it, installs nothing and needs no network: parts whose packages are
missing are skipped, and named. --device cpu --quick goes through the same parts on a CPU, in a minute, to try them.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.gpu.machine import Machine, missing_packages, open_machine
from tests.gpu.parts import PARTS
from tests.gpu.table import FAILED, SKIPPED, Row, table


def main() -> None:
    """Go through the parts, print the table, and exit with 1 if one failed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.gpu", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--quick", action="store_true", help="each part as short as it can be: nothing is measured")
    parser.add_argument("--only", nargs="*", choices=PARTS, default=[*PARTS], metavar="PART", help=", ".join(PARTS))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        machine = open_machine(Path(folder), options.device, quick=options.quick)
        if isinstance(machine, str):
            sys.exit(f"Nothing was measured: {machine}")
        rows = []
        for name in options.only:
            for row in worked(name, machine):
                print(row.line(), file=sys.stderr, flush=True)
                rows.append(row)
    print(f"\n{machine.name}\n\n{table(rows)}")
    sys.exit(any(row.verdict == FAILED for row in rows))


def worked(name: str, machine: Machine) -> list[Row]:
    """The rows of one part; skipped where a package is missing, which is no reason for the others to stop."""
    needs, work = PARTS[name]
    if missing := missing_packages(needs):
        return [Row(name, f"needs {', '.join(missing)}", SKIPPED, 0.0)]
    began = time.monotonic()
    try:
        return work(machine)
    except RuntimeError as error:
        return [Row(name, str(error), FAILED, time.monotonic() - began)]


if __name__ == "__main__":
    main()
