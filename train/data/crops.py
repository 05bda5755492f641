"""Crops of images that lie end to end in flat tensors: by index arithmetic, or sampled between the pixels."""

from dataclasses import dataclass

import torch
from torch import Tensor

from prep.core.classes import IGNORE_INDEX
from train.data.augment import Draws


@dataclass(frozen=True)
class CropSources:
    """Images to cut one crop of each from.

    start: (B,) number of the first pixel.  height, width: (B,) in pixels.  size: side of the crops.
    """

    start: Tensor
    height: Tensor
    width: Tensor
    size: int


def cut_straight(pixels: Tensor, labels: Tensor, sources: CropSources, draws: Draws) -> tuple[Tensor, Tensor]:
    """Crops of whole pixels, mirrored and turned by quarters.

    pixels: (P, 3) uint8.  labels: (P,) uint8.  Returns (B, S, S, 3) images and (B, S, S) masks; beyond borders the
    image is mirrored and the mask ignored.
    """
    flip_rows, flip_columns, transposed = _orientation(draws)
    rows, row_inside = _line(draws.row, sources.height, sources.size, flip_rows)
    columns, column_inside = _line(draws.column, sources.width, sources.size, flip_columns)
    device = pixels.device
    begin = (sources.start[:, None] + rows * sources.width[:, None]).to(device)  # (B, S), of each row
    index = _turned(begin[:, :, None] + columns.to(device)[:, None, :], transposed)
    images, masks = pixels[index], labels[index]
    if not (row_inside.all() and column_inside.all()):
        inside = _turned(row_inside[:, :, None] & column_inside[:, None, :], transposed)
        masks = masks.masked_fill(~inside.to(device), IGNORE_INDEX)
    return images, masks


def cut_affine(pixels: Tensor, labels: Tensor, sources: CropSources, draws: Draws) -> tuple[Tensor, Tensor]:
    """Crops that are turned by any angle and scaled besides; arguments and results as of cut_straight.

    Samples the whole image: what a turned crop shows beyond the straight one is real as far as the image goes. Images
    are linear between four pixels, masks take the nearest pixel.
    """
    device = pixels.device
    extent = (sources.size / draws.scale).ceil().long()  # pixels of the image that the side of a crop spans
    middle = _block((extent - 1) / 2, device)
    top = _block(_begin(draws.row, sources.height, extent), device)
    left = _block(_begin(draws.column, sources.width, extent), device)
    start, height, width = (_block(values, device) for values in (sources.start, sources.height, sources.width))
    down, right = (_block(values, device) for values in _directions(draws))
    offset = torch.arange(sources.size, device=device) - (sources.size - 1) / 2
    # Relative to the crop's own corner, where single precision is enough however large the image is.
    row = down[0] * offset[:, None] + right[0] * offset + middle
    column = down[1] * offset[:, None] + right[1] * offset + middle
    above, before = row.floor(), column.floor()
    lines = [start + _fold(above.long() + top + step, height) * width for step in (0, 1)]
    columns = [_fold(before.long() + left + step, width) for step in (0, 1)]
    images = _linear(pixels, lines, columns, row - above, column - before)
    nearest_row, nearest_column = (row + 0.5).floor().long() + top, (column + 0.5).floor().long() + left
    inside = (nearest_row >= 0) & (nearest_row < height) & (nearest_column >= 0) & (nearest_column < width)
    masks = labels[torch.where(inside, start + nearest_row * width + nearest_column, 0)]
    return images, masks.masked_fill(~inside, IGNORE_INDEX)


def _linear(pixels: Tensor, lines: list[Tensor], columns: list[Tensor], down: Tensor, right: Tensor) -> Tensor:
    """(B, S, S, 3) uint8 between two lines, given by their first pixels, and two columns; all (B, S, S).

    down, right: how far from the first line and column, 0 to below 1.
    """
    above, below = (
        torch.lerp(pixels[line + columns[0]].float(), pixels[line + columns[1]].float(), right[..., None])
        for line in lines
    )
    return torch.lerp(above, below, down[..., None]).round_().to(torch.uint8)


def _orientation(draws: Draws) -> tuple[Tensor, Tensor, Tensor]:
    """(B,) whether rows and columns of the image are read backwards, and whether they change places after that."""
    flip_rows = draws.flip_rows ^ (draws.turns >= 2)
    flip_columns = draws.flip_columns ^ ((draws.turns == 1) | (draws.turns == 2))
    return flip_rows, flip_columns, draws.turns % 2 == 1


def _directions(draws: Draws) -> tuple[Tensor, Tensor]:
    """(2, B) steps in the image, in rows and columns, for a step down and a step right in the crop."""
    flip_rows, flip_columns, transposed = _orientation(draws)
    row = 1.0 - 2.0 * flip_rows
    column = 1.0 - 2.0 * flip_columns
    zero = torch.zeros_like(row)
    down = torch.where(transposed, torch.stack([zero, column]), torch.stack([row, zero]))
    right = torch.where(transposed, torch.stack([row, zero]), torch.stack([zero, column]))
    cosine, sine = draws.angle.cos() / draws.scale, draws.angle.sin() / draws.scale
    turn = torch.stack([torch.stack([cosine, sine]), torch.stack([-sine, cosine])])  # (2, 2, B)
    return (turn * down).sum(1), (turn * right).sum(1)


def _begin(share: Tensor, length: Tensor, extent: Tensor | int) -> Tensor:
    """(B,) first position of a crop: anywhere in the image, or, where the crop is larger, anywhere around it."""
    room = length - extent
    low, high = room.clamp(max=0), room.clamp(min=0)
    return low + (share * (high - low + 1)).long()


def _line(share: Tensor, length: Tensor, size: int, flip: Tensor) -> tuple[Tensor, Tensor]:
    """(B, S) positions along an axis of (B,) lengths, and whether they are inside."""
    step = torch.arange(size)
    step = torch.where(flip[:, None], size - 1 - step, step)
    position = _begin(share, length, size)[:, None] + step
    inside = (position >= 0) & (position < length[:, None])
    return _fold(position, length[:, None]), inside


def _fold(position: Tensor, length: Tensor) -> Tensor:
    """Positions beyond the border mirrored into the image, without repeating the border pixel."""
    period = (2 * (length - 1)).clamp(min=1)
    folded = position.abs() % period
    return torch.minimum(torch.minimum(folded, period - folded), length - 1)


def _turned(values: Tensor, transposed: Tensor) -> Tensor:
    """(B, S, S) with rows and columns exchanged where transposed (B,)."""
    if not transposed.any():
        return values
    return torch.where(transposed[:, None, None].to(values.device), values.transpose(1, 2), values)


def _block(values: Tensor, device: torch.device) -> Tensor:
    """(..., B) -> (..., B, 1, 1) on the device."""
    return values.to(device)[..., None, None]
