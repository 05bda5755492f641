"""A file of a storage as that one tells of it: its name, its size, and its version."""

from collections.abc import Mapping
from dataclasses import dataclass

from prep.core.errors import SegError
from prep.core.words import without_secrets

_VERSIONS = ("ETag", "LastModified", "Last-Modified", "mtime", "created", "date_time")
"""What storages say of a file that changes with its content, the surest first."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a store: its posix name there, its size in bytes, and what says that it is still the same."""

    name: str
    size: int
    version: str


def remote_file(name: str, about: Mapping[str, object]) -> RemoteFile:
    """Of what a storage says of it; SegError if that is not enough to know that it has come whole."""
    version = next((str(about[key]) for key in _VERSIONS if about.get(key)), "")
    return RemoteFile(name, size_told(about), version)


def size_told(about: Mapping[str, object]) -> int:
    """Bytes of a file, of what a storage says of it; SegError where a website does not tell them."""
    if about.get("size") is None:
        raise SegError(
            f"{without_secrets(str(about['name']))}: its server does not say how large it is (no Content-Length), so "
            "that nobody could tell whether all of it has come; download it, and name that"
        )
    return int(str(about["size"]))
