"""The prescan of the HTML standard: what counts as a declaration, and what only looks like one."""

import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.charset import declared, decode, python_codec
from firstwords.data.declaration import declared_labels


@pytest.mark.parametrize(
    ("page", "labels"),
    [
        (b"<meta charset=koi8-r>", ["koi8-r"]),
        (b"<META\nCHARSET = 'KOI8-R' >", ["koi8-r"]),
        (b'<meta http-equiv=content-type content="text/html; charset=big5">', ["big5"]),
        (b"<meta content=\"text/html; charset='big5' x\" http-equiv=Content-Type>", ["big5"]),
        (b'<?xml version="1.0" encoding="gb2312"?><meta charset=utf-8>', ["gb2312", "utf-8"]),
        (b"<meta charset=bogus><meta charset=big5>", ["bogus", "big5"]),
        (b"<meta charset=a charset=b>", ["a"]),
        # What browsers do not take for a declaration.
        (b"<!-- <meta charset=big5> --><p>", []),
        (b"<!--><meta charset=big5>", ["big5"]),
        (b"<p title='<meta charset=big5>'>", []),
        (b'<meta name=x content="text/html; charset=big5">', []),
        (b"<metacharset=big5>", []),
        (b"<meta charset=big5", []),
        (b"<meta charset='big5>", []),
        (b"< <meta charset=big5>", ["big5"]),
        (b"<? <meta charset=big5>", []),
        (b"", []),
    ],
)
def test_what_is_a_declaration(page, labels) -> None:
    assert list(declared_labels(page)) == labels


@pytest.mark.skipif("FIRSTWORDS_DATA" not in os.environ, reason="FIRSTWORDS_DATA is not set")
def test_the_encoding_tests_of_html5lib() -> None:
    path = Path(os.environ["FIRSTWORDS_DATA"]) / "robust-html5lib" / "html5lib-tests.tar.xz"
    with tarfile.open(path) as archive:
        files = [
            archive.extractfile(member).read()
            for member in archive
            if "encoding/" in member.name and member.name.endswith(".dat") and "scripted" not in member.name
        ]
    wrong, num_cases = [], 0
    for part in (part for file in files for part in file.split(b"#data\n")[1:]):
        page, _, label = part.partition(b"\n#encoding\n")
        wanted = python_codec(label.split(b"\n")[0].decode())
        # Those without a declaration expect the browser's default; what the bytes themselves say is not asked here.
        marked = (found := decode(page)) is not None and found.rule == "bom"
        got = found.charset if marked else python_codec(declared(page) or "windows-1252")
        num_cases += 1
        if got != wanted:
            wrong.append((page[:120], wanted, got))
    assert num_cases > 70 and wrong == []


@given(st.lists(st.sampled_from([b"<", b"meta ", b"charset", b"=", b"'", b'"', b">", b"/", b"!--", b"x", b" "])))
def test_any_markup_ends(pieces) -> None:
    assert all(isinstance(label, str) for label in declared_labels(b"".join(pieces)))


def test_long_input_takes_linear_time() -> None:
    for piece in (b"<meta ", b"<a b='", b"<a b ", b"<!--", b"<", b"charset="):
        list(declared_labels(piece * 200_000))
