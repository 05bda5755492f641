"""What `import train` offers: the work of the commands as functions, on paths or open datasets, silent unless asked.

Every function takes `str` or `Path`; `run` is a folder, a Run, or "latest", the newest one under ./runs; where several
may be given, their models are averaged. Each raises SegError, whose text says what is wrong, where, and what to do.
`device` is "auto" (an NVIDIA GPU, or a Mac's that computes rightly, if there is one), "cpu", "cuda" or "mps".
`progress` is called with (done, in all), `say` with lines such as those of each epoch: `say=print` shows them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from prep.core.arguments import FROM_1, POSITIVE, NumberRange, checked, fits_type, shown_value
from prep.core.errors import SegError
from prep.core.failures import Failures
from prep.core.progress import Progress, Say, bar_of, say_nothing, silent
from prep.dataset.dataset import Dataset, root_of
from prep.dataset.place.anchored import anchored
from prep.dataset.provenance import recorded
from train.auditing.audit_run import RunAudit, audit_run
from train.config.config import Config
from train.config.plan import Plan
from train.config.recipes import named_config
from train.exporting.engine import open_predictor, remote_predictor, told
from train.exporting.export_run import ExportedModel, export_run
from train.fitting.fit import fit as fit_dataset
from train.fitting.fit import resume as resume_run
from train.fitting.training import Run
from train.folding.cross_validation import cross_validate, resume_folds
from train.planning.planner import plan_dataset
from train.predicting.maps.tolerance import need_tolerance, parse_tolerance
from train.predicting.output_folder import note_on_removed, opened_output
from train.predicting.predict import (
    Prediction,
    as_rendered,
    photo_settings,
    polygon_settings,
    predict_photos,
    predict_videos,
)
from train.predicting.sources import find_photos_and_videos
from train.reporting.report import renew_run_report
from train.runs.device import Hardware, under_torchrun
from train.runs.fold_record import is_cross_validation
from train.runs.members import find_members
from train.runs.run_files import LAST, LATEST
from train.runs.runs import find_run
from train.scoring.score import score_run
from train.scoring.score_files import Score
from train.windows.predictor import Predictor
from train.windows.rescaled import note_unknown
from train.windows.scale import Scale, need_scale, parse_scale
from train.windows.window_settings import OVERLAPS, TTA, WINDOW_PX, Blend

AnyRun = Run | str | Path
AnyRuns = AnyRun | Sequence[AnyRun]
Device = Literal["auto", "cpu", "cuda", "mps"]
Scored = Literal["train", "val", "test", "all"]
Saved = Literal["masks", "colors", "overlays", "geojson", "geopackage", "coco", "labelme", "probabilities"]
Form = Literal["onnx", "torchscript"]
Engine = Literal["torch", "onnx"]
Protocol = Literal["whole", "patches"]

_SIDES, _SHARES = NumberRange(*WINDOW_PX), NumberRange(*OVERLAPS)


def _need_settings(config: object) -> None:
    if not fits_type(config, Config | str | Path):
        raise SegError(f"config={shown_value(config)}: needs train.Config(...), or the name or .toml file of a recipe")


@anchored
@checked(config=_need_settings, folds=NumberRange(2))
@recorded(lambda _, result: result.folder)
def fit(
    dataset: Dataset | str | Path,
    config: Config | str | Path = "default",
    *,
    folds: int | None = None,
    device: Device = "auto",
    progress: Progress = silent,
    say: Say = say_nothing,
) -> Run:
    """Train a new run under ./runs on a dataset, and score its best model on the whole test images.

    dataset: its folder, or an open one. It trains on its patches, or on random crops if there are none; without split
    or statistics it gets them first.
    config: settings, or the name or .toml file of a recipe.
    folds: train so many models instead, from 2, each on what is not in its fold of train and val, and score each on its
    fold; the result is a CrossValidation, whose folder is a run like any other to `load`, `predict`, `score`, `audit`.
    device: where to compute: "auto", "cpu", "cuda" or "mps".  progress: called with (done, in all).  say: called with
    lines such as those of each epoch.
    Raises SegError if there is nothing to train on, or if there are fewer samples or groups than folds.

        run = train.fit(ds, train.Config(epochs=12), say=print)
        print(run.folder, run.mean_iou)
    """
    settings = named_config(config, folds)
    if folds is not None:
        return cross_validate(root_of(dataset), settings, folds, _place(device), bar_of(progress), say)
    return _of_one_process(fit_dataset(root_of(dataset), settings, _place(device), bar_of(progress), say))


@checked(minutes=POSITIVE)
def plan(
    dataset: Dataset | str | Path,
    *,
    minutes: float | None = None,
    output: str | Path | None = None,
    device: Device = "auto",
    overwrite: bool = False,
    progress: Progress = silent,
) -> Plan:
    """Choose settings for a dataset, this machine and the time there is, each with its reason, without training.

    dataset: its folder, or an open one.
    minutes: for training, score and report, above 0; None is 10 on a CPU and 3 on a GPU, and for drawings that
    were cut into patches a number of epochs (12 to 24) in place of a limit.
    output: a .toml file to write as a recipe; None writes none.  device: where the training will be, as of `fit`.
    progress: called with (done, in all). Raises SegError if there is nothing to train on, or if the file is there and
    `overwrite` is not set.

        found = train.plan(ds, minutes=30)
        print(*found.lines(), sep="\\n")
        run = train.fit(ds, found.config)
    """
    target = None if output is None else Path(output)
    return plan_dataset(
        root_of(dataset), {"minutes": minutes}, device, bar_of(progress), say_nothing, target, overwrite=overwrite
    )


@anchored
@checked()
@recorded(lambda _, result: result.folder)
def resume(
    run: AnyRun = LATEST,
    *,
    dataset: Dataset | str | Path | None = None,
    device: Device = "auto",
    progress: Progress = silent,
    say: Say = say_nothing,
) -> Run:
    """Go on with a run that was interrupted, after its last finished epoch, with the same settings and data.

    run: its folder, or "latest", the newest one under ./runs.
    dataset: where the data is now, if it was moved.  device, progress, say: as of `fit`. Raises SegError if split,
    patches or statistics have changed.

        run = train.resume()
    """
    folder = find_run(_named(run), say_nothing, LAST, or_folds=True)
    root = None if dataset is None else root_of(dataset)
    if is_cross_validation(folder):
        return resume_folds(folder, root, _place(device), bar_of(progress), say)
    return _of_one_process(resume_run(folder, root, _place(device), bar_of(progress), say))


@checked(scale=need_scale)
def load(run: AnyRuns = LATEST, *, scale: Scale = "auto", device: Device = "auto") -> Predictor:
    """Load the model of a run, or an .onnx file that `export` wrote; of several, the mean of their probabilities.

    `model(image)` takes (H, W, 3) uint8 in RGB order, of any size, and gives (H, W) uint8, the class of each pixel;
    `model.probabilities(image)` gives (C, H, W) float32, and `model.classes` says what the numbers mean.
    run: a folder, a Run, an .onnx file, several of them, or "latest", the newest run under ./runs.
    scale: the size at which an image is labelled: "auto" and "fit", that of the images of the training, as
    'seg-train predict' does; 1 its own, another factor, 0.001 to 8, so many times its own. Of an image whose scale
    "auto" cannot tell, the model says so (SegError).
    device: where to compute, as of `fit`.
    Raises SegError if there is no such model, or such a scale, or if the models have other classes.

        model = train.load("runs/campus-2026-01-31-142501")
        mask = model(image)
        model = train.load(["runs/a", "runs/b"])
    """
    return open_predictor(_all_named(run), None, device, say_nothing, parse_scale(scale))[0]


@anchored
@checked(scale=need_scale, window=_SIDES, overlap=_SHARES)
@recorded(lambda _, result: result.folder)
def score(
    run: AnyRuns = LATEST,
    *,
    dataset: Dataset | str | Path | None = None,
    split: Scored = "test",
    output: str | Path | None = None,
    compare: AnyRun | None = None,
    protocol: Protocol = "whole",
    scale: Scale = "auto",
    window: int | None = None,
    overlap: float | None = None,
    blend: Blend | None = None,
    tta: TTA | None = None,
    device: Device = "auto",
    max_failed: int | None = None,
    progress: Progress = silent,
) -> Score:
    """Score a run, or the mean of several, on whole images of the dataset it was trained on, or of another one.

    run: as of `load`; several are compared with the best of them, one with `compare` (`metrics.comparison`).
    dataset: None is the one that it was trained on.  split: "train", "val", "test" or "all".
    output: where to write; None is the run itself, or a folder in it for another dataset or split.
    protocol: "patches" also scores patches (`metrics.protocols`), as published student projects do.
    window, overlap: side, 16 to 8,192 pixels, and share, 0 to 0.9, by which windows overlap; None as in training.
    blend: "average", "gaussian", "spline"; None is "gaussian".  tta: "d4" averages over turned and mirrored windows.
    scale, device: as of `load`.  progress: called with (done, in all).
    Images with a damaged file stand in `metrics.left_out`. Raises SegError if they are more than `max_failed` (None:
    any number may), or if the split has changed since the training: its test images may be known then.

        print(train.score(split="val").mean_iou)
    """
    root = None if dataset is None else root_of(dataset)
    target = None if output is None else Path(output)
    other = None if compare is None else find_members([_named(compare)], say_nothing)
    windows = {"window": window, "overlap": overlap, "blend": blend, "tta": tta}
    folder, metrics = score_run(
        find_members(_all_named(run), say_nothing), root, split, target, device, bar_of(progress), other=other,
        scale=parse_scale(scale), patches=protocol == "patches", windows=windows, failures=Failures(max_failed),
    )  # fmt: skip
    renew_run_report(folder)
    return Score(folder, metrics)


@anchored
@checked(simplify=need_tolerance, min_area=FROM_1, scale=need_scale, window=_SIDES, overlap=_SHARES)
@recorded(lambda given, _: Path(given["output"]))
def predict(
    images: str | Path | Dataset | Sequence[str | Path],
    *,
    output: str | Path,
    run: AnyRuns = LATEST,
    save: Sequence[Saved] | None = None,
    simplify: float | str = 1.0,
    min_area: int = 1,
    scale: Scale = "auto",
    window: int | None = None,
    overlap: float | None = None,
    blend: Blend | None = None,
    tta: TTA | None = None,
    engine: Engine | None = None,
    device: Device = "auto",
    max_failed: int | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
    say: Say = say_nothing,
) -> Prediction:
    """Label photos, folders of photos, the images of a dataset, or videos, and write files in a folder for each kind.

    images: one of these, or several.  output: the folder to write.  run: as of `load`.
    save: kinds of files: "masks", "colors", "overlays", "geojson", "geopackage", "coco", "labelme", "probabilities";
    None is masks, colors and overlays of photos, and overlays of videos.
    simplify: how far the line of a polygon may move, in pixels, or as "0.5m" on the ground; 0 follows the pixels.
    min_area: regions with fewer pixels, from 1, are left out of geojson, geopackage and coco, and holes as small are
    filled.
    window, overlap, blend, tta: as of `score`.  engine: "torch" or "onnx"; None is what fits.
    scale, device: as of `load`.  progress: called with (done, in all).  say: called with what a person should know.
    What cannot be read stands in `problems` of the result. Raises SegError if there is nothing to predict, if `output`
    holds files of others, or other predictions and `overwrite` is not set, or if more than `max_failed` cannot be read
    (None: any number may).

        print(train.predict("photos", output="predictions", save=["masks", "geojson"]).problems)
    """
    tolerance = parse_tolerance(simplify)
    folder = Path(output)
    sources = [images] if isinstance(images, str | Path | Dataset) else images
    found = find_photos_and_videos([root_of(source) for source in sources], folder, say)
    runs, size = _all_named(run), parse_scale(scale)
    windows = {"window": window, "overlap": overlap, "blend": blend, "tta": tta}
    loaded, identities = open_predictor(runs, engine, device, say, size)
    predictor = loaded.changed(**windows)
    note_unknown(predictor.scale, say)
    predictor = as_rendered(predictor, found.photos, say)
    remote = remote_predictor(runs, identities, engine, device, size).with_settings(windows, predictor.rendering)
    failures = found.failures(max_failed)
    settings: dict[str, object] = {"model": told(identities), **vars(predictor.windows), **photo_settings(predictor)}
    if {"geojson", "geopackage", "coco", "labelme"} & set(save or ()):
        settings |= polygon_settings(tolerance, min_area)
    bar = bar_of(progress)
    with opened_output(folder, predictor.classes, settings, overwrite=overwrite) as opened:
        predict_photos(
            predictor, found.photos, opened, save or ("masks", "colors", "overlays"), failures, tolerance=tolerance,
            smallest=min_area, bar=bar, note=say, remote=remote,
        )  # fmt: skip
        predict_videos(predictor, found.videos, opened, save or ("overlays",), failures, bar=bar, note=say)
        if removed := opened.remove_others():
            say(note_on_removed(removed))
    problems = failures.problems
    return Prediction(folder, len(found) - len(problems), tuple(problems))


@anchored
@checked(scale=need_scale)
@recorded(lambda given, result: result.folder)
def audit(
    run: AnyRuns = LATEST,
    *,
    dataset: Dataset | str | Path | None = None,
    split: Scored = "all",
    output: str | Path | None = None,
    scale: Scale = "auto",
    device: Device = "auto",
    max_failed: int | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> RunAudit:
    """Find likely label errors: regions whose label a trained model contradicts most confidently, worst first.

    run: as of `load`.  dataset: None is the one that it was trained on.
    split: the samples that are looked at: "train", "val", "test" or "all".
    output: the folder to write; None is audit-DATASET-SPLIT in the run.
    scale, device: as of `load`.  progress: called with (done, in all).
    `audit.suspects` of the result are these regions, each with `sample` and `region` (place and size in pixels);
    its `folder` holds audit.csv, samples.csv and audit.png. Samples whose files are damaged stand in
    `audit.problems`. Raises SegError if there are more of them than `max_failed` (None: any number may), or if another
    audit stands there and `overwrite` is not set.

        for each in train.audit().audit.suspects[:10]:
            print(each.sample.stem, each.region.x, each.region.y)
    """
    root = None if dataset is None else root_of(dataset)
    target = None if output is None else Path(output)
    chosen = find_members(_all_named(run), say_nothing)
    return audit_run(
        chosen, root, split, target, device, bar_of(progress), overwrite=overwrite, max_failed=max_failed,
        scale=parse_scale(scale),
    )  # fmt: skip


@anchored
@checked()
@recorded(lambda _, result: result.path.parent)
def export(
    run: AnyRun = LATEST, *, to: Form, output: str | Path | None = None, overwrite: bool = False
) -> ExportedModel:
    """Export the model of a run to run without seg-train, checked beside PyTorch on images.

    run: its folder, a Run, or "latest", the newest one under ./runs.  to: "onnx" or "torchscript".
    output: a file; None is model.onnx or model.torchscript in the run. `difference` of the result is the largest one
    of a probability. Raises SegError if the file is there and `overwrite` is not set.

        path = train.export(to="onnx").path
    """
    return export_run(
        find_run(_named(run), say_nothing), to, None if output is None else Path(output), overwrite=overwrite
    )


def _named(run: AnyRun) -> Path:
    return run.folder if isinstance(run, Run) else Path(run)


def _all_named(runs: AnyRuns) -> list[Path]:
    several = [runs] if isinstance(runs, Run | str | Path) else list(runs)
    if not several:
        raise SegError('run=[]: needs a run, several, or "latest"')
    return [_named(run) for run in several]


def _place(device: Device) -> Hardware:
    if under_torchrun():
        raise SegError("train.fit and train.resume work in one process; under torchrun use the command seg-train")
    return Hardware(device)


def _of_one_process(result: Run | None) -> Run:
    assert result is not None, "only further processes have no result"
    return result
