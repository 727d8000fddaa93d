"""The lines of a PDF file with their places on the page, by PDFium.

PDFium gives the characters of a page in the order in which the file draws them, cut into lines; here each line gets
its place. What follows from the places (columns, paragraphs, running titles) is the business of `layout`.
PDFium is not safe for threads: one process calls it from one place, and a lock makes sure of it.
"""

from __future__ import annotations

import ctypes
import itertools
import math
import re
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from firstwords.data.pdf.line import Line

# How PDFium writes a hyphen at the end of a line, in the place of the hyphen and the line end.
LINE_HYPHEN = "\ufffe"
SAMPLED = 4000  # characters asked whether the file says what they mean: each question costs a microsecond
MAX_PAGE_CHARACTERS = 1_000_000  # a page of a newspaper has 50,000
MAIN_SHARE = 0.8  # of the characters: so many in one direction are the page, the others stamps and axes
_PASSWORD = 4  # FPDF_ERR_PASSWORD
_COPY = 0b10000  # bit 5 of the permissions: text and graphics may be copied
# Characters that mean nothing outside of one font, or nothing at all.
_UNKNOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ue000-\uf8ff\ufffd\U000f0000-\U0010fffd]")
_LINE = re.compile(f"[^\r\n{LINE_HYPHEN}]+{LINE_HYPHEN}?")
_lock = threading.Lock()


class BadPdf(Exception):
    """A file that gives no text. `reason` is one of the closed set of `document.Reason`."""

    def __init__(self, reason: Any, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass
class PdfText:
    """What a file holds.

    Attributes:
        pages: The lines of each page, in the order in which the file draws them.
        failed: Pages that PDFium could not open.
        pictures: Pages without a character.
        unknown: Share of the characters of which the file does not say what they mean.
        information: Title, Author, CreationDate and the like as the file gives them, empty ones left out.
        copying: Whether the file allows its text to be copied.
    """

    pages: list[list[Line]] = field(default_factory=list)
    failed: int = 0
    pictures: int = 0
    unknown: float = 0.0
    information: dict[str, str] = field(default_factory=dict)
    language: str | None = None
    copying: bool = True


def read_pdf(body: bytes, max_pages: int, max_characters: int) -> PdfText:
    """The lines of all pages.

    Raises:
        BadPdf: If the file cannot be opened, needs a password, or has more pages or characters than are read.
    """
    import pypdfium2

    with _lock:
        try:
            document = pypdfium2.PdfDocument(body)
        except pypdfium2.PdfiumError as error:
            if getattr(error, "err_code", None) == _PASSWORD:
                raise BadPdf("unsupported", "encrypted: needs a password") from None
            raise BadPdf("malformed", str(error)) from None
        try:
            if len(document) > max_pages:
                raise BadPdf("too_large", f"{len(document)} pages, at most {max_pages} are read")
            if not len(document):
                raise BadPdf("empty", "no pages")
            return _read(document, max_characters)
        finally:
            document.close()


def _read(document: Any, max_characters: int) -> PdfText:
    import pypdfium2
    import pypdfium2.raw as pdfium

    found = PdfText(information=_information(document), language=_language(document))
    found.copying = bool(pdfium.FPDF_GetDocUserPermissions(document) & _COPY)
    sampled, left = Counter[str](), max_characters
    for number in range(len(document)):
        try:
            page = document[number]
            characters = page.get_textpage()
        except pypdfium2.PdfiumError:
            found.failed += 1
            continue
        count = pdfium.FPDFText_CountChars(characters)
        left -= max(0, count)
        if left < 0 or count > MAX_PAGE_CHARACTERS:
            raise BadPdf("too_large", f"more than {max_characters} characters, or more than one page can hold")
        if count > 0:
            text = _text(characters, count)
            sampled += _meanings(characters, count, text, max(1, SAMPLED // len(document)))
            found.pages.append(_level(list(_lines(characters, text))))
        else:
            found.pictures += 1
            found.pages.append([])
        characters.close()
        page.close()
    found.unknown = sampled["unknown"] / max(1, sampled["asked"])
    return found


def _text(characters: Any, count: int) -> str:
    """The characters of a page; PDFium counts one for what UTF-16 needs two for."""
    import pypdfium2.raw as pdfium

    buffer = (ctypes.c_ushort * (2 * count + 2))()
    written = pdfium.FPDFText_GetText(characters, 0, count, buffer)
    return bytes(buffer)[: 2 * max(0, written - 1)].decode("utf-16-le", "replace").rstrip("\0")


def _meanings(characters: Any, count: int, text: str, sample: int) -> Counter[str]:
    """How many characters of a page were `asked` for their meaning, and how many have none."""
    import pypdfium2.raw as pdfium

    # What has no meaning at all is not in the text; the rest is asked one by one, evenly over the page.
    step = max(1, count // sample)
    asked = range(0, count, step)
    unmapped = sum(pdfium.FPDFText_HasUnicodeMapError(characters, index) == 1 for index in asked)
    strange = len(_UNKNOWN.findall(text)) / max(1, len(text))
    return Counter(asked=len(asked), unknown=round(max(unmapped, strange * len(asked))))


def _lines(characters: Any, text: str) -> Iterator[Line]:
    """The lines of a page, as PDFium cuts them."""
    import pypdfium2.raw as pdfium

    for piece in _LINE.finditer(text):
        is_broken = piece[0].endswith(LINE_HYPHEN)
        shown = piece[0].removesuffix(LINE_HYPHEN).strip()
        if not shown:
            continue
        begin = piece.start() + len(piece[0]) - len(piece[0].lstrip())
        last = begin + len(shown) - 1
        # Spaces that PDFium makes have no place of their own.
        middle = next(index for index in range((begin + last) // 2, last + 1) if not text[index].isspace())
        at = [pdfium.FPDFText_GetCharIndexFromTextIndex(characters, index) for index in (begin, middle, last)]
        place = _place(characters, at)
        if place is not None:
            yield Line(text=_UNKNOWN.sub("", shown) + ("-" if is_broken else ""), is_broken=is_broken, **place)


def _place(characters: Any, at: list[int]) -> dict[str, Any] | None:
    """Where a line stands, by its first, middle and last character; None if PDFium does not know."""
    import pypdfium2.raw as pdfium

    box, x, y = pdfium.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
    angle = pdfium.FPDFText_GetCharAngle(characters, at[0]) if min(at) >= 0 else math.nan
    # PDFium counts clockwise.
    turned = round(-angle / (math.pi / 2)) % 4 if math.isfinite(angle) else 0
    edges: list[float] = []
    heights: list[float] = []
    baselines: list[float] = []
    for index in at:
        if not (
            pdfium.FPDFText_GetLooseCharBox(characters, index, box)
            and pdfium.FPDFText_GetCharOrigin(characters, index, x, y)
        ):
            return None
        corners = _turned(turned, box.left, box.bottom), _turned(turned, box.right, box.top)
        edges += [across for across, _ in corners]
        heights.append(abs(corners[0][1] - corners[1][1]))
        baselines.append(_turned(turned, x.value, y.value)[1])
    if not all(map(math.isfinite, [*edges, *heights, *baselines])):
        return None
    # The middle one of three: a first letter may be an initial, or the raised mark of a footnote.
    height, baseline = max(1.0, sorted(heights)[1]), sorted(baselines)[1]
    return {"left": min(edges), "right": max(edges), "baseline": baseline, "height": height, "turned": turned}


def _turned(turned: int, across: float, up: float) -> tuple[float, float]:
    """A place on a page that is turned until its text stands upright."""
    return ((across, up), (up, -across), (-across, -up), (-up, across))[turned]


def _level(lines: list[Line]) -> list[Line]:
    """The lines that are written as most of the page is: what stands across it is a stamp or an axis."""
    lines = [line for line in lines if line.text]
    directions = Counter[int]()
    for line in lines:
        directions[line.turned] += len(line.text)
    if set(directions) <= {0}:
        return lines
    main, most = directions.most_common(1)[0]
    if most > MAIN_SHARE * directions.total():
        lines = [line for line in lines if line.turned == main]
    # PDFium orders lines from left to right, which for text that is turned to the right is from below.
    if main and sum(two.baseline > one.baseline for one, two in itertools.pairwise(lines)) > len(lines) / 2:
        lines.reverse()
    return [replace(line, turned=0) for line in lines]


def _information(document: Any) -> dict[str, str]:
    import pypdfium2

    try:
        values = document.get_metadata_dict(skip_empty=True)
    except (pypdfium2.PdfiumError, UnicodeError):
        return {}
    return {name: " ".join(_UNKNOWN.sub("", value).split()) for name, value in values.items()}


def _language(document: Any) -> str | None:
    """The language that the file says it is in, lower case."""
    import pypdfium2.raw as pdfium

    size = pdfium.FPDFCatalog_GetLanguage(document, None, 0)
    if not 2 < size <= 128:
        return None
    buffer = ctypes.create_string_buffer(size)
    pdfium.FPDFCatalog_GetLanguage(document, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size)
    label = buffer.raw.decode("utf-16-le", "replace").strip("\0 ").lower()
    return label if re.fullmatch(r"[a-z]{2,3}(?:-[a-z0-9]{1,8})*", label) else None
