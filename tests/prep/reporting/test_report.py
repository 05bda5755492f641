"""report.html: what stands in it, that nothing of a name becomes markup, and the same bytes every time."""

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from prep.checking.findings import Finding
from prep.core.classes import ClassMap, distinct_color, write_classes
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample, write_index
from prep.dataset.stats import class_stats, count_values
from prep.reporting.balance import balance
from prep.reporting.charts import log_bar, log_floor, nice_limit
from prep.reporting.gallery import MOST_THUMBNAILS, blend, bounded_jpeg, choose_samples
from prep.reporting.report import NAMES_SHOWN, write_report
from prep.reporting.sections import percent
from prep.reporting.survey import CountedSample, ReadableSamples, sum_pixels, survey
from tests.support import images_only, random_image, random_mask, run_ok, save, tree

NASTY = "<script>alert(\"x\")</script> & 'Straße' 道路"
VOID = {"meta", "img", "br", "line", "rect", "circle", "path", "polyline", "polygon"}


class Page(HTMLParser):
    """The text of a page, its elements with their attributes, and whether every element is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words += data.split()

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def report(root: Path, findings: tuple[Finding, ...] = ()) -> Page:
    """Write the report, check what holds for every page, and parse it."""
    path = write_report(Dataset.open(root), findings, workers=1)
    assert path == root / "report.html"
    html = path.read_text(encoding="utf-8")
    page = Page(html)
    assert page.open == []
    assert not page.all("script")
    assert not page.all("link")
    assert all((image["src"] or "").startswith("data:image/jpeg;base64,") for image in page.all("img"))
    assert "http" not in re.sub(r'src="data:[^"]*"', "", html)
    assert "nan" not in re.sub(r'src="data:[^"]*"', "", html).lower().split()
    assert len(html) < 3_000_000
    return page


def build(root: Path, masks: list[np.ndarray | None], classes: ClassMap, splits: list[str] | None = None) -> Dataset:
    """Make a dataset of random images with these masks; the stems are 00, 01, ..."""
    samples = []
    for number, mask in enumerate(masks):
        height, width = (20, 30) if mask is None else mask.shape
        image, name = f"images/{number:02}.png", f"masks/{number:02}.png"
        save(root / image, random_image(number, height, width))
        if mask is not None:
            save(root / name, mask)
        split = splits[number] if splits else ""
        samples.append(Sample(f"{number:02}", image, name if mask is not None else "", width, height, "", split))
    write_classes(root / "classes.json", classes)
    write_index(root / "index.csv", samples)
    return Dataset.open(root)


def some_classes(number: int, name: str = "class") -> ClassMap:
    colors: dict[tuple[int, int, int], None] = {}
    for index in range(4 * number):
        red, green, blue = distinct_color(index)
        colors[(red, green, (blue + index) % 256)] = None
    return ClassMap(tuple(f"{name} {i}" for i in range(number)), tuple(colors)[:number])


# The whole page.


def test_the_command(dataset: Dataset) -> None:
    result = run_ok("report", dataset.root)
    assert re.fullmatch(r"\d+ errors?, \d+ warnings?, \d+ remarks? -> .*report\.html\n", result.stdout)
    page = Page((dataset.root / "report.html").read_text(encoding="utf-8"))
    for words in ("23 samples", "23 labelled", "3 classes", "18 / 2 / 3 train / val / test", "64 × 80 pixels"):
        assert words in page.text
    assert len(page.all("img")) == 23


def test_same_bytes_for_any_workers_and_no_overwrite_needed(dataset: Dataset) -> None:
    run_ok("report", dataset.root)
    first = tree(dataset.root)
    run_ok("report", dataset.root, "--workers", 2)
    assert tree(dataset.root) == first
    run_ok("split", dataset.root, "--seed", 7, "--overwrite")
    run_ok("report", dataset.root)
    changed = tree(dataset.root)
    assert changed["report.html"] != first["report.html"]
    assert changed.keys() == first.keys()


def test_numbers_are_those_of_the_masks(tmp_path: Path) -> None:
    masks = [random_mask(seed, 40, 50) for seed in range(6)]
    masks[0][:10] = 255
    splits = ["train", "train", "train", "val", "test", "test"]
    page = report(build(tmp_path / "d", masks, some_classes(3), splits).root)
    everything = np.stack(masks)
    labelled = int((everything != 255).sum())
    assert f"{labelled:,} labelled pixels in 6 images; 500 are not labelled" in page.text
    for index in range(3):
        own = int((everything == index).sum())
        shares = [everything[part] for part in (slice(0, 3), slice(3, 4), slice(4, 6))]
        columns = [f"{100 * (part == index).sum() / (part != 255).sum():.2f} %" for part in shares]
        row = f"class {index} {own:,} {100 * own / labelled:.2f} % 6 {' '.join(columns)}"
        assert row in page.text
    assert "weights are of the train split" in page.text.lower()
    pixels = np.stack([random_image(number, 40, 50) for number in range(6)]) / 255
    for channel, name in enumerate(("red", "green", "blue")):
        assert f"{name} {pixels[..., channel].mean():.4f} {pixels[..., channel].std():.4f}" in page.text


def test_names_never_become_markup(tmp_path: Path) -> None:
    root, stem = tmp_path / "a & <b>", NASTY.replace("/", "|")
    dataset = build(root, [random_mask(1)], some_classes(3, NASTY))
    write_index(root / "index.csv", [replace(dataset.samples[0], stem=stem, split="train")])
    finding = Finding("error", "bad", f"text {NASTY}", (NASTY,), f"advice {NASTY}")
    page = report(root, (finding,))
    assert page.text.startswith("a & <b> a & <b>")  # title and heading
    for words in (f"text {NASTY}", f"advice {NASTY}", f"{NASTY} 0", f"{stem} · train"):
        assert words in page.text
    assert page.all("img")[0]["alt"] == stem


def test_images_without_masks(tmp_path: Path) -> None:
    root = images_only(tmp_path / "campus", [(20, 30), (30, 20), (25, 25)]).root
    page = report(root)
    for words in ("3 samples", "0 labelled", "All 3 images. There are no masks yet", "30 × 20 0.00 1", "red"):
        assert words in page.text
    assert len(page.all("img")) == 3
    assert "median" not in page.text


@pytest.mark.parametrize("masks", [[None, random_mask(1)], [random_mask(2)], [np.full((9, 8), 255, np.uint8)]])
def test_without_split_or_labels(tmp_path: Path, masks: list[np.ndarray | None]) -> None:
    page = report(build(tmp_path / "d", masks, some_classes(3)).root)
    assert "Not split yet; seg-prep split does it." in page.text
    assert "Weights are of all labelled samples" in page.text
    assert len(page.all("img")) == len(masks)


def test_a_dataset_without_samples(tmp_path: Path) -> None:
    write_index(tmp_path / "index.csv", [])
    assert "0 samples" in report(tmp_path).text


def test_250_classes(tmp_path: Path) -> None:
    masks = [np.arange(start, start + 100).reshape(10, 10).astype(np.uint8) % 250 for start in range(0, 250, 50)]
    splits = ["train", "train", "val", "test", "test"]
    page = report(build(tmp_path / "d", masks, some_classes(250, "a class whose name is a sentence"), splits).root)
    assert all(f"a class whose name is a sentence {index} " in page.text for index in range(250))
    assert "226 others are left out" in page.text


def test_damaged_files_are_named_and_do_not_stop_it(tmp_path: Path) -> None:
    root = build(tmp_path / "d", [random_mask(seed) for seed in range(3)], some_classes(3)).root
    (root / "masks" / "01.png").write_bytes(b"no image")
    page = report(root)
    assert "1 sample could not be read and is left out of everything below: 01." in page.text
    assert len(page.all("img")) == 2


def test_findings_worst_first(tmp_path: Path) -> None:
    root = images_only(tmp_path / "d", [(20, 30)]).root
    many = tuple(f"name{number:03}" for number in range(NAMES_SHOWN + 5))
    page = report(root, (Finding("remark", "a", "last", (), "do"), Finding("error", "b", "first", many, "mend")))
    assert re.search(r"error first → mend 205 names name000 .* and 5 more; .* remark last → do", page.text)
    assert f"name{NAMES_SHOWN - 1:03}" in page.words
    assert f"name{NAMES_SHOWN:03}" not in page.words
    assert "The check found nothing to mend." in report(root).text


# Its parts.


def counted(*masks: np.ndarray) -> list[CountedSample]:
    return [
        CountedSample(Sample(f"s{n:02}", "i", "m", 4, 3, "", ("train", "val", "test")[n % 3]), count_values(mask)[:6])
        for n, mask in enumerate(masks)
    ]


MASKS = st.lists(
    st.lists(st.sampled_from([0, 1, 2, 3, 4, 5, 255]), min_size=12, max_size=12).map(
        lambda values: np.array(values, np.uint8).reshape(3, 4)
    ),
    min_size=1,
    max_size=30,
)


@given(MASKS, st.integers(1, 30))
def test_every_class_is_shown_if_there_is_room(masks: list[np.ndarray], limit: int) -> None:
    samples = counted(*masks)
    choices = choose_samples(samples, some_classes(6), limit)
    stems = [choice.counted.sample.stem for choice in choices]
    assert len(stems) == len(set(stems)) == min(limit, len(masks))
    present = {int(value) for mask in masks for value in np.unique(mask)} - {255}
    shown = {index for choice in choices for index in range(6) if choice.counted.pixels[index]}
    assert shown == present or limit < len(present)
    pixels = sum_pixels(samples, 6)
    ranks = [pixels[choice.shown_for] for choice in choices if choice.shown_for is not None]
    assert ranks == sorted(ranks)  # rarest first
    rarest = min(present, key=lambda index: (pixels[index], index), default=None)
    if rarest is not None:
        assert choices[0].shown_for == rarest
        most = max(one.pixels[rarest] for one in samples)
        assert choices[0].counted.pixels[rarest] == most


def test_images_of_which_nothing_tells_come_2_before_10() -> None:
    plain = np.zeros(6, np.int64)
    samples = [CountedSample(Sample(f"photo{n}", "i", "", 4, 3), plain) for n in (1, 10, 11, 2, 20, 3)]
    stems = [choice.counted.sample.stem for choice in choose_samples(samples, some_classes(6))]
    assert stems == ["photo1", "photo2", "photo3", "photo10", "photo11", "photo20"]
    finding = Finding("remark", "unlabelled", "", ("photo10", "photo9", "photo100"), "")
    assert finding.names == ("photo9", "photo10", "photo100")


@given(MASKS)
def test_balance_against_plain_counting(masks: list[np.ndarray]) -> None:
    found = balance(ReadableSamples(tuple(counted(*masks)), ()), 6)
    everything = np.concatenate([mask.ravel() for mask in masks])
    worst = 0.0
    for row, part in zip(found.splits, range(3), strict=False):
        own = np.concatenate([mask.ravel() for mask in masks[part::3]])
        assert row.samples == len(masks[part::3]) == row.groups
        for index in range(6):
            share = (own == index).sum() / max(1, (own != 255).sum())
            whole = (everything == index).sum() / max(1, (everything != 255).sum())
            assert row.shares[index] == pytest.approx(share)
            worst = max(worst, abs(share - whole) if whole else 0)
    deviations = found.largest()
    assert abs(deviations[0].share - deviations[0].whole) == pytest.approx(worst) if deviations else worst == 0


def test_weights_are_of_the_train_split(tmp_path: Path) -> None:
    masks = [random_mask(0), np.ones((24, 32), np.uint8)]
    dataset = build(tmp_path / "d", masks, some_classes(3), ["train", "test"])
    page = report(dataset.root)
    for row in class_stats(survey(dataset, 1).total_of("train"), dataset.classes.names):
        assert f"{row.weight:.3f} {row.inverse_weight:.3f} {row.effective_weight:.3f}" in page.text


def test_pictures_show_the_mask_and_stay_small(tmp_path: Path) -> None:
    mask = np.zeros((600, 900), np.uint8)
    mask[:, 450:] = 1
    root = build(tmp_path / "d", [mask], ClassMap(("background", "thing"), ((0, 0, 0), (255, 0, 0)))).root
    save(root / "images" / "00.png", np.full((600, 900, 3), 100, np.uint8))
    source = report(root).all("img")[0]["src"] or ""
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))))
    assert picture.shape == (320, 480, 3)
    assert np.abs(picture[160, 100].astype(int) - 100).max() <= 3
    assert np.abs(picture[160, 400].astype(int) - (146, 70, 70)).max() <= 4  # 30 % red over grey


def test_noise_does_not_blow_up_the_page() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (480, 480, 3)).astype(np.uint8)
    assert len(bounded_jpeg(noise)) * MOST_THUMBNAILS * 4 / 3 < 2_500_000


def test_borders_are_drawn_in_full() -> None:
    classes = ClassMap(("background", "thing"), ((0, 0, 0), (255, 0, 0)))
    mask = np.zeros((20, 20), np.uint8)
    mask[5:15, 5:15] = 1
    image = np.full((20, 20, 3), 200, np.uint8)
    shown = blend(image, mask, classes)
    assert shown[5, 5].tolist() == shown[14, 9].tolist() == [255, 0, 0]
    assert shown[9, 9].tolist() == [216, 140, 140]
    assert shown[4, 9].tolist() == [200, 200, 200]


@pytest.mark.parametrize(
    ("share", "text"), [(0, "–"), (1, "100.00 %"), (0.12345, "12.35 %"), (0.00005, "0.01 %"), (1e-9, "< 0.01 %")]
)
def test_shares_as_text(share: float, text: str) -> None:
    assert percent(share) == text.replace(" ", "\N{NO-BREAK SPACE}")


@given(st.floats(1, 1e6))
def test_axes_end_close_above(value: float) -> None:
    assert value <= nice_limit(value) * (1 + 1e-9)
    assert nice_limit(value) <= value * 1.6


@given(st.lists(st.floats(1e-9, 1), min_size=1, max_size=5))
def test_every_share_has_a_visible_bar(shares: list[float]) -> None:
    floor = log_floor(shares)
    widths = [float(re.findall(r'<rect[^>]* width="([\d.]+)"', log_bar(share, floor, "#fff"))[0]) for share in shares]
    assert all(1 <= width <= 161 for width in widths)
    assert [width for _, width in sorted(zip(shares, widths, strict=True))] == sorted(widths)
    assert "<rect" not in log_bar(0, floor, "#fff")
