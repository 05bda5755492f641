"""The dataset that a run was trained on, and whether another one is meant."""

import json
from pathlib import Path

from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.dataset.dataset import Dataset
from train.runs.run_files import CONFIG


def open_dataset(run: Path, dataset: Path | None) -> tuple[Dataset, bool]:
    """Open the dataset named, else the one of the run; also whether it is the run's own.

    Raises SegError if none is named and the run does not say which it was trained on.
    """
    own = Path(json.loads(read_bytes(run / CONFIG))["dataset_path"]) if (run / CONFIG).exists() else None
    chosen = dataset or own
    if chosen is None:
        raise SegError(f"{run}: does not say which dataset it was trained on (no {CONFIG}); name one as DATASET")
    opened = Dataset.open(chosen)
    return opened, own is not None and opened.root.resolve() == own.resolve()
