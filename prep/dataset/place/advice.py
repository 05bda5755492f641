"""Commands in advice name the dataset that is meant, where they would find another one by themselves."""

import re
import shlex
from pathlib import Path

from prep.core.errors import SegError
from prep.dataset.dataset import find_dataset, is_dataset

_COMMAND = r"(?<=')seg-prep (?:check|split|stats|patches|report|annotate|masks export)(?=[ '])(?!.* \(since )"
"""Those that find their dataset; quoted, as whatever is to be typed is in a sentence. Not what somebody else has typed
and is running since then."""


def for_dataset(root: Path, text: str) -> str:
    """The text with this dataset in its commands: typed without a name they may change another one.

    As it is where they find this one, or where `root` is no dataset yet.
    """
    if not re.search(_COMMAND, text) or not is_dataset(root) or _is_found(root):
        return text
    name = shlex.quote(root.as_posix())
    return re.sub(rf"{_COMMAND}(?! {re.escape(name)}[ '])", lambda command: f"{command[0]} {name}", text)


def _is_found(root: Path) -> bool:
    try:
        return find_dataset(None).resolve() == root.resolve()
    except SegError:
        return False
