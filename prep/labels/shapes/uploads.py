"""The names that Label Studio gives photos that are uploaded to it: 0a1b2c3d-my_photo.jpg of "my photo.jpg".

Source: https://github.com/HumanSignal/label-studio (data_import/models.py, upload_name_generator), and Django's
get_valid_filename.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath

_UPLOAD = re.compile(r"^[0-9a-f]{8}-(?=.)")


def before_upload(name: str, own_names: Callable[[], Mapping[str, str]]) -> str:
    """What a photo was called before it was uploaded; the name as it is where it is none of an upload.

    own_names: gives, by what an upload leaves of their names, those of the files that are there.
    """
    path = PurePosixPath(name)
    if not _UPLOAD.match(path.name):
        return name
    rest = _UPLOAD.sub("", path.name)
    return own_names().get(rest, str(path.with_name(rest)))


def by_uploaded_name(names: Iterable[str]) -> dict[str, str]:
    """Names by what an upload leaves of them; without those of which two leave the same."""
    uploaded = {name: _uploaded(name) for name in names}
    times = Counter(uploaded.values())
    return {left: name for name, left in uploaded.items() if times[left] == 1}


def _uploaded(name: str) -> str:
    """Without spaces, and without signs but letters, digits, - _ and dots."""
    return re.sub(r"[^-\w.]", "", name.strip().replace(" ", "_"))
