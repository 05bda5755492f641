"""The numbers and charts of each part of report.html, ready for its template."""

from collections import Counter

from prep.core.classes import IGNORE_INDEX, ClassMap, format_color
from prep.core.words import counted, verb
from prep.dataset.dataset import Dataset
from prep.dataset.index import BUFFER, SPLITS
from prep.dataset.stats import class_stats, mean_and_std
from prep.reporting.balance import balance
from prep.reporting.charts import CHANNELS, histogram_curves, log_axis, log_bar, log_floor, share_bar, size_scatter
from prep.reporting.survey import ReadableSamples

SIZES_SHOWN = 8
PANELS = 24
"""Classes with a panel in the part about splits; those that deviate most."""

Section = dict[str, object]
"""Names in the template and their values."""

_SPLIT_COLORS = {"train": "#7c93ab", "val": "#b9c6d3", "test": "#d5c3a1"}


def percent(share: float) -> str:
    """Write a share 0..1 with two decimals, so that columns align; it never breaks over two lines."""
    text = "–" if not share else "< 0.01 %" if share < 0.00005 else f"{100 * share:.2f} %"
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def figures(dataset: Dataset, found: ReadableSamples) -> list[tuple[str, str]]:
    """Headline numbers, each with its caption."""
    samples = dataset.samples
    pixels = sum(one.sample.width * one.sample.height for one in found.counted)
    labelled = sum(sample.is_labelled for sample in samples)
    result = [(f"{len(samples):,}", verb(len(samples), "sample", "samples")), (f"{labelled:,}", "labelled")]
    if len(dataset.classes):
        result.append((str(len(dataset.classes)), verb(len(dataset.classes), "class", "classes")))
    result.append((f"{pixels / 1e6:,.1f}", f"megapixels ({counted(pixels, 'pixel')})"))
    splits = Counter(sample.split for sample in samples)
    if any(splits.keys() - {""}):
        names = [*SPLITS, BUFFER] if splits[BUFFER] else SPLITS
        result.append((" / ".join(str(splits[name]) for name in names), " / ".join(names)))
    return result


def class_section(classes: ClassMap, found: ReadableSamples) -> Section:
    """Pixels, shares, bars and weights of each class; weights are of the train split where there is one."""
    counts = found.total_labelled
    rows = class_stats(counts, classes.names)
    train = found.total_of(SPLITS[0])
    weights = class_stats(train, classes.names) if train.images else rows
    floor = log_floor([row.frequency for row in rows])
    return {
        "class_rows": list(zip(rows, weights, strict=True)),
        "weights_of": "the train split" if train.images else "all labelled samples",
        "bars": [
            log_bar(row.frequency, floor, format_color(color)) for row, color in zip(rows, classes.colors, strict=True)
        ],
        "axis": log_axis(floor),
        "labelled_pixels": sum(row.pixels for row in rows),
        "ignored_pixels": int(counts.classes[IGNORE_INDEX]),
        "labelled_images": len(found.labelled),
    }


def size_section(found: ReadableSamples) -> Section:
    """The sizes of the images, most common first."""
    sizes = Counter((one.sample.width, one.sample.height) for one in found.counted)
    common = sorted(sizes.items(), key=lambda entry: (-entry[1], entry[0]))
    return {
        "sizes": common[:SIZES_SHOWN],
        "more_sizes": len(sizes) - SIZES_SHOWN,
        "scatter": size_scatter(sizes) if len(sizes) > 1 else None,
        "images": len(found.counted),
    }


def color_section(found: ReadableSamples) -> Section:
    """The values of all images, by channel."""
    if not found.counted:
        return {"curves": None, "channels": []}
    channels = found.total.channels
    moments = [mean_and_std(channel) for channel in channels]
    named = zip(("red", "green", "blue"), CHANNELS, moments, strict=True)
    return {
        "curves": histogram_curves(channels, [mean for mean, _ in moments]),
        "channels": [(name, color, mean, std) for name, color, (mean, std) in named],
    }


def split_section(classes: ClassMap, found: ReadableSamples) -> Section:
    """Counts of each split, and a panel for each class that deviates most from the whole dataset."""
    compared = balance(found, len(classes))
    deviations = compared.largest()
    panels = []
    for one in deviations[:PANELS]:
        shares = [(row.name, row.shares[one.index]) for row in compared.splits]
        largest = max(one.whole, *(share for _, share in shares))
        bars = [(name, share, share_bar(share, one.whole, largest, _SPLIT_COLORS[name])) for name, share in shares]
        panels.append((one, bars))
    return {
        "splits": compared.splits,
        "whole": compared.whole,
        "deviations": deviations,
        "panels": panels,
        "more_panels": len(deviations) - PANELS,
    }
