"""What lies where a person pointed: names of files, and small parts of them on demand, once for all formats."""

import functools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, TypeVar

from prep.core.errors import SegError
from prep.core.files import explained, open_to_read
from prep.dataset.dataset_files import IMAGES
from prep.images.finding import FoundFile, find_files, outside_of
from prep.labels.archive import is_zip, member_bytes, member_names
from prep.labels.json_stream import first_of_lists, sections
from prep.labels.layouts.affixes import Patterns
from prep.labels.pairs.former_datasets import former_datasets, outside_datasets
from prep.labels.region_labels import load_json

_T = TypeVar("_T")

_KEPT_JSON = 1 << 25
"""Bytes of JSON files whose content is kept between recognising a format and listing its labels."""


_LARGE = 1 << 24
"""Files with more bytes are read an element at a time where a format can."""


class Contents:
    """A folder with all files below it, one file, or a zip file with its members; hidden files are left out.

    owners: by the name of a format, what tells whether the content of a JSON file is of it.
    patterns: how names of images and labels pair, where a person says it.
    photos: the folder that a person says holds the photos.  variable: what --variable says.
    lists: keys of lists, all of which a large file of some format has.  reader: what --from says.
    without: folders of results, of which nothing is a label.  skips: whether a person says that some pair with nothing.
    sizes: gives width and height of the photos that a dataset was made of, by stem, if it is asked.
    """

    def __init__(
        self,
        source: Path,
        owners: Mapping[str, Callable[[Any], bool]] = MappingProxyType({}),
        patterns: Patterns | None = None,
        photos: Path | None = None,
        variable: str = "",
        lists: Sequence[Sequence[str]] = (),
        reader: str | None = None,
        without: Sequence[Path] = (),
        sizes: Callable[[], Mapping[str, tuple[int, int]]] = dict,
        *,
        skips: bool = False,
    ) -> None:
        self.source = source
        self.patterns = patterns
        self.photos = photos
        self.variable = variable
        self.reader = reader
        self.sizes = sizes
        self.skips = skips
        self._without = without
        self._former: list[Path] = []
        self._owners = owners
        self._lists = [keys for keys in lists if keys]
        self._found: dict[Callable[[Contents], Any], Any] = {}
        self._room = _KEPT_JSON
        self._parsed: dict[Path, Any] = {}
        self._last: tuple[Path | None, Any] = (None, None)

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder, so that every file has a path."""
        return self.source.is_dir()

    @property
    def is_zip(self) -> bool:
        """Whether it is a zip file; its members have no path."""
        return is_zip(self.source)

    @functools.cached_property
    def files(self) -> tuple[FoundFile, ...]:
        """All files, by name; of a zip file its members, with the path that they would have inside it."""
        if not self.is_zip:
            found = find_files(self.source, None)
            raw = outside_datasets(self.source, found)
            self._former = former_datasets(self.source, found) if len(raw) < len(found) else []
            return tuple(outside_of(self._without, raw))
        names = [name for name in member_names(self.source) if not is_hidden(name)]
        return tuple(FoundFile(self.source / name, name) for name in sorted(names))

    @property
    def former(self) -> list[Path]:
        """Datasets of ours below, of which nothing is among the files; not the one that results are written to."""
        return [folder for folder in self._former if self.files and folder / IMAGES not in self._without]

    @functools.cached_property
    def _numbered(self) -> dict[str, list[tuple[int, FoundFile]]]:
        """The files by their endings, each with its number: some thirty formats ask for theirs."""
        found: dict[str, list[tuple[int, FoundFile]]] = defaultdict(list)
        for number, file in enumerate(self.files):
            found[file.suffix].append((number, file))
        return found

    def once(self, find: Callable[["Contents"], _T]) -> _T:
        """What a function finds here; it is called once, however many formats ask."""
        if find not in self._found:
            self._found[find] = find(self)
        found: _T = self._found[find]
        return found

    def of_suffix(self, *suffixes: str, skip: Callable[[str], bool] = lambda folder: False) -> list[FoundFile]:
        """Files with one of these endings (lower case), but not below folders that `skip` tells by name."""
        found = [entry for suffix in set(suffixes) for entry in self._numbered.get(suffix, ())]
        return [file for _, file in sorted(found, key=itemgetter(0)) if not any(map(skip, file.folders))]

    def named(self, *names: str) -> list[FoundFile]:
        """Files of one of these names (lower case), wherever they lie."""
        return [file for file in self.files if file.name.rpartition("/")[2].lower() in names]

    def head(self, file: FoundFile, length: int = 4096) -> bytes:
        """The first bytes of a file, or fewer; none of one that cannot be read where others have its ending."""
        if self.is_zip:
            return member_bytes(self.source, file.name)[:length]
        try:
            with explained(file.path), open_to_read(file.path) as opened:
                return opened.read(length)
        except SegError:
            if len(self.of_suffix(file.suffix)) < 2:
                raise
            return b""  # reading it as what the others are says what is wrong

    def text_head(self, file: FoundFile) -> bytes:
        """The same of a text without zero bytes, so that words of UTF-16 stand as in UTF-8."""
        return self.head(file).replace(b"\0", b"")

    def json(self, file: FoundFile) -> Any:  # noqa: ANN401  # whatever a JSON file holds
        """Content of a JSON file, kept if it is small or the last one; SegError if it is damaged."""
        if file.path in self._parsed:
            return self._parsed[file.path]
        if file.path != self._last[0]:
            self._last = (None, None)  # one large content at a time
            data = member_bytes(self.source, file.name) if self.is_zip else None
            self._last = (file.path, load_json(file.path, data, lambda text: self.in_gbk.update({file.name: text})))
            size = file.path.stat().st_size if data is None else len(data)
            if size <= self._room:
                self._room -= size
                self._parsed[file.path] = self._last[1]
        return self._last[1]

    @functools.cached_property
    def owned_json(self) -> dict[str, list[FoundFile]]:
        """The JSON files of each format that has any; each file is parsed once to tell."""
        owned: dict[str, list[FoundFile]] = {}
        for file in self.of_suffix(".json"):
            try:
                content = self.outline(file)
            except SegError as error:
                self.damaged_json[file.stem] = str(error)
                continue
            for name, owns in self._owners.items():
                if owns(content):
                    owned.setdefault(name, []).append(file)
        return owned

    def outline(self, file: FoundFile) -> Any:  # noqa: ANN401
        """What tells the format of a JSON file: its content, or the lists of a large one with an element each."""
        if self.is_large(file):
            for keys in self._lists:
                if len(found := first_of_lists(file.path, keys)) == len(keys):
                    return found
        return self.json(file)

    def is_large(self, file: FoundFile) -> bool:
        """Whether a JSON file is read an element at a time where a format can."""
        if self.is_zip or file.path in self._parsed:
            return False
        with explained(file.path):
            return file.path.stat().st_size > _LARGE

    def sections(self, file: FoundFile) -> Iterator[tuple[str, Any]]:
        """What stands in the object of a JSON file, key by key; lists of large files come an element at a time."""
        return sections(file.path) if self.is_large(file) else iter(self.json(file).items())

    @functools.cached_property
    def damaged_json(self) -> dict[str, str]:
        """What is wrong with each that cannot be read, by its stem; complete once `owned_json` is."""
        return {}

    @functools.cached_property
    def in_gbk(self) -> dict[str, str]:
        """The text of each JSON file that is read as GBK, by name; complete once `owned_json` is."""
        return {}

    def counts(self) -> str:
        """The kinds of files that are there, the most frequent first, for an error: '12 .tfrecord, 3 .csv'."""
        kinds = Counter(file.path.suffix.lower() or "without ending" for file in self.files)
        return ", ".join(f"{number} {kind}" for kind, number in kinds.most_common(8)) or "no files at all"


def is_hidden(member: str) -> bool:
    """Whether a member of a zip file is one of those that systems add, or lies in a hidden folder."""
    return any(part.startswith((".", "__MACOSX")) and part != ".." for part in PurePosixPath(member).parts)
