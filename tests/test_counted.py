"""How many there are is written by one function, so that one of them is one: "1 mask", "12 masks"."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOUNS = (
    "annotations arrays bands bits boxes bytes cells channels characters clicks colours columns crops draws elements "
    "folds frames images layers masks megapixels minutes models names numbers objects pages parameters photos pieces "
    "pixels places points polygons processes runs seconds steps tasks tensors threads tracks trainings tuples weights "
)
"""Beside those that counted() is called with."""

WORDS = re.compile(r"(\b|_)(fit|kind|name|part|source|text|where)\)?$")
"""What is called so is a word, and what follows is its verb: {name} names no class."""

FOR_MORE_THAN_ONE = {
    "prep/cli/split.py": ("folds", "two at least"),
    "prep/images/finding.py": ("second", "the ending of a file"),
    "prep/images/imageio.py": ("width * height / 1000000.0", "more than a limit of many"),
    "prep/labels/annotators/supervisely.py": ("most", "a limit of many"),
    "prep/labels/annotators/via.py": ("size", "of a file that is a photo"),
    "prep/labels/archive.py": ("info.file_size", "more than a limit of many"),
    "prep/labels/array_samples/roles.py": ("counts", "several numbers"),
    "prep/labels/labelio.py": ("values.dtype.itemsize * 8", "eight at least"),
    "prep/patching/patch_arrays.py": ("is_there", "a shape, as 3 x 24 x 24 x 3"),
    "prep/splitting/split.py": ("have", "three numbers, as 80/10/10"),
    "train/cli/fold_results.py": ("len(names)", "two folds at least"),
    "train/exporting/engine.py": ("len(names)", "one has no mean"),
    "train/fitting/step.py": ("self.pieces", "halves at least"),
    "train/folding/cross_validation.py": ("record.folds", "two at least"),
    "train/runs/members.py": ("len(self.runs)", "one has a folder of its own"),
}
"""Of a file: what stands before a noun in the plural there, and why it is never one."""


def calls_of(tree: ast.AST, name: str) -> Iterator[list[str]]:
    """The texts that a function is called with."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == name:
            yield [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]


def parsed() -> dict[str, ast.Module]:
    """The trees of all modules by their paths."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for package in ("prep", "synth", "train")
        for path in sorted((ROOT / package).rglob("*.py"))
    }


def plurals(trees: Iterable[ast.AST]) -> set[str]:
    """Of all that is counted."""
    called = [
        (texts[-1] if texts[1:] else f"{texts[0]}s") for tree in trees for texts in calls_of(tree, "counted") if texts
    ]
    return set(NOUNS.split()) | {words.split()[-1] for words in called} - {"are"}


def counts(tree: ast.AST, nouns: set[str]) -> Iterator[tuple[str, str]]:
    """What stands right before a noun in the plural, or before its adjective, and that noun."""
    noun = re.compile(rf" (?:(?!in |of |to |from )[\w-]+ )?({'|'.join(sorted(nouns))})(?![\w/])")
    for text in (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)):
        before = ""
        for value, after in zip(text.values, text.values[1:], strict=False):
            if isinstance(value, ast.FormattedValue) and isinstance(after, ast.Constant):
                found = noun.match(str(after.value))
                if found and may_be_one(value) and not before.endswith("x "):
                    yield ast.unparse(value.value), found[1]
            before = str(value.value) if isinstance(value, ast.Constant) else ""


def may_be_one(value: ast.FormattedValue) -> bool:
    """Whether it is a number and can be 1: no word, no constant of ours, no share, no number with places."""
    name, form = ast.unparse(value.value), ast.unparse(value.format_spec) if value.format_spec else ""
    is_word = value.conversion != -1 or WORDS.search(name) or name.startswith(("counted(", "verb("))
    return not (is_word or name.strip("_").isupper() or re.search(r"%|\.\d+(?!\d*f)|\.[1-9]\d*f", form))


def test_numbers_and_their_nouns_agree() -> None:
    trees = parsed()
    nouns = plurals(trees.values())
    found = {
        (path, number): f"{path}: {{{number}}} {noun}"
        for path, tree in trees.items()
        for number, noun in counts(tree, nouns)
    }
    allowed = {(path, number) for path, (number, _) in FOR_MORE_THAN_ONE.items()}
    assert [text for place, text in found.items() if place not in allowed] == []
    assert allowed - found.keys() == set()  # what is not found any more needs no exception


def test_what_disagrees_is_found() -> None:
    text = 'f"{len(a)} masks, {n:,} more files, {x} x {y} pixels, {share:.0%} samples, {name} names, {MOST} masks"'
    assert [*counts(ast.parse(text), {"masks", "files", "pixels", "samples", "names"})] == [
        ("len(a)", "masks"),
        ("n", "files"),
    ]
