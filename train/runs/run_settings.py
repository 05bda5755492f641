"""config.json: the settings and the data that a run was trained with."""

from pathlib import Path
from typing import Any

from prep.core.errors import SegError
from prep.core.jsonio import read_json
from train.runs.run_files import CONFIG

_KINDS = {"dataset_path": str, "split_hash": str, "data_hash": str, "patch_size": int, "gradient_ways": list}
"""Entries that are read again, besides those of train/config/config.py, which check themselves."""

_REMEDY = "restore it from a copy, or train again"


def read_settings(run: Path) -> dict[str, Any]:
    """Read config.json of a run; SegError if it is damaged, or not of a training."""
    path = run / CONFIG
    content = read_json(path, remedy=_REMEDY, names_files=True)
    if not isinstance(content, dict) or "dataset_path" not in content:
        raise SegError(f"{path}: not the settings of a training; {_REMEDY}")
    for name, kind in _KINDS.items():
        if name in content and (type(content[name]) is not kind or "\0" in str(content[name])):
            raise SegError(f"{path}: {name} cannot be {str(content[name])!r:.80}; {_REMEDY}")
    return content
