"""Small charts as inline SVG: numbers in, markup out. None of them contains text of a person, nothing to escape."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

CHANNELS = ("#c0392b", "#2e8b57", "#2f6db5")
"""Red, green and blue, dark enough for lines on white."""

_INK, _MUTED, _RULE, _FAINT = "#1f2328", "#6b7480", "#d8dde3", "#eef1f4"
_BAR_WIDTH, _BAR_HEIGHT = 160, 14


def log_floor(shares: Sequence[float]) -> int:
    """Power of ten at which a logarithmic axis of shares begins: below the smallest share, from -8 to -1."""
    smallest = min((share for share in shares if share), default=0.1)
    return max(-8, min(-1, math.ceil(math.log10(smallest)) - 1))


def log_bar(share: float, floor: int, color: str) -> Markup:
    """Bar of a share 0..1 on the axis that log_axis draws, always visible; nothing for 0."""
    grid = "".join(
        f'<line x1="{_log_x(power, floor)}" x2="{_log_x(power, floor)}" y1="0" y2="{_BAR_HEIGHT}" stroke="{_RULE}"/>'
        for power in range(floor, 1)
    )
    width = max(1.5, _log_x(math.log10(share), floor) - 0.5) if share else 0
    bar = f'<rect x="0.5" y="2" width="{width:.1f}" height="{_BAR_HEIGHT - 4}" fill="{color}" stroke="#0003"/>'
    return _svg(_BAR_WIDTH + 1, _BAR_HEIGHT, grid + (bar if share else ""), f"{share:.2%}")


def log_axis(floor: int) -> Markup:
    """Axis of shares from 10**floor to 1, with labels at as many decades as there is room for."""
    step = 1 if floor >= -3 else math.ceil(-floor / 2)
    labels = "".join(
        _text(_log_x(power, floor), 10, _power_label(power), "start" if power == floor else "end" if not power else "")
        for power in range(0, floor - 1, -step)
    )
    return _svg(_BAR_WIDTH + 1, 13, labels, "logarithmic axis of shares")


def _log_x(power: float, floor: int) -> float:
    return round(0.5 + _BAR_WIDTH * (power - floor) / -floor, 1)


def _power_label(power: int) -> str:
    return f"{100 * 10.0**power:.{max(0, -2 - power)}f} %"


def share_bar(share: float, whole: float, largest: float, color: str) -> Markup:
    """Bar of a share on a linear axis up to `largest`, with a mark at the share of the whole dataset."""
    width, mark = (round(130 * value / (largest or 1), 1) for value in (share, whole))
    return _svg(
        132,
        12,
        f'<rect width="132" height="12" fill="{_FAINT}"/><rect x="0.5" y="1.5" width="{width}" height="9" '
        f'fill="{color}" stroke="#0003"/><line x1="{mark}" x2="{mark}" y1="0" y2="12" stroke="{_INK}" '
        'stroke-width="1.5"/>',
        f"{share:.2%}, of all {whole:.2%}",
    )


def histogram_curves(channels: NDArray[np.int64], means: Sequence[float]) -> Markup:
    """Curves of (3, 256) counts over the values 0..255, with a tick at each mean (0..1).

    The axis ends at the highest value inside, so that a peak of black or blown-out pixels does not flatten the rest.
    """
    width, height, left, base = 660, 216, 10, 190
    shares = channels / np.maximum(channels.sum(axis=1, keepdims=True), 1)
    top = float(shares[:, 1:255].max()) or 1.0
    xs = left + np.arange(256) / 255 * (width - 2 * left)
    parts = [f'<line x1="{left}" x2="{width - left}" y1="{base}" y2="{base}" stroke="{_RULE}"/>']
    for value in (0, 64, 128, 192, 255):
        parts.append(f'<line x1="{xs[value]:.1f}" x2="{xs[value]:.1f}" y1="12" y2="{base + 4}" stroke="{_FAINT}"/>')
        parts.append(_text(xs[value], base + 20, str(value), ""))
    for share, mean, color in zip(shares, means, CHANNELS, strict=True):
        ys = base - (base - 14) * np.minimum(share / top, 1.04)
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))
        middle = left + mean * (width - 2 * left)
        parts.append(f'<polygon points="{left},{base} {points} {width - left},{base}" fill="{color}" opacity="0.10"/>')
        parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="1.6"/>')
        parts.append(f'<path d="M{middle:.1f} {base}l-4.5 8h9z" fill="{color}"/>')
    return _svg(width, height, "".join(parts), "Share of pixels by value, for red, green and blue")


def size_scatter(sizes: Mapping[tuple[int, int], int]) -> Markup:
    """Circles at (width, height), their areas as the numbers of images; the dashed line is square."""
    span, left, base = 250, 48, 262
    limit = nice_limit(max(max(size) for size in sizes))
    most = max(sizes.values())

    def place(pixels: float) -> float:
        return span * pixels / limit

    parts = [f'<line x1="{left}" y1="{base}" x2="{left + span}" y2="{base - span}" stroke="{_RULE}" '
             'stroke-dasharray="3 4"/>']  # fmt: skip
    for quarter in range(5):
        offset, label = span * quarter / 4, f"{limit * quarter / 4:g}"
        parts.append(f'<line x1="{left}" x2="{left + span}" y1="{base - offset}" y2="{base - offset}" '
                     f'stroke="{_FAINT if quarter else _RULE}"/>')  # fmt: skip
        parts.append(_text(left - 8, base - offset + 4, label, "end"))
        parts.append(_text(left + offset, base + 18, label, "") if quarter else "")
    for (wide, high), count in sorted(sizes.items(), key=lambda entry: (-entry[1], entry[0])):
        radius = 2.5 + 7 * math.sqrt(count / most) if most > 1 else 4
        parts.append(f'<circle cx="{left + place(wide):.1f}" cy="{base - place(high):.1f}" r="{radius:.1f}" '
                     'fill="#2f6db5" fill-opacity="0.35" stroke="#2f6db5"/>')  # fmt: skip
    parts += [_text(left + span, base + 34, "width", "end"), _text(left - 8, 2, "height", "end")]
    return _svg(left + span + 16, base + 38, "".join(parts), "Width and height of the images", top=-10)


def nice_limit(value: float) -> float:
    """The smallest number not below a value above 0 whose quarters are easy to read, such as 1200 or 4000."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10) if step * power >= value)


def _text(x: float, y: float, label: str, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="11" fill="{_MUTED}" '
        f'text-anchor="{anchor or "middle"}">{label}</text>'
    )


def _svg(width: float, height: float, content: str, label: str, top: float = 0) -> Markup:
    return Markup(
        f'<svg viewBox="0 {top:g} {width:g} {height - top:g}" width="{width:g}" height="{height - top:g}" '
        f'role="img" aria-label="{label}">{content}</svg>'
    )
