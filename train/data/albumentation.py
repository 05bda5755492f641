"""Random changes of training patches by a pipeline that albumentations saved, on the CPU."""

import difflib
import json
import os
import random
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import IGNORE_INDEX
from prep.core.errors import SegError
from prep.core.files import read_bytes

_NAME = "__class_fullname__"

_HOW = (
    "write one in Python with albumentations.save(albumentations.Compose([...]), 'augment.yaml', data_format='yaml') "
    "and give it with --augment augment.yaml"
)

_READS_CLASSES = {"MaskDropout", "ConstrainedCoarseDropout", "CropNonEmptyMaskIfExists"}
"""They look at numbers in masks, which are not class indices while a pipeline runs."""

_MAX_ENTRIES = 100_000

_NOT_NEEDED = {"Normalize", "ToFloat", "ToTensorV2", "ToTensor3D"}


@dataclass(frozen=True)
class PatchTransform:
    """A pipeline of albumentations for patches with their masks.

    While it runs, masks hold class index + 1 and 0 where ignored: so whatever new pixels a transform fills with its
    usual 0 become ignored ones, also by transforms that have no option for it.
    """

    path: Path
    pipeline: Any
    """albumentations.Compose"""

    def __call__(
        self, images: NDArray[np.uint8], masks: NDArray[np.uint8], seeds: Sequence[int]
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Change each patch by its own seed, whatever is beside it.

        images: (B, S, S, 3).  masks: (B, S, S), 255 = ignored.  Returns the same shapes.
        Raises SegError if the pipeline fails, or gives another size or type.
        """
        pairs = [self._one(*one) for one in zip(images, masks, seeds, strict=True)]
        return np.stack([image for image, _ in pairs]), np.stack([mask for _, mask in pairs])

    def _one(
        self, image: NDArray[np.uint8], mask: NDArray[np.uint8], seed: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        # Not set_random_seed: it gives every transform the same numbers, so that two flips of 0.5 always go together.
        self.pipeline.set_random_state(np.random.default_rng(seed), random.Random(seed))
        try:
            result = self.pipeline(image=image, mask=_shifted(mask, 1))
        except Exception as error:  # whatever an option of the file leads to
            raise SegError(f"{self.path}: the pipeline fails on a patch: {_in_one_line(error)}") from error
        changed, labels = result["image"], result["mask"]
        for name, before, after in (("images", image, changed), ("masks", mask, labels)):
            if getattr(after, "shape", None) != before.shape or after.dtype != before.dtype:
                raise SegError(
                    f"{self.path}: the pipeline makes {name} of {_kind(after)}, where they were {_kind(before)}; "
                    "leave out what changes size or type"
                )
        return changed, _shifted(labels, -1)


def load_transform(path: Path) -> PatchTransform:
    """Read a pipeline that albumentations saved as YAML or JSON.

    Its masks are read from the nearest pixel and its new pixels ignored, whatever the file says of either.
    Raises SegError for files that are none, unknown transforms or options, and functions, which no file can hold.
    """
    description = _read(path)
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # importing it asks the network otherwise
    try:
        import albumentations
    except ImportError as error:
        raise SegError("--augment needs albumentations; type: pip install 'albumentations>=2,<3'") from error
    pipeline = _build(description, path)
    return PatchTransform(
        path, pipeline if isinstance(pipeline, albumentations.Compose) else albumentations.Compose([pipeline])
    )


def _read(path: Path) -> Any:  # noqa: ANN401
    """The description of the outermost transform."""
    if path.suffix.lower() not in (".json", ".yaml", ".yml"):
        raise SegError(f"{path}: not .yaml, .yml or .json; {_HOW}")
    try:
        text = read_bytes(path).decode()
    except UnicodeDecodeError as error:
        raise SegError(f"{path}: not a text file; {_HOW}") from error
    try:
        content = _json(text, path) if path.suffix.lower() == ".json" else _yaml(text, path)
        entries = _entries(content, {})
    except RecursionError as error:
        raise SegError(f"{path}: nested too deeply; {_HOW}") from error
    if entries > _MAX_ENTRIES:  # aliases of YAML in aliases: a short file, and no end to what it stands for
        raise SegError(f"{path}: stands for more than {_MAX_ENTRIES:,} entries; {_HOW}")
    if not isinstance(content, dict) or not isinstance(content.get("transform"), dict):
        raise SegError(f"{path}: no pipeline of albumentations (no 'transform' in it); {_HOW}")
    return content["transform"]


def _json(text: str, path: Path) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise SegError(f"{path}: damaged JSON: {error}") from error


def _yaml(text: str, path: Path) -> object:
    import yaml  # comes with albumentations

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a number of thousands of digits
        raise SegError(f"{path}: damaged YAML: {' '.join(str(error).split())}") from error


def _entries(node: object, known: dict[int, int]) -> int:
    """How many entries a node has with all inside it; each node is looked at once, however often it is used."""
    if not isinstance(node, dict | list):
        return 1
    if id(node) not in known:
        known[id(node)] = _MAX_ENTRIES  # for a node that is inside itself
        inner = node.values() if isinstance(node, dict) else node
        known[id(node)] = 1 + sum(_entries(each, known) for each in inner)
    return known[id(node)]


def _build(node: Any, path: Path) -> Any:  # noqa: ANN401
    """A transform with all inside it, its masks made safe."""
    if not isinstance(node, dict) or not isinstance(node.get(_NAME), str):
        raise SegError(f"{path}: a transform without '{_NAME}'; {_HOW}")
    name = node[_NAME].rpartition(".")[2]
    kind = _class_of(name, path)
    options = {"p": 1.0 if name in ("Compose", "Sequential") else 0.5, **node}
    del options[_NAME]
    if "transforms" in node:
        if not isinstance(node["transforms"], list):
            raise SegError(f"{path}: the transforms of {name} are no list; {_HOW}")
        options["transforms"] = [_build(inner, path) for inner in node["transforms"]]
    if node.get("mask_interpolation") is not None:
        options["mask_interpolation"] = 0  # cv2.INTER_NEAREST
    if node.get("fill_mask") is not None:
        options["fill_mask"] = 0  # ignored, see Transform
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            transform = kind(**options)
        except Exception as error:  # every transform checks in its own way: pydantic, ValueError, TypeError
            raise SegError(f"{path}: {name}: {_in_one_line(error)}") from error
    for warning in told:
        if "not valid" in str(warning.message):  # an unknown option, which would be left out
            raise SegError(f"{path}: {name}: {warning.message}")
    return transform


def _class_of(name: str, path: Path) -> Any:  # noqa: ANN401
    from albumentations.core.serialization import NON_SERIALIZABLE_REGISTRY, SERIALIZABLE_REGISTRY

    if name in NON_SERIALIZABLE_REGISTRY:
        raise SegError(f"{path}: {name} is a function of a program, which a file cannot hold; leave it out")
    if name in _NOT_NEEDED:
        raise SegError(f"{path}: leave {name} out: seg-train normalises and makes tensors itself")
    if name in _READS_CLASSES:
        raise SegError(f"{path}: {name} chooses by class numbers in the mask, which is not supported; leave it out")
    if name not in SERIALIZABLE_REGISTRY:
        near = difflib.get_close_matches(name, SERIALIZABLE_REGISTRY, 1)
        hint = f"; the nearest name is {near[0]}" if near else ""
        raise SegError(f"{path}: albumentations has no transform named '{name}'{hint}")
    return SERIALIZABLE_REGISTRY[name]


def _shifted(mask: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    """Class indices from 0 with 255 = ignored, to class indices from 1 with 0 = ignored, or back."""
    assert IGNORE_INDEX == 255  # 255 + 1 is 0 in a byte
    return mask + np.uint8(step % 256)


def _kind(array: Any) -> str:  # noqa: ANN401
    shape = getattr(array, "shape", None)
    return f"{' x '.join(map(str, shape))} {array.dtype}" if shape is not None else type(array).__name__


def _in_one_line(error: Exception) -> str:
    """What a library says, in one line; of pydantic, which option is wrong and why."""
    if callable(found := getattr(error.__cause__, "errors", None)):
        return "; ".join(" ".join([*map(str, entry["loc"]), entry["msg"]]) for entry in found())
    return " ".join(str(error).split())[:300] or type(error).__name__
