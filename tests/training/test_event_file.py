import struct

import pytest

from firstwords.training.event_file import EventFile, crc32c, masked_crc


def read(content):
    """Events of a file as {field number: value}, checksums compared."""
    events = []
    while content:
        (length,) = struct.unpack("<Q", content[:8])
        data = content[12 : 12 + length]
        assert struct.unpack("<I", content[8:12])[0] == masked_crc(content[:8])
        assert struct.unpack("<I", content[12 + length : 16 + length])[0] == masked_crc(data)
        events.append(message(data))
        content = content[16 + length :]
    return events


def varint(data, place):
    number = shift = 0
    while True:
        byte = data[place]
        number |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return number, place


def message(data):
    found, place = [], 0
    while place < len(data):
        key, place = varint(data, place)
        kind = key & 7
        if kind == 0:
            value, place = varint(data, place)
        elif kind == 2:
            length, place = varint(data, place)
            value, place = data[place : place + length], place + length
        else:
            size, code = {1: (8, "<d"), 5: (4, "<f")}[kind]
            value, place = struct.unpack(code, data[place : place + size])[0], place + size
        found.append((key >> 3, value))
    return found


def test_the_checksum_is_the_standard_one():
    # RFC 3720, appendix B.4.
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43


def test_numbers_come_back(tmp_path):
    file = EventFile(tmp_path / "run")
    file.add(300, {"loss": 2.5, "rate": 0.01})
    file.add(2**40, {"loss": float("inf")})
    file.close()
    (place,) = (tmp_path / "run").iterdir()
    assert place.name.startswith("events.out.tfevents.")
    version, first, second = (dict(each) for each in read(place.read_bytes()))
    assert version[3] == b"brain.Event:2"
    values = [dict(message(entry)) for _, entry in message(first[5])]
    assert first[2] == 300 and [v[1] for v in values] == [b"loss", b"rate"]
    assert [v[2] for v in values] == [2.5, pytest.approx(0.01)]
    assert second[2] == 2**40


def test_tensorboard_reads_it(tmp_path):
    loader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    file = EventFile(tmp_path)
    file.add(7, {"loss": 1.5})
    file.close()
    events = loader.EventAccumulator(str(tmp_path)).Reload()
    assert [(e.step, e.value) for e in events.Scalars("loss")] == [(7, 1.5)]
