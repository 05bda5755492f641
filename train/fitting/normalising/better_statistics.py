"""The model of a run with running statistics that are counted anew, where validation finds it no worse for that."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace

from torch import Tensor, nn

from prep.core.words import counted
from train.config.config import Best
from train.fitting.history import Epoch, EpochScores
from train.fitting.loop import Trainer
from train.fitting.normalising.running_statistics import Recount, count_anew, undistorted
from train.runs.checkpoint import ModelCard, load_model, read_checkpoint, save_model
from train.runs.device import accelerator_of
from train.runs.run_files import MODEL, STATISTICS
from train.windows.predictor import TorchModel

_FIGURES = {"iou": "val mIoU", "dice": "val mean Dice", "loss": "val loss"}


@dataclass(frozen=True)
class _Model:
    """A model.pt: its card, its weights as they were saved, and the same with statistics that are counted anew."""

    card: ModelCard
    saved: Mapping[str, Tensor]
    anew: Mapping[str, Tensor]


def keep_better_statistics(trainer: Trainer) -> bool:
    """Count the running statistics of the model anew, once, and keep those with which validation is better.

    A training gathers them while weights change and crops are distorted, so they fit no weights exactly. Where both are
    as good, or nothing is validated, those counted anew stay. model.pt says that it is done: what was killed before
    that is done again. last.pt knows nothing of it.  Returns whether there was anything to do.
    """
    if trainer.recount is None:
        return False
    recount = trainer.recount.over(trainer.state.recount)
    # The first process counts and writes, whatever their number; all of them validate, as in an epoch.
    model = trainer.fabric.broadcast(_counted(trainer, recount) if trainer.fabric.is_global_zero else None)
    if model is None:
        return False
    network = copy.deepcopy(trainer.kept_network)
    network.load_state_dict(model.anew)
    _keep(trainer, recount, model, network)
    trainer.fabric.barrier()
    return True


def _counted(trainer: Trainer, recount: Recount) -> _Model | None:
    """The model of the run; None where its statistics were counted anew before."""
    path, accelerator = trainer.run / MODEL, accelerator_of(trainer.fabric)
    found = read_checkpoint(path)
    if STATISTICS in found["results"]:
        return None
    predictor, card = load_model(path, accelerator)
    assert isinstance(predictor.model, TorchModel)
    network = predictor.model.network  # unlike the one that was trained, it never waits for other processes
    seed = trainer.seed_of("running statistics")
    images = (trainer.normalize(crops.to(accelerator.device)) for crops in undistorted(trainer.store, recount, seed))
    count_anew(network, images, accelerator)
    return _Model(card, found["weights"], {name: each.cpu() for name, each in network.state_dict().items()})


def _keep(trainer: Trainer, recount: Recount, model: _Model, network: nn.Module) -> None:
    best, state = trainer.config.best, trainer.state
    before = next(row for row in state.history if row.epoch == state.best_epoch)
    after = before
    if trainer.validation:
        found = trainer.validated(network)
        after = replace(before, val_loss=found.loss, val=EpochScores.of(found.confusion))
    is_finite = all(bool(each.isfinite().all()) for each in model.anew.values())
    is_kept = is_finite and after.merit(best) >= before.merit(best)
    told = _words(recount, trainer.store.is_cut, is_kept, before, after if trainer.validation else None, best)
    trainer.log(told)
    if not trainer.fabric.is_global_zero:
        return
    if not is_kept:
        network.load_state_dict(model.saved)
    row = after if is_kept else before
    results = {**row.cells(trainer.dataset.classes), STATISTICS: told}
    save_model(trainer.run / MODEL, network, model.card, results)


def _words(recount: Recount, is_cut: bool, is_kept: bool, before: Epoch, after: Epoch | None, best: Best) -> str:
    crops = "patches" if is_cut else "crops"
    over = f"{counted(recount.batches, 'batch', 'batches')} of {recount.batch} {crops}"
    what = f"running statistics counted anew, over {over}"
    if after is None:
        return what if is_kept else f"{what}: infinite, so those of the training stay"
    figures = [row.val_loss if best == "loss" else getattr(row.val, f"mean_{best}") for row in (before, after)]
    told = f"{what}: {_FIGURES[best]} {figures[0]:.4f} -> {figures[1]:.4f}"
    return told if is_kept else f"{told}, so those of the training stay"
