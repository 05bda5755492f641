"""Content of raw label files, also of those inside a zip file; bounded, and read without unpacking them."""

import lzma
import zipfile
import zlib
from pathlib import Path

from prep.core.cache import while_unchanged
from prep.core.errors import SegError
from prep.core.files import explained, open_to_read, read_bytes
from prep.images.tiff_pages import page_bytes
from prep.labels.reader import RawLabel

_MAX_MEMBER_BYTES = 1 << 28
"""Larger members of a zip file are no label masks (a mask of 12 megapixels has well below 1 MB)."""


DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError)
"""What reading a member raises where it is damaged."""


def label_bytes(label: RawLabel) -> bytes:
    """The bytes of a label file, of its member of a zip file, or of one page of it."""
    if label.page:
        return page_bytes(label.path, label.page)
    return member_bytes(label.path, label.part) if label.part else read_bytes(label.path)


def member_names(archive: Path) -> list[str]:
    """Files inside a zip file, in its order; SegError if it is damaged."""
    return [info.filename for info in open_archive(archive).infolist() if not info.is_dir()]


def member_bytes(archive: Path, name: str) -> bytes:
    """Content of one member of a zip file; SegError if it is damaged, encrypted, or larger than any mask."""
    try:
        opened = open_archive(archive)
        info = opened.getinfo(name)
        if info.file_size > _MAX_MEMBER_BYTES:
            raise SegError(f"{archive}: {name} unpacks to {info.file_size:,} bytes; that is no label mask")
        with opened.open(info) as file:
            data = file.read(_MAX_MEMBER_BYTES + 1)  # the size in the header may lie
    except (*DAMAGED, OSError, RuntimeError, NotImplementedError, EOFError, ValueError, KeyError) as error:
        raise SegError(f"{archive}: {name} cannot be unpacked ({error}); export the file again") from error
    if len(data) > _MAX_MEMBER_BYTES:
        raise SegError(f"{archive}: {name} unpacks to more than {_MAX_MEMBER_BYTES:,} bytes; that is no label mask")
    return data


def is_zip(path: Path) -> bool:
    """Whether the file is a zip file by its name."""
    return path.suffix.lower() == ".zip" and path.is_file()


@while_unchanged(most=4)
def open_archive(archive: Path) -> zipfile.ZipFile:
    """The zip file, opened once for as long as it does not change; SegError if it is damaged."""
    with explained(archive):
        open_to_read(archive).close()  # ZipFile would wait for the other end of a pipe
        try:
            opened = zipfile.ZipFile(archive)
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise SegError(f"{archive}: no zip file, or a damaged one ({error}); export it again") from error
    if "" in opened.NameToInfo:  # with which zipfile itself cannot deal
        raise SegError(f"{archive}: a damaged zip file (a member without a name); export it again")
    for info in opened.infolist():  # some programs of Windows write its own sign between folders
        info.filename = info.filename.replace("\\", "/")
        opened.NameToInfo[info.filename] = info
    return opened
