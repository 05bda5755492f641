"""Photos and labels that are named by URLs: copied here while a command works on them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from prep.cli.console import note, progress, shown_as

_FOLDER = Path("fetched")
"""In the folder in which one types: all commands there find the copies of the one before that has not ended well."""


@contextmanager
def fetched(places: Sequence[Path | str | None], *, keep: bool = False) -> Iterator[list[Path | None]]:
    """Paths of these places, of which the URLs are copied first; the copies go when the block ends without an error.

    keep: they stay for the next command. Meanwhile everything that is printed names the URLs.
    """
    urls = [place for place in places if isinstance(place, str)]
    if not urls:
        yield [place if isinstance(place, Path) else None for place in places]
        return
    from prep.core.words import without_secrets
    from prep.dataset.lock import locked
    from prep.storage.fetch import copy_of, fetch, forget_copies

    copies = {url: copy_of(url, _FOLDER) for url in urls}
    with locked(_FOLDER, note):
        for url, copy in copies.items():
            shown_as(copy, without_secrets(url))
            with progress("Fetching") as advance:
                fetch(url, copy, advance)
        try:
            yield [copies[place] if isinstance(place, str) else place for place in places]
        except BaseException:
            note(_stays("try"))
            raise
        if keep:
            note(_stays("command"))
        else:
            forget_copies(_FOLDER, list(copies.values()))
    with suppress(OSError):  # something else is in there
        _FOLDER.rmdir()


def _stays(what: str) -> str:
    return f"What was fetched stays in {_FOLDER.resolve()} for the next {what}; remove it if there is none."
