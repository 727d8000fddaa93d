"""The charset that a page declares for itself, found as browsers find it before they parse.

Follows the algorithm "prescan a byte stream to determine its encoding" of the HTML standard (13.2.3.2): a declaration
counts in a `meta` element with `charset`, or with `http-equiv="content-type"` and a content that names a charset; not
inside comments, attribute values, or a tag that does not end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# An attribute as the standard reads it: name, then a value in quotes, in apostrophes, or up to a blank or `>`. A
# quote that does not close takes the rest, and nothing is found.
_ATTRIBUTE = re.compile(
    rb"""[\t\n\f\r /]*([^\t\n\f\r />][^\t\n\f\r />=]*)"""
    rb"""(?:[\t\n\f\r ]*=[\t\n\f\r ]*"""
    rb"""(?:"([^"]*)"|'([^']*)'|([^\t\n\f\r >"'][^\t\n\f\r >]*)|(?P<open>["'])|(?=>)|\Z))?"""
)
_END = re.compile(rb"[\t\n\f\r /]*>")
_META = re.compile(rb"<meta(?=[\t\n\f\r /])", re.IGNORECASE)
_TAG = re.compile(rb"</?[a-z][^\t\n\f\r >]*", re.IGNORECASE)
_XML = re.compile(rb"\A\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9_:.+-]{1,40})", re.IGNORECASE)
_NAMED = re.compile(rb"charset[\t\n\f\r ]*=[\t\n\f\r ]*", re.IGNORECASE)
_VALUE = re.compile(rb"""(?:"([^"]*)"|'([^']*)'|([^\t\n\f\r ;"'][^\t\n\f\r ;]*))""")


def declared_labels(start: bytes) -> Iterator[str]:
    """The labels that a page declares, in their order and in lower case; browsers take the first they know.

    Args:
        start: The first bytes of the page.
    """
    if found := _XML.match(start):
        yield _label(found[1])
    at = 0
    while (at := start.find(b"<", at)) >= 0:
        if start.startswith(b"<!--", at):
            # `<!-->` is a whole comment: its two hyphens may be shared.
            end = start.find(b"-->", at + 2)
            if end < 0:
                break
            at = end + 3
        elif is_meta := _META.match(start, at) or _TAG.match(start, at):
            attributes, at = _attributes(start, is_meta.end())
            if attributes is None:
                break
            if is_meta.re is _META and (label := _declared_by(attributes)) is not None:
                yield _label(label)
        elif start.startswith((b"<!", b"</", b"<?"), at):
            at = start.find(b">", at)
            if at < 0:
                break
        else:
            at += 1


def _label(found: bytes) -> str:
    return found.decode("ascii", "replace").strip().lower()


def _attributes(start: bytes, at: int) -> tuple[dict[bytes, bytes] | None, int]:
    """The attributes of a tag, the first of each name, and where the tag ends; None if it does not."""
    found: dict[bytes, bytes] = {}
    while not (end := _END.match(start, at)):
        attribute = _ATTRIBUTE.match(start, at)
        if attribute is None or attribute["open"]:
            return None, len(start)
        value = attribute[2] or attribute[3] or attribute[4] or b""
        found.setdefault(attribute[1].lower(), value)
        at = attribute.end()
    return found, end.end()


def _declared_by(attributes: dict[bytes, bytes]) -> bytes | None:
    if b"charset" in attributes:
        return attributes[b"charset"]
    if attributes.get(b"http-equiv", b"").lower() != b"content-type":
        return None
    content = attributes.get(b"content", b"")
    for named in _NAMED.finditer(content):
        value = _VALUE.match(content, named.end())
        return None if value is None else value[1] or value[2] or value[3] or b""
    return None
