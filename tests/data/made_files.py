"""Small PDF, EPUB and JATS files, made for tests: `pdf`, `epub`, `jats`."""

import io
import zipfile

Placed = tuple[float, float, float, str] | tuple[float, float, float, str, int]
TURNS = ("1 0 0 1", "0 1 -1 0", "-1 0 0 -1", "0 -1 1 0")
CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)


def pdf(pages: list[list[Placed]], information: dict[str, str] | None = None, kids: str | None = None) -> bytes:
    """A PDF file.

    Args:
        pages: What is written on each: place from the left and from below, size, text (Latin-1), quarter turns.
        information: Title, Author, CreationDate ...
        kids: In place of the page tree's own list of pages.
    """
    numbers = [4 + 2 * i for i in range(len(pages))]
    listed = kids if kids is not None else " ".join(f"{number} 0 R" for number in numbers)
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: f"<< /Type /Pages /Kids [{listed}] /Count {len(pages)} >>".encode(),
        3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    }
    for number, placed in zip(numbers, pages, strict=True):
        stream = "".join(_drawn(*each) for each in placed).encode("latin-1")
        objects[number] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {number + 1} 0 R "
            "/Resources << /Font << /F 3 0 R >> >> >>"
        ).encode()
        objects[number + 1] = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream)
    trailer = f"/Size {max(objects) + 1} /Root 1 0 R"
    if information:
        number = max(objects) + 1
        objects[number] = ("<< " + " ".join(f"/{k} ({_escaped(v)})" for k, v in information.items()) + " >>").encode()
        trailer = f"/Size {number + 1} /Root 1 0 R /Info {number} 0 R"
    out, offsets = bytearray(b"%PDF-1.4\n"), {}
    for number in sorted(objects):
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, objects[number])
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1)
    out += b"".join(b"%010d 00000 n \n" % offsets[number] for number in sorted(offsets))
    out += f"trailer << {trailer} >>\nstartxref\n{table}\n%%EOF\n".encode()
    return bytes(out)


def _drawn(x: float, y: float, size: float, text: str, turns: int = 0) -> str:
    return f"BT /F {size} Tf {TURNS[turns]} {x} {y} Tm ({_escaped(text)}) Tj ET\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def epub(
    chapters: dict[str, str],
    *,
    metadata: str = "<dc:title>T</dc:title>",
    spine: str | None = None,
    extra: dict[str, bytes] | None = None,
    container: str | None = CONTAINER,
) -> bytes:
    """An EPUB book.

    Args:
        chapters: Member name below OEBPS/ to the content document.
        metadata: Inside the package's metadata.
        spine: The itemrefs; the chapters in their order unless given. Ids are `c0`, `c1` ...
        extra: Further members, with their full names.
        container: META-INF/container.xml; None leaves it out.
    """
    items = "".join(
        f'<item id="c{i}" href="{name}" media-type="application/xhtml+xml"/>' for i, name in enumerate(chapters)
    )
    references = spine if spine is not None else "".join(f'<itemref idref="c{i}"/>' for i in range(len(chapters)))
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/">{metadata}</metadata>'
        f"<manifest>{items}</manifest><spine>{references}</spine></package>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), "application/epub+zip")
        if container is not None:
            archive.writestr("META-INF/container.xml", container)
        archive.writestr("OEBPS/book.opf", package)
        for name, text in chapters.items():
            archive.writestr(f"OEBPS/{name}", text)
        for name, body in (extra or {}).items():
            archive.writestr(name, body)
    return out.getvalue()


def chapter(body: str, head: str = "<title>t</title>", kind: str = "") -> str:
    """A content document."""
    attribute = f' epub:type="{kind}"' if kind else ""
    return (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml" '
        f'xmlns:epub="http://www.idpf.org/2007/ops"><head>{head}</head><body{attribute}>{body}</body></html>'
    )


def jats(body: str, meta: str = "", attributes: str = "") -> bytes:
    """A journal article with a title."""
    return (
        f'<article article-type="research-article" xmlns:xlink="http://www.w3.org/1999/xlink" {attributes}><front>'
        f"<journal-meta><journal-title>J</journal-title></journal-meta><article-meta><title-group><article-title>The "
        f"title</article-title></title-group>{meta}</article-meta></front><body>{body}</body></article>"
    ).encode()
