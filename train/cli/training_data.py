"""What a training learns, as it is typed: a dataset folder, or the URL or folder of a packed dataset."""

import shlex
from pathlib import Path

import click

from prep.cli.console import acts_on, note, progress
from prep.cli.options import AnyPath
from prep.core.errors import SegError

_SMALL = Path("datasets")
"""Where the small dataset of a packed one goes."""


training_data_argument = click.argument(
    "dataset", required=False, type=AnyPath(urls=True, path_type=Path, file_okay=False), callback=acts_on
)


def refuse_packed(place: Path | str | None, folds: int) -> None:
    """SegError if what a cross-validation is to learn is a packed dataset."""
    from prep.core.words import without_secrets
    from prep.packing.streamed import is_packed
    from prep.storage.url import last_name

    if place is not None and is_packed(place):
        shown = without_secrets(str(place))
        name = last_name(place) if isinstance(place, str) else place.resolve().name
        whole = shlex.quote((_SMALL / f"{name}-whole").as_posix())
        raise SegError(
            f"{shown}: is a packed dataset, whose samples lie in shards, and --folds deals them out anew. Type "
            f"'seg-prep unpack {shlex.quote(shown)} -o {whole}', and 'seg-train {whole} --folds {folds}' with your "
            "other options"
        )


def find_training_data(place: Path | str | None) -> Path:
    """The dataset folder to train on; of a packed dataset a small one is made first, which is said.

    Raises SegError if the folder named holds no dataset: before PyTorch is imported, which takes seconds.
    """
    from prep.core.words import without_secrets
    from prep.dataset.dataset import find_dataset, is_dataset
    from prep.dataset.missing import not_a_dataset
    from prep.packing.streamed import is_packed, stream_dataset
    from prep.storage.url import last_name

    if place is None or not is_packed(place):
        folder = find_dataset(None if place is None else Path(place))
        if not is_dataset(folder):
            raise not_a_dataset(folder)
        return folder
    root = _SMALL / (last_name(place) if isinstance(place, str) else place.resolve().name)
    with progress("Fetching") as advance:
        stream_dataset(str(place), root, advance, note)
    note(f"{root}: all of {without_secrets(str(place))} but its training samples, which are read from the shards")
    return root
