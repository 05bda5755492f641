"""Files of a website: the one behind its URL, or those that a page with a list of files links to."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import unquote

from prep.storage.remote_file import RemoteFile, remote_file

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_AT_ONCE = 16
"""Questions to a server at a time: a list does not say how large its files are."""


def files_of_website(files: "AbstractFileSystem", url: str) -> tuple[bool, list[RemoteFile]]:
    """Whether there is a list of files behind a URL, and the files in it by their names below it; else the file itself.

    A folder whose list cannot be had is an error: find() of fsspec leaves it out.
    """
    about = files.info(url)
    if about.get("mimetype") != "text/html":
        return False, [remote_file(unquote(url.rpartition("/")[2]), about)]
    links = sorted(set(_links(files, url)))
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        found = threads.map(lambda link: remote_file(unquote(link), files.info(f"{url}/{link}")), links)
        return True, list(found)


def _links(files: "AbstractFileSystem", url: str, folder: str = "") -> Iterator[str]:
    """What is linked below a folder, as links write it: not what leads out of it, nor other orders of its list."""
    for about in files.ls(f"{url}/{folder}", detail=True):
        link = str(about["name"]).removeprefix(f"{url}/")
        below = link.startswith(folder) and link != folder and not {".", ".."} & set(link.split("/"))
        if not below or "?" in link or "#" in link:
            continue
        if link.endswith("/"):
            yield from _links(files, url, link)
        else:
            yield link
