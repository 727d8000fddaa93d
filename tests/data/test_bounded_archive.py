import io
import stat
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.bounded_archive import BadArchive, BoundedArchive, Limits
from firstwords.data.document import REASONS


def packed(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return out.getvalue()


def refused(body: bytes, name: str = "a", **limits) -> BadArchive:
    with pytest.raises(BadArchive) as error:
        BoundedArchive(body, Limits(**limits)).read(name)
    return error.value


def test_members_are_read_as_they_were() -> None:
    members = {"a": b"x" * 100_000, "b/c.txt": bytes(range(256)), "empty": b""}
    archive = BoundedArchive(packed(members), Limits())
    assert archive.names() == list(members) and "a" in archive and "d" not in archive
    assert {name: archive.read(name) for name in archive.names()} == members


def test_sizes_are_limited_as_they_unfold() -> None:
    body = packed({"a": b"x" * 300_000, "b": b"x" * 300_000})
    assert refused(body, member=299_999).reason == "too_large"
    archive = BoundedArchive(body, Limits(total=500_000))
    archive.read("a")
    with pytest.raises(BadArchive, match="too_large"):
        archive.read("b")
    assert refused(body, members=1).reason == "too_large"


def test_a_lying_size_does_not_help_a_bomb() -> None:
    bomb = bytearray(packed({"a": bytes(8 * 2**20)}))
    # The size after unpacking, in the directory, says 10 bytes.
    at = bomb.index(b"PK\x01\x02")
    bomb[at + 24 : at + 28] = (10).to_bytes(4, "little")
    assert refused(bytes(bomb)).reason in ("too_large", "malformed")


def test_a_ratio_counts_above_a_mebibyte_only() -> None:
    assert len(BoundedArchive(packed({"a": bytes(2**20)}), Limits()).read("a")) == 2**20
    found = refused(packed({"a": bytes(2**21)}))
    assert found.reason == "too_large" and "200 times" in found.detail
    assert len(BoundedArchive(packed({"a": bytes(2**21)}), Limits(ratio=2000)).read("a")) == 2**21


@pytest.mark.parametrize("name", ["/etc/passwd", "../a", "b/../../a", "C:/a", "b\\..\\a", "folder/"])
def test_names_that_lead_outside_are_no_members(name) -> None:
    archive = BoundedArchive(packed({name: b"", "a": b"x"}), Limits())
    assert archive.names() == ["a"]


def test_links_are_no_members() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("a")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert BoundedArchive(out.getvalue(), Limits()).names() == []


def test_passwords_and_odd_methods_are_told() -> None:
    encrypted = bytearray(packed({"a": b"x"}))
    encrypted[encrypted.index(b"PK\x01\x02") + 8] |= 1
    assert refused(bytes(encrypted)).reason == "unsupported"
    assert "method" in refused(packed({"a": b"x"}, zipfile.ZIP_BZIP2)).detail


@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"", "malformed"), (b"no zip", "malformed"), (packed({"a": b"x" * 99})[:50], "truncated")],
    ids=[
        "empty",
        "text",
        "half",
    ],  # an archive holds the time, and names must be the same in every process
)
def test_what_is_no_archive(body, reason) -> None:
    assert refused(body).reason == reason
    assert refused(packed({"b": b""})).reason == "malformed"


@given(st.data())
def test_damage_is_told_or_harmless(data) -> None:
    whole = packed({"a": b"the words of a member " * 20, "b": b"y"})
    broken = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 5))):
        broken[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        archive = BoundedArchive(bytes(broken[: data.draw(st.integers(0, len(whole)))]), Limits())
        for name in archive.names():
            archive.read(name)
    except BadArchive as error:
        assert error.reason in REASONS
