"""Models without training: one that sees colours, and runs with the random weights of a tiny network."""

from pathlib import Path
from typing import Self

import torch
from click.testing import CliRunner, Result
from torch import Tensor, nn

from prep.core.classes import ClassMap
from prep.geo.pixel_size import PixelSize
from prep.photos.rendering import OWN_RANGES, Rendering
from train.cli.main import main
from train.config.config import Config
from train.networks.unet import UNet
from train.runs.checkpoint import ModelCard, save_model
from train.windows.predictor import Predictor
from train.windows.scale import Rescaling
from train.windows.window_settings import WindowSettings

CLASSES = ClassMap(("background", "line", "ellipse"), ((0, 0, 0), (255, 0, 0), (0, 255, 0)))


def strongest_channel(windows: Tensor) -> Tensor:
    """(B, S, S, 3) uint8 -> (B, 3, S, S): the class of a pixel is its strongest colour."""
    return windows.permute(0, 3, 1, 2).float().softmax(dim=1)


def color_predictor(window: int = 32) -> Predictor:
    """Labels each pixel with the index of its strongest channel."""
    return Predictor(strongest_channel, CLASSES, WindowSettings(window), torch.device("cpu"))


def write_run(
    folder: Path,
    *,
    network: nn.Module | None = None,
    classes: ClassMap = CLASSES,
    rendering: Rendering = OWN_RANGES,
    split_hash: str = "0123456789abcdef",
) -> Path:
    """A run folder with a model.pt of random weights, of a U-Net of width 4 and depth 2."""
    folder.mkdir(parents=True)
    config = Config(width=4, depth=2)
    card = ModelCard(config, classes, (0.4, 0.5, 0.6), (0.2, 0.1, 0.3), 32, 0.5, "synth", split_hash, rendering)
    save_model(folder / "model.pt", network or UNet(len(classes), 4, 2), card, {})
    return folder


def run_train(*arguments: object) -> Result:
    """Run seg-train in this process; it has to succeed."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result


def train_error(*arguments: object) -> str:
    """Run seg-train in this process; it has to fail in words. Returns stderr."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.stderr
    return result.stderr


class AsItIs:
    """What a stand-in of a Predictor answers where it is asked about sizes: it labels every image as it is."""

    scale = Rescaling()
    rendering = OWN_RANGES

    def on_ground(self, pixel: PixelSize | None) -> Self:
        return self
