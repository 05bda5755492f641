"""Say what to install where PyTorch is missing: seg-prep alone comes without it."""

from importlib.util import find_spec

from prep.core.errors import SegError


def need_torch() -> None:
    """Raise SegError unless the packages of the extra `train` are there."""
    missing = [name for name in ("torch", "lightning_fabric", "matplotlib", "jinja2") if find_spec(name) is None]
    if missing:
        raise SegError(
            f"seg-train needs {', '.join(missing)}, which 'seg-prep' alone does not install; "
            "type: pip install 'seg-prep[train]' (in a checkout: pip install -e '.[train]')"
        )
