"""From raw photos and raw labels to a dataset one can trust; imports no torch."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prep.core.classes import ClassMap
    from prep.core.errors import SegError
    from prep.dataset.dataset import Dataset
    from prep.face import (
        check,
        cluster,
        convert,
        export,
        open,
        pack,
        patches,
        report,
        resize,
        split,
        stats,
        tile,
        unpack,
    )
else:
    from seg_prep import lazy

    __getattr__, __dir__ = lazy(
        __name__,
        {
            "prep.core.classes": ["ClassMap"],
            "prep.core.errors": ["SegError"],
            "prep.dataset.dataset": ["Dataset"],
            "prep.face": [
                "check",
                "cluster",
                "convert",
                "export",
                "open",
                "pack",
                "patches",
                "report",
                "resize",
                "split",
                "stats",
                "tile",
                "unpack",
            ],
        },
    )

__all__ = [
    "ClassMap",
    "Dataset",
    "SegError",
    "check",
    "cluster",
    "convert",
    "export",
    "open",
    "pack",
    "patches",
    "report",
    "resize",
    "split",
    "stats",
    "tile",
    "unpack",
]
