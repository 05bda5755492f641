"""Bring a model into a form that runs without this program: ONNX, TorchScript."""

import io
import json
import logging
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from prep.core.errors import SegError
from prep.core.files import replacing
from prep.images.imageio import ImageRGB
from train.runs.checkpoint import ModelCard
from train.windows.predictor import Normalizer

INPUT, OUTPUTS = "image", ("probabilities", "labels")
METADATA = "seg-train.json"
"""The file inside a TorchScript file that holds what ONNX has as metadata."""

_TOLERANCE = 1e-3
"""Of a class probability, to that of PyTorch in float32."""

_EXAMPLE = (2, 80, 112, 3)
"""No two sizes are alike and none is 1, so that the exporter takes none of them for a constant."""

Compute = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""(N, H, W, 3) -> (N, C, H, W) probabilities."""


class Deployed(nn.Module):
    """A network with everything around it: pixels in, probabilities and labels out, at any size.

    image: (N, H, W, 3) uint8 RGB.  Returns class probabilities (N, C, H, W) float32 and the index of the highest
    (N, H, W) uint8.
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, network: nn.Module, normalize: Normalizer) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("shift", torch.tensor(normalize.mean) * 255)
        self.register_buffer("scale", torch.tensor([1 / (255 * max(value, 1 / 255)) for value in normalize.std]))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return probabilities and labels."""
        x = ((image.float() - self.shift) * self.scale).permute(0, 3, 1, 2)
        logits = self.network(x)
        return logits.softmax(dim=1), logits.argmax(dim=1).to(torch.uint8)


def deployed(network: nn.Module, card: ModelCard) -> Deployed:
    """The network in float32 on the CPU, ready to be exported."""
    return Deployed(network, Normalizer(card.mean, card.std)).cpu().float().eval()


def export_model(
    model: Deployed, card: ModelCard, identity: str, path: Path, form: str, images: Sequence[ImageRGB]
) -> float:
    """Write the model, run it beside PyTorch on `images`, and return the largest difference of a probability.

    form: onnx or torchscript.  identity: of train.runs.checkpoint.model_id. The file appears only if it passed.
    Raises SegError if a package is missing, if the network has no such form, or if the difference exceeds 0.001.
    """
    write, opened = _FORMS[form]
    with replacing(path) as part:
        write(model, part, {**metadata(card, identity), "form": form})
        difference = largest_difference(model, opened(part), images)
        if not difference <= _TOLERANCE:
            raise SegError(
                f"{path}: not written, because its probabilities differ by up to {difference:.2g} from PyTorch's; "
                f"try another form with --to ({' or '.join(name for name in _FORMS if name != form)})"
            )
    return difference


def exported_identity(path: Path, form: str) -> str | None:
    """The identity of the model in an exported file, as export_model got it; None if it is no such file."""
    try:
        if form == "torchscript":
            with zipfile.ZipFile(path) as archive:
                name = next(name for name in archive.namelist() if name.endswith(f"/extra/{METADATA}"))
                return str(json.loads(archive.read(name))["model"])
        import onnx

        found = onnx.load(path, load_external_data=False).metadata_props
        return str(next(entry.value for entry in found if entry.key == "model"))
    except Exception:  # noqa: BLE001  # of a stranger's file: parsers raise anything
        return None


def metadata(card: ModelCard, identity: str) -> dict[str, str]:
    """What a program needs to use the model, as texts; all but `model` and `dataset` are JSON."""
    plain = {name: json.dumps(getattr(card, name)) for name in ("mean", "std", "window", "overlap")}
    return {
        "model": identity,
        "dataset": card.dataset,
        "classes": json.dumps(card.classes.to_json(), ensure_ascii=False),
        "ranges": card.rendering.to_text(),
        "image_scale": json.dumps(card.image_scale.to_plain() if card.image_scale else None),
        **plain,
    }


def largest_difference(model: Deployed, compute: Compute, images: Sequence[ImageRGB]) -> float:
    """Compare on each image, on a piece of it of odd size, and on two pieces at once."""
    worst = 0.0
    for image in images:
        height, width = image.shape[0] * 3 // 4 | 1, image.shape[1] * 2 // 3 | 1
        piece = image[:height, :width]
        pieces = np.stack([piece, piece[::-1]])
        for batch in (image[None], pieces):
            with torch.inference_mode():
                expected = model(torch.from_numpy(np.ascontiguousarray(batch)))[0].numpy()
            found = compute(np.ascontiguousarray(batch))
            if found.shape != expected.shape:
                return float("inf")
            worst = float(np.maximum(worst, np.abs(found - expected).max()))  # unlike max, it keeps NaN
    return worst


def _write_onnx(model: Deployed, path: Path, texts: dict[str, str]) -> None:
    need_onnx("onnx", "onnxscript", "onnxruntime")
    import onnx

    example = (torch.zeros(_EXAMPLE, dtype=torch.uint8),)
    any_size = {INPUT: dict.fromkeys(range(3), torch.export.Dim.DYNAMIC)}
    with _quiet(), _explained():
        program = torch.export.export(model, example, dynamic_shapes=any_size)
        exported = torch.onnx.export(
            program, example, input_names=[INPUT], output_names=list(OUTPUTS), dynamo=True, verbose=False
        )
    assert exported is not None  # None only comes of a form that is written to a file
    proto = exported.model_proto
    _name_sizes(proto)
    onnx.helper.set_model_props(proto, texts)
    onnx.checker.check_model(proto)
    path.write_bytes(proto.SerializeToString())


def _name_sizes(proto: Any) -> None:  # noqa: ANN401
    """Call the free sizes batch, height and width instead of s40, s62 and s73."""
    sizes = [size.dim_param for size in proto.graph.input[0].type.tensor_type.shape.dim[:3]]
    names = dict(zip(sizes, ("batch", "height", "width"), strict=True))
    for value in (*proto.graph.input, *proto.graph.output):
        for size in value.type.tensor_type.shape.dim:
            if size.dim_param in names:
                size.dim_param = names[size.dim_param]
    del proto.graph.value_info[:]  # of values in between, in the old names; nobody needs them


def _open_onnx(path: Path) -> Compute:
    from onnxruntime import InferenceSession  # type: ignore[import-untyped]

    session = InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    return lambda pixels: np.asarray(session.run([OUTPUTS[0]], {INPUT: pixels})[0])


def _write_torchscript(model: Deployed, path: Path, texts: dict[str, str]) -> None:
    with _quiet(), _explained(), torch.inference_mode():
        traced = torch.jit.trace(  # type: ignore[no-untyped-call]
            model, torch.zeros(_EXAMPLE, dtype=torch.uint8), check_trace=False
        )
        buffer = io.BytesIO()  # a file would hold its own name, which is another one each time
        torch.jit.save(traced, buffer, _extra_files={METADATA: json.dumps(texts, ensure_ascii=False)})
    path.write_bytes(buffer.getbuffer())


def _open_torchscript(path: Path) -> Compute:
    with _quiet():
        loaded = torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]

    def compute(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        with torch.inference_mode():
            return np.asarray(loaded(torch.from_numpy(pixels))[0].numpy())

    return compute


_FORMS: dict[str, tuple[Callable[[Deployed, Path, dict[str, str]], None], Callable[[Path], Compute]]] = {
    "onnx": (_write_onnx, _open_onnx),
    "torchscript": (_write_torchscript, _open_torchscript),
}


def need_onnx(*packages: str) -> None:
    """Raise SegError unless these packages of the extra `export` are there."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise SegError(f"ONNX needs {', '.join(missing)}; type: pip install 'seg-prep[export]'")


@contextmanager
def _explained() -> Iterator[None]:
    """Exporters raise many kinds of errors for networks that they cannot express."""
    try:
        yield
    except Exception as error:
        first = str(error).strip().splitlines() or [type(error).__name__]
        raise SegError(f"this network has no such form: {first[0]:.300}; try the other one with --to") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the exporters say about themselves from the terminal."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
