"""The extra `cloud`: whether it is installed, and what to type if it is not."""

from importlib.util import find_spec

from prep.core.errors import SegError

INSTALL_CLOUD = "pip install 'seg-prep[cloud]'"


def need_cloud(what: str) -> None:
    """Raise SegError if the extra is missing. what: that needs it, at the beginning of a sentence."""
    if not all(find_spec(name) is not None for name in ("fsspec", "pyarrow")):
        raise SegError(f"{what} the extra cloud; type: {INSTALL_CLOUD} (in a checkout: pip install -e '.[cloud]')")
