"""report.html: one self-contained page about a dataset."""

from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from prep.checking.findings import Finding, worst_first
from prep.core.classes import format_color
from prep.core.files import write_text
from prep.core.progress import Bar, no_bar
from prep.core.words import counted, verb
from prep.dataset.dataset import Dataset, writes
from prep.dataset.dataset_files import REPORT
from prep.dataset.transaction import Transaction, forget
from prep.reporting.gallery import GalleryThumbnail, make_thumbnails
from prep.reporting.sections import class_section, color_section, figures, percent, size_section, split_section
from prep.reporting.survey import ReadableSamples, survey

_COMMAND = "report"

NAMES_SHOWN = 200
"""Of a finding; a page with thousands of names is no help."""

LEGEND_ENTRIES = 40
"""With more classes than these there is no legend; the captions have their colours, too."""


def start_over(root: Path) -> None:
    """Throw away what a killed report has begun, before the check that the page tells of; the folder is locked."""
    forget(root, _COMMAND)


@writes
def write_report(
    dataset: Dataset,
    findings: Sequence[Finding],
    workers: int | None = None,
    bar: Bar = no_bar,
) -> Path:
    """Write report.html of a dataset; it replaces the one that is there.

    findings: of a check.  bar: opens a progress bar for counting all samples, and one for drawing the chosen ones.
    """
    with bar("Counting") as advance:
        found = survey(dataset, workers, advance)
    with bar("Drawing") as advance:
        thumbnails = make_thumbnails(dataset, found.counted, workers, advance)
    with Transaction(dataset.root, _COMMAND, {}) as change:
        write_text(change.path(REPORT), render(dataset, findings, found, thumbnails))
        change.commit(overwrite=False, updates=(REPORT,))
    return dataset.root / REPORT


def render(
    dataset: Dataset, findings: Sequence[Finding], found: ReadableSamples, thumbnails: Sequence[GalleryThumbnail]
) -> str:
    """The page as text; the same dataset gives the same text."""
    parts = [
        class_section(dataset.classes, found),
        size_section(found),
        color_section(found),
        split_section(dataset.classes, found),
    ]
    return _template().render(
        name=dataset.root.resolve().name,
        version=version("seg-prep"),
        samples=dataset.samples,
        unreadable=found.unreadable,
        findings=worst_first(findings),
        names_shown=NAMES_SHOWN,
        figures=figures(dataset, found),
        thumbnails=thumbnails,
        legend_entries=LEGEND_ENTRIES,
        legend=sorted({index for thumbnail in thumbnails for index in thumbnail.classes}),
        tinted=dataset.classes.foreground,
        colors=[format_color(color) for color in dataset.classes.colors],
        names=dataset.classes.names,
        **{key: value for part in parts for key, value in part.items()},
    )


@cache
def _template() -> Template:
    """Compiled once in a process."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    environment.filters |= {"thousands": "{:,}".format, "counted": counted, "verb": verb}
    return environment.get_template("report.html.j2")
