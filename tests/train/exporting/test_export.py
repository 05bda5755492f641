"""Exported models: the same numbers as PyTorch at any size, everything needed inside, and nothing wrong is kept."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from prep.core.errors import SegError
from tests.models import CLASSES, run_train, train_error, write_run
from tests.support import load, random_image, save
from train.exporting.engine import open_predictor
from train.exporting.export import Deployed, export_model, largest_difference
from train.exporting.export_run import ExportedModel
from train.exporting.onnx_model import load_onnx
from train.runs.checkpoint import load_model, model_id
from train.runs.device import find_accelerator
from train.windows.predictor import Normalizer, TorchModel
from train.windows.window_settings import WindowSettings

SIZES = [(1, 16, 16), (1, 33, 18), (3, 47, 61), (2, 80, 112), (1, 9, 130)]
"""Batch, height, width: few of them are multiples of 4."""


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with its model.onnx, made by the command: exporting takes seconds."""
    torch.manual_seed(0)
    run = write_run(tmp_path_factory.mktemp("export") / "run")
    result = run_train("export", run, "--to", "onnx", "--json")
    answer = json.loads(result.stdout)
    assert answer["file"] == (run / "model.onnx").as_posix()
    assert 0 <= answer["largest_difference"] < 1e-5
    assert answer["checked_on"].startswith("random pixels")
    return run


def plainly(run: Path, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Probabilities of the run's network, computed step by step."""
    predictor, card = load_model(run / "model.pt", find_accelerator("cpu"))
    assert isinstance(predictor.model, TorchModel)
    network = predictor.model.network.eval()
    x = (torch.from_numpy(pixels) / 255 - torch.tensor(card.mean)) / torch.tensor(card.std)
    with torch.inference_mode():
        return np.asarray(network(x.permute(0, 3, 1, 2)).softmax(1).numpy())


def pixels_of(batch: int, height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(height).integers(0, 256, (batch, height, width, 3)).astype(np.uint8)


def test_onnx_gives_the_numbers_of_pytorch_at_any_size(exported: Path) -> None:
    session = onnxruntime.InferenceSession(exported / "model.onnx", providers=["CPUExecutionProvider"])
    for size in SIZES:
        pixels = pixels_of(*size)
        probabilities, labels = session.run(None, {"image": pixels})
        expected = plainly(exported, pixels)
        assert probabilities.dtype == np.float32
        np.testing.assert_allclose(probabilities, expected, atol=1e-5)
        assert labels.dtype == np.uint8
        assert (labels == probabilities.argmax(1)).all()


def test_an_onnx_file_says_what_it_needs_and_gives(exported: Path) -> None:
    model = onnx.load(str(exported / "model.onnx"))
    onnx.checker.check_model(model, full_check=True)

    def sizes(value: onnx.ValueInfoProto) -> list[str | int]:
        return [size.dim_param or size.dim_value for size in value.type.tensor_type.shape.dim]

    assert {value.name: sizes(value) for value in (*model.graph.input, *model.graph.output)} == {
        "image": ["batch", "height", "width", 3],
        "probabilities": ["batch", 3, "height", "width"],
        "labels": ["batch", "height", "width"],
    }
    texts = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(texts["classes"]) == CLASSES.to_json()
    assert json.loads(texts["mean"]) == [0.4, 0.5, 0.6]
    assert json.loads(texts["std"]) == [0.2, 0.1, 0.3]
    assert (texts["window"], texts["overlap"]) == ("32", "0.5")
    assert json.loads(texts["ranges"]) == {}
    assert texts["model"] == model_id(exported / "model.pt")


def test_torchscript_gives_the_numbers_of_pytorch_at_any_size(exported: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.torchscript"
    assert "random pixels" in run_train("export", exported, "--to", "torchscript", "-o", path).stdout
    files = {"seg-train.json": ""}
    with pytest.warns(FutureWarning):
        module = torch.jit.load(str(path), _extra_files=files)
    for size in SIZES:
        pixels = pixels_of(*size)
        probabilities, labels = module(torch.from_numpy(pixels))
        np.testing.assert_allclose(probabilities.detach(), plainly(exported, pixels), atol=1e-5)
        assert (labels.numpy() == probabilities.detach().numpy().argmax(1)).all()
    assert json.loads(json.loads(files["seg-train.json"])["classes"]) == CLASSES.to_json()
    run_train("export", exported, "--to", "torchscript", "-o", path)  # of the same model
    other = write_run(tmp_path / "other")
    error = train_error("export", other, "--to", "torchscript", "-o", path)
    assert "is already there; add --overwrite" in error
    run_train("export", other, "--to", "torchscript", "-o", path, "--overwrite")
    path.write_bytes(b"of others")
    assert "is already there; add --overwrite" in train_error("export", other, "--to", "torchscript", "-o", path)


@pytest.mark.parametrize("wrong", ["shifted", "cropped", "nan"])
def test_a_file_that_computes_something_else_is_not_kept(
    wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = write_run(tmp_path / "run")
    predictor, card = load_model(run / "model.pt", find_accelerator("cpu"))
    assert isinstance(predictor.model, TorchModel)
    model = Deployed(predictor.model.network, Normalizer(card.mean, card.std)).eval()

    def right(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        with torch.inference_mode():
            return np.asarray(model(torch.from_numpy(pixels))[0].numpy())

    change = {"shifted": lambda p: p + np.float32(0.002), "cropped": lambda p: p[:, :, 1:], "nan": lambda p: p * np.nan}
    images = [random_image(0, 40, 50)]
    assert largest_difference(model, right, images) == 0
    monkeypatch.setattr(
        "train.exporting.export._FORMS",
        {
            "onnx": (lambda model, path, texts: path.write_bytes(b"x"), lambda path: lambda p: change[wrong](right(p))),
            "torchscript": (None, None),
        },
    )
    with pytest.raises(SegError, match=r"not written, because its probabilities differ .* --to \(torchscript\)"):
        export_model(model, card, "id", tmp_path / "m.onnx", "onnx", images)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_predict_with_an_onnx_file_needs_no_run(exported: Path, tmp_path: Path) -> None:
    save(tmp_path / "photos/a.png", random_image(0, 70, 45))
    shutil.copy(exported / "model.onnx", tmp_path / "m.onnx")
    run_train("predict", tmp_path / "photos", "-o", tmp_path / "out", "--run", tmp_path / "m.onnx")
    predictor, _ = load_onnx(tmp_path / "m.onnx")
    assert (predictor.classes, predictor.windows) == (CLASSES, WindowSettings(32, 0.5))
    windows = torch.from_numpy(pixels_of(2, 32, 32))
    np.testing.assert_allclose(predictor.model(windows), plainly(exported, windows.numpy()), atol=1e-5)
    assert (load(tmp_path / "out/masks/a.png") == predictor(random_image(0, 70, 45))).all()
    command = ("predict", tmp_path / "photos", "-o", tmp_path / "out", "--engine")
    assert "PyTorch does not read ONNX" in train_error(*command, "torch", "--run", tmp_path / "m.onnx")
    # the same model by its run goes on in the same folder
    run_train(*command, "onnx", "--run", exported)


def test_the_model_of_a_run_is_exported_once_and_again_when_it_changed(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "other"
    shutil.copytree(exported, run)
    asked: list[Path] = []

    def fake_export(folder: Path, form: str, *, overwrite: bool) -> ExportedModel:
        model = onnx.load(str(exported / "model.onnx"))
        onnx.helper.set_model_props(model, {e.key: e.value for e in model.metadata_props} | {"model": identity})
        onnx.save(model, str(folder / "model.onnx"))
        asked.append(folder)
        return ExportedModel(folder / "model.onnx", "nothing", 0.0)

    monkeypatch.setattr("train.exporting.export_run.export_run", fake_export)
    identity = model_id(run / "model.pt")
    notes: list[str] = []
    for expected in (1, 1):  # the file is of the run with the other name; then it is there
        assert open_predictor([run], "onnx", "cpu", notes.append)[1] == (identity,)
        assert len(asked) == expected
    assert "of an earlier model; exporting it again" in notes[0]
    (run / "model.onnx").unlink()
    assert open_predictor([run], "onnx", "cpu", notes.append)[1] == (identity,)
    assert len(asked) == 2


def test_what_is_missing_or_no_model_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "m.onnx").write_bytes(b"no model")
    with pytest.raises(SegError, match=r"m\.onnx: not an ONNX model, or damaged"):
        load_onnx(tmp_path / "m.onnx")
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["x"], ["y"])],
        "g",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])],
    )
    onnx.save(
        onnx.helper.make_model(graph, ir_version=10, opset_imports=[onnx.helper.make_opsetid("", 18)]),
        str(tmp_path / "other.onnx"),
    )
    with pytest.raises(SegError, match=r"other\.onnx: an ONNX model, but not of 'seg-train export'"):
        load_onnx(tmp_path / "other.onnx")
    run = write_run(tmp_path / "run")
    monkeypatch.setattr("train.exporting.export.find_spec", lambda name: None if name == "onnxscript" else name)
    error = train_error("export", run, "--to", "onnx")
    assert "ONNX needs onnxscript; type: pip install 'seg-prep[export]'" in error
    assert not (run / "model.onnx").exists()
