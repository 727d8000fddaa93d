import json
import lzma
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.page_address import listed_addresses, own_address
from firstwords.errors import RecipeError


@pytest.mark.parametrize(
    ("page", "address"),
    [
        (b'<link href="http://A.org/x?a=1&amp;b=2#c" rel="canonical">', "http://a.org/x?a=1&b=2"),
        (b"<LINK rel=canonical href=https://a.org/y>", "https://a.org/y"),
        (b"<link rel='stylesheet' href='/s.css'><link rel='canonical' href='/relative'>", None),
        (b'<link rel="canonical-x" href="http://a.org/">', None),
        (b"<!-- saved from url=(0022)https://a.org/page -->\n<html>", "https://a.org/page"),
        (b'<link rel="canonical" href="javascript:x">', None),
        (b'<link rel="canonical" href="', None),
        (b"", None),
    ],
)
def test_what_a_page_says_of_itself(page, address) -> None:
    assert own_address(b"<html><head>" + page) == address


@given(st.binary(max_size=300))
def test_any_bytes_end(data) -> None:
    own_address(b'<link rel=canonical href="' + data)


def test_time_grows_with_the_length() -> None:
    start = time.process_time()
    for sign in (b"<link ", b"<link rel=", b'<link href="', b"<!--"):
        own_address(sign * (200_000 // len(sign)))
    # Ten times what is needed on a busy core.
    assert time.process_time() - start < 2


def test_lists_of_every_form(tmp_path) -> None:
    forms = {
        "a.json": json.dumps({"x.html": "http://a.org/x", "no": "not an address"}).encode(),
        "b.json.xz": lzma.compress(json.dumps({"x.html": {"url": "http://a.org/x", "more": 1}}).encode()),
        "c.json": json.dumps({"http://a.org/x": {"file": "x.html"}}).encode(),
        "d.tsv": b"x.html\thttp://a.org/x\n\n",
    }
    for name, data in forms.items():
        (tmp_path / name).write_bytes(data)
        assert listed_addresses(tmp_path / name, name) == {"x.html": "http://a.org/x"}


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"a": 1}', b"a line", b"\xff\xfe"])
def test_what_is_no_list_is_refused(tmp_path, data) -> None:
    (tmp_path / "a.json").write_bytes(data)
    with pytest.raises(RecipeError, match=r"addresses: a.json"):
        listed_addresses(tmp_path / "a.json", "a.json")
