import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.charset import declared, decode, looks_binary, python_codec

RUSSIAN = "Съешь же ещё этих мягких французских булок, да выпей чаю. " * 5


@pytest.mark.parametrize(
    ("data", "header", "charset", "rule"),
    [
        (codecs.BOM_UTF8 + "é".encode(), "windows-1251", "utf-8", "bom"),
        (codecs.BOM_UTF16_LE + "word".encode("utf-16-le"), None, "utf-16-le", "bom"),
        (codecs.BOM_UTF16_BE + "word".encode("utf-16-be"), "utf-8", "utf-16-be", "bom"),
        (RUSSIAN.encode("cp1251"), "windows-1251", "cp1251", "header"),
        (b'<meta charset="utf-8">' + RUSSIAN.encode("koi8-r"), "KOI8-R", "koi8-r", "header"),
        (b'<meta charset="windows-1251">' + RUSSIAN.encode("cp1251"), None, "cp1251", "meta"),
        (b'<meta charset="windows-1251">' + RUSSIAN.encode("cp1251"), "no-such-charset", "cp1251", "meta"),
        (b'<meta http-equiv=Content-Type content="a; charset=sjis">' + "日本語".encode("cp932"), None, "cp932", "meta"),
        (b'<?xml version="1.0" encoding="gb2312"?><p>' + "中文".encode("gbk"), None, "gb18030", "meta"),
        (RUSSIAN.encode(), None, "utf-8", "utf-8"),
        (RUSSIAN.encode(), "iso-8859-1", "utf-8", "utf-8-not-latin"),
        (b"plain ascii", "iso-8859-1", "cp1252", "header"),
        ("Fußgänger “quoted”".encode("cp1252"), "iso-8859-1", "cp1252", "header"),
        (RUSSIAN.encode("cp1251"), None, "cp1251", "detector"),
        (b"", None, "utf-8", "utf-8"),
    ],
)  # fmt: skip
def test_the_order_of_the_rules(data, header, charset, rule) -> None:
    found = decode(data, header)
    assert found is not None
    assert (found.charset, found.rule) == (charset, rule)
    assert "\ufffd" not in found.text and not found.text.startswith("\ufeff")


def test_a_wrong_header_does_not_win() -> None:
    found = decode(RUSSIAN.encode("cp1251"), "utf-8")
    assert found is not None and found.text == RUSSIAN


def test_a_few_broken_bytes_do_not_change_the_charset() -> None:
    found = decode(("word " * 200).encode() + b"\xff", "utf-8")
    assert found is not None and (found.charset, found.text.count("\ufffd")) == ("utf-8", 1)


def test_the_fallback_reads_what_browsers_read() -> None:
    found = decode(b"It\x92s \x81 ten \x80" + b" and more plain words" * 20, is_html=False)
    assert found is not None and found.text.startswith("It’s \x81 ten €")


def test_noise_is_undecodable() -> None:
    assert decode(bytes(range(1, 32)) * 50) is None


@pytest.mark.parametrize(
    "start", [b"%PDF-1.7 ", b"\x89PNG\r\n", b"PK\x03\x04", b"\x1f\x8b\x08", b"GIF89a", b"\0\1\2\3" * 99]
)
def test_files_of_other_kinds_are_seen(start) -> None:
    assert looks_binary(start + b" some bytes" * 20)


def test_text_is_not_binary() -> None:
    for data in (
        b"",
        b"plain",
        "日本".encode("utf-16"),
        ("word " * 99).encode("utf-16-le"),
        b"<html>" + b"\0" + b"x" * 999,
    ):
        assert not looks_binary(data)


def test_declarations_are_read_as_the_standard_says() -> None:
    assert declared(b"<html><META  name=x charset = 'UTF-16LE' >") == "utf-8"
    assert declared(b"<p>charset=koi8-r</p>") is None
    assert python_codec("latin1") == "cp1252" and python_codec("unicode-1-1-utf-8") == "utf-8"
    assert python_codec("klingon") is None


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1))
def test_utf_8_always_comes_back(text) -> None:
    found = decode(text.encode("utf-8"), is_html=False)
    assert found is not None and found.text == text.removeprefix("\ufeff")


@given(
    st.binary(max_size=2000),
    st.sampled_from([None, "utf-8", "gbk", "shift_jis", "utf-16", "big5", "rot13", "zip", "idna"]),
)
def test_no_bytes_raise(data, header) -> None:
    decode(data, header)
    looks_binary(data)
