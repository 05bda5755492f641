"""Text and XML files of strangers: their encodings; no document types, and so no entities that grow without end."""

import codecs
import re
from pathlib import Path
from typing import NoReturn
from xml.etree import ElementTree

from prep.core.errors import SegError


def decode_names(path: Path, content: bytes) -> str:
    """Text that is compared with names of files: as decode_text, or in GBK, or else in the code of Western Windows."""
    try:
        return decode_text(path, content)
    except SegError:
        if b"\0" in content:
            raise
        return text_in_gbk(content) or content.decode("cp1252", errors="replace")


def decode_text(path: Path, content: bytes) -> str:
    """Text in UTF-8, or in UTF-16 with its mark, as Windows writes it; SegError names the line and the byte."""
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = "utf-16" if is_wide else "utf-8-sig"
    if b"\0" in content and not is_wide:
        raise SegError(f"{path}: no text file in UTF-8 (it holds zero bytes); save it as UTF-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise SegError(
            f"{path}: line {line}: byte {content[error.start]:#04x} is not {error.encoding.upper()}; save the file as "
            "UTF-8 (in Windows Notepad: Save as, Encoding; in Excel: CSV UTF-8)"
        ) from error


def text_in_gbk(content: bytes) -> str | None:
    """Text in the code of Chinese Windows; None where it is not, or hardly of characters that are in use there.

    Only the two-byte characters of GB 2312 count: the others of GBK are also what Western texts look like. Lower-case
    Cyrillic looks like its rarer half.
    """
    try:
        text = content.decode("gb2312")
    except UnicodeDecodeError:
        return None
    pairs = re.findall(rb"[\x80-\xff]{2}", content)
    common = [pair for pair in pairs if 0xB0 <= pair[0] <= 0xD7]
    return text if 2 * len(common) > len(pairs) else None


class _PlainBuilder(ElementTree.TreeBuilder):
    """Builds the tree, and stops at a document type, in which alone entities can be declared."""

    def doctype(self, name: str, public: str | None, system: str | None) -> NoReturn:
        """Called by the parser as soon as it meets one."""
        raise SegError("has a document type (<!DOCTYPE ...>), which no label tool writes; export it again")


def parse_xml(path: Path, data: bytes) -> ElementTree.Element:
    """The root of an XML file's content; SegError if it is damaged or declares a document type."""
    parser = ElementTree.XMLParser(target=_PlainBuilder())
    try:
        parser.feed(data)
        root: ElementTree.Element = parser.close()
    except SegError as error:
        raise SegError(f"{path}: {error}") from error
    except (ElementTree.ParseError, ValueError, LookupError) as error:  # LookupError: an encoding nobody knows
        raise SegError(f"{path}: not valid XML ({error}); export it again") from error
    return root
