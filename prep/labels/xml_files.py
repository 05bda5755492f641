"""XML files of strangers: no document types, and so no entities that grow without end or name other files."""

from pathlib import Path
from typing import NoReturn
from xml.etree import ElementTree

from prep.core.errors import SegError


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
