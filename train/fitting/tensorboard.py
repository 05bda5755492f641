"""The history as TensorBoard events."""

from importlib.util import find_spec
from pathlib import Path

from prep.core.classes import ClassMap
from prep.core.errors import SegError
from train.fitting.history import Epoch
from train.runs.run_files import EVENTS


def need_tensorboard() -> None:
    """Raise SegError unless TensorBoard is installed."""
    if find_spec("tensorboard") is None:
        raise SegError("--tensorboard: type pip install 'seg-prep[tensorboard]' first")


def write_events(run: Path, row: Epoch, classes: ClassMap) -> None:
    """Add one epoch to the events in RUN/tensorboard; an epoch that is trained again takes the place of the first."""
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(run / EVENTS), purge_step=row.epoch) as writer:
        for name, value in row.cells(classes).items():
            if isinstance(value, float) and name != "seconds":
                writer.add_scalar(name.replace("_", "/", 1), value, row.epoch)
