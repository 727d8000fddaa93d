import gzip
import random
import re
import zlib

from hypothesis import given
from hypothesis import strategies as st

from firstwords.data import archive_stream
from firstwords.data.archive_stream import CUT_OFF, WHOLE_MEMBER, Window, mapped, pieces

NOISE = random.Random(0).randbytes(30_000)


def begins(data: bytes) -> bool:
    return data.startswith(b"REC")


def stream(tmp_path, data: bytes) -> tuple[bytes, list[str]]:
    """The bytes that come out, and the marks."""
    path = tmp_path / "x"
    path.write_bytes(data)
    with mapped(path) as content:
        found = list(pieces(content, path, begins))
    return b"".join(each for each in found if isinstance(each, bytes)), [
        each for each in found if isinstance(each, str)
    ]


def test_plain_and_gzip_files(tmp_path) -> None:
    assert stream(tmp_path, b"REC plain") == (b"REC plain", [])
    assert stream(tmp_path, gzip.compress(b"one") + gzip.compress(b"two")) == (b"onetwo", ["", ""])
    assert stream(tmp_path, gzip.compress(NOISE) + b"\0" * 9) == (NOISE, [""])
    assert stream(tmp_path, b"") == (b"", [])


def test_damage_gives_what_came_before_it_and_goes_on(tmp_path) -> None:
    first, second = gzip.compress(NOISE), gzip.compress(b"REC two")
    broken = bytearray(first)
    broken[-2] ^= 1  # of the length at the very end: all bytes were good
    out, marks = stream(tmp_path, bytes(broken) + second)
    assert out == NOISE + b"REC two" and marks[0] == marks[2] == "" and marks[1].startswith("gzip: ")
    out, marks = stream(tmp_path, first[:20_000])
    assert NOISE.startswith(out) and len(out) > 18_000 and marks == ["", CUT_OFF]
    out, marks = stream(tmp_path, gzip.compress(b"one") + b"rubbish" + second)
    assert (out, marks) == (b"oneREC two", ["", "bytes between gzip members", ""])


@given(st.binary(max_size=200), st.sampled_from([0, 1, 9]), st.integers(0, 10_000), st.integers(0, 7), st.booleans())
def test_the_quick_decoder_takes_no_member_that_zlib_finds_fault_with(text, level, place, bit, is_cut) -> None:
    member = bytearray(gzip.compress(text, level, mtime=0))
    place %= len(member)
    if is_cut:
        del member[place:]
    else:
        member[place] ^= 1 << bit
    member += gzip.compress(b"REC next")
    found = archive_stream._sound_member(bytes(member), 0)
    try:
        engine = zlib.decompressobj(31)
        expected = engine.decompress(member)
    except zlib.error:
        assert found is None
    else:
        assert found == ((expected, len(member) - len(engine.unused_data)) if engine.eof else None)


def test_members_around_the_size_that_is_tried_as_a_whole(tmp_path) -> None:
    for size in (WHOLE_MEMBER - 1, WHOLE_MEMBER, WHOLE_MEMBER + 1):
        data = (NOISE * (size // len(NOISE) + 1))[:size]
        assert stream(tmp_path, gzip.compress(data, 1) + gzip.compress(b"two")) == (data + b"two", ["", ""])


def test_a_damaged_start_is_looked_behind(tmp_path) -> None:
    assert stream(tmp_path, b"xx" + gzip.compress(b"REC one"))[0] == b"REC one"


@given(st.lists(st.binary(max_size=30)), st.data())
def test_a_window_shows_what_a_string_would(parts, data) -> None:
    whole = b"".join(parts)
    window = Window(iter(parts))
    position = data.draw(st.integers(0, len(whole) + 5))
    assert window.fill(position) == (position <= len(whole))
    forgotten = data.draw(st.integers(0, min(position, len(whole))))
    window.forget(forgotten)
    stop = data.draw(st.integers(forgotten, len(whole) + 5))
    window.fill(stop)
    assert window.view(forgotten, stop) == whole[forgotten:stop]
    blank = window.skip_blank(forgotten)
    assert whole[forgotten:blank].strip(b"\r\n\0") == b"" and whole[blank : blank + 1] not in (b"\r", b"\n", b"\0")


def test_a_search_goes_through_a_long_stream_in_bounded_memory() -> None:
    block = b"x" * 65_536

    def long_stream():
        for _ in range(100):
            yield block
        yield b"\nREC 1"
        yield ""
        yield b"REC 2"

    pattern = re.compile(rb"(?:(?<=\n)|\A)REC")
    window = Window(long_stream())
    assert window.search(pattern, 0) == 100 * 65_536 + 1
    assert len(window.view(0, window.end)) == 0 or window.end - 100 * 65_536 < 3 * 2**20
    # At a mark a record may begin whatever stands before.
    assert window.search(pattern, 100 * 65_536 + 2) == 100 * 65_536 + 6
    assert window.search(pattern, 100 * 65_536 + 7) is None
