"""provenance.jsonl: one line for each command that changed a folder."""

import json
import os
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from prep.core.files import explained, open_plain
from prep.dataset.dataset_files import PROVENANCE

_PACKAGES = ("seg-prep", "numpy", "opencv-python-headless", "pillow")


def record(root: Path, command: str, arguments: dict[str, object], seconds: float) -> None:
    """Append what was run: time, command, arguments (the seed among them), versions, seconds."""
    line = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "arguments": arguments,
        "versions": {name: version(name) for name in _PACKAGES},
        "seconds": round(seconds, 3),
    }
    path = root / PROVENANCE
    data = (json.dumps(line, ensure_ascii=False, default=Path.as_posix) + "\n").encode()
    with explained(path), os.fdopen(open_plain(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "ab", 0) as file:
        file.write(data)  # in one piece: another command may add its line in this moment
