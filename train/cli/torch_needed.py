"""What comes before PyTorch is imported: whether it is there, and how its threads wait."""

import os
from importlib.util import find_spec

from prep.core.errors import SegError


def need_packages() -> None:
    """Raise SegError unless the packages of the extra `train` are there; imports none of them."""
    missing = [name for name in ("torch", "lightning_fabric", "matplotlib", "jinja2") if find_spec(name) is None]
    if missing:
        raise SegError(
            f"seg-train needs {', '.join(missing)}, which 'seg-prep' alone does not install; "
            "type: pip install 'seg-prep[train]' (in a checkout: pip install -e '.[train]')"
        )


def need_torch() -> None:
    """Raise SegError unless the packages of the extra `train` are there and load; have threads sleep while they wait.

    By default they count in circles, also while other programs keep their partners from the processor: a training
    beside other work took three to eight times as long. On a quiet machine sleeping costs 6 microseconds a layer.
    OMP_WAIT_POLICY, which OpenMP reads when PyTorch is imported, is left as it is where it is set.
    """
    need_packages()
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        import torch  # noqa: F401  # a library of it may be damaged, of another system, or larger than 'ulimit -v' allows
    except (ImportError, OSError) as error:
        raise SegError(
            f"PyTorch is installed and cannot be loaded ({str(error).splitlines()[0]}); install it again with "
            "'pip install --force-reinstall torch torchvision', or, where 'ulimit -v' limits the memory, allow 4 GB"
        ) from error
