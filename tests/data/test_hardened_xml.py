import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.hardened_xml import all_named, child, local_name, parse_xml, words_of


def test_elements_by_name_in_any_namespace() -> None:
    root = parse_xml(b'<a xmlns:d="u"><d:b> one <c>two</c> </d:b><b/><!-- no --><?no no?></a>')
    assert [local_name(each) for each in root] == ["b", "b"]
    assert words_of(child(root, "b")) == "one two" and child(root, "x") is None and words_of(None) == ""
    assert [local_name(each) for each in all_named(root, "b", "c")] == ["b", "c", "b"]


@pytest.mark.parametrize("body", [b"", b"no xml", b"\0\0", b"<", b"\xff\xfe<"])
def test_what_is_no_xml_has_no_root(body) -> None:
    assert parse_xml(body) is None or not words_of(parse_xml(body))


def test_entities_are_not_replaced_and_nothing_is_read(tmp_path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret words")
    lines = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 12))
    body = (
        f'<!DOCTYPE a SYSTEM "file://{secret}" [<!ENTITY e0 "grows">{lines}<!ENTITY f SYSTEM "file://{secret}">'
        f'<!ENTITY % p SYSTEM "http://127.0.0.1:9/x">]><a>text &e11; &f;</a>'
    )
    start = time.process_time()
    root = parse_xml(body.encode())
    assert time.process_time() - start < 1
    said = words_of(root)
    assert "secret words" not in said and "grows" not in said and len(said) < 100


def test_depth_has_an_end() -> None:
    root = parse_xml(b"<a>" * 100_000 + b"x")
    assert root is None or sum(1 for _ in root.iter()) < 1000


def test_the_place_of_an_entity_has_no_words() -> None:
    (entity,) = parse_xml(b"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>")
    assert (local_name(entity), words_of(entity)) == ("", "")


@given(st.binary(max_size=60).map(lambda body: b"<a>" + body + b"</a>"))
def test_any_bytes_have_a_root_or_none(body) -> None:
    root = parse_xml(body)
    assert root is None or isinstance(words_of(root), str)
