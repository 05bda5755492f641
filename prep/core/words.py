"""Numbers, names, lists of names and of commands, as people write and sort them."""

import math
import re
import shlex
import unicodedata
from collections.abc import Iterable, Sequence

_SHOWN = 5
_WAYS = 8

TYPE_AS_SOURCE = "type the same command with"

_LONGEST_NUMBER = 1000
"""Digits; Python reads no number of more than 4,300."""
_LONG_WORD, _BEGINNING = re.compile(r"\S{1000,}"), 60
_STEERING = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029"  # terminals, half characters, line ends of Unicode
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # marks that turn what follows: a name can look like another
)

_URL_END = r"(?:(?!::|:(?:\s|$))\S)*"
"""Up to the next part of a chain, the colon of a message, or a blank; a time in a query has colons, too."""

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+(://|::)", re.IGNORECASE)
"""Of two letters or more: one is a drive of Windows. Two colons join the parts of a chain, zip::s3://..."""

NO_PATH = (
    "a URL, and this names a file or folder of this machine; 'seg-prep unpack URL -o FOLDER' brings a packed dataset "
    "here and 'seg-prep pack FOLDER -o URL' takes one there, 'curl -LO URL' and 'aws s3 cp --recursive' copy others"
)
"""What is wrong with a URL in the place of a path, and what to do."""

_SECRETS = re.compile(
    r"(?<=://)[^/\s]+@|(?<=://)[^/\s:@]+:(?!:|\d+/)(?:(?!::)[^\s?#])*@" rf"|\?{_URL_END}|#(?=\S*=){_URL_END}"
)
"""A user and a password (that of S3 may hold a slash) before the host, and all behind a question mark, where signed
URLs have their signature; behind # where that assigns something."""


def counted(number: float, one: str, many: str = "") -> str:
    """Write a number with its noun: "1 mask", "12 masks"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def shown_score(value: float) -> str:
    """A score as tables show it, with four digits, and "-" where there is none (NaN)."""
    return "-" if math.isnan(value) else f"{value:.4f}"


def verb(number: int, one: str, many: str) -> str:
    """The form of a verb that goes with a number: has or have."""
    return one if number == 1 else many


def list_some(names: Sequence[str]) -> str:
    """Write the first few names, and how many more there are."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def natural_key(stem: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key that puts 2 before 10: runs of digits count as numbers."""
    parts = re.findall(r"\d+|\D+", stem)
    return tuple(
        (0, int(part), part) if part.isdecimal() and len(part) < _LONGEST_NUMBER else (1, 0, part) for part in parts
    )


def composed(text: str) -> str:
    """Text in composed Unicode (NFC), in which names are compared: a Mac writes ä as an a with a mark behind it."""
    return unicodedata.normalize("NFC", text)


def printable(text: str) -> str:
    r"""Text that holds names of others, as a terminal may show it: what steers it is written as \x1b or \u202e."""
    return _STEERING.sub(lambda found: ascii(found[0])[1:-1], text)


def is_url(text: str) -> bool:
    """Whether a text names something by a URL, as s3://bucket/photos, or by a chain of them."""
    return _SCHEME.match(text) is not None


def without_secrets(text: str) -> str:
    """The text with all URLs in it as they may be printed: no user, password, or signature."""
    return _SECRETS.sub("", text)


def shortened(text: str) -> str:
    """Text whose words of over a thousand letters, which no file or class is called, are their beginning and end."""
    return _LONG_WORD.sub(lambda found: f"{found[0][:_BEGINNING]}...{found[0][-_BEGINNING:]}", text)


def lines(ways: Iterable[str]) -> str:
    """Each of them in a line of its own, after what says what they are."""
    return "".join(f"\n  {way}" for way in ways)


def options(name: str, values: Iterable[str]) -> str:
    """An option with each of these values: --variable 'a b'."""
    return lines([shlex.join([name, value]) for value in values][:_WAYS])


def as_source(ways: Sequence[str]) -> str:
    """That the same command, with all its options, is to be typed with one of these as its SOURCE."""
    which = "this" if len(ways) == 1 else "one of these"
    return f"{TYPE_AS_SOURCE} {which} as SOURCE:{lines(ways[:_WAYS])}"
