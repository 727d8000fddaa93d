"""From bytes to characters: which charset a page is in, and by what right.

Order: byte order mark, transport header, the page's own declaration, strict UTF-8, a detector, and Windows-1252 when
nothing else fits. The rule that won is kept with the document. Labels are read as browsers read them (WHATWG
Encoding Standard).
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

Rule = Literal["bom", "header", "utf-8-not-latin", "meta", "utf-8", "detector", "fallback"]
MAX_REPLACED = 0.01  # of the characters; a few broken bytes are common in real pages
META_BYTES = 16 * 1024  # browsers look at 1,024 and correct themselves later; some pages begin with long comments
DETECT_BYTES = 64 * 1024

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_BINARY = (
    b"%PDF", b"\x89PNG", b"GIF8", b"PK\x03\x04", b"\xff\xd8\xff", b"\x1f\x8b", b"RIFF", b"\x7fELF", b"OggS", b"ID3",
    b"BM\x00", b"\x00\x00\x01\x00", b"wOFF", b"wOF2", b"\xd0\xcf\x11\xe0", b"MZ\x90", b"Rar!", b"7z\xbc\xaf", b"CWS",
    b"FWS", b"\x1aE\xdf\xa3", b"BZh",
)  # fmt: skip
# The standard reads these labels as the wider charsets that pages really use.
_WIDER = {"shift_jis": "cp932", "euc_kr": "cp949", "gbk": "gb18030", "gb2312": "gb18030", "iso8859-9": "cp1254"}
# Labels that servers send by default, whatever the page is in.
_LATIN = frozenset({"windows-1252", "cp1252", "iso8859-1", "latin-1", "us-ascii", "ascii"})


@dataclass(frozen=True)
class Decoded:
    """Text without byte order mark, the charset it was in, and the rule that chose it."""

    text: str
    charset: str
    rule: Rule
    given: bytes | None = field(default=None, repr=False, compare=False)
    """The text's own bytes, where they were UTF-8 without a fault."""

    @property
    def utf8(self) -> bytes:
        """The text in UTF-8."""
        return self.text.encode("utf-8", "replace") if self.given is None else self.given


def looks_binary(data: bytes) -> bool:
    """Whether bytes are neither a page nor a text: a known file format, or many zeros that no UTF-16 explains."""
    if data.startswith(_BINARY):
        return True
    start = data[:1024]
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or not start:
        return False
    zeros = start.count(0)
    # Western text in UTF-16 has a zero in every other byte.
    regular = max(start[0::2].count(0), start[1::2].count(0)) > 0.9 * zeros > 0.2 * len(start)
    return zeros > 0.02 * len(start) and not regular


def decode(data: bytes, announced: str | None = None, *, is_html: bool = True) -> Decoded | None:
    """Decode a page.

    Args:
        data: The body, all encodings of the transport undone.
        announced: Charset of the Content-Type header.
        is_html: Whether a declaration inside the page may be looked for.

    Returns:
        None if no charset gives text: more than 1 % of the characters are replaced or control characters.
    """
    for mark, charset in _BOMS:
        if data.startswith(mark):
            text = _decoded(data[len(mark) :], charset)
            if text is not None:
                return Decoded(text, charset, "bom")
    if announced and (found := _by_label(data, announced, "header")):
        return found
    if is_html and (label := declared(data)) and (found := _by_label(data, label, "meta")):
        return found
    if _has_controls(data):
        return None
    text = _strict(data, "utf-8")
    if text is not None:
        return Decoded(text, "utf-8", "utf-8", data)
    return _guessed(data)


def declared(data: bytes) -> str | None:
    """The first charset we know that a page declares for itself, in a meta element or an XML declaration."""
    from firstwords.data.declaration import declared_labels

    for label in declared_labels(data[:META_BYTES]):
        # WHATWG: who can read the declaration as ASCII is not looking at UTF-16.
        known = "utf-8" if label.startswith("utf-16") else label
        if python_codec(known) is not None:
            return known
    return None


def python_codec(label: str) -> str | None:
    """The Python codec for a charset label as browsers understand it, or None if it is unknown."""
    from resiliparse.parse.encoding import map_encoding_to_html5

    mapped = map_encoding_to_html5(label.strip(), fallback_utf8=False)
    if mapped is None:
        return None
    try:
        name = codecs.lookup(mapped).name
        return _WIDER.get(name, name)
    except LookupError:
        return None


def _by_label(data: bytes, label: str, rule: Rule) -> Decoded | None:
    charset = python_codec(label)
    if charset is None:
        return None
    if charset in _LATIN and not data.isascii():
        # Any bytes are valid Latin-1, but text that is not UTF-8 is almost never valid UTF-8.
        text = _strict(data, "utf-8")
        if text is not None:
            return Decoded(text, "utf-8", "utf-8-not-latin", data)
    if charset == "utf-8" and (text := _faultless(data)) is not None:
        return Decoded(text, charset, rule, data)
    text = _decoded(data, charset)
    return None if text is None else Decoded(text, charset, rule)


def _faultless(data: bytes) -> str | None:
    """What `_decoded` gives for UTF-8, where nothing has to be replaced and nothing is suspicious: most pages."""
    if b"\0" in data or b"\xef\xbf\xbd" in data or _has_controls(data):
        return None
    return _strict(data, "utf-8")


def _guessed(data: bytes) -> Decoded | None:
    from resiliparse.parse.encoding import detect_encoding

    label = detect_encoding(data, max_len=DETECT_BYTES, html5_compatible=False)
    charset = python_codec(label) if label else None
    if charset is not None and charset not in ("utf-8", "ascii"):
        text = _decoded(data, charset)
        if text is not None:
            return Decoded(text, charset, "detector")
    text = _decoded(data, "cp1252")
    return None if text is None else Decoded(text, "cp1252", "fallback")


def _strict(data: bytes, charset: str) -> str | None:
    try:
        return data.decode(charset)
    except (UnicodeDecodeError, LookupError):
        return None


def _decoded(data: bytes, charset: str) -> str | None:
    """The text, if it is one: at most 1 % of its characters could not be decoded or are control characters."""
    if not charset.startswith(("utf-16", "utf-32")) and _has_controls(data):
        return None
    if charset == "cp1252":
        text = data.decode("cp1252", "firstwords-latin")
        bad = len(re.findall(r"[\x80-\x9f]", text))
    else:
        try:
            text = data.decode(charset, "replace")
        except (LookupError, UnicodeError):
            return None
        bad = text.count("\ufffd") + text.count("\0")
    return None if bad > MAX_REPLACED * max(1, len(text)) else text


def _has_controls(data: bytes) -> bool:
    # 0 to 31 but white space: never inside a character of any charset but UTF-16 and UTF-32; 27 is how ISO-2022
    # switches alphabets.
    most = MAX_REPLACED * len(data)
    values = np.frombuffer(data, np.uint8)
    found = np.count_nonzero(values < 32) - np.count_nonzero(values == 10)
    # Most pages hold few others: only then are they told apart.
    for other in b"\t\r\x0b\x0c\x1b":
        if found <= most:
            return False
        found -= data.count(other)
    return bool(found > most)


def _latin(error: UnicodeError) -> tuple[str, int]:
    """Windows-1252 leaves five bytes undefined; browsers read them as the control characters of Latin-1."""
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("firstwords-latin", _latin)
