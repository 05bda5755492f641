"""A folder behind a URL, or of this machine: read, listed and written with patience where a network fails."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar
from urllib.parse import quote

from prep.core.errors import SegError
from prep.core.files import explained, make_folder, part_of, put_in_place, replacing
from prep.core.words import is_url, without_secrets
from prep.storage.extra import need_cloud
from prep.storage.remote_file import RemoteFile, remote_file, size_told
from prep.storage.website import files_of_website

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

Answer = TypeVar("Answer")

_TRIES = 8
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 15.0
"""Doubled after each failure: a try that fails for good has taken about 13 seconds of pauses."""

_BLOCK = 8 << 20
"""Bytes of a stream that are fetched at a time."""

_HOPELESS = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError, FileExistsError)
"""What another try does not mend."""


_GONE = (404, 410)
_REFUSED = (400, 401, 403, 405, 407, 451)
"""What HTTP says of a file that is not there, or not for us."""


@dataclass(frozen=True)
class Store:
    """A folder of files, each called by a posix name below it.

    url: of the folder, or its path on this machine, without a slash at the end. Goes to other processes as it is: each
    opens its own connections.
    """

    url: str

    def __post_init__(self) -> None:
        if is_url(self.url):
            need_cloud("Reading and writing URLs needs")
        if self.url.startswith("file://"):  # a folder of this machine, with all that is promised of one
            from fsspec.implementations.local import LocalFileSystem

            object.__setattr__(self, "url", LocalFileSystem._strip_protocol(self.url))

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine, named by its path."""
        return not is_url(self.url)

    @property
    def is_of_this_process(self) -> bool:
        """Whether other processes would see another folder of this name."""
        return self.url.startswith("memory://")

    def shown(self, name: str = "") -> str:
        """The URL of a file, or of the folder, as it may be printed."""
        return without_secrets(self._path(name))

    def read(self, name: str) -> bytes:
        """A whole file; SegError if it is not there, or cannot be read after several tries."""
        return self.patiently(name, lambda files, path: bytes(files.cat_file(path)))

    def read_part(self, name: str, first: int, size: int) -> bytes:
        """`size` bytes of a file from byte `first` on; SegError if it ends before, or as `read`."""
        data = self.patiently(name, lambda files, path: bytes(files.cat_file(path, start=first, end=first + size)))
        if len(data) > size:
            raise _gives_no_part(self.shown(name))
        if len(data) < size:
            raise SegError(f"{self.shown(name)}: ends too early; is it whole?")
        return data

    def read_if_there(self, name: str) -> bytes | None:
        """A whole file, or None if there is none of this name; SegError if that cannot be told."""
        return None if self.size(name) is None else self.read(name)

    def size(self, name: str) -> int | None:
        """Bytes of a file, or None if there is none of this name."""

        def look(files: "AbstractFileSystem", path: str) -> int | None:
            files.invalidate_cache()
            try:
                about = files.info(path)
            except FileNotFoundError as error:
                if _failure_of_http(error):
                    raise
                return None
            return size_told(about) if about["type"] == "file" else None

        return self.patiently(name, look)

    @contextmanager
    def stream(self, name: str, first: int = 0) -> Iterator["Download"]:
        """A file to read from byte `first` on, one piece after the other; it goes on where a connection is lost."""
        reader = Download(self, name, first)
        try:
            yield reader
        finally:
            reader.close()

    def put(self, part: Path, name: str) -> None:
        """Move a local file there; who reads sees the old one or all of the new one."""
        if self.is_local:
            target = Path(self._path(name))
            make_folder(target.parent)
            put_in_place(part, target)
            return
        self.patiently(name, lambda files, path: files.put_file(str(part), path))
        part.unlink()

    def put_new(self, name: str, data: bytes) -> bool:
        """Write a small file where none of this name is; False if one is there already.

        Of two who do that at once one gets False, on folders of this machine and on storages that know conditional
        writes (S3, Google Cloud Storage); elsewhere there is a moment in which both may get True.
        """
        if self.is_local:
            return _link_new(Path(self._path(name)), data)

        def put(files: "AbstractFileSystem", path: str) -> bool:
            try:
                files.pipe_file(path, data, mode="create")
            except FileExistsError:
                return False
            except OSError as error:  # S3 says PreconditionFailed, without a class of its own
                if "precondition" not in str(error).lower():
                    raise
                return False
            return True

        is_new = self.patiently(name, put)
        return is_new or self.read(name) == data  # a try whose answer was lost on the way has done it

    def replace(self, name: str, data: bytes) -> None:
        """Write a small file, whatever was there."""
        if self.is_local:
            make_folder(Path(self._path(name)).parent)
            with replacing(Path(self._path(name))) as part:
                part.write_bytes(data)
            return
        self.patiently(name, lambda files, path: files.pipe_file(path, data))

    def files(self) -> tuple[bool, list[RemoteFile]]:
        """Whether it is a folder, and the files in it by their posix names below it; else the file itself."""

        def look(files: "AbstractFileSystem", path: str) -> tuple[bool, list[RemoteFile]]:
            files.invalidate_cache()
            base = files._strip_protocol(path).rstrip("/")
            if _is_website(path):
                return files_of_website(files, base)
            found = files.find(path, detail=True)
            if list(found) == [base]:
                return False, [remote_file(base.rpartition("/")[2], found[base] or files.info(base))]
            names = ((name.removeprefix(base).lstrip("/"), about) for name, about in found.items())
            return True, [remote_file(name, about) for name, about in names if name]

        return self.patiently("", look)

    def free_for_parts(self) -> Path | None:
        """A folder for files that are to be put here: on the same disk if that is ours, else None."""
        if not self.is_local:
            return None
        make_folder(Path(self.url))
        return Path(self.url)

    def _path(self, name: str) -> str:
        head, chained, rest = self.url.partition("::")
        name = quote(name) if _is_website(self.url) else name
        return f"{head.rstrip('/')}/{name}{chained}{rest}" if name else self.url

    def patiently(self, name: str, call: Callable[["AbstractFileSystem", str], Answer]) -> Answer:
        """Try again, with longer and longer pauses, what a network or a busy storage lets fail."""
        with _in_words(self.shown(name)):
            for number in range(_TRIES - 1):
                with _passing(number):
                    return call(*_opened(self._path(name)))
            return call(*_opened(self._path(name)))


class Download:
    """A file of a store, read in pieces from the front."""

    def __init__(self, store: Store, name: str, first: int) -> None:
        self._store, self._name, self._at = store, name, first
        self._file: IO[bytes] | None = None

    def read(self, size: int) -> bytes:
        """The next `size` bytes; SegError if the file ends before."""
        pieces = []
        while size:
            piece = self._store.patiently(self._name, partial(self._next, size))
            if not piece:
                raise SegError(f"{self._store.shown(self._name)}: ends too early; is it whole?")
            self._at, size = self._at + len(piece), size - len(piece)
            pieces.append(piece)
        return b"".join(pieces)

    def _next(self, size: int, files: "AbstractFileSystem", path: str) -> bytes:
        try:
            if self._file is None:
                whole = self._at == 0 and _is_website(path)  # many give no parts, which are needed to go on with only
                self._file = files.open(path, "rb", block_size=0 if whole else _BLOCK, cache_type="readahead")
                self._file.seek(self._at)
            return bytes(self._file.read(size))
        except Exception:
            self.close()  # the next try opens it anew
            raise

    def close(self) -> None:
        """Let the connection go."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(Exception):  # of a connection that is lost already
                file.close()


def _is_website(url: str) -> bool:
    return url.startswith(("http://", "https://")) and "::" not in url


@contextmanager
def _passing(number: int) -> Iterator[None]:
    """A block whose failure may pass by itself: waits, the longer the more often it has failed, instead of raising."""
    try:
        yield
    except (SegError, MemoryError, ImportError, ValueError):
        raise
    except Exception as error:
        if _is_hopeless(error):
            raise
        time.sleep(min(_FIRST_PAUSE_S * 2**number, _LONGEST_PAUSE_S))


def _is_hopeless(error: Exception) -> bool:
    """Whether another try does not mend it: what is not there, and credentials that are missing or refused."""
    if isinstance(error, _HOPELESS):
        failure = _failure_of_http(error)
        return failure is None or getattr(failure, "status", 0) in _REFUSED
    kind = type(error).__name__.lower()
    return "credential" in kind or "notfound" in kind or "paramvalidation" in kind


def _failure_of_http(error: BaseException) -> BaseException | None:
    """What lies behind the FileNotFoundError that fsspec makes of every failure over HTTP; None if nothing is there.

    A server that does not answer, or says 503, may have the file.
    """
    cause = error.__cause__
    if not isinstance(error, FileNotFoundError) or cause is None:
        return None
    is_of_network = type(cause).__module__.partition(".")[0] == "aiohttp" or isinstance(cause, TimeoutError)
    return cause if is_of_network and getattr(cause, "status", 0) not in _GONE else _failure_of_http(cause)


def _opened(url: str) -> tuple["AbstractFileSystem", str]:
    from fsspec.core import url_to_fs

    files, path = url_to_fs(url)
    return files, path


@contextmanager
def _in_words(place: str) -> Iterator[None]:
    """Turn whatever a storage raises into a SegError that names the place and no secret."""
    try:
        yield
    except (SegError, MemoryError):
        raise
    except FileNotFoundError as error:
        if failure := _failure_of_http(error):
            raise _unreachable(place, failure) from error
        raise SegError(f"{place}: no such file or folder; look how it is written") from error
    except PermissionError as error:
        raise SegError(f"{place}: permission denied; see which credentials the storage finds here") from error
    except ImportError as error:
        raise SegError(f"{place}: this kind of storage needs another package: {error}") from error
    except Exception as error:
        raise _unreachable(place, error) from error


def _gives_no_part(place: str) -> SegError:
    return SegError(f"{place}: its server gives files only as a whole (no range requests); download it, and name that")


def _unreachable(place: str, error: BaseException) -> SegError:
    if "support range requests" in str(error):  # a ValueError of fsspec
        return _gives_no_part(place)
    reason = without_secrets(str(error).splitlines()[0][:200]) if str(error) else type(error).__name__
    return SegError(f"{place}: {reason}; is the storage reachable from here, and are its credentials set?")


def _link_new(target: Path, data: bytes) -> bool:
    """Write a file unless one is there, so that of two at once one fails."""
    make_folder(target.parent)
    with explained(target):
        part = part_of(target)
        part.write_bytes(data)
        try:
            os.link(part, target)
        except FileExistsError:
            return False
        except OSError:  # a file system without hard links
            with suppress(FileExistsError), target.open("xb") as file, part.open("rb") as whole:
                shutil.copyfileobj(whole, file)
                return True
            return False
        finally:
            part.unlink()
    return True
