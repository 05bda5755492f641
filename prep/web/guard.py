"""Keeps other web pages from using a server through the browser of the person who runs it."""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Of every answer: scripts and styles of this server only, no guessing of types, no framing, nothing kept."""


class Refusal(Exception):
    """A request that is turned down; its text tells a person what is wrong and what to do.

    status: of HTTP, 400..599.  retry_after: seconds after which the same request may succeed.
    facts: what the JSON of the answer says beside the text, for the page.
    """

    def __init__(self, status: int, text: str, retry_after: int | None = None, **facts: object) -> None:
        super().__init__(text)
        self.status = status
        self.retry_after = retry_after
        self.facts = facts


def check_host(host: str) -> None:
    """Refusal (403) unless the Host header names this machine itself, at any port.

    A page of another site can let its own name point to 127.0.0.1 (DNS rebinding); its name then stands here.
    """
    if not _is_this_machine(_split(f"//{host}").hostname or ""):
        raise Refusal(403, "This server answers on its own computer only, as localhost; --host opens it to others.")


def check_origin(host: str, origin: str | None, fetch_site: str | None) -> None:
    """Refusal (403) if a browser sent this request for a page of another site; programs send neither header.

    host, origin, fetch_site: the headers Host, Origin and Sec-Fetch-Site.
    """
    foreign = origin is not None and _split(origin).netloc.lower() != host.lower()
    if foreign or fetch_site not in (None, "same-origin", "none"):
        raise Refusal(403, "Pages of other sites may not send anything here. Open this server's own page.")


def _is_this_machine(name: str) -> bool:
    """Whether this is "localhost" or a loopback address, all of which --host takes: no name of others can be one."""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _split(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError:  # brackets that do not fit
        return urlsplit("")
