"""Another process that holds the lock of a dataset."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOLDER = """
import sys
from pathlib import Path
from prep.dataset.transaction import writing
from prep.splitting.split import split_dataset
sys.argv = ["/usr/bin/seg-prep", "split", "my data", "--seed", "3"]
with writing(Path(sys.stdin.readline().strip())):
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def held_elsewhere(root: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process has the lock of a folder until the block ends."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        process.stdin.write(f"{root}\n")
        process.stdin.flush()
        assert process.stdout.readline() == "held\n"
        yield process
        process.stdin.close()
