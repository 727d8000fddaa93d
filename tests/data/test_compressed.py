import bz2
import gzip
import io
import lzma

import pytest

from firstwords.data import compressed
from firstwords.data.compressed import DAMAGE, EndlessLine, line_of, opened, suffixes_of

LINES = b"".join(b"line %d\n" % i for i in range(5000))


def forms() -> dict[str, bytes]:
    import pyarrow as pa

    found = {"a": LINES, "a.gz": gzip.compress(LINES), "a.bz2": bz2.compress(LINES), "A.XZ": lzma.compress(LINES)}
    for end, codec in (("zst", "zstd"), ("lz4", "lz4")):
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, codec) as stream:
            stream.write(LINES)
        found[f"a.{end}"] = sink.getvalue().to_pybytes()
    return found


def test_every_compression_is_undone(tmp_path) -> None:
    for name, data in forms().items():
        (tmp_path / name).write_bytes(data)
        with opened(tmp_path / name) as file:
            assert file.read() == LINES
        (tmp_path / name).write_bytes(data + data)  # several streams one after another
        with opened(tmp_path / name) as file:
            assert file.read() == LINES + LINES


@pytest.mark.parametrize("change", ["cut", "overwritten"])
def test_damage_raises_what_is_named(tmp_path, change) -> None:
    for name, data in forms().items():
        if name == "a":
            continue
        middle = len(data) // 2
        (tmp_path / name).write_bytes(data[:middle] if change == "cut" else data[:9] + b"\x55" * middle)
        with pytest.raises(DAMAGE), opened(tmp_path / name) as file:
            if file.read() != LINES:
                raise EOFError("less came, and nobody said so")


def test_lines_above_the_limit_give_their_length_only() -> None:
    file = io.BytesIO(b"ab\n" + b"x" * 3_000_000 + b"\nabc")
    assert [line_of(file, 3) for _ in range(4)] == [(b"ab\n", 3), (b"", 3_000_001), (b"abc", 3), (b"", 0)]


def test_an_endless_line_is_not_read_to_its_end(monkeypatch) -> None:
    monkeypatch.setattr(compressed, "ENDLESS_BYTES", 2**21)
    assert line_of(io.BytesIO(b"x" * 2**21 + b"\n"), 3) == (b"", 2**21 + 1)
    file = io.BytesIO(b"x" * 2**25 + b"\nabc")
    with pytest.raises(EndlessLine, match="more than 2097152 bytes"):
        line_of(file, 3)
    assert file.tell() <= 2**22
    # What is allowed is read, however long.
    assert line_of(io.BytesIO(b"x" * 2**22), 2**23) == (b"x" * 2**22, 2**22)


def test_suffixes() -> None:
    assert {".csv", ".csv.gz", ".tsv.zst"} < set(suffixes_of("csv", "tsv"))
