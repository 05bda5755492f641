"""What is a URL and what a path, and the last name of either."""

import re
from pathlib import PurePosixPath
from urllib.parse import unquote

from prep.core.words import without_secrets

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+(://|::)", re.IGNORECASE)
"""Of two letters or more: one is a drive of Windows. Two colons join the parts of a chain, zip::s3://..."""


def is_url(text: str) -> bool:
    """Whether a text names something by a URL, as s3://bucket/photos, or by a chain of them."""
    return _SCHEME.match(text) is not None


def last_name(url: str) -> str:
    """The last name of the path of a URL, empty if it has none; of s3://bucket/photos/ it is photos."""
    first = without_secrets(url).partition("::")[0]
    return unquote(PurePosixPath(first.partition("://")[2]).name)
