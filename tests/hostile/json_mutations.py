"""Ways to spoil a JSON file that stays JSON: values that no reader expects, twice the same key, endless nesting."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.hostile.mutations import Mutator, flip_bytes

VALUES: tuple[object, ...] = (
    *(float("nan"), float("inf"), float("-inf"), 1e308, -1e308, 0.5, -1, 0, 1, 2, 10**9, 2**31, 2**63, -(10**30)),
    *(True, None, "", "x", "0", "#zzzzzz", "\0", "\ud800", "\u202e", "a/b", "A" * 100_000, [], {}, [[]], [[[1]]]),
    *("../../sentinel.png", "/etc/passwd", r"C:\..\..\sentinel.png", "//server/share/a.png", "..", "~/sentinel.png"),
    *([-1, 769], [769], [0] * 100_000, [1] * 768, [10**30, -(10**30)], [768.0], ["768"], [[0, 0], [1, 1]] * 5_000),
    *("circle", "rectangle", "mask", "line", "ignore", "_background_", "P" * 50_000, "0" * 50_000),
    *("@deep", "@nearly", "@digits", "@infinite"),
)
_MARKS = {
    '"@deep"': "[" * 10_000 + "]" * 10_000,
    '"@nearly"': "[" * 900 + "]" * 900,  # as deep as the parser of JSON goes, but deeper than what comes after it
    '"@digits"': "9" * 5_000,
    '"@infinite"': "1e999",
    "@twin": "",
}
"""What cannot be dumped, by what stands for it."""


def places(content: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401
    """Every (list or object, index or key) in it."""
    found: list[tuple[Any, Any]] = []
    waiting = [content]
    while waiting:
        inside = waiting.pop()
        keys = list(inside) if isinstance(inside, dict) else range(min(len(inside), 100))
        found += [(inside, key) for key in keys]
        waiting += [inside[key] for key in keys if isinstance(inside[key], dict | list)]
    return found


def _set_value(inside: Any, key: Any, random: np.random.Generator) -> None:  # noqa: ANN401
    inside[key] = VALUES[int(random.integers(len(VALUES)))]


def _scale(inside: Any, key: Any, random: np.random.Generator) -> None:  # noqa: ANN401
    """Another number near or far, where there is a number."""
    if isinstance(inside[key], int | float):
        inside[key] = type(inside[key])(inside[key] * float(random.choice([-1, 0.999, 1.001, 2, 1e3, 1e15])))
    else:
        _set_value(inside, key, random)


def _remove(inside: Any, key: Any, random: np.random.Generator) -> None:  # noqa: ANN401
    del inside[key]


def _repeat(inside: Any, key: Any, random: np.random.Generator) -> None:  # noqa: ANN401
    """The same once more: a list item, or a key with another value."""
    if isinstance(inside, list):
        inside += [inside[key]] * int(random.choice([1, 300]))
    else:
        inside[f"{key}@twin"] = VALUES[int(random.integers(len(VALUES)))]


def _swap(inside: Any, key: Any, random: np.random.Generator) -> None:  # noqa: ANN401
    """Two values of one list or object change places."""
    other = list(inside)[int(random.integers(len(inside)))] if isinstance(inside, dict) else 0
    inside[key], inside[other] = inside[other], inside[key]


def _wrap(inside: Any, key: Any, random: np.random.Generator) -> None:  # noqa: ANN401
    inside[key] = [inside[key]] if random.random() < 0.5 else {"a": inside[key]}


def _mutator(change: Callable[[Any, Any, np.random.Generator], None]) -> Mutator:
    def mutate(data: bytes, random: np.random.Generator) -> bytes:
        try:
            content = json.loads(data)
            found = places(content) if isinstance(content, dict | list) else []
            if found:
                inside, key = found[int(random.integers(len(found)))]
                change(inside, key, random)
                text = json.dumps(content)
            else:
                text = json.dumps([content])
        except (ValueError, RecursionError, OverflowError):  # spoiled before
            return flip_bytes(data, random)
        for mark, meant in _MARKS.items():
            text = text.replace(mark, meant)
        return text.encode()

    return mutate


JSON_MUTATORS = tuple(map(_mutator, (_set_value, _set_value, _set_value, _scale, _remove, _repeat, _swap, _wrap)))
