"""What a label format is to us: how it is recognised, listed and read, and what to do where it is only recognised."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from prep.core.errors import SegError
from prep.core.words import as_source, counted
from prep.images.finding import FoundFile
from prep.labels.contents import Contents
from prep.labels.reader import LabelReader, LabelSource

NO, PERHAPS, PROBABLE, LIKELY, CERTAIN = 0.0, 0.2, 0.5, 0.8, 1.0
"""How surely a format recognises what lies there: not at all; by what is left over; names; names and content; magic."""


class LabelFormat(Protocol):
    """A way in which a tool leaves labels; the registry takes the one that recognises them most surely."""

    @property
    def name(self) -> str:
        """What --from calls it."""

    @property
    def title(self) -> str:
        """The tool and its export, for the table of formats and for errors."""

    @property
    def readers(self) -> tuple[LabelReader, ...]:
        """Those that its labels may need, by the names that LabelSource.reader has."""

    @property
    def rules(self) -> str:
        """What becomes of overlaps, crowds, ignored regions and the like, in sentences for docs/formats.md."""

    @property
    def requires(self) -> str:
        """The package to install for it, if it is not there always."""

    @property
    def writes(self) -> bool:
        """Whether 'masks export' writes it."""

    def recognise(self, contents: Contents) -> float:
        """How sure it is, NO to CERTAIN; looks at names, and at few bytes of few files."""

    def open(self, contents: Contents, variable: str) -> LabelSource:
        """List the labels; SegError if they are damaged or cannot be read."""


@dataclass(frozen=True)
class FileFormat:
    """A format that is known by the names of files and by what stands at their beginnings.

    in_zip: whether it opens a zip file itself; for the others it is unpacked before.
    """

    name: str
    title: str
    recognised: Callable[[Contents], float]
    opened: Callable[[Contents, str], LabelSource]
    readers: tuple[LabelReader, ...] = ()
    rules: str = ""
    requires: str = ""
    writes: bool = False
    in_zip: bool = False

    def recognise(self, contents: Contents) -> float:
        """How sure it is."""
        return self.recognised(contents)

    def open(self, contents: Contents, variable: str) -> LabelSource:
        """List the labels; `variable` says which one of a .mat file holds them."""
        return self.opened(contents, variable)


@dataclass(frozen=True)
class JsonFormat:
    """A format of JSON files, which are told by their content.

    owns: whether the content of a file is of this format.  opened: lists the labels of the files that are.
    each_photo: whether each photo has a file of its own, so that a damaged file beside them is a label that is lost.
    lists: keys of lists that tell large files of this format, of which `owns` gets these with the first element each.
    says_labels: whether some of its files say more than names of photos; where none does, other labels go before.
    """

    name: str
    title: str
    owns: Callable[[Any], bool]
    opened: Callable[[Contents, Sequence[FoundFile]], LabelSource]
    readers: tuple[LabelReader, ...] = ()
    rules: str = ""
    requires: str = ""
    writes: bool = False
    each_photo: bool = False
    lists: tuple[str, ...] = ()
    says_labels: Callable[[Contents, Sequence[FoundFile]], bool] = lambda contents, files: True

    def recognise(self, contents: Contents) -> float:
        """Sure as soon as one file is of this format; of two formats the one with a file for each photo."""
        if self.name not in contents.owned_json:
            return NO
        if not self.says_labels(contents, contents.owned_json[self.name]):
            return PERHAPS / 2
        return LIKELY + (0.05 if self.each_photo else 0)

    def open(self, contents: Contents, variable: str) -> LabelSource:
        """List the labels; SegError names a damaged file, or says that none is of this format."""
        own, damaged = contents.owned_json.get(self.name, []), contents.damaged_json
        if not own and damaged:
            raise SegError(next(iter(damaged.values())))
        if not own:
            raise SegError(f"{contents.source}: no {self.title} here; name the file or the folder that holds it")
        if damaged and not self.each_photo:
            ways = as_source([shlex.quote(str(file.path)) for file in own])
            raise SegError(f"{next(iter(damaged.values()))}. If it does not belong to the others, {ways}")
        return self.opened(contents, own)


@dataclass(frozen=True)
class NamedOnly:
    """A format that is recognised, and not read.

    instead: what to export in that tool, or how to convert the files; follows "which is not read here; ".
    """

    name: str
    title: str
    recognised: Callable[[Contents], float]
    instead: str
    readers: tuple[LabelReader, ...] = field(default=(), init=False)
    requires: str = field(default="", init=False)
    writes: bool = field(default=False, init=False)

    @property
    def rules(self) -> str:
        """The way out."""
        return f"Recognised, not read: {self.instead}."

    def recognise(self, contents: Contents) -> float:
        """How sure it is."""
        return self.recognised(contents)

    def open(self, contents: Contents, variable: str) -> LabelSource:
        """Refuse, with the way out."""
        raise SegError(f"{contents.source}: recognised as {self.title}, which is not read here; {self.instead}")


def only_one(contents: Contents, files: Sequence[FoundFile], title: str) -> FoundFile:
    """The one file of a format of which only one is read at a time; SegError names the others."""
    if len(files) > 1:
        names = [shlex.quote(str(file.path)) for file in files]
        raise SegError(f"{contents.source}: holds {counted(len(files), 'file')} of {title}; {as_source(names)}")
    return files[0]
