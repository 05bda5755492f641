"""seg-prep annotate --sam and --prepare at the terminal."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.prep.annotate.model.proposing import store_of
from tests.prep.annotate.sam.onnx_files import write_pair
from tests.support import run_error, run_ok, run_prep, save


@pytest.fixture
def root(tmp_path: Path) -> Path:
    with_store = store_of(tmp_path / "campus", 3)
    with_store.close()
    return with_store.root


def embeddings(root: Path) -> list[Path]:
    return sorted((root / ".annotate" / "embeddings").glob("*/*"))


def test_prepare_encodes_all_and_goes_on(root: Path, tmp_path: Path) -> None:
    encoder, decoder = write_pair(tmp_path / "model", "huggingface")
    result = run_ok("annotate", root, "--sam", tmp_path / "model", "--prepare")
    assert result.stdout == "3 photos encoded for SAM 1 of Hugging Face\n"
    before = {path: path.stat().st_ino for path in embeddings(root)}
    assert len(before) == 3
    embeddings(root)[1].rename(tmp_path / "held")  # not removed: the number of a removed file may be given again
    assert run_ok("annotate", root, "--sam", encoder, "--sam", decoder, "--prepare").stdout == result.stdout
    after = {path: path.stat().st_ino for path in embeddings(root)}
    assert after.keys() == before.keys()
    assert [after[path] == before[path] for path in before] == [True, False, True]


def test_a_broken_photo_is_left_out_and_named(root: Path, tmp_path: Path) -> None:
    write_pair(tmp_path / "model", "osam-sam1")
    (root / "images" / "s1.png").write_bytes(b"\x89PNG broken")
    result = run_prep("annotate", root, "--sam", tmp_path / "model", "--prepare")
    assert result.exit_code == 1
    assert "2 photos encoded for SAM 1 of osam" in result.stdout
    assert "1 left out:\n" in result.stderr
    assert "s1.png" in result.stderr
    save(root / "images" / "s1.png", np.zeros((24, 32, 3), np.uint8))
    assert "3 photos encoded" in run_ok("annotate", root, "--sam", tmp_path / "model", "--prepare").stdout


def test_wrong_words(root: Path, tmp_path: Path) -> None:
    result = run_prep("annotate", root, "--prepare")
    assert result.exit_code == 2
    assert "--prepare encodes photos for SAM: name its files with --sam FOLDER" in result.stderr
    assert "no file ending in .onnx in this folder" in run_error("annotate", root, "--sam", root, "--prepare")
    assert not embeddings(root)


def test_onnxruntime_is_imported_only_for_sam() -> None:
    program = (
        "import sys, prep.cli.annotate, prep.annotate.app, prep.annotate.sam.objects; "
        "assert not [name for name in sys.modules if name.startswith('onnx')], 'imported'"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[4])
