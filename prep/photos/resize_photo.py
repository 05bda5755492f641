"""Makes the image of one photo, in a process of its own."""

import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from prep.core.errors import SegError
from prep.core.files import make_folder, within_limits, write_bytes
from prep.dataset.dataset import Sample
from prep.images.imageio import decode_jpeg, encode_png, quiet_pillow
from prep.images.resample import frame_image
from prep.images.sizing import Placement, Target, place
from prep.photos.metadata import exif_of, with_exif, without_metadata
from prep.photos.photoio import JPEG_QUALITY, RawPhoto, decode_photo, encode_jpeg, open_photo
from prep.photos.record import Photo

MAX_MEGAPIXELS = 200.0

ImageFormat = Literal["jpg", "png"]


@dataclass(frozen=True)
class Options:
    """How to make images: see the options of 'seg-prep resize'.

    image_format: None is JPEG for photos that were compressed with loss, PNG for all others.
    quality: of JPEG; None is 95, and keeps a photo as it is coded if it needs no change.
    """

    target: Target
    image_format: ImageFormat | None = None
    quality: int | None = None
    keep_metadata: bool = False
    max_megapixels: float = MAX_MEGAPIXELS


@dataclass(frozen=True)
class PhotoJob:
    """A raw photo, its name for photos.csv, and the sample that gets its image."""

    path: Path
    name: str
    sample: Sample


@dataclass(frozen=True)
class PhotoOutcome:
    """The finished sample and what photos.csv says of it; or why there is no image."""

    sample: Sample
    photo: Photo | None
    problem: str = ""


@dataclass(frozen=True)
class ResizePhoto:
    """Write the image of a photo below `folder`; problems of the photo are returned, not raised."""

    folder: Path
    options: Options

    def __call__(self, job: PhotoJob) -> PhotoOutcome:
        """Make one image; SegError only where nothing can be written."""
        try:
            photo = open_photo(job.path, self.options.max_megapixels)
            placement = place_photo(photo, self.options)
            _refuse_other_mask(job, placement)
            image = image_name(job.sample.stem, photo, self.options)
            staged = self.folder / image
            data = b"" if staged.exists() else make_image(photo, placement, self.options)
        except SegError as error:
            return PhotoOutcome(job.sample, None, str(error))
        if data:  # empty if an interrupted run has made it
            make_folder(staged.parent)
            write_bytes(staged, data)
        sample = replace(job.sample, image=image, width=placement.width, height=placement.height)
        return PhotoOutcome(sample, _record(job, photo, placement))


def place_photo(photo: RawPhoto, options: Options) -> Placement:
    """Fit a photo to the target; SegError naming the file if that cannot be."""
    return place_size(photo.path, *photo.upright_size, options)


def place_size(path: Path, width: int, height: int, options: Options) -> Placement:
    """Fit an upright picture of this size to the target; SegError naming `path` if that cannot be."""
    try:
        return place(width, height, options.target)
    except SegError as error:
        raise SegError(f"{path}: {error}") from error


def image_name(stem: str, photo: RawPhoto, options: Options) -> str:
    """Posix path of a photo's image in the dataset."""
    return f"images/{stem}.{_format(photo, options)}"


def make_image(photo: RawPhoto, placement: Placement, options: Options) -> bytes:
    """The image file of a photo: upright, sRGB, resized, framed; SegError if the photo is damaged."""
    with within_limits(photo.path):
        return _made(photo, placement, options)


def _made(photo: RawPhoto, placement: Placement, options: Options) -> bytes:
    image_format = _format(photo, options)
    unchanged = (placement.width, placement.height) == (photo.width, photo.height)
    if unchanged and photo.is_plain_jpeg and image_format == "jpg" and options.quality is None:
        decode_jpeg(photo.path, photo.data)  # tells a damaged file
        return _with_metadata(without_metadata(photo.data), photo, placement, options)
    image = frame_image(decode_photo(photo, placement.across, placement.down), placement)
    if image_format == "png":
        return _with_metadata(encode_png(image), photo, placement, options)
    return _with_metadata(encode_jpeg(image, options.quality or JPEG_QUALITY), photo, placement, options)


def _format(photo: RawPhoto, options: Options) -> ImageFormat:
    return options.image_format or ("jpg" if photo.is_lossy else "png")


def _with_metadata(file: bytes, photo: RawPhoto, placement: Placement, options: Options) -> bytes:
    if not options.keep_metadata:
        return file
    try:
        with quiet_pillow:
            return with_exif(file, exif_of(photo.picture.getexif(), placement.width, placement.height))
    except (LookupError, OSError, SyntaxError, TypeError, ValueError, struct.error) as error:
        raise SegError(
            f"{photo.path}: its metadata cannot be carried over ({error}); leave out --keep-metadata"
        ) from error


def _refuse_other_mask(job: PhotoJob, placement: Placement) -> None:
    """A mask that the dataset has already has to fit the new image."""
    sample = job.sample
    if sample.mask and (sample.width, sample.height) != (placement.width, placement.height):
        raise SegError(
            f"{job.path}: would become {placement.width} x {placement.height} pixels, but the dataset has the mask "
            f"{sample.mask} of {sample.width} x {sample.height} for it; ask for that size, or resize into another "
            "dataset (resizing a whole dataset takes its masks along)"
        )


def _record(job: PhotoJob, photo: RawPhoto, placement: Placement) -> Photo:
    return Photo(
        stem=job.sample.stem,
        photo=job.name,
        width=photo.width,
        height=photo.height,
        orientation=photo.orientation,
        left=placement.left,
        top=placement.top,
        across=placement.across,
        down=placement.down,
    )
