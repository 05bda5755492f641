"""Which photos have a place on the earth, and what is made of that: said once for all of them."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from prep.core.errors import SegError
from prep.core.words import counted, list_some
from prep.geo.extra import INSTALL_GEO, has_geo
from prep.geo.georeference import GeoReference, read_georeference
from prep.geo.no_data import Empty, read_empty
from prep.geo.pixel_size import PixelSize
from prep.geo.projection import Projection, projection_of, warping
from prep.images.bands import Bands
from prep.images.finding import FoundFile
from prep.images.tiff_pages import mask_page
from prep.photos.photoio import open_photo

GEOJSON, GEOPACKAGE = "geojson", "geopackage"
"""Kinds of output that say places in map units."""

OF_MAPS = (GEOJSON, GEOPACKAGE)


@dataclass(frozen=True)
class Place:
    """The place of a photo on the earth.  projection: where the extra `geo` is here and something needs it."""

    reference: GeoReference
    projection: Projection | None

    @property
    def is_tiff(self) -> bool:
        """Whether the photo is a TIFF file."""
        return self.reference.path.suffix.lower() in (".tif", ".tiff") or bool(self.reference.tags)

    def pixel_size(self, height: int, width: int) -> PixelSize | None:
        """How large a pixel is on the ground, in the middle; None if that is not known. SegError if that is nowhere."""
        try:
            return None if self.projection is None else self.projection.pixel_size(width, height)
        except SegError as error:
            raise SegError(f"{error}; or add --scale 1 (as it is)") from error

    def empty_pixels(self, bands: Bands | None) -> Empty | None:
        """Where the photo holds no data, (H, W), by these bands; None if it says nothing of that."""
        return read_empty(self.reference.path, bands)


class Places:
    """The places of photos, and what to say of those that have none or need the extra.

    kinds: of output.  measures: whether the size of pixels on the ground is asked for.
    """

    def __init__(self, kinds: Collection[str], *, measures: bool = False) -> None:
        self._kinds = set(OF_MAPS) & set(kinds)
        self._measures = measures
        self._lacking: list[str] = []
        self._in_pixels: list[str] = []
        self._masked: list[str] = []
        self._turned: list[str] = []
        self._warpings: list[str] = []

    def of(self, photo: FoundFile) -> Place | None:
        """The place of a photo; None if its file says nothing of it. SegError if the file is damaged."""
        reference = None if photo.page else read_georeference(photo.path)
        if reference is None:
            self._lacking.append(photo.name)
            return None
        if reference.orientation != 1 or (not reference.tags and open_photo(photo.path).orientation != 1):
            self._turned.append(photo.name)
            return None
        projection = projection_of(reference) if (self._kinds or self._measures) and has_geo() else None
        if projection is None:
            self._in_pixels.append(photo.name)
            if self._kinds or self._measures:
                self._warpings += filter(None, [warping(reference)])
        if not has_geo() and mask_page(photo.path):
            self._masked.append(photo.name)
        return Place(reference, projection)

    def tell(self, note: Callable[[str], None]) -> None:
        """Say what polygons are of, and what the extra would add."""
        if self._kinds and self._in_pixels:
            if has_geo():
                note(f"{_several(self._in_pixels)} without a known coordinate system: {self._left}")
            else:
                note(
                    f"{_several(self._in_pixels)} with a place on the earth: {self._left}; {INSTALL_GEO} makes maps of "
                    "them"
                )
        for each in self._warpings:
            note(f"only control points say where it lies; label what this makes of it: {each}")
        if GEOPACKAGE in self._kinds and self._lacking:
            note(f"{_several(self._lacking)} without a place on the earth: {self._left}")
        if self._masked:
            note(
                f"{_several(self._masked)} with a page that says which pixels hold data: it is not read, all are "
                f"labelled; {INSTALL_GEO} reads it"
            )
        if self._turned:
            note(f"{_several(self._turned)} stored turned or mirrored: the place on the earth is left out")

    @property
    def _left(self) -> str:
        texts = {GEOJSON: "geojson is in pixels", GEOPACKAGE: "geopackage is left out"}
        return ", ".join(text for kind, text in texts.items() if kind in self._kinds)


def _several(names: list[str]) -> str:
    return f"{counted(len(names), 'photo')} ({list_some(names)})"
