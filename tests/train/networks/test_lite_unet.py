"""The U-Net on EfficientNet-Lite0 of our own: bit by bit that of timm and smp, without importing them."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from prep.photos.rendering import OWN_RANGES
from tests.models import CLASSES
from train.config.config import Config
from train.networks.lite_unet import LITE0
from train.networks.networks import build_network, labelling_network
from train.runs.checkpoint import ModelCard, save_model

_CODE = """
import sys
from pathlib import Path
import torch
from train.runs.checkpoint import load_model
from train.windows.accelerator import Accelerator
predictor, _ = load_model(Path(sys.argv[1]), Accelerator(torch.device("cpu"), bfloat16=False))
print([name for name in ("timm", "segmentation_models_pytorch", "torchvision", "torch._dynamo", "sympy")
       if name in sys.modules])
"""


def stirred(network: nn.Module) -> nn.Module:
    """Weights and running means as after learning: none of them at its first value."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, each in network.state_dict().items():
            if each.is_floating_point():
                each.copy_(torch.rand(each.shape, generator=generator) * (1 if "var" in name else 0.2) + 0.01)
    return network.eval()


@pytest.mark.parametrize(
    ("width", "shape", "channels_last"), [(256, (2, 3, 96, 160), True), (32, (1, 3, 50, 33), False)]
)
def test_logits_are_those_of_the_network_that_learned(
    width: int, shape: tuple[int, int, int, int], channels_last: bool
) -> None:
    config = Config(arch="unet", encoder=LITE0, weights="none", decoder_width=width)
    trained, own = stirred(build_network(config, 6)), labelling_network(config, 6).eval()
    own.load_state_dict(trained.state_dict())
    image = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    if channels_last:
        trained, own = trained.to(memory_format=torch.channels_last), own.to(memory_format=torch.channels_last)
        image = image.contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        expected, found = trained(image), own(image)
    assert expected.std() > 0
    assert torch.equal(found, expected)


def test_other_networks_are_as_they_were() -> None:
    config = Config(arch="unet", width=4, depth=2)
    assert type(labelling_network(config, 3)) is type(build_network(config, 3))
    assert list(labelling_network(Config(arch="fpn", encoder=LITE0, weights="none"), 3).state_dict()) == list(
        build_network(Config(arch="fpn", encoder=LITE0, weights="none"), 3).state_dict()
    )


def test_a_model_is_loaded_without_the_libraries_that_trained_it(tmp_path: Path) -> None:
    config = Config(arch="unet", encoder=LITE0, weights="none", decoder_width=32)
    card = ModelCard(config, CLASSES, (0.4,) * 3, (0.2,) * 3, 64, 0.5, "synth", "0123456789abcdef", OWN_RANGES)
    save_model(tmp_path / "model.pt", build_network(config, len(CLASSES)), card, {})
    command = [sys.executable, "-c", _CODE, tmp_path / "model.pt"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
