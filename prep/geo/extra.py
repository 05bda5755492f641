"""The extra `geo`: whether it is installed, what to type if it is not, and its errors in words."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from prep.core.errors import SegError
from prep.core.files import explained

INSTALL_GEO = "pip install 'seg-prep[geo]'"

_CACHE_BYTES = 16 << 20
"""Decoded blocks that GDAL keeps; by itself it takes a twentieth of the memory."""


def has_geo() -> bool:
    """Whether rasterio and pyogrio are here; they are not imported."""
    return all(find_spec(name) is not None for name in ("rasterio", "pyogrio"))


def need_geo(what: str) -> None:
    """Raise SegError if the extra is missing. what: that needs it, at the beginning of a sentence."""
    if not has_geo():
        raise SegError(f"{what} the extra geo; type: {INSTALL_GEO} (in a checkout: pip install -e '.[geo]')")


@contextmanager
def gdal(path: Path) -> Iterator[None]:
    """A block that uses rasterio or pyogrio on a file: their errors become SegError, their warnings are not shown."""
    import rasterio

    settings = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_CACHEMAX": _CACHE_BYTES}
    with explained(path):
        try:
            with warnings.catch_warnings(), rasterio.Env(**settings):
                warnings.simplefilter("ignore")  # of files without a place, to programmers
                yield
        except (SegError, MemoryError):
            raise
        except Exception as error:  # a parser of others on bytes of others: it raises anything
            if isinstance(error, OSError) and error.errno is not None:  # of the system; rasterio's own have no number
                raise
            raise SegError(f"{path}: cannot be read ({_reason(error)}); copy it again, or save it anew") from error


def _reason(error: BaseException) -> str:
    """What went wrong first: rasterio's own error only says that something did."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
