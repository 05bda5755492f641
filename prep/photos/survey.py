"""A look at all photos of a set before the first becomes an image: the range of deep ones, bands that are left out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from prep.core.errors import SegError
from prep.core.files import explained, within_limits, write_text
from prep.core.jobs import run_jobs
from prep.core.jsonio import read_json
from prep.core.words import counted, list_some
from prep.core.workers import threads
from prep.images.finding import FoundFile
from prep.photos.depth import depth_of, stored_numbers
from prep.photos.photoio import open_photo
from prep.photos.ranges import InUse, Percentiles, Range, Ranges, Span, format_range, ranges_from_plain, ranges_to_text

_BLOCK = 64
"""Photos that are looked at before their counts are added up: half a megabyte each."""

_HEADER = 26
_PNG_ALPHA = (4, 6)
"""Colour types of PNG: grey and RGB with alpha."""
_WEBP_ALPHA = 0x10

_WORDS = {"uint16": "16-bit", "int16": "signed 16-bit", "float32": "floating-point", "float64": "floating-point"}

RANGE_OPTION = "; --range LOW:HIGH sets another"
"""What a sentence on a range ends with where the range was found and not given."""

_REMEDY = "restore the file, or bring the photos into a new dataset"


@dataclass(frozen=True)
class Survey:
    """What was found: the range of each kind of deep photo, and sentences for a person."""

    ranges: Ranges
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Photo:
    """Kind of the numbers of a photo, bands that are left out, and how often each number occurs if that was asked."""

    kind: str = ""
    more_bands: int = 0
    in_use: InUse | None = None
    has_alpha: bool = False


@dataclass(frozen=True)
class _Look:
    """Looks at the header of a photo, and counts the numbers of those of no known kind.

    A photo that cannot be read has none: making its image says what is wrong with it.
    """

    known: frozenset[str]
    max_megapixels: float | None
    counts: bool

    def __call__(self, file: FoundFile) -> _Photo:
        try:
            with explained(file.path), file.path.open("rb") as opened:
                has_alpha = _has_alpha(opened.read(_HEADER))
                opened.seek(0)
                depth = depth_of(file.path, opened)
            if not depth.kind or depth.kind in self.known or not self.counts:
                return _Photo(depth.kind, depth.more_bands, has_alpha=has_alpha)
            photo = open_photo(file.path, self.max_megapixels, file.page)
            in_use = InUse(photo.depth.kind)
            with within_limits(file.path):
                layout = photo.depth.layout
                numbers = stored_numbers(photo.path, photo.data, photo.depth)
                in_use.add(numbers, layout.no_data if layout else None)
            return _Photo(photo.depth.kind, photo.depth.more_bands, in_use, has_alpha)
        except SegError:
            return _Photo()

    def killed(self, file: FoundFile, problem: str) -> _Photo:
        """As of one that cannot be read: making its image says so."""
        return _Photo()


def _has_alpha(header: bytes) -> bool:
    """Whether a PNG or WebP file says that its pixels are more or less transparent."""
    if header.startswith(b"\x89PNG") and len(header) == _HEADER:
        return header[25] in _PNG_ALPHA
    flags = {b"WEBPVP8X": 20, b"WEBPVP8L": 24}.get(header[8:16])
    return flags is not None and len(header) == _HEADER and bool(header[flags] & _WEBP_ALPHA)


def survey_photos(
    files: Sequence[FoundFile],
    *,
    known: Ranges | None = None,
    given: Span | None = None,
    source: str = "the dataset",
    max_megapixels: float | None = None,
    workers: int | None = None,
) -> Survey:
    """Find the range of each kind of deep photo: the one `given`, the one `known` to `source`, or the one in use.

    The range in use is that of all photos together, whatever their order. Numbers are read photo by photo, and
    nothing is kept of a photo. Raises SegError if a given range contradicts a known one.
    """
    known = known or {}
    by_share = isinstance(given, Percentiles)
    look = _Look(frozenset() if by_share else frozenset(known), max_megapixels, counts=given is None or by_share)
    kinds, bands, alphas = Counter[str](), Counter[int](), list[str]()
    in_use: dict[str, InUse] = {}
    with threads(workers) as pool:
        for start in range(0, len(files), _BLOCK):
            block = files[start : start + _BLOCK]
            for file, photo in zip(block, run_jobs(look, block, workers, executor=pool), strict=True):
                alphas += [file.path.name] if photo.has_alpha else []
                kinds[photo.kind] += 1
                bands[photo.more_bands] += 1
                if photo.in_use is not None:
                    in_use.setdefault(photo.kind, InUse(photo.kind)).merge(photo.in_use)
    del kinds[""], bands[0]
    ranges, notes = {}, []
    for kind, number in sorted(kinds.items()):
        ranges[kind], why = _chosen(kind, in_use, known, given, source)
        notes.append(
            f"{counted(number, 'photo')} of {_WORDS.get(kind, kind)} numbers: {format_range(ranges[kind])} {why}"
        )
    if bands:
        notes.append(
            f"{counted(bands.total(), 'photo')} with more bands than colours: the first three are taken as red, green "
            "and blue (of fewer the first as grey), the others (infrared, transparency) are left out"
        )
    if alphas:
        notes.append(
            f"{counted(len(alphas), 'photo')} with an alpha channel, which is left out: transparent pixels have the "
            f"colours that the file holds under them ({list_some(alphas)})"
        )
    stacks = [file.path.name for file in files if file.page == 1]
    if stacks:
        notes.append(
            f"{counted(len(stacks), 'file')} of several pages, each page a sample ({list_some(stacks)}); "
            f"'seg-prep split --group-by \".+(?=_page)\"' keeps the pages of a file in one split"
        )
    return Survey(ranges, tuple(notes))


def _chosen(
    kind: str, in_use: Mapping[str, InUse], known: Ranges, given: Span | None, source: str
) -> tuple[Range, str]:
    """The range of a kind, and what to say of it."""
    said = given
    if isinstance(given, Percentiles):
        given = in_use[kind].range(given) if kind in in_use else known.get(kind)
    if kind in known:
        if given is not None and given != known[kind]:
            raise SegError(
                f"--range {format_range(said or given)}: {source} was made with {format_range(known[kind])}; leave "
                "--range out, or name another dataset with -o"
            )
        return known[kind], f"becomes black to white, as in {source}"
    if given is not None:
        why = f": {format_range(said)} of all numbers" if isinstance(said, Percentiles) else ""
        return given, f"becomes black to white, as --range says{why}"
    return in_use[kind].range(), f"becomes black to white, by what is in use in all of them{RANGE_OPTION}"


def read_ranges(path: Path) -> Ranges:
    """Read ranges.json; nothing if there is no such file. SegError if it is none of ours."""
    return ranges_from_plain(read_json(path, remedy=_REMEDY), path) if path.exists() else {}


def write_ranges(path: Path, ranges: Ranges) -> None:
    """Write ranges.json atomically."""
    write_text(path, ranges_to_text(ranges))
