"""seg-train score and audit as they are typed, on one tiny run."""

import errno
import html
import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from prep.core.classes import write_classes
from prep.core.errors import SegError
from prep.core.progress import Progress, silent
from prep.dataset.dataset import Dataset
from prep.dataset.index import write_index
from prep.images.imageio import read_mask, write_png
from synth.dataset import generate
from tests.models import CLASSES, color_predictor
from tests.support import images_only, tree
from tests.support import save as save_picture
from train.cli.main import main
from train.reporting.report import write_run_report
from train.runs.checkpoint import read_checkpoint, write_checkpoint
from train.runs.members import Members
from train.runs.runs import mark_latest
from train.scoring.score import score_run
from train.scoring.score_files import read_metrics

TINY = ("--width", 4, "--size", 32, "--crops", 1, "--batch", 8, "--device", "cpu", "--epochs", 1)


def typed(*arguments: object, rc: int = 0) -> str:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exit_code == rc, (done.output, done.exception)
    return done.stdout if rc == 0 else done.stderr


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds datasets/synth and one run of one epoch."""
    folder = tmp_path_factory.mktemp("trained")
    generate(folder / "datasets" / "synth", n=8, test=3, width=64, height=64, workers=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        typed(*TINY)
    return folder


@pytest.fixture
def run(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the run; the working folder holds it under runs/."""
    copy = tmp_path / "runs" / "tiny"
    shutil.copytree(trained / "runs" / "latest", copy)
    monkeypatch.chdir(tmp_path)
    mark_latest(copy)
    return copy


def metrics(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "metrics.json").read_text())
    return found


def test_scores_come_with_intervals(run: Path) -> None:
    text = typed("score", "--device", "cpu")
    found = metrics(run)
    assert read_metrics(run).to_json() == found
    low, high = found["mean_iou_interval"]
    assert low <= found["mean_iou"] <= high
    assert f"{found['mean_iou']:.4f} [{low:.3f}, {high:.3f}]" in text
    assert found["intervals"]["words"] in text
    assert (found["intervals"]["unit"], found["intervals"]["units"]) == ("images", 3)
    entry = found["classes"][0]
    assert entry["boundary_iou"] is not None
    assert len(entry["iou_interval"]) == 2
    assert f"[{low:.3f}, {high:.3f}]" in (run / "report.html").read_text()
    assert f'<i style="background:{entry["color"]}"></i>{entry["name"]}' in (run / "report.html").read_text()
    assert (run / "worst.png").exists()


def test_other_labels_than_at_the_score_before_are_told_once(trained: Path, run: Path) -> None:
    """Two classes are exchanged in every mask: the lower score is no fault of the model."""
    dataset, before = Dataset.open(trained / "datasets" / "synth"), metrics(run)

    def exchange() -> None:
        for sample in dataset.samples:
            write_png(dataset.root / sample.mask, np.array([0, 2, 1], np.uint8)[dataset.mask(sample)])

    assert "others than when" not in typed("score", "--device", "cpu")
    exchange()
    try:
        said, told = typed("score", "--device", "cpu"), metrics(run)["relabelled"]
        page = (run / "report.html").read_text()
        again = typed("score", "--device", "cpu")
    finally:
        exchange()
    _, line, ellipse = (entry["pixels"] for entry in before["classes"])
    assert told == (
        f"the masks of test are others than when they were scored before (mean IoU {before['mean_iou']:.4f}): "
        f"line {line:,} -> {ellipse:,} pixels, ellipse {ellipse:,} -> {line:,} pixels; "
        "the two scores are of different labels"
    )
    assert told in said
    assert told in html.unescape(page)
    assert "others than when" not in again
    assert "relabelled" not in metrics(run)


def test_a_class_that_the_masks_lack_is_told_in_score_and_report(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The images show 38 pixels of a class that no test mask holds; the model is right about the images."""
    root = images_only(run.parents[1] / "data", [(40, 40), (40, 40)]).root
    write_classes(root / "classes.json", CLASSES)
    samples = []
    for number, sample in enumerate(Dataset.open(root).samples):
        mask = np.zeros((40, 40), np.uint8)
        mask[:, :20] = 1
        shown = mask.copy()
        shown[0, 21:40] = 2
        save_picture(root / sample.image, 255 * np.eye(3, dtype=np.uint8)[shown])
        save_picture(root / f"masks/{number}.png", mask)
        samples.append(replace(sample, mask=f"masks/{number}.png", split="test"))
    write_index(root / "index.csv", samples)
    monkeypatch.setattr(
        "train.runs.members.load_model",
        lambda path, fabric: (color_predictor(), SimpleNamespace(split_hash="", lineage=())),
    )
    text = typed("score", run, root, "-o", run, "--device", "cpu")
    told = "the masks of test hold no pixel of ellipse; 38 pixels (1.19%) taken for it count as IoU 0: without it the "
    assert f"{told}mean IoU is 0.9881 instead of 0.6587" in text
    assert metrics(run)["mean_iou_of_present"] == pytest.approx((1 + 1562 / 1600) / 2)
    assert f"<b>The mean IoU:</b> {told}mean IoU is 0.9881" in (run / "report.html").read_text()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "[]",
        lambda text: "null",
        lambda text: text.replace('"images": 3', '"images": "three"'),
        lambda text: text.replace('"split"', '"part"'),
        lambda text: text.replace('"classes": [', '"classes": [7, '),
        lambda text: "[" * 100_000,
        lambda text: text.replace('"images": 3', '"images": ' + "3" * 5_000),
        lambda text: text.replace('"images": 3', '"images": 3, "pictures": 3'),
        lambda text: text.replace('"images": 3', '"images": NaN'),
        lambda text: re.sub(r'"confusion": \[\s*\[', '"confusion": [[1, ', text),
        lambda text: re.sub(r'"mean_iou_interval": \[', '"mean_iou_interval": [0.5, ', text),
    ],
)
def test_damaged_scores_are_told_in_words(trained: Path, tmp_path: Path, change: Callable[[str], str]) -> None:
    text = (trained / "runs" / "latest" / "metrics.json").read_text()
    (tmp_path / "metrics.json").write_text(change(text))
    with pytest.raises(SegError, match=r"metrics\.json: .*; score again with 'seg-train score'"):
        read_metrics(tmp_path)


def test_a_report_of_what_does_not_fit_is_told(run: Path) -> None:
    typed("score", run, "--device", "cpu")
    stranger = run / "predictions/worst-09-gone.png"
    stranger.write_bytes(next((run / "predictions").glob("worst-01-*.png")).read_bytes())
    with pytest.raises(
        SegError, match=r"worst-09-gone\.png: .*per_image\.csv has no row of gone; .*remove this picture"
    ):
        write_run_report(run)
    stranger.unlink()
    write_run_report(run)
    settings = json.loads((run / "config.json").read_text())
    del settings["val_images"]
    (run / "config.json").write_text(json.dumps(settings))
    with pytest.raises(SegError, match=r"config\.json: says no val_images; restore it from a copy, or train again"):
        write_run_report(run)


def test_a_run_is_not_compared_with_itself(run: Path) -> None:
    error = typed("score", "--compare", run, "--device", "cpu", rc=1)
    assert f"--compare {run}: is the run that is scored (tiny); name another one" in error


def test_a_folder_that_cannot_be_written_is_told(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: Path, target: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "replace", refused)
    told = typed("score", run, "--split", "val", "--device", "cpu", rc=1)
    assert told.startswith(f"Error: {run}/score-synth-val/")
    assert "permission denied; choose another folder" in told


def test_comparing_a_run_with_its_twin_and_with_patches(run: Path) -> None:
    twin = run.with_name("twin")
    shutil.copytree(run, twin)
    text = typed("score", run, "--compare", twin, "--protocol", "patches", "--device", "cpu")
    assert "Compared with twin on the same images" in text
    assert text.count("no difference shown: the interval includes 0") >= 3
    assert "patches, mean over patches" in text
    found = metrics(run)
    assert read_metrics(run).to_json() == found
    assert found["comparison"]["other"] == "twin"
    protocols = {(row["protocol"], row["split"]): row["mean_iou"] for row in found["protocols"]}
    assert protocols["whole images, pooled", "test"] == found["mean_iou"]
    assert {split for _, split in protocols} == {"test", "train"}
    report = (run / "report.html").read_text()
    assert "Compared with twin" in report
    assert "patches, mean over batches" in report
    typed("score", run, "--device", "cpu")  # again, without
    assert "comparison" not in metrics(run)


@pytest.mark.parametrize(
    ("title", "moment", "split", "what"),
    [
        ("Scoring the other run", "before", "test", "the images were scored more than once"),
        ("Patches of test", "before", "test", "the images were scored more than once"),
        ("Patches of train", "while", "train", "patches of them were scored"),
    ],
)
def test_no_score_is_beside_one_of_other_labels(
    run: Path, trained: Path, tmp_path: Path, title: str, moment: str, split: str, what: str
) -> None:
    """Another command brings other masks after the first score and before the second."""
    other = Members((shutil.copytree(run, run.with_name("twin")),), None)
    root = shutil.copytree(trained / "datasets" / "synth", tmp_path / "own")
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps(config | {"dataset_path": root.as_posix()}))
    masks = [root / sample.mask for sample in Dataset.open(root).of_split(split)]
    files = tree(run, provenance=True)

    @contextmanager
    def bar(name: str) -> Iterator[Progress]:
        def change(_done: int = 0, _total: int = 0) -> None:
            for mask in masks:
                write_png(mask, 2 - read_mask(mask))

        if (name, "before") == (title, moment):
            change()
        yield change if (name, "while") == (title, moment) else silent

    with pytest.raises(SegError, match=f"changed while {what}[;,] .*no scores were written"):
        score_run(Members((run,), run), None, "test", None, "cpu", bar, other=other, patches=True)
    assert tree(run, provenance=True) == files


def test_the_mean_of_several_runs_is_compared_with_the_best_of_them(run: Path) -> None:
    alone = metrics(run)
    for name in ("twin", "worse"):
        shutil.copytree(run, run.with_name(name))
    spoiled = read_checkpoint(run / "model.pt")
    spoiled["weights"]["head.bias"] = spoiled["weights"]["head.bias"].flip(0)
    write_checkpoint(run.with_name("worse") / "model.pt", spoiled)
    text = typed("score", run, run.with_name("twin"), "-o", "both", "--device", "cpu")
    found = metrics(Path("both"))
    assert found["mean_iou"] == alone["mean_iou"]
    assert found["comparison"]["other"] == "tiny"
    among = [{"name": name, "mean_iou": alone["mean_iou"]} for name in ("tiny", "twin")]
    assert found["comparison"]["among"] == among
    assert f"tiny, the best of these by itself (tiny {alone['mean_iou']:.4f}, twin {alone['mean_iou']:.4f}), on" in text
    assert found["comparison"]["differences"][0]["low"] == found["comparison"]["differences"][0]["high"] == 0
    typed("score", run.with_name("worse"), run, "-o", "three", "--device", "cpu")
    assert metrics(Path("three"))["comparison"]["other"] == "tiny"
    assert read_metrics(Path("three")).to_json() == metrics(Path("three"))
    assert metrics(run) == alone
    typed("score", run, run.with_name("twin"), "--compare", run.with_name("worse"), "-o", "both", "--device", "cpu")
    assert metrics(Path("both"))["comparison"]["other"] == "worse"


def test_several_runs_are_told_from_the_dataset(run: Path, trained: Path) -> None:
    root = trained / "datasets" / "synth"
    shutil.copytree(run, run.with_name("twin"))
    typed("score", run, run.with_name("twin"), root, "--split", "val", "-o", "val", "--device", "cpu")
    assert (metrics(Path("val"))["split"], metrics(Path("val"))["images"]) == ("val", 1)
    typed("score", run, root, "--split", "val", "--device", "cpu")
    assert metrics(run / "score-synth-val")["images"] == 1
    assert "runs/twni: not a run with a model.pt" in typed("score", run, "runs/twni", "--device", "cpu", rc=1)
    error = typed("score", run, run.with_name("twin"), "--device", "cpu", rc=1)
    assert "2 runs have no folder in common; name one to write into with -o" in error


def test_an_audit_by_several_runs_names_them(run: Path) -> None:
    shutil.copytree(run, run.with_name("twin"))
    answer = json.loads(typed("audit", run, run.with_name("twin"), "-o", "both", "--device", "cpu", "--json"))
    model = json.loads(Path("both/audit.json").read_text())["model"]
    assert [name.split()[0] for name in model] == ["tiny", "twin"]
    alone = json.loads(typed("audit", run, "--device", "cpu", "--json"))
    assert (answer["regions"], answer["warning"]) == (alone["regions"], alone["warning"])


def test_a_run_of_another_split_is_refused(run: Path) -> None:
    other = run.with_name("other")
    shutil.copytree(run, other)
    write_checkpoint(other / "model.pt", {**read_checkpoint(run / "model.pt"), "split_hash": "0123456789abcdef"})
    error = typed("score", run, "--compare", other, "--device", "cpu", rc=1)
    assert "other was trained on another split (synth 0123456789abcdef) than tiny" in error
    assert "train both on the same split" in error


def test_an_audit_is_written_once(run: Path) -> None:
    answer = json.loads(typed("audit", "--device", "cpu", "--json"))
    folder = run / "audit-synth-all"
    assert Path(answer["folder"]).resolve() == folder
    assert (folder / "samples.csv").exists()
    assert len(answer["samples"]) == 11
    assert "7 of the samples are train samples" in answer["warning"]
    shown = f"{len(answer['regions']):,} regions, the first 20 of them here, in 11 samples; 7 of"
    assert shown in typed("audit", "--device", "cpu", "--overwrite")
    before = tree(folder)
    typed("audit", "--device", "cpu")  # of the same model, nothing changes
    assert tree(folder) == before
    other = typed("audit", "--split", "test", "-o", folder, "--device", "cpu", rc=1)
    assert "holds another audit already; add --overwrite" in other
    assert "the model has learned none of them" in typed("audit", "--split", "test", "--device", "cpu")
    typed("audit", "--device", "cpu", "--overwrite")


def test_an_audit_into_a_folder_of_other_files_is_refused(run: Path) -> None:
    assert "holds other files than an audit" in typed("audit", "-o", "runs", rc=1)


def hurt(folder: Path, number: int) -> tuple[Path, Path]:
    """Damage the image of one of the test samples; returns its dataset, and the image."""
    root = folder / "datasets" / "synth"
    image = root / "images" / f"test_{number:06d}.png"
    image.write_bytes(image.read_bytes()[:50])
    return root, image


def test_damaged_images_are_left_out_of_the_score_and_it_says_so(run: Path, trained: Path, tmp_path: Path) -> None:
    shutil.copytree(trained / "datasets", tmp_path / "datasets")
    typed("score", run, tmp_path / "datasets" / "synth", "--split", "test", "-o", "whole")
    root, image = hurt(tmp_path, 1)
    done = CliRunner().invoke(main, ["score", str(run), str(root), "-o", "made", "--protocol", "patches"])
    assert done.exit_code == 1
    assert f"1 left out:\n  {image}" in done.stderr
    assert "1 of 3 images of test could not be read and is in no score" in done.stdout
    found, before = metrics(tmp_path / "made"), metrics(tmp_path / "whole")
    assert (found["left_out"], found["images"]) == (["test_000001"], 2)
    assert "left_out" not in before
    stems = [line.split(",")[0] for line in (tmp_path / "made" / "per_image.csv").read_text().splitlines()[1:]]
    assert sorted(stems) == ["test_000000", "test_000002"]
    truth = np.array(before["confusion"]) - np.array(found["confusion"])
    assert truth.sum() == 64 * 64
    assert (truth >= 0).all()
    assert typed("score", run, root, "-o", "other", "--max-failed", 0, rc=1).startswith("Error: 1 file cannot be used")
    assert not (tmp_path / "other" / "metrics.json").exists()


def test_runs_are_compared_on_the_images_that_can_be_read(run: Path, trained: Path, tmp_path: Path) -> None:
    shutil.copytree(trained / "datasets", tmp_path / "datasets")
    other = shutil.copytree(run, tmp_path / "runs" / "other")
    root, _ = hurt(tmp_path, 2)
    typed("score", run, root, "-o", "made", "--compare", other, rc=1)
    compared = metrics(tmp_path / "made")["comparison"]["differences"][0]
    assert compared["ours"] == compared["theirs"]


def test_a_training_ends_with_the_score_of_the_images_that_can_be_read(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(trained / "datasets", tmp_path / "datasets")
    root, image = hurt(tmp_path, 0)
    monkeypatch.chdir(tmp_path)
    assert f"1 left out:\n  {image}" in typed("fit", root, *TINY, rc=1)
    made = tmp_path / "runs" / "latest"
    assert metrics(made)["left_out"] == ["test_000000"]
    assert "1 of 3 images of test could not be read and is in no score" in (made / "log.txt").read_text()
    assert "1 of 3 images of test could not be read" in (made / "report.html").read_text()


def test_a_training_is_over_without_a_score_where_no_test_image_can_be_read(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(trained / "datasets", tmp_path / "datasets")
    images = [hurt(tmp_path, number)[1] for number in range(3)]
    monkeypatch.chdir(tmp_path)
    said = typed("fit", tmp_path / "datasets" / "synth", *TINY, rc=1)
    assert "no image of test could be read" in said
    assert "Nothing was written" not in said
    assert said.count(".png: the file is truncated") == 3
    made = tmp_path / "runs" / "latest"
    assert (made / "report.html").exists()
    assert not (made / "metrics.json").exists()
    for image in images:
        shutil.copy(trained / "datasets" / "synth" / "images" / image.name, image)
    typed("score", made)
    assert metrics(made)["images"] == 3


@pytest.mark.parametrize(("split", "number"), [("train", 2), ("val", 1)])
def test_a_training_names_all_damaged_images_before_it_begins(
    split: str, number: int, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(trained / "datasets", tmp_path / "datasets")
    root = tmp_path / "datasets" / "synth"
    learned = [sample.stem for sample in Dataset.open(root).of_split(split)][:number]
    for stem in learned:
        (root / "images" / f"{stem}.png").write_bytes(b"broken")
    monkeypatch.chdir(tmp_path)
    error = typed("fit", root, *TINY, rc=1)
    assert all(f"{stem}.png: the file is truncated" in error for stem in learned)
    assert f"delete the lines of their samples in {root / 'index.csv'}" in error
    assert not (tmp_path / "runs").exists()
    kept = [sample for sample in Dataset.open(root).samples if sample.stem not in learned]
    write_index(root / "index.csv", kept)
    typed("fit", root, *TINY)


def test_scores_of_datasets_of_one_name_stand_beside_each_other(run: Path) -> None:
    for site, number in (("site-1", 6), ("site-2", 9)):
        generate(Path(site) / "tiles", n=number, test=number - 4, seed=number, width=64, height=64, workers=1)
    for site in ("site-1", "site-2", "site-2", "site-1"):
        typed("score", run, Path(site) / "tiles", "--device", "cpu")
    found = {path.name: metrics(path)["images"] for path in run.glob("score-*")}
    assert found == {"score-tiles-test": 2, "score-site-2-tiles-test": 5}
