"""Which images the weights have learned that a training begins with, and whether any of them are scored by it."""

from prep.core.errors import SegError
from prep.core.progress import Say
from prep.dataset.dataset import Dataset
from prep.dataset.dataset_files import INDEX
from train.config.config import Config
from train.data.lineage import Lineage, lineage_from_plain
from train.runs.checkpoint import read_checkpoint
from train.runs.run_files import CONFIG
from train.runs.run_settings import read_settings
from train.scoring.comparing.learned import KnownImages, known_images, known_of, lineage_of


def refuse_known_weights(config: Config, dataset: Dataset, say: Say, folds: int | None = None) -> None:
    """SegError if the initial weights, or those that they began with, have learned images that are to be scored.

    folds: of a cross-validation, which scores train and val, too.  Where it is not known, `say` is told.
    """
    path = config.initial_model
    if path is None or not path.is_file():  # where it is read, that is told
        return
    lineage = lineage_of_weights(config)
    if not lineage:
        say(
            f"--weights {path}: does not say which images it has learned; if images that are scored in "
            f"{dataset.root} are among them, the scores are too good"
        )
    for learned in lineage:
        if folds is None:
            for split in ("test", "val"):
                _refuse(config, dataset, known_images(learned, dataset, split), split, say)
            continue
        asked = dataset.of_split("train", "val", "test")
        found = known_of({**learned.val, **learned.train}, learned, dataset, asked)
        _refuse(config, dataset, found, f"--folds {folds}", say)


def lineage_of_weights(config: Config) -> Lineage:
    """What the initial weights have learned; empty for random ones and those of ImageNet, and where it is not known."""
    path = config.initial_model
    if path is None:
        return ()
    data = read_checkpoint(path)
    try:
        kept = lineage_from_plain(data.get("lineage"))
    except TypeError as error:
        raise SegError(f"{path}: its lineage is damaged; copy it again, or name another") from error
    settings = read_settings(path.parent) if (path.parent / CONFIG).exists() else {}
    return lineage_of(path.parent, settings.get("split_hash", ""), kept)


def _refuse(config: Config, dataset: Dataset, found: KnownImages, scored: str, say: Say) -> None:
    """SegError if images were learned that are scored.  scored: a split, or an option of which all are scored."""
    if found.doubt:
        say(f"--weights {config.weights}: {found.doubt}; if they are, the scores of {scored} are too good")
    if not found.names:
        return
    path, root = config.weights, dataset.root
    if scored.startswith("--"):
        raise SegError(
            f"{root}: {scored} scores each image with a model that has not learned it, and --weights {path}, or a "
            f"model that it began with, has learned some of them, {found.words}. Leave --weights out{found.else_way}"
        )
    raise SegError(
        f"{root}: --weights {path}, or a model that it began with, has learned images of {scored} here, {found.words}. "
        f"Their score would say nothing. Leave --weights out, or give these images in {root / INDEX} the splits that "
        f"they had then{found.else_way}"
    )
