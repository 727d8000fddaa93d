"""Reading XML that may be hostile: no DTD, no entities, nothing from the network, no depth or size without end."""

from __future__ import annotations

from typing import Any

XML_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
HREF = "{http://www.w3.org/1999/xlink}href"


def parse_xml(body: bytes) -> Any | None:
    """The root of a document, as far as it is well-formed; None if there is none.

    Entities that a document defines are not replaced, so they cannot grow; libxml2's own limits hold (256 levels,
    10 MB for one text).
    """
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        recover=True,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def local_name(element: Any) -> str:
    """An element's name without its namespace; empty for what is no element, such as an entity's place."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def child(element: Any, name: str) -> Any | None:
    """The first child of that name in any namespace."""
    return next((each for each in element if local_name(each) == name), None)


def all_named(element: Any, *names: str) -> list[Any]:
    """The descendants with one of the names, in document order, in any namespace."""
    return [each for each in element.iter() if local_name(each) in names]


def words_of(element: Any | None) -> str:
    """All text in an element, white space collapsed; empty for None and for what is no element."""
    return " ".join("".join(element.itertext()).split()) if element is not None and local_name(element) else ""
