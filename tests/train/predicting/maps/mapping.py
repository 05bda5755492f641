"""predict of one photo, by a model that sees colours."""

from pathlib import Path

from prep.core.failures import Failures
from prep.images.finding import FoundFile
from tests.models import color_predictor
from train.predicting.maps.tolerance import parse_tolerance
from train.predicting.output_folder import OutputFolder
from train.predicting.predict import predict_photos
from train.windows.predictor import Predictor


def predicted(
    path: Path, out: Path, *kinds: str, tolerance: float | str = 0.0, predictor: Predictor | None = None
) -> list[str]:
    notes: list[str] = []
    predict_photos(
        predictor or color_predictor(), [FoundFile(path, path.name)], OutputFolder(out, {}), kinds, Failures(0),
        tolerance=parse_tolerance(tolerance), note=notes.append,
    )  # fmt: skip
    return notes
