"""Find files below folders, and give each a stem that is its own."""

import functools
import os
import shlex
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from prep.core.errors import SegError
from prep.core.files import explained
from prep.core.folder_names import names_labels, names_photos, place_of
from prep.core.words import counted, verb
from prep.images.imageio import IMAGE_SUFFIXES
from prep.images.kinds.png_chunks import PNG_START
from prep.images.tiff_pages import page_count

_TIFF_SUFFIXES = (".tif", ".tiff")

_UNREAD_SUFFIXES = frozenset(
    {
        *(".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".pef", ".raf", ".rw2", ".srw"),  # what cameras call raw
        *(".jxl", ".jxr", ".tga", ".exr", ".hdr", ".psd", ".xcf", ".svg", ".eps", ".dds", ".fits", ".ico"),
    }
)
"""Of images that are not looked for."""

_STARTS = (b"\xff\xd8\xff", PNG_START)
"""Of JPEG and PNG, whatever their files are called."""


_FOLDERS_KEPT = 1 << 12
"""Of a million files most lie in few folders, whose names are read once."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file, or one page of a TIFF with several, its posix path below the folder that was searched, and its stem.

    The stem of a file in a subfolder begins with the names of its folders, joined by "_", except where they only say
    what lies in them: "Tile 1/masks/part.png" has the stem "Tile 1_part", "train_masks/a.png" has "train_a". That of a
    page ends with its number, in as many digits as the last one has: "stack_page07".
    at: where it lies; kept as text, as a Path takes four times as much, and millions are kept.
    page: from 1, of `pages`; 0 where the file is one picture.
    recorded: its path below the folder that a person named, where `name` is another for the sake of its stem.
    """

    at: str | Path
    name: str
    page: int = 0
    pages: int = 0
    recorded: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", os.fspath(self.at))

    @property
    def path(self) -> Path:
        """Where it lies."""
        return Path(self.at)

    @property
    def stem(self) -> str:
        """Unique within the search, in composed Unicode."""
        page = f"_page{self.page:0{len(str(self.pages))}}" if self.page else ""
        folder, _, own = self.name.rpartition("/")
        return unicodedata.normalize("NFC", _stem_of(folder) + own.removesuffix(_suffix(own))) + page

    @property
    def own_stem(self) -> str:
        """What its file is called in its folder, or a page of it, whatever its stem is."""
        return replace(self, name=self.path.name).stem

    @property
    def folders(self) -> tuple[str, ...]:
        """Names of the folders that it lies in, from the outermost one on."""
        return _folders(self.name.rpartition("/")[0])

    @property
    def suffix(self) -> str:
        """The ending of its name, lower case: ".png"."""
        return _suffix(self.name.rpartition("/")[2]).lower()

    @property
    def record_name(self) -> str:
        """Its path with the page, for photos.csv and errors: stack.tif#7."""
        name = self.recorded or self.name
        return f"{name}#{self.page}" if self.page else name


def _suffix(name: str) -> str:
    """What pathlib calls so: of .hidden and of a dot at the end there is none."""
    dot = name.rfind(".")
    return name[dot:] if 0 < dot < len(name) - 1 else ""


@functools.lru_cache(maxsize=_FOLDERS_KEPT)
def _folders(path: str) -> tuple[str, ...]:
    return PurePosixPath(path).parts


@functools.lru_cache(maxsize=_FOLDERS_KEPT)
def _stem_of(path: str) -> str:
    """What the stems of all files in a folder begin with."""
    parents = [part for part in _folders(path) if part != "/"]  # a zip file can say /etc/name.png
    return "".join(f"{place}_" for place in map(place_of, parents) if place)


def find_files(
    source: Path,
    suffixes: Collection[str] | None = IMAGE_SUFFIXES,
    *,
    skip: Callable[[str], bool] = lambda folder: False,
) -> list[FoundFile]:
    """All files below a folder with one of these endings (lower case; None: any), by name; a file is found as itself.

    skip: tells names of folders to leave out. Hidden files and folders are left out always. Links to folders are
    followed, once each, unless they lead back into the folder that is searched.
    """
    if source.exists() and not source.is_dir():  # a pipe, too: reading it says so
        return [FoundFile(source, source.name)]
    found = []
    with explained(source):
        taken = {os.path.realpath(source)}
        for folder, folders, names in os.walk(source, onerror=_raise, followlinks=True):
            folders[:] = sorted(name for name in folders if not (name.startswith((".", "__MACOSX")) or skip(name)))
            folders[:] = [name for name in folders if _is_new(os.path.join(folder, name), taken)]  # noqa: PTH118
            place = Path(folder)
            at, below = (_beginning(path) for path in (place, place.relative_to(source)))
            for name in sorted(names):
                if not name.startswith(".") and (suffixes is None or _suffix(name).lower() in suffixes):
                    found.append(FoundFile(at + name, below.replace(os.sep, "/") + name))
    return sorted(found, key=lambda file: file.name)


def _beginning(folder: Path) -> str:
    """What the paths of files in a folder begin with; of millions of files each Path would take a while."""
    return "" if folder == Path() else str(folder / "x").removesuffix("x")


def _is_new(folder: str, taken: set[str]) -> bool:
    """Whether it is a folder, or a link to one that lies in none that is taken already; then that is taken, too."""
    if not os.path.islink(folder):  # noqa: PTH114  # a million folders are many
        return True
    real = os.path.realpath(folder)
    if any(real == other or real.startswith(other + os.sep) or other.startswith(real + os.sep) for other in taken):
        return False
    taken.add(real)
    return True


def outside_of(folders: Sequence[Path], files: Sequence[FoundFile]) -> list[FoundFile]:
    """The files that do not lie below any of these folders, by the names of their paths."""
    tops = tuple(f"{os.path.abspath(folder)}{os.sep}" for folder in folders)  # noqa: PTH100  # resolve() follows links
    return [file for file in files if not os.path.abspath(file.path).startswith(tops)]  # noqa: PTH100


def with_pages(files: Iterable[FoundFile]) -> list[FoundFile]:
    """Each page of a TIFF with several as a file of its own, all other files as they are.

    A file whose directories are damaged stays as it is: reading it says what is wrong with it.
    """
    found = []
    for file in files:
        pages = _pages(file)
        found += [replace(file, page=page, pages=pages) for page in range(1, pages + 1)] if pages > 1 else [file]
    return found


def _pages(file: FoundFile) -> int:
    if file.page or file.path.suffix.lower() not in _TIFF_SUFFIXES:
        return 1
    try:
        return page_count(file.path)
    except SegError:
        return 1


def find_photos(sources: Sequence[Path], without: Collection[str | Path] = ()) -> list[FoundFile]:
    """All photos below these folders, or these photos themselves, each with a stem of its own.

    As photos_below; also SegError if two have the same stem, or if a name is none for a file of a dataset.
    """
    found = photos_below(sources, without)
    refuse_equal_stems(found)
    return found


def photos_below(sources: Sequence[Path], without: Collection[str | Path] = ()) -> list[FoundFile]:
    """All photos below these folders, or these photos themselves, whatever they are called.

    Folders that hold labels by their name are left out, unless one of them was named itself.
    without: `at` of files that are known to be no photos.  Raises SegError if there is none.
    """
    for source in sources:
        if source.suffix.lower() == ".zip" and source.is_file():
            way = f"unzip {shlex.quote(str(source))} -d {shlex.quote(str(source.with_suffix('')))}"
            raise SegError(f"{source}: photos in a zip file are not read; unpack it, and name the folder:\n  {way}")
    files = (file for source in sources for file in find_files(source, skip=names_labels))
    found = with_pages(file for file in files if file.at not in without)
    if not found:
        listed = ", ".join(map(str, sources))
        raise SegError(
            "; ".join(
                [
                    f"{listed}: no photos here; looked for {', '.join(sorted(IMAGE_SUFFIXES))}",
                    *notes_on_unread(sources, found),
                ]
            )
        )
    return found


def notes_on_unread(sources: Sequence[Path], found: Sequence[FoundFile]) -> list[str]:
    """A note on files below these folders that are images of kinds which are not looked for, by their endings.

    found: the photos; what a camera stores beside one of them under the same name is the same picture.
    """
    taken = {os.path.splitext(file.path)[0] for file in found}  # noqa: PTH122  # many
    unread = [
        file
        for source in sources
        if source.is_dir()
        for file in find_files(source, (*_UNREAD_SUFFIXES, ""), skip=names_labels)
        if (file.suffix or _is_image(file.path)) and os.path.splitext(file.path)[0] not in taken  # noqa: PTH122
    ]
    if not unread:
        return []
    endings = Counter(file.suffix or "without an ending" for file in unread)
    return [
        f"{counted(len(unread), 'file')} of kinds that are not read {verb(len(unread), 'is', 'are')} left out: "
        f"{', '.join(f'{ending} ({number})' for ending, number in sorted(endings.items()))}; save "
        f"{verb(len(unread), 'it', 'them')} as JPEG, PNG or TIFF to bring {verb(len(unread), 'it', 'them')} in"
    ]


def _is_image(path: Path) -> bool:
    """Whether a file without an ending begins as a JPEG or PNG."""
    try:
        with path.open("rb") as file:
            return file.read(8).startswith(_STARTS)
    except OSError:
        return False


def photos_beside(labels: Path) -> list[FoundFile]:
    """Photos that lie with labels in the usual way: in photo folders below them, or beside the folder of the labels."""
    if labels.is_dir():
        inside = [file for file in find_files(labels, skip=names_labels) if _in_photo_folder(file)]
        if inside:
            return with_pages(inside)
    folder = _photo_folder_beside(labels)
    is_beside = labels.is_file() or names_labels(labels.name)
    return with_pages(find_files(folder)) if folder is not None and is_beside else []


def _photo_folder_beside(labels: Path) -> Path | None:
    """The folder of photos beside labels; of several that of the same split: train_images or train of train_masks."""
    folders = sorted(path for path in labels.parent.iterdir() if path.is_dir() and path != labels)
    photos = [path for path in folders if names_photos(path.name)]
    if labels.is_dir() and names_labels(labels.name):
        place = place_of(labels.name)
        same = [path for path in photos if place_of(path.name) == place]
        photos = same or [path for path in folders if place and path.name.lower() == place] or photos
    return photos[0] if len(photos) == 1 else None


def _in_photo_folder(file: FoundFile) -> bool:
    return any(names_photos(part) for part in PurePosixPath(file.name).parent.parts)


def refuse_equal_stems(found: Sequence[FoundFile]) -> None:
    """SegError if two files have the same stem, or if a name is none for a file of a dataset."""
    seen: dict[str, FoundFile] = {}
    twins: list[tuple[FoundFile, FoundFile]] = []
    for file in found:
        if wrong := wrong_name(file.path, file.name):
            raise SegError(wrong)
        twin = seen.setdefault(file.stem, file)
        if twin is not file:
            twins.append((twin, file))
    if twins:
        one, other = twins[0]
        raise SegError(f"{one.path} and {other.path} have the same stem {one.stem}; {_way_out(twins)}")


def with_own_names(found: Sequence[FoundFile]) -> tuple[list[FoundFile], list[str]]:
    """The files whose names a dataset can have and whose stems are theirs alone, and what is wrong with the others.

    A file that came twice counts once.
    Raises SegError if each shares its stem with another, as where all photos stand there in two formats.
    """
    wrong = list(filter(None, (wrong_name(file.path, file.name) for file in found)))
    shown = list({(file.path, file.stem): file for file in found if not wrong_name(file.path, file.name)}.values())
    named: dict[str, list[FoundFile]] = {}
    for file in shown:
        named.setdefault(file.stem, []).append(file)
    own = [file for file in shown if len(named[file.stem]) == 1]
    if shown and not own:
        refuse_equal_stems(shown)
    return own, wrong + [_shared(file, named[file.stem]) for file in shown if len(named[file.stem]) > 1]


def _shared(file: FoundFile, all_of_stem: Sequence[FoundFile]) -> str:
    other = next(each for each in all_of_stem if each is not file)
    return (
        f"{file.path}: {other.path} has the same stem {file.stem}, and one would replace the other; rename one of them"
    )


def wrong_name(path: Path, name: str) -> str:
    """What is wrong with a file whose name has control characters, bytes that are no UTF-8, or a backslash; else ""."""
    if not name.isprintable():
        return f"{str(path)!r}: the name holds characters that cannot be shown; rename the file"
    if "\\" in PurePosixPath(name).name:
        return f"{path}: the name holds a backslash, which stands between folders on Windows; rename the file"
    return ""


def _way_out(twins: Sequence[tuple[FoundFile, FoundFile]]) -> str:
    """Renaming one, or moving all of one ending where many stand so: x.jpg and x.tif."""
    endings = {(one.path.suffix, other.path.suffix) for one, other in twins}
    (first, second), *more = endings
    if len(twins) == 1 or more or first == second:
        return "rename one of them"
    return f"so have {len(twins)}: rename one of them each, or move all {first} or all {second} files to another folder"


def _raise(error: OSError) -> None:
    raise error
