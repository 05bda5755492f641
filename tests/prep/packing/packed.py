"""What the tests of packed datasets share: how large a shard may be, and what of a dataset is packed."""

from pathlib import Path

from tests.support import tree

SMALL = 1 << 16
STEMS = ("a", "b.1", "c%20", "d.jpg", "e", "f", "g", "Über Größe", "z" * 120)
SPLITS = ("train",) * 4 + ("val", "val", "test", "test", "")


def content(root: Path) -> dict[str, bytes]:
    return {name: data for name, data in tree(root, provenance=True).items() if name != ".lock"}
