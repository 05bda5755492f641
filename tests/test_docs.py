"""README, CONTRIBUTING and the pages of docs/: their commands, sizes, targets and files are there."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from prep.dataset import dataset_files
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample
from prep.dataset.missing import SIZE
from prep.dataset.states import write_states
from prep.splitting.split import split_dataset
from tests.commands import check_typed

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in PAGES}
LINES = re.compile(r"^(?: {4}|\$ )(seg-(?:prep|train)\b.*)$", re.MULTILINE)


def typed(text: str) -> Iterator[list[str]]:
    """The commands in the blocks of a page, as words; of a line, what && joins."""
    for block in re.findall(r"^```console\n(.*?)^```$|((?:^ {4}\S[^\n]*\n)+)", text, re.MULTILINE | re.DOTALL):
        for line in LINES.findall("".join(block).replace("\\\n", "")):
            words = shlex.split(line, comments=True)
            while "&&" in words:
                yield words[: words.index("&&")]
                words = words[words.index("&&") + 1 :]
            yield words


COMMANDS = [(page, words) for page, text in TEXTS.items() for words in typed(text)]


def test_the_pages_are_read_right() -> None:
    text = "a\n\n    seg-prep check && seg-prep split  # x\n    pip\n\n```console\n$ seg-train a \\\n  --b\n1\n```\n"
    assert list(typed(text)) == [["seg-prep", "check"], ["seg-prep", "split"], ["seg-train", "a", "--b"]]
    found = [page for page, _ in COMMANDS]
    assert found.count("README.md") >= 25
    assert found.count("docs/tutorials/annotate.md") >= 6
    assert found.count("docs/tutorials/real-labels.md") >= 16


@pytest.mark.parametrize(
    ("page", "words"), COMMANDS, ids=lambda value: value if isinstance(value, str) else " ".join(value)
)
def test_commands_exist_and_take_their_options(page: str, words: list[str]) -> None:
    check_typed(words)


def test_unlabelled_photos_have_one_size_everywhere() -> None:
    sizes = {
        words[words.index("--size") + 1]
        for _, words in COMMANDS
        if words[:2] == ["seg-prep", "resize"] and not words[2].startswith("datasets/")
    }
    assert sizes == {str(SIZE)}


def test_make_knows_the_targets() -> None:
    targets = {
        target for text in TEXTS.values() for target in re.findall(r"(?:^ {4}|`)make ([a-z]+)", text, re.MULTILINE)
    }
    assert {"demo", "test", "wheel", "fuzz", "bench"} <= targets
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


def test_contributing_and_the_makefile_name_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    assert targets == set(re.findall(r"^# make (\w+) ", makefile, re.MULTILINE))
    assert targets - {"demo", "lint"} == set(re.findall(r"^ {4}make (\w+)", TEXTS["CONTRIBUTING.md"], re.MULTILINE))


def test_the_readme_of_datasets_names_every_file_and_column(dataset: Dataset) -> None:
    text = (ROOT / "datasets/README.md").read_text(encoding="utf-8")
    drawn = text[: text.index("A folder is a dataset once")]
    names = [getattr(dataset_files, name) for name in vars(dataset_files) if name.isupper() and name != "DERIVED"]
    hidden = {name for name in names if name.startswith(".")}
    assert {name for name in {*names} - hidden if not re.search(rf"\b{re.escape(name)}\b", drawn)} == set()
    assert {name for name in hidden if f"`{name}`" not in text} == set()
    said = re.search(r"index\.csv +one row a sample: (.*\n.*)", drawn)
    assert said
    assert re.findall(r"\b[a-z_]+\b", re.sub(r"and, where any sample has one", "", said[1])) == [
        each.name for each in fields(Sample)
    ]
    split_dataset(dataset, folds=2, overwrite=True)
    write_states(dataset.root / "states.csv", {"s": "done"}, {"s": "a note"})
    for name in ("folds.csv", "states.csv"):
        columns = (dataset.root / name).read_text(encoding="utf-8").splitlines()[0].split(",")
        assert f"{name.ljust(23)} {', '.join(columns)}" in drawn


@pytest.mark.parametrize("page", [page for page in TEXTS if page != "docs/folders.md"])
def test_files_of_the_project_that_are_named_are_there(page: str) -> None:
    named = re.findall(r"\b((?:prep|train|synth|tests|docs)/[\w/.-]*\w\.(?:py|md|toml|jpg|png))\b", TEXTS[page])
    assert [name for name in named if not (ROOT / name).exists()] == []
    modules = re.findall(r"python -m (tests[\w.]*)", TEXTS[page])
    places = [ROOT / module.replace(".", "/") for module in modules]
    assert [str(place) for place in places if not (place.with_suffix(".py").exists() or place.is_dir())] == []
    links = re.findall(r"\]\(([^):#]+)\)", TEXTS[page])
    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


def test_the_notes_of_measurements_name_files_that_are_there() -> None:
    notes = (ROOT / "tests/bench/NOTES.md").read_text(encoding="utf-8")
    named = re.findall(r"\b(tests/[\w/.-]*\w\.py)\b", notes)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []
