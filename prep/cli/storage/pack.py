"""seg-prep pack and seg-prep unpack."""

import re
from pathlib import Path

import click

from prep.cli.console import emit, end_with_left_out, progress
from prep.cli.options import AnyPath, dataset_argument, json_option, max_failed_option, overwrite_option, workers_option
from prep.core.words import counted

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def parse_bytes(ctx: click.Context, param: click.Parameter, value: str) -> int:
    """Read 1GB, 500MB or a number of bytes; wrong text is a usage error."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)b?", value.strip(), re.IGNORECASE)
    if match is None:
        raise click.BadParameter(f"{value!r} is no size like 1GB or 500MB")
    return int(float(match[1]) * _UNITS[match[2].lower()])


def refuse_memory(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """A place that is there when the command has ended; a usage error for fsspec's memory of one process."""
    if "memory://" in value.lower():
        raise click.BadParameter(
            f"{value}: the memory of this command, which is gone when it ends; name a folder, or a URL of a storage, "
            "such as s3://bucket/name"
        )
    return value


@click.command()
@dataset_argument
@click.option(
    "-o",
    "--output",
    "url",
    type=AnyPath(urls=True, path_type=str),
    callback=refuse_memory,
    metavar="URL",
    required=True,
    help="Where the shards go: s3://bucket/name, gs://bucket/name, or a new folder.",
)
@click.option(
    "--shard-size",
    callback=parse_bytes,
    default="1GB",
    metavar="SIZE",
    help="Most bytes of a shard; a larger sample has one for itself.",
)
@workers_option
@max_failed_option
@overwrite_option
@json_option
def pack(
    dataset: Path | None,
    url: str,
    shard_size: int,
    workers: int | None,
    max_failed: int | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Pack a dataset into tar shards of WebDataset's layout with a Parquet index, on object storage or in a folder.

    All files go along, also patches and raw photos in the dataset's folder. The samples of a split share shards, mixed,
    so that one split can be read alone. Readers see the new index when all shards are there, and the old one before.
    Files are copied as they are ('seg-prep check' looks for damaged ones). A sample with a file that is missing, or may
    not be read, lacks it in the shards, too, and is listed; the exit code is 1 then. Needs the extra cloud.

    Example:

    \b
        seg-prep pack datasets/campus -o s3://bucket/campus --shard-size 1GB
        seg-prep pack datasets/campus -o campus-packed
    """
    from prep.core.failures import Failures
    from prep.core.words import without_secrets
    from prep.dataset.dataset import find_dataset
    from prep.packing.pack import pack_dataset

    root, failures = find_dataset(dataset), Failures(max_failed)
    with progress("Packing") as advance:
        packed = pack_dataset(
            root,
            url,
            shard_size=shard_size,
            overwrite=overwrite,
            workers=workers,
            progress=advance,
            failures=failures,
        )
    done = "" if packed.changed else " (all there already)"
    lines = [
        f"{counted(packed.samples, 'sample')} in {counted(packed.shards, 'shard')}, {counted(packed.size, 'byte')} "
        f"-> {without_secrets(url)}{done}"
    ]
    if packed.left:
        lines.append(f"The shards before are still in {packed.left}; remove them when nobody reads them any more.")
    result = {"dataset": root, "url": without_secrets(url), "samples": packed.samples, "shards": packed.shards}
    result |= {"bytes": packed.size, "folder": packed.folder, "changed": packed.changed, "problems": packed.problems}
    emit(result, "\n".join(lines))
    end_with_left_out(packed.problems)


@click.command()
@click.argument("url", type=AnyPath(urls=True, path_type=str), metavar="URL")
@click.option(
    "-o",
    "--output",
    required=True,
    type=AnyPath(path_type=Path, file_okay=False),
    metavar="DATASET",
    help="New dataset folder.",
)
@click.option(
    "--split",
    "splits",
    type=click.Choice(["train", "val", "test"]),
    multiple=True,
    show_default="all samples",
    help="Fetch the samples of this split alone; may be given more than once.",
)
@workers_option
@json_option
def unpack(url: str, output: Path, splits: tuple[str, ...], workers: int | None, as_json: bool) -> None:
    """Unpack a packed dataset into a new folder, byte for byte; each file is compared with its SHA-256.

    With --split only the shards of these samples are fetched, and stats, patches, folds and the report, which are made
    of all samples, are left out. An interrupted command goes on where it was. Needs the extra cloud.

    Example:

    \b
        seg-prep unpack s3://bucket/campus -o datasets/campus
        seg-prep unpack s3://bucket/campus -o datasets/campus-test --split test
    """
    from prep.core.words import without_secrets
    from prep.packing.unpack import unpack_dataset

    with progress("Unpacking") as advance:
        result = unpack_dataset(url, output, splits=splits, workers=workers, progress=advance)
    done = "" if result.changed else " (all there already)"
    text = f"{counted(result.samples, 'sample')}, {counted(result.size, 'byte')} -> {output}{done}"
    told = {"url": without_secrets(url), "dataset": output, "samples": result.samples, "bytes": result.size}
    emit(told | {"changed": result.changed, "missing": result.missing}, text)
    end_with_left_out([f"{output / name}: was not there when the dataset was packed" for name in result.missing])
