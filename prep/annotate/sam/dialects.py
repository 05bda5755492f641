"""The dialects of ONNX files of the SAM family, told apart by the names of their inputs."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from prep.core.errors import SegError

Padding = Literal["never", "without a box", "always"]


@dataclass(frozen=True)
class Dialect:
    """How two ONNX files, an encoder of photos and a decoder of clicks, want to be asked.

    encoder: name of the encoder's input.  embedding: inputs of the decoder that come from the encoder.
    points, labels: its inputs for clicks.  others: what else it needs; optional: and may need.
    masks, scores: its outputs: logits of masks, and how good it thinks that each of them is.
    stretched: the photo fills 1024 x 1024 pixels; else its long side does, and the rest is padding.
    deviations: whether pixels are (x - mean) / std of ImageNet; else they are 0..1, and the file does the rest.
    padding: when a point of label -1 has to follow the clicks.  boxes: whether labels 2 and 3 mean corners of a box.
    """

    name: str
    source: str
    encoder: str
    embedding: tuple[str, ...]
    masks: str
    scores: str
    points: str = "point_coords"
    labels: str = "point_labels"
    others: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    stretched: bool = False
    deviations: bool = True
    padding: Padding = "never"
    boxes: bool = True

    @property
    def decoder(self) -> frozenset[str]:
        """Inputs that a decoder of this dialect has at least."""
        return self.others | {*self.embedding, self.points, self.labels}


_PREVIOUS = frozenset({"mask_input", "has_mask_input"})
_SIZE = frozenset({"orig_im_size"})
_IOU = "iou_predictions"


def _sam1(name: str, source: str, encoder: str) -> Dialect:
    """The decoder is that of Meta's exporter."""
    return Dialect(
        name, source, encoder, ("image_embeddings",), "low_res_masks", _IOU,
        others=_PREVIOUS | _SIZE, padding="without a box",
    )  # fmt: skip


DIALECTS = (
    _sam1("SAM 1 of osam", "labelme and osam: sam_vit_*.encoder.onnx, .decoder.onnx", "x"),
    _sam1("SAM 1 of samexporter", "AnyLabeling, X-AnyLabeling: SAM, MobileSAM; Meta's decoder", "input_image"),
    Dialect(
        "EfficientSAM", "labelme and osam: efficient_sam_vit*_encoder.onnx, _decoder.onnx", "batched_images",
        ("image_embeddings",), "output_masks", _IOU, "batched_point_coords", "batched_point_labels",
        others=_SIZE, stretched=True, deviations=False,
    ),
    Dialect(
        "SAM 2 of samexporter", "AnyLabeling, X-AnyLabeling: sam2_hiera_*.encoder.onnx, .decoder.onnx", "image",
        ("image_embed", "high_res_feats_0", "high_res_feats_1"), "masks", _IOU,
        others=_PREVIOUS, optional=_SIZE, stretched=True, padding="always",
    ),
    Dialect(
        "SAM 2.1 of osam", "labelme and osam: sam2.1_*_preprocess.onnx, sam2.1_*.onnx", "input",
        ("image_embeddings", "high_res_features1", "high_res_features2"), "masks", _IOU,
        others=_PREVIOUS | _SIZE, stretched=True, padding="always",
    ),
    Dialect(
        "SAM 1 of Hugging Face", "SlimSAM and others: vision_encoder*.onnx, prompt_encoder_mask_decoder*.onnx",
        "pixel_values", ("image_embeddings", "image_positional_embeddings"), "pred_masks", "iou_scores",
        "input_points", "input_labels", boxes=False,
    ),
)  # fmt: skip
"""docs/sam.md says the same for people."""


def dialects_of_encoder(inputs: Collection[str]) -> list[Dialect]:
    """Those whose encoder has this one input; none if the file is no encoder."""
    return [dialect for dialect in DIALECTS if set(inputs) == {dialect.encoder}]


def dialects_of_decoder(inputs: Collection[str]) -> list[Dialect]:
    """Those whose decoder has these inputs; none if the file is no decoder."""
    names = set(inputs)
    return [each for each in DIALECTS if each.decoder <= names <= each.decoder | each.optional]


def known_inputs() -> str:
    """The inputs of all dialects in words, a line for each."""
    return "\n".join(f"  {each.name}: {each.encoder}; {', '.join(sorted(each.decoder))}" for each in DIALECTS)


def refuse_outputs(dialect: Dialect, file: Path, needed: Collection[str], found: Collection[str]) -> None:
    """SegError if a file lacks an output of its dialect."""
    if missing := [name for name in needed if name not in found]:
        raise SegError(
            f"{file}: has the inputs of {dialect.name} but not its output {', '.join(missing)}; it has "
            f"{', '.join(found)}. docs/sam.md names the files that can be used"
        )
