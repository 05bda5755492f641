"""Use an exported ONNX file in place of PyTorch."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from prep.core.classes import classes_from_json
from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.photos.rendering import Rendering
from train.exporting.export import INPUT, OUTPUTS, need_onnx
from train.windows.predictor import Predictor
from train.windows.scale import ImageScale, Rescaling
from train.windows.window_settings import WindowSettings


@dataclass(frozen=True)
class OnnxModel:
    """A session of onnxruntime as class probabilities of windows."""

    session: Any

    def __call__(self, windows: Tensor) -> Tensor:
        """(B, S, S, 3) uint8 -> (B, C, S, S) float32 class probabilities."""
        (found,) = self.session.run([OUTPUTS[0]], {INPUT: np.ascontiguousarray(windows.cpu().numpy())})
        return torch.from_numpy(found)


def load_onnx(path: Path) -> tuple[Predictor, str]:
    """Read a file of `seg-train export --to onnx`: a predictor, and the identity of the model.

    Computes on an NVIDIA GPU if this onnxruntime can, else on the CPU. Raises SegError if the file is none of ours.
    """
    need_onnx("onnxruntime")
    import onnxruntime  # type: ignore[import-untyped]

    wanted = ("CUDAExecutionProvider", "CPUExecutionProvider")
    providers = [name for name in wanted if name in onnxruntime.get_available_providers()]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors only
    content = read_bytes(path)
    try:
        session = onnxruntime.InferenceSession(content, options, providers=providers)
    except Exception as error:  # onnxruntime raises kinds of its own; all mean that the file is no model
        raise SegError(f"{path}: not an ONNX model, or damaged; export it again with 'seg-train export'") from error
    texts = session.get_modelmeta().custom_metadata_map
    try:
        classes = classes_from_json(json.loads(texts["classes"]))
        windows = WindowSettings(int(json.loads(texts["window"])), float(json.loads(texts["overlap"])))
        rendering = Rendering.from_plain(json.loads(texts.get("ranges", "{}")), path)
        scale = Rescaling(ImageScale.from_plain(json.loads(texts.get("image_scale", "null")), path))
        identity = texts["model"]
    except SegError as error:
        raise SegError(f"{path}: {error}; export it again with 'seg-train export'") from error
    except (KeyError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise SegError(f"{path}: an ONNX model, but not of 'seg-train export': it lacks {error}") from error
    return Predictor(OnnxModel(session), classes, windows, torch.device("cpu"), rendering, scale), identity
