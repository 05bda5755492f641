"""Files of strangers: which are taken, and what is said of the others."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from prep.annotate.sam import files
from prep.annotate.sam.files import find_sam_files
from prep.annotate.sam.model import Sam
from prep.core.errors import SegError
from tests.prep.annotate.sam.onnx_files import KINDS, Graph, write_decoder, write_encoder, write_pair


def refusal(*named: Path) -> str:
    with pytest.raises(SegError) as error:
        Sam(find_sam_files(named))
    return str(error.value)


def test_two_files_are_named_in_any_order(tmp_path: Path) -> None:
    encoder, decoder = write_pair(tmp_path, "osam-sam2.1")
    found = find_sam_files([decoder, encoder])
    assert (found.encoder.path, found.decoder.path) == (encoder, decoder)
    assert found.key == find_sam_files([tmp_path]).key
    write_decoder(decoder, KINDS["osam-sam2.1"], 3)
    assert find_sam_files([tmp_path]).key != found.key


def test_a_decoder_needs_its_encoder(tmp_path: Path) -> None:
    """Meta's exporter writes a decoder alone."""
    write_decoder(tmp_path / "sam_vit_b.onnx", KINDS["osam-sam1"])
    words = refusal(tmp_path)
    assert words.startswith(
        f"{tmp_path}: sam_vit_b.onnx is a decoder; put the encoder that belongs to it beside it. Found"
    )
    assert (
        "\n  sam_vit_b.onnx: image_embeddings, point_coords, point_labels, mask_input, has_mask_input, orig_im_size -> "
        in words
    )
    assert "\n  SAM 2.1 of osam: input; has_mask_input, high_res_features1, " in words
    assert len(re.findall("(?m)^  .*: [a-z_]+; ", words)) == 6


def test_an_encoder_needs_its_decoder(tmp_path: Path) -> None:
    write_encoder(tmp_path / "a.onnx", KINDS["osam-sam1"])
    assert "a.onnx is an encoder; put the decoder that belongs to it beside it" in refusal(tmp_path)
    write_decoder(tmp_path / "b.onnx", KINDS["efficientsam"])
    assert "no encoder and decoder here that belong together" in refusal(tmp_path)


def test_several_pairs_are_listed_to_choose_from(tmp_path: Path) -> None:
    write_encoder(tmp_path / "vision_encoder.onnx", KINDS["huggingface"])
    write_encoder(tmp_path / "vision_encoder_quantized.onnx", KINDS["huggingface"])
    write_decoder(tmp_path / "decoder.onnx", KINDS["huggingface"])
    words = refusal(tmp_path)
    assert words.startswith("several encoders and decoders fit each other; name two files, one of these lines:\n")
    chosen = words.splitlines()[2].split()[1::2]
    assert find_sam_files([Path(each) for each in chosen]).encoder.path.name == "vision_encoder_quantized.onnx"


def test_unknown_files(tmp_path: Path) -> None:
    graph = Graph()
    graph("Identity", "tokens", name="scores")
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("tokens", "scores")]
    graph.save(tmp_path / "text.onnx", value[:1], value[1:])
    assert "\n  text.onnx: tokens -> scores\n" in refusal(tmp_path)


def test_folders_without_files_and_too_many_names(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"{tmp_path}: no file ending in .onnx in this folder; docs/sam.md says which are needed"
    path = write_encoder(tmp_path / "a.onnx", KINDS["osam-sam1"])
    assert refusal(path) == "--sam takes a folder, or twice a file: --sam ENCODER --sam DECODER"
    for place in range(24):
        (tmp_path / f"{place}.onnx").touch()
    assert "25 ONNX files; name two of them: --sam ENCODER --sam DECODER" in refusal(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no model", b"\x08\x09" * 1000])
def test_damaged_files(tmp_path: Path, content: bytes) -> None:
    write_pair(tmp_path, "osam-sam1")
    (tmp_path / "decoder.onnx").write_bytes(content)
    words = refusal(tmp_path)
    assert words.startswith(f"{tmp_path / 'decoder.onnx'}: onnxruntime cannot open it: ")
    assert "\n" not in words


def test_half_a_file(tmp_path: Path) -> None:
    _, decoder = write_pair(tmp_path, "osam-sam1")
    decoder.write_bytes(decoder.read_bytes()[:-100])
    assert f"{decoder}: onnxruntime cannot open it" in refusal(tmp_path)


def test_operators_of_others_are_not_loaded(tmp_path: Path) -> None:
    encoder, _ = write_pair(tmp_path, "osam-sam1")
    model = onnx.load(encoder)
    model.graph.node[0].domain = "evil.example"
    model.opset_import.append(helper.make_opsetid("evil.example", 1))
    onnx.save(model, encoder)
    assert "onnxruntime cannot open it" in refusal(tmp_path)
    assert "evil.example" in refusal(tmp_path)


@pytest.mark.parametrize("place", ["../secret.bin", "/etc/hostname", "link.bin"])
def test_weights_outside_of_the_folder_are_not_read(tmp_path: Path, place: str) -> None:
    folder = tmp_path / "model"
    encoder, _ = write_pair(folder, "osam-sam1")
    (tmp_path / "secret.bin").write_bytes(np.zeros(253 * 64 * 64, np.float32).tobytes())
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    model = onnx.load(encoder)
    outside(model, place)
    onnx.save(model, encoder)
    assert f"{encoder}: onnxruntime cannot open it" in refusal(folder)


def test_weights_beside_a_file_belong_to_it(tmp_path: Path) -> None:
    encoder, _ = write_pair(tmp_path, "osam-sam1")
    data = tmp_path / "encoder.onnx.data"
    data.write_bytes(np.zeros(253 * 64 * 64, np.float32).tobytes())
    model = onnx.load(encoder)
    outside(model, data.name)
    onnx.save(model, encoder)
    before = Sam(find_sam_files([tmp_path])).key
    data.write_bytes(np.ones(253 * 64 * 64, np.float32).tobytes())
    assert Sam(find_sam_files([tmp_path])).key != before


def outside(model: onnx.ModelProto, place: str) -> None:
    """Let the largest constant lie in another file."""
    tensor = max(model.graph.initializer, key=lambda each: len(each.raw_data))
    assert len(tensor.raw_data) == 4 * 253 * 64 * 64
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", place), ("offset", "0"), ("length", str(4 * 253 * 64 * 64))):
        tensor.external_data.add(key=key, value=value)


def test_files_that_are_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pair(tmp_path, "osam-sam1")
    monkeypatch.setattr(files, "LARGEST_FILE", 1000)
    assert "less than 4.3 GB is opened here, choose a smaller model" in refusal(tmp_path)


def test_missing_outputs_and_unknown_sizes(tmp_path: Path) -> None:
    encoder, decoder = write_pair(tmp_path, "osam-sam1")
    model = onnx.load(decoder)
    small = next(value for value in model.graph.output if value.name == "low_res_masks")
    model.graph.output.remove(small)
    onnx.save(model, decoder)
    words = refusal(tmp_path)
    assert "has the inputs of SAM 1 of osam but not its output low_res_masks; it has masks, iou_predictions" in words
    write_pair(tmp_path, "osam-sam1")
    write_encoder(encoder, replace(KINDS["osam-sam1"], shape=(1, 3, 512, 512)))
    assert "sees 512 x 512 pixels; only 1024 x 1024 is known here" in refusal(tmp_path)


def test_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "find_spec", lambda name: None)
    assert refusal(tmp_path) == "--sam needs onnxruntime; type: pip install 'seg-prep[assist]'"
