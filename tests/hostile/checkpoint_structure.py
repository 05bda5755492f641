"""Ways to spoil a checkpoint that torch still opens: other settings, and weights of other kinds, shapes and values."""

import io
from typing import Any

import numpy as np
import torch

from tests.hostile.json_mutations import VALUES, places
from tests.hostile.mutations import flip_bytes


def spoil_checkpoint(data: bytes, random: np.random.Generator) -> bytes:
    """Change one value anywhere in it, drop one, or give it another name."""
    try:
        content = torch.load(io.BytesIO(data), weights_only=True)
        found = places(content) if isinstance(content, dict | list) else []
        inside, key = found[int(random.integers(len(found)))]
    except Exception:  # noqa: BLE001  # spoiled before
        return flip_bytes(data, random)
    value, way = inside[key], random.integers(5)
    if way == 0:
        del inside[key]
    elif way == 1 and isinstance(inside, dict):
        inside[f"{key}."] = inside.pop(key)
    elif isinstance(value, torch.Tensor) and way != 2:
        inside[key] = _other(value, random)
    else:
        inside[key] = VALUES[int(random.integers(len(VALUES)))]
    stream = io.BytesIO()
    torch.save(content, stream)
    return stream.getvalue()


def _other(tensor: torch.Tensor, random: np.random.Generator) -> Any:  # noqa: ANN401
    ways = (
        lambda: torch.full_like(tensor, float("nan")) if tensor.is_floating_point() else tensor - 1,
        lambda: tensor.double() * 1e300,
        lambda: tensor.to(torch.int8),
        lambda: tensor.to(torch.complex64),
        lambda: tensor.flatten(),
        lambda: tensor[..., :0] if tensor.dim() else tensor,
        lambda: torch.zeros(1).expand(1 << 20, 1 << 20),
        lambda: tensor.to_sparse() if tensor.dim() else tensor,
        lambda: tensor.to("meta"),
        lambda: tensor.tolist(),
        lambda: tensor.new_zeros((*tensor.shape, 1)),
    )
    return ways[int(random.integers(len(ways)))]()
