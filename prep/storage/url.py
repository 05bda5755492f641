"""What is a URL and what a path, and how a URL is shown: without the secrets that may stand in it."""

import re
from pathlib import PurePosixPath
from urllib.parse import unquote

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+(://|::)", re.IGNORECASE)
"""Of two letters or more: one is a drive of Windows. Two colons join the parts of a chain, zip::s3://..."""

_END = r"(?:(?!::|:(?:\s|$))\S)*"
"""Up to the next part of a chain, the colon of a message, or a blank; a time in a query has colons, too."""

_SECRETS = re.compile(r"(?<=://)[^/\s]+@|(?<=://)[^/\s:@]+:(?!:|\d+/)(?:(?!::)[^\s?#])*@" rf"|\?{_END}|#(?=\S*=){_END}")
"""A user and a password (that of S3 may hold a slash) before the host, and all behind a question mark, where signed
URLs have their signature; behind # where that assigns something."""


def is_url(text: str) -> bool:
    """Whether a text names something by a URL, as s3://bucket/photos, or by a chain of them."""
    return _SCHEME.match(text) is not None


def shown(text: str) -> str:
    """The text with all URLs in it as they may be printed: no user, password, or signature."""
    return _SECRETS.sub("", text)


def last_name(url: str) -> str:
    """The last name of the path of a URL, empty if it has none; of s3://bucket/photos/ it is photos."""
    first = shown(url).partition("::")[0]
    return unquote(PurePosixPath(first.partition("://")[2]).name)
