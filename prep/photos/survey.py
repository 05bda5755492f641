"""A look at all photos of a set before the first becomes an image: the range of deep ones, bands that are left out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prep.core.errors import SegError
from prep.core.files import explained, open_to_read, within_limits
from prep.core.jobs import run_jobs
from prep.core.words import counted, list_some
from prep.core.workers import threads
from prep.images.bands import Bands, format_bands
from prep.images.finding import FoundFile
from prep.images.tiff_pages import TIFF_STARTS
from prep.photos.depth import depth_of, stored_numbers
from prep.photos.photoio import open_photo, with_bands
from prep.photos.ranges import NumberCounts, Percentiles, Range, Ranges, Span, format_range
from prep.photos.rendering import OWN_RANGES, Rendering

_BLOCK = 64
"""Photos that are looked at before their counts are added up: half a megabyte each."""

_HEADER = 26
_PNG_ALPHA = (4, 6)
"""Colour types of PNG: grey and RGB with alpha."""
_WEBP_ALPHA = 0x10

_WORDS = {"uint16": "16-bit", "int16": "signed 16-bit", "float32": "floating-point", "float64": "floating-point"}

RANGE_OPTION = "; --range LOW:HIGH sets another"
"""What a sentence on a range ends with where the range was found and not given."""

BANDS_OPTION = "; --bands 4,3,2 takes others, of TIFFs"
"""What a sentence on bands ends with where none were chosen."""


@dataclass(frozen=True)
class Survey:
    """What was found: the range of each kind of deep photo, with the bands; and sentences for a person."""

    rendering: Rendering
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Photo:
    """Kind of the numbers of a photo, bands that are left out, and how often each number occurs if that was asked."""

    kind: str = ""
    more_bands: int = 0
    in_use: NumberCounts | None = None
    has_alpha: bool = False
    is_tiff: bool = False


@dataclass(frozen=True)
class _Look:
    """Looks at the header of a photo, and counts the numbers of those of no known kind.

    A photo that cannot be read has none: making its image says what is wrong with it.
    """

    known: frozenset[str]
    max_megapixels: float | None
    counts: bool
    bands: Bands | None

    def __call__(self, file: FoundFile) -> _Photo:
        try:
            with explained(file.path), open_to_read(file.path) as opened:
                header = opened.read(_HEADER)
                opened.seek(0)
                depth = depth_of(file.path, opened)
            has_alpha, is_tiff = _has_alpha(header), header[:4] in TIFF_STARTS
            more = 0 if is_tiff and self.bands is not None else depth.more_bands
            if not depth.kind or depth.kind in self.known or not self.counts:
                return _Photo(depth.kind, more, has_alpha=has_alpha, is_tiff=is_tiff)
            photo = with_bands(open_photo(file.path, self.max_megapixels, file.page), self.bands)
            in_use = NumberCounts(photo.depth.kind)
            with within_limits(file.path):
                layout = photo.depth.layout
                numbers = stored_numbers(photo.path, photo.data, photo.depth)
                in_use.add(numbers, layout.no_data if layout else None)
            return _Photo(photo.depth.kind, more, in_use, has_alpha, is_tiff)
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
    known: Rendering = OWN_RANGES,
    given: Span | None = None,
    bands: Bands | None = None,
    source: str = "the dataset",
    max_megapixels: float | None = None,
    workers: int | None = None,
) -> Survey:
    """Find the range of each kind of deep photo: the one `given`, the one `known` to `source`, or the one in use.

    The range in use is that of all photos together, whatever their order. Numbers are read photo by photo, and
    nothing is kept of a photo. bands: of TIFFs, which are red, green and blue.
    Raises SegError if a given range contradicts a known one.
    """
    by_share = isinstance(given, Percentiles)
    known_kinds = frozenset() if by_share else frozenset(known.ranges)
    look = _Look(known_kinds, max_megapixels, given is None or by_share, bands)
    kinds, more, alphas, others = Counter[str](), Counter[int](), list[FoundFile](), list[FoundFile]()
    in_use: dict[str, NumberCounts] = {}
    with threads(workers) as pool:
        for start in range(0, len(files), _BLOCK):
            block = files[start : start + _BLOCK]
            for file, photo in zip(block, run_jobs(look, block, workers, executor=pool), strict=True):
                alphas += [file] if photo.has_alpha else []
                others += [] if photo.is_tiff else [file]
                kinds[photo.kind] += 1
                more[photo.more_bands] += 1
                if photo.in_use is not None:
                    in_use.setdefault(photo.kind, NumberCounts(photo.kind)).merge(photo.in_use)
    del kinds[""], more[0]
    ranges, notes = {}, []
    for kind, number in sorted(kinds.items()):
        ranges[kind], why = _chosen(kind, in_use, known.ranges, given, source)
        notes.append(
            f"{counted(number, 'photo')} of {_WORDS.get(kind, kind)} numbers: {format_range(ranges[kind])} {why}"
        )
    if more:
        notes.append(
            f"{counted(more.total(), 'photo')} with more bands than colours: the first three are taken as red, green "
            f"and blue (of fewer the first as grey), the others (infrared, transparency) are left out{BANDS_OPTION}"
        )
    if bands is not None and others:
        notes.append(
            f"{counted(len(others), 'photo')} other than TIFF ({_some(others)}): taken as they are, as if bands "
            f"{format_bands(bands)} were their red, green and blue already"
        )
    if alphas:
        notes.append(
            f"{counted(len(alphas), 'photo')} with an alpha channel, which is left out: transparent pixels have the "
            f"colours that the file holds under them ({_some(alphas)})"
        )
    stacks = [file for file in files if file.page == 1]
    if stacks:
        notes.append(
            f"{counted(len(stacks), 'file')} of several pages, each page a sample ({_some(stacks)}); "
            f"'seg-prep split --group-by \".+(?=_page)\"' keeps the pages of a file in one split"
        )
    return Survey(Rendering(ranges, bands), tuple(notes))


def _some(files: Sequence[FoundFile]) -> str:
    return list_some([file.path.name for file in files])


def _chosen(
    kind: str, in_use: Mapping[str, NumberCounts], known: Ranges, given: Span | None, source: str
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
