import itertools
import json
import lzma
import os
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from firstwords.data.personal_data import (
    ALL_TYPES,
    Span,
    find_personal_data,
    personal_data,
    replace_personal_data,
)

DATA = Path(os.environ.get("FIRSTWORDS_DATA", "/nonexistent")) / "pii-presidio-research"


def found(text: str) -> list[tuple[str, str]]:
    return [(span.type, text[span.start : span.end]) for span in personal_data(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mail jane.doe+x@mail.example.co.uk.", [("email", "jane.doe+x@mail.example.co.uk")]),
        ("<a@b.org>,'c-d@e-f.net'", [("email", "a@b.org"), ("email", "c-d@e-f.net")]),
        ("Ärger an jörg@müller.de", [("email", "jörg@müller.de")]),
        ("call +44 20 7946 0958 or (202) 555-0123", [("phone", "+44 20 7946 0958"), ("phone", "(202) 555-0123")]),
        ("host 192.168.0.7:8080, net 10.1.0.0/16", [("ip_address", "192.168.0.7"), ("ip_address", "10.1.0.0")]),
        (
            "[2001:db8::8a2e:370:7334]:443 fe80::1",
            [("ip_address", "2001:db8::8a2e:370:7334"), ("ip_address", "fe80::1")],
        ),
        ("2001:0db8:0000:0000:0000:ff00:0042:8329: up", [("ip_address", "2001:0db8:0000:0000:0000:ff00:0042:8329")]),
        ("4111 1111 1111 1111, 378282246310005", [("card", "4111 1111 1111 1111"), ("card", "378282246310005")]),
        ("3782-822463-10005", [("card", "3782-822463-10005")]),
        ("10.0.0.5 - - (202) 555-0123", [("ip_address", "10.0.0.5"), ("phone", "(202) 555-0123")]),
        ("Tel:0603 260973", [("phone", "0603 260973")]),
        ("at 12:34:56:4111111111111111", []),
        ("11:22:33:44 4111111111111111", [("card", "4111111111111111")]),
        ("in19 4111111111111111", [("card", "4111111111111111")]),
    ],
)
def test_personal_data_is_found_where_it_stands(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "@property def f(self): return x @ y.T",
        "user@host and pic@2x.png and a@b.c and a..b@x.org",
        "127.0.0.1, 0.0.0.0, 255.255.255.0, ::1 and ::",
        "version 2.10.0.1, openssl-1.0.2.1, v1.2.3.4, 1.2.3.4.5, 300.1.2.3, Linux 2.6.35.5",
        "a[1::2], std::add, Face::add, 12:30:45, 00:1b:44:11:3a:b7, 00:11:22:33:44:55:66:77",
        "4111 1111 1111 1112 (wrong check digit), 1234567890123 (no issuer)",
        "sys.maxsize is 9223372036854775807 and 2**31-1 is 2147483647",
        "2024-10-12 11:15, 12/31/1999, 1914-1918, 3.14159265358979, 1,234,567,890",
        "ISBN 978-3-16-148410-0, ZIP 90210-1234, doi:10.1000/182, SSN-shaped 531-21-735",
        "000-21-7351 666-21-7351 531-00-7351 531-21-0000 900-21-7351 (never assigned)",
        "0 4294967295, 1 2 3 4 5 6 7 8 9 10, 80286/80386, 0000 0100 0200 0300",
        "commit 4f9a3b2c1d0e5f678901234567, 0x7fffffff12345678",
    ],
)
def test_what_only_looks_like_personal_data_stays(text: str) -> None:
    assert found(text) == []


def test_unknown_types_are_refused() -> None:
    with pytest.raises(ValueError, match="type 'ibn' is not known; there are email, phone, .*, card, "):
        personal_data("x", types=("ibn",))


PROSE = st.text(st.sampled_from("abcdefg hij.\n,éß日“"), max_size=30)
VALUES = st.sampled_from(
    [
        ("email", "jane.doe@example.com"),
        ("email", "x_1@a-b.co"),
        ("phone", "+49 30 901820"),
        ("phone", "(202) 555-0123"),
        ("phone", "+1-984-182-0190"),
        ("iban", "DE89370400440532013000"),
        ("iban", "GB29 NWBK 6016 1331 9268 19"),
        ("us_ssn", "531-21-7351"),
        ("br_cpf", "111.444.777-35"),
        ("uk_nino", "AB 12 34 56 C"),
        ("es_dni", "X-1234567-L"),
        ("it_fiscal_code", "RSSMRA85T10A562S"),
        ("se_personnummer", "640823-3234"),
        ("secret", "ghp_aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xYzAbC"),
        ("bitcoin_address", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
        ("ip_address", "192.0.2.44"),
        ("ip_address", "2001:db8::17"),
        ("card", "5500005555555559"),
        ("card", "4012 8888 8888 1881"),
    ]
)


@given(st.lists(st.tuples(PROSE, VALUES), max_size=5), PROSE)
@settings(max_examples=200, deadline=None)
def test_planted_values_are_found_exactly_and_nothing_else_changes(parts: list, end: str) -> None:
    text, expected = "", []
    for prose, (kind, value) in parts:
        text += prose + " | "
        expected.append(Span(kind, len(text), len(text) + len(value)))
        text += value + " | "
    text += end
    spans = personal_data(text)
    assert spans == expected
    data = text.encode()
    clean = replace_personal_data(data, [span for _, span in find_personal_data([data])])
    assert clean == "".join(f"{p} | <{k.upper()}> | " for p, (k, _) in parts) + end
    assert personal_data(clean) == []


@given(st.lists(st.text(st.sampled_from("0123456789 .-/()+:@abcdefx\n\0é"), max_size=60), max_size=4))
@example(["1" * 60, "1 " * 30, "+" * 60, "((((", ":::::::", "@@@"])
@settings(max_examples=300, deadline=None)
def test_any_batch_gives_the_spans_of_its_texts_ordered_and_apart(texts: list[str]) -> None:
    data = [text.encode() for text in texts]
    together = list(find_personal_data(data))
    for index, text in enumerate(data):
        spans = [span for where, span in together if where == index]
        if b"\0" not in text:
            assert spans == [span for _, span in find_personal_data([text])]
        assert all(a.end <= b.start for a, b in itertools.pairwise(spans))
        assert all(0 <= span.start < span.end <= len(text) for span in spans)


VALUES_IN_PIECES = """@|x.org|://|a:b@|GB29NWBK|60161331926819|AB 12 34 56 |RSSMRA85T10A562S|::|:ffff|1|12 |.|eyJ|bc1q
-----BEGIN PRIVATE KEY-----|AAAAAAAAAAAAAAAAAAAA|-----END PRIVATE KEY-----|password=|A1b2C3d4E5f6G7h8
eyJhbGciOiJIUzI1NiJ9
4111 1111 1111 1111|192.0.2.7|+49 30 901820|\ud800|\0|邮|é|“|\xa0"""
PIECES = st.sampled_from([*VALUES_IN_PIECES.replace("\n", "|").split("|"), "\n"])


@given(st.lists(st.one_of(PIECES, PIECES, st.text(max_size=3)), max_size=14))
@settings(max_examples=300, deadline=None)
def test_pieces_of_everything_in_any_order_break_nothing(pieces: list[str]) -> None:
    text = "".join(pieces)
    spans = personal_data(text, ALL_TYPES)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(a.end <= b.start for a, b in itertools.pairwise(spans))
    usual = personal_data(text)
    assert [span for span in usual if span.type == "card"] == personal_data(text, types=("card",))


HOSTILE = """1|1 |1-|a|@|a@|a@b.|é@é|1234567a|1:|ffff:|::1|(1|://a:b@|://aaaaaaaaaaaaaaaa:|+1 |00 1|call 1|1.1.1.
-----BEGIN PRIVATE KEY-----|-----BEGIN PRIVATE KEY-----AAAAAAAAAAAAAAAA |password=|token|secret: A1b2C3d4E5f6G7h8
eyJ12345678|eyJ12345678.|GB29 |GB29NWBK6016133192681 |1AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA |bc1qqqqqqqqqqqqqqqq |123-45-
4111 1111 1111 1112 |AB 12 34 56 |RSSMRA85|http://a|sk-aaaaaaaaaaaaaaaa|12\xa0|+49 30 901820 x|943 476 5919
 dot | dot a| at a dot |a [at] b [dot] |(at)|A1234567|L898902C36UTO|<|passport no 1"""


@pytest.mark.parametrize("piece", HOSTILE.replace("\n", "|").split("|"))
def test_hostile_texts_take_linear_time(piece: str) -> None:
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        started = time.process_time()
        personal_data(text, ALL_TYPES)
        return time.process_time() - started

    seconds(2_000)  # what is loaded once
    # Eight times the text: linear is eight times as long, quadratic 64; short times swing.
    assert seconds(64_000) < 25 * seconds(8_000) + 0.1


NAMES = {"PHONE_NUMBER": "phone", "CREDIT_CARD": "card", "IP_ADDRESS": "ip_address", "EMAIL_ADDRESS": "email"}


@pytest.mark.skipif(not DATA.is_dir(), reason="FIRSTWORDS_DATA has no pii-presidio-research")
@pytest.mark.parametrize("file", ["synth_dataset_v2.json.xz", "generated_large.json.xz"])
def test_precision_and_recall_on_labelled_sentences(file: str) -> None:
    right, wrong, missed = Counter[str](), Counter[str](), Counter[str]()
    for item in json.loads(lzma.decompress((DATA / file).read_bytes())):
        gold = {
            Span(NAMES[span["entity_type"]], span["start_position"], span["end_position"])
            for span in item["spans"]
            if span["entity_type"] in NAMES
        }
        got = set(personal_data(item["full_text"]))
        right.update(span.type for span in gold & got)
        wrong.update(span.type for span in got - gold)
        missed.update(span.type for span in gold - got)
    for kind, precision, recall in (("email", 1, 1), ("ip_address", 1, 1), ("card", 1, 0.99), ("phone", 0.99, 0.97)):
        assert right[kind] / (right[kind] + wrong[kind]) >= precision, kind
        assert right[kind] / (right[kind] + missed[kind]) >= recall, kind
