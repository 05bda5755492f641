"""Who may use the page, and which files it may reach."""

import hashlib
import hmac
import secrets
from pathlib import Path

from prep.core.errors import SegError
from prep.dataset.dataset_files import INDEX
from prep.web.guard import Refusal

_NO_TOKEN = (
    "This server is open to those who have its whole address, with the token in it. Copy it from the terminal in which "
    "seg-prep annotate runs; programs send the token as 'Authorization: Bearer TOKEN'."
)


def inside(root: Path, name: str) -> Path:
    """Where the file `name` of index.csv lies; Refusal (403) if that is not in the dataset folder `root`.

    An index of others could name any file of this computer, also by a link.
    """
    try:
        path = (root / name).resolve()
        allowed = path.is_relative_to(root.resolve())
    except (ValueError, OSError, RuntimeError):  # a NUL, a name too long, links in a circle
        allowed = False
    if not allowed:
        raise Refusal(403, f"{name!r} in {INDEX} leads out of the dataset folder. Copy the file into it.")
    return root / name


def refuse_links_out(root: Path, *places: Path) -> None:
    """SegError if one of these places in a dataset is a link out of it: files are removed and written there."""
    for path in places:
        if not path.resolve().is_relative_to(root.resolve()):
            raise SegError(f"{path}: leads out of the dataset; remove this link")


def refuse_odd_stem(stem: str) -> None:
    """Refusal (403) if a stem of index.csv could name another folder: files are named after it."""
    if stem in ("", ".", "..") or any(sign in stem for sign in "/\\\0"):
        raise Refusal(403, f"The stem {stem!r} in {INDEX} is no name of a file. Give this image another one.")


def new_token() -> str:
    """A random text that nobody guesses, for an address: 256 bits."""
    return secrets.token_urlsafe(32)


class Pass:
    """The token that lets people in, as a cookie once they have come with it in the address."""

    def __init__(self, token: str) -> None:
        self._token = token
        # Browsers send a cookie to all ports of a host: two servers need two names.
        self.cookie = f"seg-annotate-{hashlib.sha256(token.encode()).hexdigest()[:8]}"

    def fits(self, token: str | None) -> bool:
        """Whether this is the token, in a time that tells nothing about it."""
        return hmac.compare_digest((token or "").encode("utf-8", "surrogatepass"), self._token.encode())

    def check(self, cookie: str | None, authorization: str | None) -> None:
        """Refusal (401) unless the cookie, or the header Authorization of a program, holds the token."""
        kind, _, token = (authorization or "").partition(" ")
        if not (self.fits(cookie) or (kind.lower() == "bearer" and self.fits(token.strip()))):
            raise Refusal(401, _NO_TOKEN)
