"""Archives as they should be, and in every kind of ruin: nothing loops, nothing else is lost, all damage is told."""

import gzip
import itertools
import os
import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.data.warc import Damage, RawRecord, read_archive

DATA = os.environ.get("FIRSTWORDS_DATA")


def record(number: int, block: bytes = b"", length: int | None = None, kind: str = "response") -> bytes:
    block = block or f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>page {number} {'word ' * 50}</p>".encode()
    length = len(block) if length is None else length
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: http://a.org/{number}\r\nContent-Length: {length}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def read(tmp_path, data: bytes, **named) -> tuple[list[str], list[str]]:
    """Paths of the pages, reasons of the damages."""
    path = tmp_path / "x.warc"
    path.write_bytes(data)
    found = list(read_archive(path, **named))
    pages = [each.fields.get("warc-target-uri", "").rpartition("/")[2] for each in found if isinstance(each, RawRecord)]
    return pages, [each.reason for each in found if isinstance(each, Damage)]


PLAIN = [record(i) for i in range(6)]
FORMS = {
    "plain": lambda records: b"".join(records),
    "members": lambda records: b"".join(map(gzip.compress, records)),
    "one member": lambda records: gzip.compress(b"".join(records)),
}


@pytest.mark.parametrize("form", FORMS)
def test_whole_archives(tmp_path, form) -> None:
    assert read(tmp_path, FORMS[form](PLAIN)) == (list("012345"), [])
    assert read(tmp_path, b"") == ([], [])


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
def test_other_compressions(tmp_path, codec) -> None:
    pa = pytest.importorskip("pyarrow")
    noise = random.Random(0)
    data = b""
    for each in (record(i, noise.randbytes(3000)) for i in range(6)):
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, codec) as stream:
            stream.write(each)
        data += sink.getvalue().to_pybytes()
    assert read(tmp_path, data) == (list("012345"), [])
    assert read(tmp_path, data[:-30])[0][:5] == list("01234")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("length", [3, 100_000, 10**18, 10**25])
def test_a_lie_about_the_length_costs_one_record(tmp_path, form, length) -> None:
    records = [*PLAIN[:2], record(9, length=length), *PLAIN[3:]]
    pages, damages = read(tmp_path, FORMS[form](records))
    assert pages == list("01345") and len(damages) == 1 and damages[0] in ("truncated", "malformed")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("length", ["", "abc", "-5", "1e3"])
def test_a_missing_length_costs_one_record(tmp_path, form, length) -> None:
    broken = PLAIN[2].replace(b"Content-Length: ", b"Content-Length: " + length.encode() + b" was ")
    assert read(tmp_path, FORMS[form]([*PLAIN[:2], broken, *PLAIN[3:]])) == (list("01345"), ["malformed"])


@pytest.mark.parametrize("form", FORMS)
def test_rubbish_between_records_is_told_once(tmp_path, form) -> None:
    data = FORMS[form]([*PLAIN[:3], b"rubbish WARC/1.0 more\r\nrubbish" * 40 + b"\r\n", *PLAIN[3:]])
    pages, damages = read(tmp_path, data)
    # Where members tell records apart, rubbish costs nothing; otherwise it may cost the record before it.
    assert pages in (list("012345"), list("01345")) and len(damages) in (1, 2)


def test_a_file_that_was_cut_off_loses_its_last_record_only(tmp_path) -> None:
    noise = random.Random(0)
    records = [record(i, noise.randbytes(300)) for i in range(6)]
    for form in FORMS.values():
        data = form(records)
        cut = data[: -len(data) // 24]
        pages, damages = read(tmp_path, cut)
        assert pages == list("01234") and damages == ["truncated"]


def test_a_damaged_member_costs_one_record(tmp_path) -> None:
    members = [gzip.compress(each) for each in PLAIN]
    for place in (12, len(members[2]) // 2, len(members[2]) - 6):
        broken = bytearray(members[2])
        broken[place] ^= 0xFF
        pages, damages = read(tmp_path, b"".join([*members[:2], bytes(broken), *members[3:]]))
        assert pages in (list("01345"), list("012345")) and len(damages) <= 1
        assert damages or pages == list("012345")


def test_damage_inside_one_member_keeps_what_came_before(tmp_path) -> None:
    noise = random.Random(0)
    records = [record(i, bytes(noise.randrange(32, 127) for _ in range(5000))) for i in range(8)]
    data = bytearray(gzip.compress(b"".join(records)))
    data[len(data) * 3 // 4] ^= 0xFF
    pages, damages = read(tmp_path, bytes(data))
    assert pages[:5] == list("01234") and damages


def test_a_record_may_be_spread_over_members(tmp_path) -> None:
    whole = PLAIN[0] + PLAIN[1]
    assert read(tmp_path, gzip.compress(whole[:150]) + gzip.compress(whole[150:])) == (["0", "1"], [])


def test_too_large_records_are_passed_over(tmp_path) -> None:
    large = record(9, bytes(3_000_000))
    for form in FORMS.values():
        pages, damages = read(tmp_path, form([PLAIN[0], large, PLAIN[1]]), max_record=100_000)
        assert (pages, damages) == (["0", "1"], ["too_large"])


def test_a_bomb_is_not_held(tmp_path) -> None:
    import resource

    data = gzip.compress(record(9, bytes(200_000_000)), 1) + gzip.compress(PLAIN[1])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert read(tmp_path, data, max_record=1_000_000) == (["1"], ["too_large"])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB


def test_a_page_about_warc_is_no_record(tmp_path) -> None:
    inner = record(9, b"HTTP/1.1 200 OK\r\n\r\nlook:\r\n" + record(8) + b"that was one")
    assert read(tmp_path, PLAIN[0] + inner + PLAIN[1]) == (["0", "9", "1"], [])


def test_a_folded_line_continues_only_what_was_kept(tmp_path) -> None:
    head = b"WARC/1.0\r\nWARC-Type: response\r\n and more\r\nno field\r\n lost\r\nContent-Length: 1\r\n\r\n"
    path = tmp_path / "x.warc"
    path.write_bytes(head + b"x\r\n\r\n")
    (found,) = read_archive(path)
    assert found.fields == {"warc-type": "response and more", "content-length": "1"}


def test_a_plain_file_that_begins_like_gzip(tmp_path) -> None:
    assert read(tmp_path, b"\x1f\x8b\x08" + b"".join(PLAIN)) == (list("12345"), ["malformed"])


def test_arc_files(tmp_path) -> None:
    head = b"filedesc://x.arc 0.0.0.0 20200101000000 text/plain 18\n1 0 Someone\nnames\n\n"
    body = b"HTTP/1.1 200 OK\r\n\r\n<p>x</p>"
    entry = b"http://a.org/%d with space 1.2.3.4 20200102030405 text/html %d\n" + body + b"\n"
    data = head + entry % (1, len(body)) + entry % (2, 9999) + entry % (3, len(body))
    path = tmp_path / "x.arc"
    path.write_bytes(data)
    found = list(read_archive(path))
    urls = [each.fields["warc-target-uri"] for each in found if isinstance(each, RawRecord)]
    assert urls[1:] == ["http://a.org/1 with space", "http://a.org/3 with space"]
    assert found[1].fields["warc-date"] == "2020-01-02T03:04:05Z"
    assert [each.reason for each in found if isinstance(each, Damage)] == ["truncated"]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_change_ends_and_keeps_most(tmp_path_factory, data) -> None:
    """Random bytes overwritten, cut out or put in: reading ends, and no record far from the change is lost."""
    form = data.draw(st.sampled_from(sorted(FORMS)))
    records = [record(i) for i in range(10)]
    whole = bytearray(FORMS[form](records))
    place = data.draw(st.integers(0, len(whole) - 1))
    change = data.draw(st.binary(max_size=40))
    whole[place : place + data.draw(st.integers(0, 40))] = change
    path = tmp_path_factory.mktemp("x") / "x.warc"
    path.write_bytes(whole)
    found = list(read_archive(path))
    # Every place is told once, in order: a record or damage begins where or after the one before it ended.
    sizes = [each.size if isinstance(each, Damage) else len(each.block) for each in found]
    places = [(each.offset, each.offset + size) for each, size in zip(found, sizes, strict=True)]
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(places))
    pages = {each.fields.get("warc-target-uri", "").rpartition("/")[2] for each in found if isinstance(each, RawRecord)}
    num_damages = sum(isinstance(each, Damage) for each in found)
    if form == "members":
        assert len(pages & set("0123456789")) >= 7
    if form == "plain":
        assert len(pages & set("0123456789")) >= 8
    # In one gzip member a changed byte is copied into every later record, so each may be broken, in a few places.
    assert num_damages <= (40 if form == "one member" else 6)


PIECES = [b"WARC/1.0\r\n", b"WARC-Type: response\r\n", b"Content-Length: 5\r\n", b"\r\n", b"\x1f\x8b\x08", b"\0", b"x"]
PIECES += [PLAIN[0], gzip.compress(PLAIN[1])]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_any_mixture_ends(tmp_path_factory, parts) -> None:
    read(tmp_path_factory.mktemp("x"), b"".join(parts))


REAL = {
    "aut/example.arc.gz": (300, 0),
    "aut/example.warc.gz": (822, 0),
    "aut/badexample.arc.gz": (2, 3),
    "aut/issue-493.warc": (32, 0),
    "aut/issue-514.warc": (8, 0),
    "resiliparse/warcfile.warc": (50, 0),
    "resiliparse/warcfile.warc.gz": (50, 0),
    "resiliparse/warcfile.warc.lz4": (50, 0),
    "resiliparse/clipped.warc.gz": (0, 1),
    "resiliparse/clueweb-quirk.warc.gz": (30, 0),
    "resiliparse/block-sized-records.warc": (3, 0),
    "resiliparse/block-sized-records.warc.gz": (3, 0),
    "warcio/bad.arc": (0, 1),
    "warcio/example-bad-non-chunked.warc.gz": (6, 0),
    "warcio/example-bad.warc.gz.bad": (6, 0),
    "warcio/example-trunc.warc": (4, 0),
    "warcio/example-wrong-chunks.warc.gz": (2, 0),
    "warcio/example.arc.gz": (2, 0),
    "warcio/example-space-in-url.arc": (1, 1),
    "whirlwind/whirlwind.warc.wet.gz": (2, 0),
}


@pytest.mark.skipif(not DATA, reason="FIRSTWORDS_DATA is not set")
@pytest.mark.parametrize("name", REAL)
def test_real_archives(name) -> None:
    path = Path(str(DATA)) / "warc" / name
    if not path.exists():
        pytest.skip("no such file in FIRSTWORDS_DATA")
    counts = Counter(type(each).__name__ for each in read_archive(path))
    assert (counts["RawRecord"], counts["Damage"]) == REAL[name]
