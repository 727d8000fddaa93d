"""What every extractor promises, checked on each file of the catalogue."""

import json
import runpy
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from firstwords.data.document import REASONS, Document, document_id
from firstwords.data.source import Record
from firstwords.find import catalogue, find

TEXT = "A sentence of the page that is long enough to be taken for content by any extractor. " * 3
BODY = f'<html><head><title>T</title></head><body><p><span class="code">{TEXT}</span></p><p>{TEXT}ä</p></body></html>'
RECORD = Record(
    origin="pydoc:///x",
    url="pydoc:///x",
    body=BODY.encode(),
    media_type="text/html",
    licence="CC0",
    metadata={"robots": "noai"},
)
MADE = runpy.run_path(str(Path(__file__).parents[1] / "data" / "made_files.py"))
# Where a page is nothing that an extractor reads: the same text in its own form.
OWN_FORMS = {
    "pdf": MADE["pdf"]([[(9, 700, 2, TEXT.strip()), (9, 600, 2, "ä")]]),
    "epub": MADE["epub"]({"1.xhtml": MADE["chapter"](f"<p>{TEXT}</p><p>ä</p>")}),
    "jats": MADE["jats"](f"<p>{TEXT}</p><p>ä</p>"),
    "tei": f"<TEI><text><body><p>{TEXT}</p><p>ä</p></body></text></TEI>".encode(),
}
HOSTILE = {
    "empty": b"",
    "book": b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/epub+zip",
    "printed": b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 1 0 R/Kids[1 0 R]>>\ntrailer<</Root 1 0 R>>",
    "laughs": b'<!DOCTYPE article [<!ENTITY a "aa"><!ENTITY b "&a;&a;&a;">]><article article-type="x">&b;</article>',
    "zeros": bytes(3000),
    "noise": bytes(range(256)) * 20,
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(99),
    "deep": b"<div>" * 3000 + b"x",
    "unclosed": b"<p><a href='" + b"x" * 5000,
    "entities": b"<p>&#xD800; &#0; &#x110000; &nbsp;&bogus; &amp;lt;" + TEXT.encode(),
    "half": "<p>ä".encode("utf-16")[:-1],
    "spans": b"<table><td colspan=9000000000000000 rowspan=99999999>x</table>",
}


@pytest.mark.parametrize("kind", catalogue("data.extractors"))
def test_same_record_same_document_with_its_provenance(kind) -> None:
    extractor = find("data.extractors", kind)()
    record = replace(RECORD, body=OWN_FORMS.get(kind, RECORD.body))
    found = extractor.extract(record)
    assert isinstance(found, Document) and TEXT.strip() in found.text
    assert found == extractor.extract(record)
    assert (found.id, found.url, found.licence) == (document_id(RECORD.origin), RECORD.url, "CC0")
    assert found.metadata["robots"] == "noai" and list(found.metadata) == sorted(found.metadata)
    name = found.metadata["extractor"].split()
    assert name[0] in catalogue("data.extractors") and name[1].isdigit()


@pytest.mark.parametrize("form", HOSTILE)
@pytest.mark.parametrize("kind", catalogue("data.extractors"))
def test_hostile_bytes_give_a_document_or_a_reason(kind, form) -> None:
    extractor = find("data.extractors", kind)()
    for media_type in ("text/html", "text/plain", "application/pdf", "application/epub+zip", "text/xml", None):
        record = Record(origin="o", url="http://a.org/", body=HOSTILE[form], media_type=media_type)
        found = extractor.extract(record)
        assert isinstance(found, Document) or found.reason in REASONS
        json.dumps(asdict(found)).encode()
        if isinstance(found, Document):
            found.text.encode()
