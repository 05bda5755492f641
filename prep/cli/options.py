"""Options and arguments that several commands share; one flag means one thing everywhere.

DATASET          the dataset folder; without it, it is found as git finds its repository
--json           the result as one JSON object on stdout, for programs
--seed NUMBER    another seed, another random choice; the same seed, the same bytes
--workers NUMBER processes to use; results do not depend on it
--cluster ADDRESS  the workers of a Dask cluster do the work
--overwrite      replace existing results
--max-failed NUMBER  so many files that cannot be used are left out; with more, the command stops
--match, --from, --variable, --first-id   how raw labels are read and paired (masks inspect, masks convert)
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from prep.cli.console import acts_on
from prep.core.arguments import NumberRange, type_words
from prep.core.words import NO_PATH, is_url, without_secrets
from prep.storage.url import local_path

if TYPE_CHECKING:
    from prep.images.bands import Bands
    from prep.photos.ranges import Span

Command = TypeVar("Command", bound=Callable[..., Any])


class AnyPath(click.Path):
    """A path of a file or folder that need not be there; an empty text, as of an unset $VARIABLE, is none.

    urls: a URL of another storage is taken as well, and stays text.
    """

    def __init__(self, *, urls: bool = False, **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)
        self._urls = urls

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        """The path, also of file:///...; a usage error if no character is in it, which would be the working folder."""
        if value == "":
            self.fail("a path has at least one character; the working folder is .", param, ctx)
        if isinstance(value, str) and is_url(value) and not os.path.lexists(value):
            path = local_path(value)
            if path is None:
                return self._url(value, param, ctx)
            value = path
        return self._path(value, param, ctx)

    def _path(
        self, path: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        return super().convert(path, param, ctx)

    def _url(self, url: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """What is no path of this machine; a usage error where it cannot be fetched."""
        if url.lower().startswith("file://"):
            self.fail(f"{url}: file:// is followed by a whole path, as in file:///home/anna/photos", param, ctx)
        if not self._urls:
            self.fail(f"{without_secrets(url)}: {NO_PATH}", param, ctx)
        return url


class Existing(AnyPath):
    """A path that must be there; where it is not, the likeliest name beside it is told."""

    def __init__(self, *, file_okay: bool = True, dir_okay: bool = True, urls: bool = False) -> None:
        super().__init__(urls=urls, path_type=Path, exists=True, file_okay=file_okay, dir_okay=dir_okay)

    def _path(
        self, path: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        if not os.path.lexists(path):
            self.fail(f"{path}: no such file or folder{_meant(Path(path))}", param, ctx)
        return super()._path(path, param, ctx)


def _meant(path: Path) -> str:
    """The name that is most like a path's, or the folder that was looked in."""
    folder = path.parent
    while not folder.is_dir():
        path, folder = folder, folder.parent
    near = get_close_matches(path.name, [beside.name for beside in folder.iterdir()], n=1)
    return f"; did you mean {folder / near[0]}?" if near else f" in {folder.resolve()}"


class WholeNumber(click.IntRange):
    """A whole number in a range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401
        """The number; a usage error that says what is needed."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            raise click.BadParameter(f"{_wanted(self, int, value)}{_side(self, value, param)}", ctx, param) from error


class AnyNumber(click.FloatRange):
    """A number in a range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401
        """The number; a usage error that says what is needed."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            raise click.BadParameter(_wanted(self, float, value), ctx, param) from error


def _wanted(kind: click.IntRange | click.FloatRange, number: type, value: object) -> str:
    return f"{value}: needs {type_words(number, _within(kind))}"


def _within(kind: click.IntRange | click.FloatRange) -> NumberRange:
    return NumberRange(kind.min, kind.max, kind.min_open, kind.max_open)


def _side(kind: click.IntRange, value: object, param: click.Parameter | None) -> str:
    """How to say one side, where both sides of an image were given."""
    sides = re.fullmatch(r"(\d+)[x\u00d7*](\d+)", str(value))
    if sides is None or param is None:
        return ""
    longest = max(map(int, sides.groups()))
    return "; one side is meant" + (f", as in {param.opts[0]} {longest}" if longest in _within(kind) else "")


CONTEXT = {"help_option_names": ["-h", "--help"], "show_default": True}

dataset_argument = click.argument(
    "dataset", required=False, type=AnyPath(path_type=Path, file_okay=False), callback=acts_on
)

new_dataset_option = click.option(
    "-o",
    "--output",
    required=True,
    type=AnyPath(path_type=Path, file_okay=False),
    callback=acts_on,
    metavar="DATASET",
    help="Dataset folder to make or to add to.",
)

overwrite_option = click.option("--overwrite", is_flag=True, help="Replace existing results.")

max_failed_option = click.option(
    "--max-failed",
    type=WholeNumber(min=0),
    metavar="NUMBER",
    show_default="any number",
    help="Stop where more files than this cannot be used; up to then they are left out and listed.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object, for programs.")

seed_option = click.option(
    "--seed", type=WholeNumber(min=0), default=0, metavar="NUMBER", help="Seed of every random choice."
)

workers_option = click.option(
    "--workers",
    type=WholeNumber(min=1),
    metavar="NUMBER",
    show_default="all cores",
    help="Processes to use; the result does not depend on it.",
)


def parse_span(ctx: click.Context, param: click.Parameter, value: str | None) -> "Span | None":
    """Read LOW:HIGH or LOW%:HIGH%; anything else is a usage error."""
    if value is None:
        return None
    from prep.core.errors import SegError
    from prep.photos.ranges import parse_range

    try:
        return parse_range(value)
    except SegError as error:
        raise click.BadParameter(str(error)) from error


range_option = click.option(
    "--range",
    "span",
    callback=parse_span,
    metavar="LOW:HIGH|LOW%:HIGH%",
    show_default="the dataset's, else what is in use in all photos together",
    help="Numbers of photos of more than 8 bits, or of floating-point ones, that become black and white; 2%:98% are "
    "those that so many of all numbers of the set lie below.",
)


def read_bands(ctx: click.Context, param: click.Parameter, value: str | None) -> "Bands | None":
    """Read 4,3,2; anything else is a usage error."""
    if value is None:
        return None
    from prep.core.errors import SegError
    from prep.images.bands import parse_bands

    try:
        return parse_bands(value)
    except SegError as error:
        raise click.BadParameter(str(error)) from error


bands_option = click.option(
    "--bands",
    callback=read_bands,
    metavar="RED,GREEN,BLUE",
    show_default="the dataset's, else the first three",
    help="Bands of TIFFs that become red, green and blue, for example 4,3,2; the dataset and its models keep them.",
)

match_option = click.option(
    "--match",
    nargs=2,
    metavar="'IMAGE_{}' 'MASK_{}'",
    show_default="equal names, or what tools add to them",
    help="Names (without ending) of an image and its mask; {} is the part that they share.",
)


def parse_reader(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Read the name of a label reader; one that no format has is a usage error."""
    if value is not None:
        from prep.labels.registry import reader_names  # loads all formats: only where one is named

        if value not in reader_names():
            raise click.BadParameter(f"{value!r} is none of {', '.join(reader_names())}")
    return value


reader_option = click.option(
    "--from",
    "reader",
    callback=parse_reader,
    metavar="FORMAT",
    show_default="by looking at them",
    help="What the labels hold: rgb (colours), ids, or a format that 'masks inspect --formats' lists.",
)

variable_option = click.option(
    "--variable",
    default="",
    metavar="NAME",
    show_default=False,
    help="Variable of .mat files, array of .npz files, or attribute of regions, to read.",
)

first_id_option = click.option(
    "--first-id",
    type=WholeNumber(min=0),
    metavar="NUMBER",
    show_default="1 for MATLAB's labels, else 0",
    help="Id of the first class where the class map states no ids.",
)


def parse_size(ctx: click.Context, param: click.Parameter, value: str) -> tuple[int, int]:
    """Read WIDTHxHEIGHT, for example 200x400, as (width, height) in pixels; wrong text is a usage error."""
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", value)
    if match is None or not all(int(side) >= 32 for side in match.groups()):
        raise click.BadParameter(f"{value!r} is not WIDTHxHEIGHT with sides of at least 32 pixels, like 200x400")
    return int(match[1]), int(match[2])


def parse_ratios(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[float, ...] | None:
    """Read TRAIN/VAL/TEST, for example 80/10/10, as three numbers; wrong text is a usage error."""
    if value is None:
        return None
    parts = value.split("/")
    if len(parts) != 3 or not all(re.fullmatch(r"\d+(\.\d+)?", part) for part in parts) or not float(parts[0]):
        raise click.BadParameter(f"{value!r} is not TRAIN/VAL/TEST like 80/10/10, with a train part above 0")
    return tuple(float(part) for part in parts)


def parse_metres(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Read 500m, 2km or 500 as metres above 0; wrong text is a usage error."""
    if value is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(m|km)?", value.strip())
    metres = float(match[1]) * (1000 if match[2] == "km" else 1) if match else 0
    if not metres:
        raise click.BadParameter(f"{value!r} is no length like 500m or 2km")
    return metres


_WRITTEN = ("dataset", "output")
"""Arguments that name a folder in which results are written; nothing is ever written among raw files."""


def cluster_option_of(folders: Callable[[dict[str, Any]], Iterable[Path]]) -> Callable[[Command], Command]:
    """What lets a command take --cluster, besides --workers; stands below all other options.

    folders: those that all workers have to see, by the arguments of the command.
    """

    def decorated(command: Command) -> Command:
        @click.option(
            "--cluster",
            metavar="ADDRESS",
            show_default="this machine",
            help="Scheduler of a Dask cluster, tcp://HOST:PORT or its file, whose workers do the work (docs/scale.md).",
        )
        @wraps(command)
        def on_cluster(*args: Any, cluster: str | None, **given: Any) -> object:  # noqa: ANN401
            if cluster is None:
                return command(*args, **given)
            if given.get("workers") is not None:
                raise click.UsageError(
                    "--workers is of this machine, and a cluster has workers of its own; leave one out"
                )
            from prep.core.cluster.connection import connected

            with connected(cluster, list(folders(given))):
                return command(*args, **given)

        return on_cluster  # type: ignore[return-value]

    return decorated


def _written(given: dict[str, Any]) -> Iterator[Path]:
    for name in _WRITTEN:
        if given.get(name) is not None:
            yield given[name]
    if "dataset" in given and given["dataset"] is None:
        from prep.dataset.dataset import find_dataset

        yield find_dataset(None)


cluster_option = cluster_option_of(_written)
"""Of commands that write into their dataset or output."""
