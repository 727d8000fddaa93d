"""Pages of the documentation as text: made from the running interpreter's own server."""

import json

import pytest

from firstwords.data.crawl.documentation_page import kept
from firstwords.data.crawl.documentation_server import DocumentationServer
from firstwords.data.document import Document
from firstwords.data.extractors.documentation import Documentation, _blocks
from firstwords.data.source import Record


@pytest.fixture(scope="module")
def pages():
    names = [
        "json.decoder",
        "json",
        "configparser",
        "email",
        "topic?key=BOOLEAN",
        "antigravity_is_absent",
        "functools",
        "html",
    ]
    with DocumentationServer() as server:
        return {name: kept(server.fetch(f"pydoc:///{name}").body.decode()) for name in names}


@pytest.fixture(scope="module")
def documents(pages):
    found = {}
    for name, page in pages.items():
        if page is not None:
            record = Record(
                origin=name, url=f"pydoc:///{name}", body=page[1].encode(), licence="PSF-2.0", date="1991-02-20"
            )
            found[name] = Documentation().extract(record)
    return found


def names(document: Document, kind: str) -> list[str]:
    return json.loads(document.metadata[kind])


def test_provenance(documents, pages) -> None:
    assert pages["antigravity_is_absent"] is None
    found = documents["json.decoder"]
    assert (found.title, found.url, found.licence, found.language, found.date) == (
        "json.decoder", "pydoc:///json.decoder", "PSF-2.0", "en", None,
    )  # fmt: skip
    assert found.metadata["module"] == "json.decoder" and found.metadata["kind"] == "module"
    topic = documents["topic?key=BOOLEAN"]
    assert (topic.title, topic.metadata["kind"], topic.metadata["topic"]) == ("BOOLEAN", "topic", "BOOLEAN")
    assert "module" not in topic.metadata


def test_the_names_of_the_module(documents) -> None:
    found = documents["json.decoder"]
    assert names(found, "classes") == ["JSONDecoder"] and names(found, "exceptions") == ["JSONDecodeError"]
    assert "json.scanner" in names(found, "modules")
    assert names(documents["json"], "functions") == ["dump", "dumps", "load", "loads"]
    assert {"ConfigParser", "RawConfigParser"} <= set(names(documents["configparser"], "classes"))
    assert {"DuplicateOptionError", "NoSectionError"} <= set(names(documents["configparser"], "exceptions"))
    assert {"email.message", "email.parser"} <= set(names(documents["email"], "modules"))


def test_blocks(documents) -> None:
    blocks = documents["json.decoder"].text.split("\n\n")
    assert blocks[0] == "Implementation of JSONDecoder"
    assert "class JSONDecodeError(builtins.ValueError)" in blocks
    assert "JSONDecodeError(msg, doc, pos)" in blocks
    assert "Return the Python representation of ``s`` (a ``str`` instance containing a JSON document)." in blocks, (
        "wrapped prose is one line"
    )
    assert any(block.startswith("decode(self, s, _w=<") for block in blocks), "signatures stand alone"
    assert "" not in blocks and not any(block != block.rstrip() for block in blocks)


FURNITURE = ["Module Reference", "Method resolution order", "Methods defined here", " |  ", "\xa0", "Data descriptors"]
FURNITURE += ["Package Contents", "__weakref__", "list of weak references", "&nbsp;", "<a href", "</a>", "</dd>"]


def test_nothing_of_the_page_furniture(documents) -> None:
    found = [(name, each) for name, made in documents.items() for each in FURNITURE if each in made.text]
    assert found == []


def test_signatures_are_unescaped_and_docstrings_are_not(documents) -> None:
    assert "dict_type=<class 'dict'>" in documents["configparser"].text
    assert 'Replace special characters "&", "<" and ">" to HTML-safe sequences.' in documents["html"].text


def test_code_keeps_its_lines(documents) -> None:
    text = documents["json"].text
    assert ">>> import json\n>>> json.dumps(['foo', {'bar': ('baz', None, 1.0, 2)}])\n" in text


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("", []),
        ("one\n\n\n two ", ["one", " two".strip()]),
        ("A line of prose that was wrapped by hand at some width and\ngoes on in the next line.",
         ["A line of prose that was wrapped by hand at some width and goes on in the next line."]),
        ("A line of prose that ends early.\nAnd a second one, which begins with a short word though.",
         ["A line of prose that ends early.\nAnd a second one, which begins with a short word though."]),
        ("    indented one\n      two", ["indented one\n  two"]),
        ("- a list item that is as long as a line of prose can well be, and\n- another one",
         ["- a list item that is as long as a line of prose can well be, and\n- another one"]),
        ("name    a table of names and what they are, wide enough for prose\nother   another row of the table",
         ["name    a table of names and what they are, wide enough for prose\nother   another row of the table"]),
        ("The following values are accepted by the function in question:\nsomething",
         ["The following values are accepted by the function in question:\nsomething"]),
        ("Two sentences.  The second one begins after two blanks, as was usual, and\nends here.",
         ["Two sentences.  The second one begins after two blanks, as was usual, and ends here."]),
    ],
)  # fmt: skip
def test_paragraphs(text, blocks) -> None:
    assert _blocks(text) == blocks


def test_other_pages_are_rejected() -> None:
    assert Documentation().extract(Record(origin="o", url="pydoc:///x", body=b"no page")).reason == "not_html"
    assert Documentation().extract(Record(origin="o", url="pydoc:///x", body=b"<body></body>")).reason in (
        "empty",
        "not_html",
    )
