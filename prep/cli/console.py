"""Where the library meets the terminal: errors, progress, results."""

import json
import sys
import time
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import click

from prep.cli.stopping import farewell, interruption_behind, terminable
from prep.core.errors import SegError
from prep.core.progress import Progress
from prep.core.words import printable, shortened

if TYPE_CHECKING:
    from prep.core.failures import Failures
    from prep.dataset.dataset import Dataset

_STARTED = time.monotonic()

_MOST_LISTED = 50

GOES_ON = "The same command goes on where it stopped."


class ListedGroup(click.Group):
    """A group whose help lists its commands in the order of the work, each with its whole first sentence."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names as they were added."""
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list without cutting sentences off."""
        rows = [(name, " ".join((self.commands[name].help or "").split("\n\n")[0].split())) for name in self.commands]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


_OF_PREPARATION = (
    "synth", "resize", "tile", "masks", "annotate", "check", "split", "stats", "patches", "report", "pack", "unpack",
)  # fmt: skip
_OF_MASKS = ("inspect", "convert", "export")
_OF_TRAINING = ("fit", "plan", "score", "audit", "predict", "serve", "export", "recipes", "networks", "bench")

PREPARING: Mapping[str, str] = {
    **{name: f"seg-prep masks {name}" for name in _OF_MASKS},
    **{name: f"seg-prep {name}" for name in _OF_PREPARATION},
}
"""Name of a command of seg-prep, and what to type; names alone, as help has no time to load the commands."""

TRAINING: Mapping[str, str] = {name: f"seg-train {name}" for name in _OF_TRAINING}
"""The same of seg-train, which prep does not import."""


class SegGroup(ListedGroup):
    """A group whose commands turn a SegError into one line and exit code 1; a bug keeps its traceback."""

    after_interrupt: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("synth", "resize", "masks", "patches", "tile", "pack", "unpack"), GOES_ON
    )
    """How an interrupted command goes on; one that is not named here has changed nothing."""

    elsewhere: ClassVar[Mapping[str, str]] = {}
    """What is meant by words that are no commands of this group."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a word that means one elsewhere is told so."""
        if args[0] not in self.commands and args[0] in self.elsewhere:
            ctx.fail(f"No such command {args[0]!r}. Did you mean {self.elsewhere[args[0]]!r}?")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command, with errors in words."""
        try:
            _need_folder()
            with terminable():
                return super().invoke(ctx)
        except click.MissingParameter as error:
            raise click.UsageError(error.format_message() + _first_example(error.ctx), error.ctx) from error
        except click.BadParameter as error:
            raise click.UsageError(_printable_lines(error.format_message()), error.ctx) from error
        except SegError as error:
            raise click.ClickException(shortened(_printable_lines(str(error)))) from error
        except (KeyboardInterrupt, Exception) as error:
            if (interruption := interruption_behind(error)) is None:
                raise
            goes_on = self.after_interrupt.get(ctx.invoked_subcommand or "", "Nothing was changed.")
            text, code = farewell(interruption, goes_on)
            with suppress(OSError):  # the terminal is gone
                click.echo(text, err=True)
        ctx.exit(code)


def _need_folder() -> None:
    """SegError where the working folder was removed, or moved and made again: all paths are meant from it."""
    try:
        Path.cwd()
    except FileNotFoundError as error:
        what = "the folder that this was typed in is not there any more"
        raise SegError(f"{what}; go to another one, or type 'cd .' if it was made again") from error


def _first_example(context: click.Context | None) -> str:
    """The first command in the help of a command that lacks something: it has all that is needed."""
    examples = ((context and context.command.help) or "").partition("Example:")[2].replace("\b", "").strip()
    lines = [line.strip() for line in examples.splitlines()]
    end = next((n for n, line in enumerate(lines) if not line.endswith("\\")), -1)
    return "\nFor example:\n  " + "\n      ".join(lines[: end + 1]) if lines else ""


@contextmanager
def progress(label: str) -> Iterator[Progress]:
    """Show a bar with the time left on stderr; nothing where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(label, total=None)

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield advance


def open_alone(dataset: Path | None) -> "Dataset":
    """Find the dataset to change and open it; until the command ends, nobody else writes into it."""
    from prep.dataset.dataset import find_dataset, opened_alone

    return click.get_current_context().with_resource(opened_alone(find_dataset(dataset)))


def note(text: str) -> None:
    """Tell the person at the terminal something besides the result, on stderr."""
    click.echo(_printable_lines(text), err=True)


def finish(root: Path, result: dict[str, object], text: str) -> None:
    """Record the command in the folder's provenance and print its result, as text or with --json as JSON."""
    from prep.dataset.provenance import record

    context = click.get_current_context()
    arguments = {name: value for name, value in sorted(context.params.items()) if name != "as_json"}
    record(root, context.command_path, _without_secrets(arguments), time.monotonic() - _STARTED)
    emit(result, text)


def _without_secrets(arguments: dict[str, object]) -> dict[str, object]:
    """The arguments as they may be written down: of a URL neither a password nor a signature."""
    from prep.core.words import is_url, without_secrets

    def plain(value: object) -> object:
        if isinstance(value, tuple):
            return tuple(map(plain, value))
        return without_secrets(value) if isinstance(value, str) and is_url(value) else value

    return {name: plain(value) for name, value in arguments.items()}


_SHOWN_AS = "prep.shown_as"


def shown_as(path: Path, name: str) -> None:
    """Let whatever this command prints name a path by what the person typed."""
    click.get_current_context().find_root().meta.setdefault(_SHOWN_AS, {})[str(path)] = name


_DATASET = "prep.dataset"


def acts_on(ctx: click.Context, param: click.Parameter, root: "Path | str | None") -> "Path | str | None":
    """Take a dataset that was named; the commands in whatever is printed name it, too, where they find another one."""
    if isinstance(root, Path):
        ctx.find_root().meta[_DATASET] = root
    return root


def _with_dataset(text: str) -> str:
    context = click.get_current_context(silent=True)
    root = context.find_root().meta.get(_DATASET) if context else None
    if root is None or "'seg-prep " not in text:
        return text
    from prep.dataset.place.advice import for_dataset

    return for_dataset(root, text)


def _typed(text: str) -> str:
    context = click.get_current_context(silent=True)
    for path, name in context.find_root().meta.get(_SHOWN_AS, {}).items() if context else ():
        text = text.replace(path, name)
    return text


def _printable_lines(text: str) -> str:
    return "\n".join(map(printable, _typed(_with_dataset(text)).split("\n")))


def emit(result: dict[str, object], text: str, *, colored: bool = False) -> None:
    """Print the result of a command to stdout, as text or with --json as one JSON object.

    colored: the text holds colours of ours, and whoever made it wrote all names in it so that they can be shown.
    """
    if click.get_current_context().params.get("as_json"):
        text = _typed(json.dumps(result, ensure_ascii=False, allow_nan=False, default=Path.as_posix))
    elif not colored:
        text = _printable_lines(text)
    with _to_stdout():
        click.echo(text)


@contextmanager
def _to_stdout() -> Iterator[None]:
    """SegError where the results cannot be written; a reader that has gone is none, which click knows."""
    from prep.core.files import explained

    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        with suppress(OSError):
            sys.stdout.close()  # or Python tries again at its end, and says so
        sys.stdout = None
        with explained(Path("the output")):
            raise error


def end_with_left_out(problems: Sequence[str]) -> None:
    """List what was left out, if anything was; then the exit code is 1."""
    if problems:
        listed = first_lines([f"  {each}" for each in problems], _MOST_LISTED)
        note("\n".join([f"{len(problems):,} left out:", *listed]))
        click.get_current_context().exit(1)


@contextmanager
def naming_left_out(failures: "Failures") -> Iterator[None]:
    """Let an error of the block also say what was left out before it, which may be why."""
    from prep.core.failures import TooManyFailed
    from prep.dataset.damaged import NoneReadable

    try:
        yield
    except (NoneReadable, TooManyFailed):  # which list it themselves
        raise
    except SegError as error:
        if not failures.problems:
            raise
        listed = first_lines([f"  {each}" for each in failures.problems], _MOST_LISTED)
        raise SegError("\n".join([str(error), f"{len(failures.problems):,} left out before that:", *listed])) from error


def first_lines(lines: Sequence[str], most: int) -> list[str]:
    """The first of many lines, and how many more there are."""
    more = len(lines) - most
    return [*lines[:most], *([f"... and {more:,} more (--json lists all)"] if more > 0 else [])]


def table(header: list[str], rows: list[list[str]], left: Container[int] = (0,)) -> str:
    """Align columns: those whose numbers are in `left` to the left, the others to the right."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i in left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [header, *rows]
    )
