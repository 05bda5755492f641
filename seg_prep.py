"""The command seg-prep, under a name that nobody else has, and what must not depend on other people's file names.

A folder may hold a prep.py, a train.py or a folder train/ of somebody else, and Python may look there first (where it
works, with `python -m` and in PYTHONPATH). The commands take the packages that lie beside this file, whatever else has
their names; worker processes begin with this file, too (prep/core/workers.py). `python -m seg_prep` is `seg-prep`.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

PACKAGES = ("prep", "synth", "train")
_FOLDER = Path(__file__).resolve().parent


class OwnPackages:
    """Finds our packages beside this file, before Python looks anywhere else."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The package of this name, None if it is not one of ours."""
        if name not in PACKAGES:
            return None
        folder = _FOLDER / name
        return spec_from_file_location(name, folder / "__init__.py", submodule_search_locations=[str(folder)])


def take_own_packages() -> None:
    """From now on, `import prep`, `synth` and `train` give the packages beside this file."""
    if not any(getattr(finder, "__name__", "") == OwnPackages.__name__ for finder in sys.meta_path):
        sys.meta_path.insert(0, OwnPackages)


def lazy(package: str, homes: Mapping[str, Sequence[str]]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a package whose public names stand in these modules (module -> names).

    Each is imported when it is first used, so that `import prep` and the help of the commands stay fast.
    """
    home_of = {name: module for module, names in homes.items() for name in names}

    def get(name: str) -> object:
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}; it has {', '.join(sorted(home_of))}")
        value = getattr(_imported(home_of[name]), name)
        setattr(sys.modules[package], name, value)  # the next time it is found at once
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *home_of})

    return get, names


def _imported(module: str) -> ModuleType:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        hidden = (error.name or "").partition(".")[0]
        if hidden in PACKAGES and error.name != hidden:
            found = sys.modules[hidden]
            place = found.__file__ or next(iter(found.__path__), "")
            raise ImportError(
                f"{place} hides the package {hidden} of seg-prep, because Python looks there first; rename it, and "
                "start Python anew"
            ) from error
        raise


def main() -> None:
    """Run seg-prep."""
    take_own_packages()
    from prep.cli.main import main as command
    from prep.cli.stopping import heard_once

    with heard_once():
        command(prog_name="seg-prep")


if __name__ == "__mp_main__":  # a worker process
    take_own_packages()
if __name__ == "__main__":
    main()
