"""Small ONNX files with the inputs, outputs and shapes of each dialect, whose answers show what they were asked.

The encoder's embedding is the mean of each 16 x 16 pixels of what it gets, in its first three channels. The decoder
answers a disc around each positive point, without discs around negative ones, with the box, and with the mask before;
nothing at all if the points of label -1 are not as many as its dialect wants. Of three masks the second one is right,
and its score is the highest.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

RADIUS = 24
"""Of a disc, in pixels of the mask of 256 x 256 that covers the square."""

FAR = 1e6
_FLOAT, _INT64, _INT32 = TensorProto.FLOAT, TensorProto.INT64, TensorProto.INT32


@dataclass(frozen=True)
class Kind:
    """One dialect as its files are.

    ahead: axes of points ahead of (N, 2).  padding: points of label -1 without and with a box.
    """

    encoder: str
    shape: tuple[int | str, ...]
    embedding: dict[str, tuple[int, int]]
    points: str = "point_coords"
    labels: str = "point_labels"
    ahead: int = 1
    outputs: tuple[str, str, str] = ("masks", "iou_predictions", "low_res_masks")
    size: int | None = None
    has_mask: bool = True
    full: bool = False
    label_type: int = _FLOAT
    padding: tuple[int, int] = (0, 0)
    encoder_output: str | None = None
    stretched: bool = False
    means: bool = True


_SQUARE: tuple[int | str, ...] = (1, 3, 1024, 1024)
_SAM1 = {"image_embeddings": (256, 64)}
_SAM2 = {"image_embed": (256, 64), "high_res_feats_0": (32, 256), "high_res_feats_1": (64, 128)}
_OSAM2 = {"image_embeddings": (256, 64), "high_res_features1": (32, 256), "high_res_features2": (64, 128)}
_HF = {"image_embeddings": (256, 64), "image_positional_embeddings": (256, 64)}

KINDS = {
    "osam-sam1": Kind("x", _SQUARE, _SAM1, size=_FLOAT, padding=(1, 0), encoder_output="1234"),
    "samexporter-sam1": Kind("input_image", ("h", "w", 3), _SAM1, size=_FLOAT, padding=(1, 0)),
    "samexporter-sam1-fixed": Kind("input_image", (684, 1024, 3), _SAM1, size=_FLOAT, padding=(1, 0)),
    "samexporter-sam1-plain": Kind("input_image", _SQUARE, _SAM1, size=_FLOAT, padding=(1, 0)),
    "efficientsam": Kind(
        "batched_images", ("b", 3, "h", "w"), _SAM1, "batched_point_coords", "batched_point_labels", 2,
        ("output_masks", "iou_predictions", "onnx::Shape_1830"), _INT64, has_mask=False, full=True, stretched=True,
        means=False,
    ),
    "samexporter-sam2": Kind(
        "image", _SQUARE, _SAM2, outputs=("masks", "iou_predictions", ""), padding=(1, 1), stretched=True
    ),
    "samexporter-sam2-size": Kind("image", _SQUARE, _SAM2, size=_INT32, full=True, padding=(1, 1), stretched=True),
    "osam-sam2.1": Kind("input", _SQUARE, _OSAM2, size=_INT64, full=True, padding=(1, 1), stretched=True),
    "huggingface": Kind(
        "pixel_values", ("batch", 3, 1024, 1024), _HF, "input_points", "input_labels", 2,
        ("pred_masks", "iou_scores", ""), has_mask=False, label_type=_INT64,
    ),
}  # fmt: skip


@dataclass
class Graph:
    """Nodes that compute values, one named after the other."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[TensorProto] = field(default_factory=list)

    def __call__(self, op: str, *inputs: "str | NDArray[np.generic]", name: str = "", **attributes: object) -> str:
        name = name or f"{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, [self.value(each) for each in inputs], [name], **attributes))
        return name

    def value(self, given: "str | NDArray[np.generic]") -> str:
        if isinstance(given, str):
            return given
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(given), name))
        return name

    def save(self, path: Path, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]) -> Path:
        graph = helper.make_graph(self.nodes, "small", inputs, outputs, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(model.SerializeToString())
        return path


def numbers(*values: float) -> NDArray[np.float32]:
    return np.array(values, np.float32)


def ints(*values: int) -> NDArray[np.int64]:
    return np.array(values, np.int64)


def write_pair(folder: Path, kind: str, *, most_points: int | None = None) -> tuple[Path, Path]:
    """The encoder and the decoder of a dialect in a folder."""
    return (
        write_encoder(folder / "encoder.onnx", KINDS[kind]),
        write_decoder(folder / "decoder.onnx", KINDS[kind], most_points),
    )


def write_encoder(path: Path, kind: Kind) -> Path:
    graph = Graph()
    image = kind.encoder
    if len(kind.shape) == 3:  # preprocessing is inside, as samexporter does it
        mean, std = numbers(123.675, 116.28, 103.53), numbers(58.395, 57.12, 57.375)
        turned = graph("Transpose", graph("Div", graph("Sub", image, mean), std), perm=[2, 0, 1])
        sides = graph("Slice", graph("Shape", turned), ints(1), ints(3))
        room = graph("Concat", ints(0, 0, 0, 0), graph("Sub", ints(1024, 1024), sides), axis=0)
        pads = graph("Gather", room, ints(0, 1, 2, 3, 4, 5), axis=0)
        image = graph("Unsqueeze", graph("Pad", turned, graph("Gather", pads, ints(0, 0, 0, 0, 4, 5), axis=0)), ints(0))
    outputs = []
    for name, (channels, side) in kind.embedding.items():
        step = (kind.shape[3] if len(kind.shape) == 4 and isinstance(kind.shape[3], int) else 1024) // side
        means = graph("AveragePool", image, kernel_shape=[step, step], strides=[step, step])
        rest = np.zeros((1, channels - 3, side, side), np.float32)
        shown = kind.encoder_output or name
        graph("Concat", means, rest, axis=1, name=shown)
        outputs.append(helper.make_tensor_value_info(shown, _FLOAT, [1, channels, side, side]))
    return graph.save(path, [helper.make_tensor_value_info(kind.encoder, _FLOAT, list(kind.shape))], outputs)


def write_decoder(path: Path, kind: Kind, most_points: int | None = None) -> Path:
    graph = Graph()
    low = _masks(graph, kind)
    masks = graph(
        "Concat", graph("Neg", low), low, np.full((1, 1, 256, 256), -1, np.float32), axis=1
    )  # (1, 3, 256, 256)
    named, scores, small = kind.outputs
    outputs = [helper.make_tensor_value_info(scores, _FLOAT, [1, 1, 3] if kind.ahead == 2 else [1, 3])]
    graph(
        "Identity",
        np.full((1, 1, 3) if kind.ahead == 2 else (1, 3), 0, np.float32) + numbers(0.2, 0.9, 0.5),
        name=scores,
    )
    if small:
        graph("Identity", masks, name=small)
        outputs.append(helper.make_tensor_value_info(small, _FLOAT, [1, 3, 256, 256]))
    if kind.full:  # as large as orig_im_size says
        sizes = graph("Concat", ints(1, 3), graph("Cast", "orig_im_size", to=_INT64), axis=0)
        masks = graph("Resize", masks, "", "", sizes, mode="linear")
    elif kind.size:  # Meta's: cut and enlarged to another size, which must not be needed
        masks = graph("Expand", numbers(-1).reshape(1, 1, 1, 1), ints(1, 3, 8, 8))
    graph(*(("Unsqueeze", masks, ints(1)) if kind.ahead == 2 else ("Identity", masks)), name=named)
    outputs.insert(0, helper.make_tensor_value_info(named, _FLOAT, None))
    number = most_points or "n"
    inputs = [
        *(
            helper.make_tensor_value_info(name, _FLOAT, [1, c, side, side])
            for name, (c, side) in kind.embedding.items()
        ),
        helper.make_tensor_value_info(kind.points, _FLOAT, [*[1] * kind.ahead, number, 2]),
        helper.make_tensor_value_info(kind.labels, kind.label_type, [*[1] * kind.ahead, number]),
    ]
    if kind.has_mask:
        inputs.append(helper.make_tensor_value_info("mask_input", _FLOAT, [1, 1, 256, 256]))
        inputs.append(helper.make_tensor_value_info("has_mask_input", _FLOAT, [1]))
    if kind.size:
        inputs.append(helper.make_tensor_value_info("orig_im_size", kind.size, [2]))
    return graph.save(path, inputs, outputs)


def _masks(graph: Graph, kind: Kind) -> str:
    """(1, 1, 256, 256) logits of what is asked for."""
    flat = graph("Reshape", kind.points, ints(-1, 2))
    places = graph("Div", graph("Add", flat, numbers(0.5)), numbers(4))  # as the networks do: half a pixel is added
    labels = graph("Cast", graph("Reshape", kind.labels, ints(-1)), to=_FLOAT)
    x, y = (graph("Reshape", graph("Gather", places, ints(at), axis=1), ints(-1, 1, 1)) for at in (0, 1))
    along = np.arange(256, dtype=np.float32) + 0.5
    columns, rows = along.reshape(1, 1, 256), along.reshape(1, 256, 1)
    across, down = graph("Sub", columns, x), graph("Sub", rows, y)  # (N, 1, 256), (N, 256, 1)
    distance = graph("Add", graph("Mul", across, across), graph("Mul", down, down))
    disc = graph("Sub", numbers(RADIUS**2), distance)

    def where(label: float, values: str, other: float) -> str:
        fits = graph("Reshape", graph("Equal", labels, numbers(label)), ints(-1, 1, 1))
        return graph("ReduceMax", graph("Where", fits, values, numbers(other)), axes=[0], keepdims=1)

    upper_left = graph("Min", where(2, across, -FAR), where(2, down, -FAR))
    lower_right = graph("Min", where(3, graph("Neg", across), -FAR), where(3, graph("Neg", down), -FAR))
    found = graph("Max", where(1, disc, -FAR), graph("Min", upper_left, lower_right))
    if kind.has_mask:
        before = graph("Reshape", "mask_input", ints(1, 256, 256))
        none = graph("Mul", graph("Sub", numbers(1), "has_mask_input"), numbers(-FAR))
        found = graph("Max", found, graph("Add", graph("Mul", before, "has_mask_input"), none))
    found = graph("Min", found, graph("Neg", where(0, disc, -FAR)))
    count = graph("ReduceSum", graph("Cast", graph("Equal", labels, numbers(-1)), to=_FLOAT), ints(0), keepdims=1)
    boxes = graph("ReduceSum", graph("Cast", graph("Equal", labels, numbers(2)), to=_FLOAT), ints(0), keepdims=1)
    without, with_box = kind.padding
    wanted = graph("Add", numbers(without), graph("Mul", boxes, numbers(with_box - without)))
    wrong = graph("Mul", graph("Abs", graph("Sub", count, wanted)), numbers(FAR))
    used = graph("Mul", graph("ReduceMean", next(iter(kind.embedding)), keepdims=0), numbers(0))
    found = graph("Add", graph("Sub", found, wrong), used)
    return graph("Reshape", found, ints(1, 1, 256, 256))
