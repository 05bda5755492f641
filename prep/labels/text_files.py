"""Text and XML files of strangers: their encodings; no document types, and so no entities that grow without end."""

import codecs
import re
from pathlib import Path
from typing import NoReturn
from xml.etree import ElementTree

from prep.core.errors import SegError
from prep.core.words import list_some

_SYLLABLES = frozenset(
    syllable.encode("euc-kr")
    for syllable in "이다는의에하고가기사을한어자은리도시인들"
    "나라수대그해일아있여서정부를전으제과만장원구동상게성경스무방"
    "신화안세마선생국차공면미조소물유비분영말내적명건연관오우모등위통민남북간문반개산강바호음발식배재저두"
    "손머트프드파타터니토레르루버더람늘길집창벽풀꽃새벌"
)
"""What half of a Korean text is made of, in the code of Korean Windows."""


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
    Cyrillic looks like its rarer half, and the syllables of which half a Korean text is made look like any of them.
    """
    try:
        text = content.decode("gb2312")
    except UnicodeDecodeError:
        return None
    pairs = re.findall(rb"[\x80-\xff]{2}", content)
    common = [pair for pair in pairs if 0xB0 <= pair[0] <= 0xD7]
    korean = [pair for pair in pairs if pair in _SYLLABLES]
    return text if 2 * len(common) > len(pairs) and 2 * len(korean) < len(pairs) else None


_LETTERS = (
    "äöüßÄÖÜ",
    "àâæçéèêëîïôœùûüÿÀÂÇÉÈÊËÎÏÔŒÙÛ",
    "áéíñóúüÁÉÍÑÓÚ",
    "áàâãçéêíóôõúÁÀÂÃÇÉÊÍÓÔÕÚ",
    "àèéìîòóùÀÈÉÌÒÙ",
    "åäöÅÄÖé",
    "æøåÆØÅé",
    "áéëïíóöúü",
)
"""What German, French, Spanish, Portuguese, Italian, Swedish, Danish and Dutch have beside ASCII."""


def text_in_western(content: bytes) -> str | None:
    """Text in the code of Western Windows (cp1252); None where it is hardly that.

    Its letters have to be those of one language, and stand one by one or two by two in words that are ASCII otherwise:
    words of Cyrillic, Greek and Asian codes are not so, and Polish and Czech have letters that are signs here.
    """
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        return None
    words = [word for word in re.findall(r"[^\W\d_]+", text) if not word.isascii()]
    beyond = {letter for letter in text if letter > "\x7f"}
    is_of_one = any(beyond <= {*letters} for letters in _LETTERS)
    plain = all(2 * sum(map(str.isascii, word)) >= len(word) for word in words)
    return text if is_of_one and plain and not re.search(r"[^\x00-\x7f]{3}", text) else None


def decode_list(path: Path, content: bytes) -> tuple[str, str]:
    """The text of a list in UTF-8 or UTF-16, or in what Chinese or Western Windows writes, and a note on these.

    SegError where it is in another encoding, which only a person knows.
    """
    try:
        return decode_text(path, content), ""
    except SegError:
        if b"\0" in content:
            raise
        for code, read in (("GBK", text_in_gbk), ("Windows-1252", text_in_western)):
            if (text := read(content)) is not None:
                names = list(dict.fromkeys(re.findall(r"\w*[^\x00-\x7f]\w*", text)))
                said = f"read as {code}, which is not stated, as it is no UTF-8: {path}; look at the names: "
                return text, said + list_some(names)
        raise


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
