"""The path that a URL means, and the last name of either."""

from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from prep.core.words import without_secrets


def local_path(url: str) -> Path | None:
    """The path that file:///photos/a.png means; None for other URLs, and for file://host/..., which is elsewhere.

    Programs write a blank as %20, people as it is.
    """
    scheme, _, path = url.partition("://")
    path = path.removeprefix("localhost")
    if scheme.lower() != "file" or not path.startswith("/") or "::" in url:
        return None
    return Path(path) if Path(path).exists() else Path(unquote(path))


def last_name(url: str) -> str:
    """The last name of the path of a URL, empty if it has none; of s3://bucket/photos/ it is photos."""
    first = without_secrets(url).partition("::")[0]
    return unquote(PurePosixPath(first.partition("://")[2]).name)
