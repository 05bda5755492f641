"""The commands of both programs by name: whoever types one of the other program is told where it is."""

from collections.abc import Mapping

_OF_PREPARATION = (
    "synth", "resize", "tile", "masks", "annotate", "check", "split", "stats", "patches", "report", "pack", "unpack",
)  # fmt: skip
_OF_MASKS = ("inspect", "convert", "export")
_OF_TRAINING = ("fit", "plan", "score", "audit", "predict", "serve", "export", "recipes", "networks", "bench")

PREPARING: Mapping[str, str] = {
    **{name: f"seg-prep masks {name}" for name in _OF_MASKS},
    **{name: f"seg-prep {name}" for name in _OF_PREPARATION},
}
"""Name of a command of seg-prep, and what to type; names alone, as help has no time to load the commands."""

TRAINING: Mapping[str, str] = {name: f"seg-train {name}" for name in _OF_TRAINING}
"""The same of seg-train, which prep does not import."""
