"""From a dataset to a model with scores one can believe; all that imports torch."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from train.config.config import Config
    from train.face import audit, export, fit, load, plan, predict, resume, score
    from train.fitting.training import Run
    from train.folding.results import CrossValidation
    from train.windows.predictor import Predictor
else:
    from seg_prep import lazy

    __getattr__, __dir__ = lazy(
        __name__,
        {
            "train.config.config": ["Config"],
            "train.face": ["audit", "export", "fit", "load", "plan", "predict", "resume", "score"],
            "train.fitting.training": ["Run"],
            "train.folding.results": ["CrossValidation"],
            "train.windows.predictor": ["Predictor"],
        },
    )

__all__ = [
    "Config",
    "CrossValidation",
    "Predictor",
    "Run",
    "audit",
    "export",
    "fit",
    "load",
    "plan",
    "predict",
    "resume",
    "score",
]
