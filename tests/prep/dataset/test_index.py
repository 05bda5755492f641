"""index.csv: read back as it was written, for any program; what is wrong in one is told."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep.core.classes import write_classes
from prep.core.errors import SegError
from prep.dataset.index import Sample, read_index, write_index
from tests.support import CLASSES, random_image, random_mask, run_error, save, tree

HEADER = "stem,image,mask,width,height,group,split\n"
GOOD = "a,images/a.png,masks/a.png,32,24,,train\n"

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"), max_size=12)
NAMES = st.just("") | TEXTS.filter(lambda text: ".." not in text).map("images/{}".format)
SAMPLES = st.lists(
    st.builds(
        Sample,
        stem=TEXTS.filter(bool) | st.sampled_from(["NA", "001", "nan", "1e5", "a,b", 'q"q', " x ", "Grün", "TRUE"]),
        image=NAMES,
        mask=NAMES,
        width=st.integers(1, 99999),
        height=st.integers(1, 99999),
        group=TEXTS,
        split=st.sampled_from(["train", "val", "test", ""]),
    ),
    min_size=1,
    max_size=6,
    unique_by=(lambda sample: sample.stem, lambda sample: sample.image or id(sample)),
)


@given(samples=SAMPLES)
def test_index_round_trip(tmp_path_factory: pytest.TempPathFactory, samples: list[Sample]) -> None:
    path = tmp_path_factory.mktemp("index") / "index.csv"
    write_index(path, samples)
    assert read_index(path) == tuple(sorted(samples, key=lambda sample: sample.stem))


@pytest.mark.parametrize("stem", ["two\nlines", "two\r\nlines", "tab\tbed"])
def test_index_keeps_control_characters(tmp_path: Path, stem: str) -> None:
    sample = Sample(stem, "", "", 1, 1)
    write_index(tmp_path / "index.csv", [sample])
    assert read_index(tmp_path / "index.csv") == (sample,)


def test_pandas_reads_the_index(tmp_path: Path) -> None:
    stems = ["NA", "001", "a,b", "with space", "Grün", 'quo"te', "1e5"]
    samples = [Sample(stem, f"images/{stem}.png", f"masks/{stem}.png", 3, 4, "g", "val") for stem in stems]
    write_index(tmp_path / "index.csv", samples)
    table = pd.read_csv(tmp_path / "index.csv", dtype=str, keep_default_na=False)
    assert list(table.columns) == HEADER.strip().split(",")
    assert [
        Sample(**(row | {"width": int(row["width"]), "height": int(row["height"])})) for row in table.to_dict("records")
    ] == sorted(samples, key=lambda sample: sample.stem)


def test_index_is_the_same_for_any_order(tmp_path: Path) -> None:
    samples = [Sample(stem, "", "", 1, 1) for stem in "dbca"]
    write_index(tmp_path / "one.csv", samples)
    write_index(tmp_path / "two.csv", reversed(samples))
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "index.csv: the file is empty"),
        (b"stem,image\n", "index.csv: its first line should be stem,image,mask,width,height; "),
        (
            b"stem;image\n",
            "by semicolons (as spreadsheets of some languages do), not by commas; save it as CSV",
        ),
        (f"{HEADER}{GOOD}b,images/b.png\n".encode(), "index.csv, line 3: 2 columns, expected 7"),
        (f"{HEADER}{GOOD}b,i,m,32,24,,training\n".encode(), "index.csv, line 3: 'training' is no split"),
        (f"{HEADER}b,i,m,32.5,24,,val\n".encode(), "index.csv, line 2: width is a whole number, found '32.5'"),
        (f"{HEADER}b,i,m,,24,,val\n".encode(), "index.csv, line 2: width is a whole number, found ''"),
        (f"{HEADER}{GOOD}{GOOD}".encode(), "index.csv, line 3: the stem 'a' stands twice"),
        (f"{HEADER}Gr\xfcn,i,m,1,1,,\n".encode("latin-1"), "index.csv: "),
    ],
    ids=["empty", "header", "semicolons", "columns", "split", "width", "no-width", "twice", "latin-1"],
)
def test_broken_index_is_told(tmp_path: Path, content: bytes, says: str) -> None:
    write_classes(tmp_path / "classes.json", CLASSES)
    (tmp_path / "index.csv").write_bytes(content)
    assert says in run_error("stats", tmp_path)
    assert (tmp_path / "index.csv").read_bytes() == content


@pytest.mark.parametrize("stem", ["", "..", "../../outside", "/outside", "a/b"])
def test_a_stem_names_no_files_of_other_folders(tmp_path: Path, stem: str) -> None:
    """Export, prediction and annotation call their files by it."""
    home = tmp_path / "deep" / "er"
    save(home / "theirs" / "images" / "x.png", random_image(0))
    save(home / "theirs" / "masks" / "x.png", random_mask(0))
    stem = f"{tmp_path}{stem}" if stem.startswith("/") else stem
    write_index(home / "theirs" / "index.csv", [Sample(stem, "images/x.png", "masks/x.png", 32, 24)])
    write_classes(home / "theirs" / "classes.json", CLASSES)
    before = tree(tmp_path)
    error = run_error("masks", "export", home / "theirs", "--to", "rgb", "-o", home / "rgb")
    assert f"index.csv: the stem {stem!r} names files of other folders, or none" in error
    assert tree(tmp_path) == before


def test_names_of_the_index_are_read_as_folders_list_them(tmp_path: Path) -> None:
    write_index(
        tmp_path / "index.csv", [Sample("a", "./images//a.png", "masks/./a.png", 1, 1), Sample("b", "", "", 1, 1)]
    )
    assert [(s.image, s.mask) for s in read_index(tmp_path / "index.csv")] == [
        ("images/a.png", "masks/a.png"),
        ("", ""),
    ]


def test_two_samples_of_one_image_are_refused(tmp_path: Path) -> None:
    """As where a spreadsheet has made 1 of 0001, and the photos are brought in once more."""
    samples = [Sample("1", "images/0001.png", "", 4, 4), Sample("0001", "images/0001.png", "", 4, 4)]
    with pytest.raises(SegError, match=r"images/0001\.png is the image of 0001 and of 1"):
        write_index(tmp_path / "index.csv", samples)
    assert not (tmp_path / "index.csv").exists()
    (tmp_path / "index.csv").write_text(
        "stem,image,mask,width,height,group,split\n1,images/0001.png,,4,4,,\n0001,images/0001.png,,4,4,,\n"
    )
    with pytest.raises(SegError, match="a spreadsheet makes 1 of 0001"):
        read_index(tmp_path / "index.csv")
