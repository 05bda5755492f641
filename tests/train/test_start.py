"""What a command loads before it opens a photo: only training, and only what it needs, may be heavy."""

import subprocess
import sys
from pathlib import Path

import pytest

from prep.dataset.dataset import Dataset
from tests.support import random_image, save

TRAINING = {"lightning_fabric", "torch._dynamo", "torchvision", "timm", "segmentation_models_pytorch", "albumentations"}
FORBIDDEN = {*TRAINING, "matplotlib", "onnx", "onnxruntime", "pandas", "skimage", "sympy", "scipy"}
COMMAND = "import sys; from train.cli.main import main; main(sys.argv[1:], standalone_mode=False)"
PRINT = "; import sys; print('LOADED', *sys.modules)"


def loaded(program: str, *arguments: object) -> set[str]:
    """Run a program of Python; the names of the modules that it loaded."""
    command = [sys.executable, "-c", program + PRINT, *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.rpartition("LOADED ")[2].split())


def test_labelling_a_photo_loads_nothing_of_training(tiny_run: Path, tmp_path: Path) -> None:
    save(tmp_path / "photo.png", random_image(0, 40, 40))
    names = loaded(COMMAND, "predict", tmp_path / "photo.png", "-o", tmp_path / "out", "--run", tiny_run, "--scale", 1)
    assert "torch" in names
    assert not names & FORBIDDEN
    assert (tmp_path / "out/masks/photo.png").exists()


@pytest.mark.parametrize("command", ["score", "audit"])
def test_scores_and_audits_load_nothing_of_training(command: str, dataset: Dataset, tiny_run: Path) -> None:
    classes, folder = dataset.root / "classes.json", tiny_run.parent / "out"
    text = classes.read_text(encoding="utf-8").replace('"line"', '"<b>road</b>"').replace('"ellipse"', '"tree"')
    classes.write_text(text, encoding="utf-8")  # those that the model knows
    names = loaded(COMMAND, command, tiny_run, dataset.root, "--scale", 1, "-o", folder)
    assert not names & TRAINING
    assert folder.exists()


def test_a_model_as_a_function_and_for_annotation_loads_nothing_of_training(tiny_run: Path) -> None:
    program = (
        "import train; from train.cli.proposer import open_proposer; from pathlib import Path; import sys; "
        "run = Path(sys.argv[1]); train.load(run); open_proposer(run, print, 'auto')"
    )
    assert not loaded(program, tiny_run) & FORBIDDEN


def test_a_server_and_an_export_load_nothing_of_training(tiny_run: Path) -> None:
    program = "import train.serve.app, train.serve.service; import train.cli.export"
    names = loaded(f"{program}; {COMMAND}", "export", tiny_run, "--to", "torchscript")
    assert not names & (FORBIDDEN - {"torch._dynamo", "sympy"})
