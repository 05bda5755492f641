"""A robot that labels photos whose masks are known, and counts gestures and seconds: what each tool of the page costs.

    python -m tests.bench.effort DATASET [--tools polygon+brush,superpixel,learn] [--photos 6] [--json]

Tools are polygon, brush, superpixel, sam (with --sam FOLDER) and mixes of them by +. With learn in a mix, the page
learns from what is painted, and what it proposes counts, because Enter would accept it; photos come one after the
other, and later ones know what was painted on those before. learn alone is what the page offers while it learns:
polygon+brush+superpixel+learn; all is that with sam, where files are given. brush+learn are strokes only.

The robot always corrects the largest wrong region with the cheapest gesture: that which makes most pixels right in a
second. Where the page learns, it first teaches by strokes, one a class and then in turns over the largest wrong region
and over that which costs most of the mean IoU; at one moment it accepts all, and corrects the rest with all tools.
That moment (it may be that before the first stroke: a person may leave learning off, and use some of the tools only)
and which of both kinds of regions is corrected are the best in hindsight, by the mean logarithm of the seconds to the
goals: a person has to guess them. The robot knows the mask, so it clicks where a person has to look first. Mean IoU is
over the classes in the mask; what is unlabelled is wrong. What is proposed is what the learner of the page proposes, on
a copy of the photos without masks, and is compared with what the page shows at the end of each photo.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from prep.core.errors import SegError
from tests.bench.effort.figures import told
from tests.bench.effort.page import Photo, opened, photos_of
from tests.bench.effort.robot import Way, way_of

TOOLS = ("polygon", "brush", "superpixel", "learn", "sam")
_WHILE_LEARNING = frozenset(("polygon", "brush", "superpixel", "learn"))


def tools_named(text: str, *, sam: bool) -> frozenset[str]:
    """The tools of a mix; SegError that names all, if there is no such one."""
    if text == "learn":
        return _WHILE_LEARNING
    if text == "all":
        return _WHILE_LEARNING | {"sam"} if sam else _WHILE_LEARNING
    names = frozenset(text.split("+"))
    if unknown := sorted(names.difference(TOOLS)):
        raise SegError(f"--tools {text}: {unknown[0]!r} is no tool; there are {', '.join(TOOLS)}, all, and mixes by +")
    if "sam" in names and not sam:
        raise SegError(f"--tools {text}: sam needs the folder of its ONNX files: --sam FOLDER")
    return names


def series_of(
    dataset: Path, photos: Sequence[Photo], names: frozenset[str], seed: int, most: float, sam: Path | None
) -> list[Way]:
    """The ways of all photos, one after the other."""
    with tempfile.TemporaryDirectory() as name:
        files = sam if "sam" in names else None
        with opened(dataset, photos, Path(name) / "copy", learns="learn" in names, sam=files) as page:
            return [
                way_of(photo, names, page, np.random.default_rng([seed, place]), most)
                for place, photo in enumerate(photos)
            ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure every tool, and print the figures."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.effort", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--tools", default="polygon+brush,superpixel,learn")
    parser.add_argument("--photos", type=int, default=6)
    parser.add_argument("--seeds", type=int, default=1, help="of the seconds' jitter and the places where strokes end")
    parser.add_argument("--most", type=float, default=900, help="seconds after which a photo is left")
    parser.add_argument("--sam", type=Path, metavar="FOLDER", help="an encoder and a decoder, as seg-prep annotate")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    options = parser.parse_args(arguments)
    try:
        mixes = {text: tools_named(text, sam=options.sam is not None) for text in options.tools.split(",")}
        photos = photos_of(options.dataset, options.photos)
        found = {}
        for text, names in mixes.items():
            series = [
                series_of(options.dataset, photos, names, seed, options.most, options.sam)
                for seed in range(options.seeds)
            ]
            found[text] = told(series, options.most)
            print(f"{text}: {found[text]}", file=sys.stderr if options.json else sys.stdout, flush=True)
    except SegError as error:
        sys.exit(str(error))
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
