"""Books and articles that are damaged or lie: each ends in a document or a rejection, within the limits.

Real files are mutated in every way below and read in the sandbox, as the stage `extract` does it: an exception that
leaves an extractor would end the test, a hang or a crash is one of the reasons.
"""

import io
import os
import random
import re
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from firstwords.data.document import REASONS
from firstwords.data.extractors.automatic import Automatic
from firstwords.data.sandbox import Job, Lost, Sandbox
from firstwords.recipe import configuration
from firstwords.stages.extract import RECORD_EXTRACTOR

DATA = os.environ.get("FIRSTWORDS_DATA")
FILES = {
    "pdf": ("articles-pdf/*.pdf", "application/pdf", 100_000),
    "epub": ("books-epub/*.epub", "application/epub+zip", 10**9),
    "jats": ("articles-jats-pmc/*.nxml", "application/jats+xml", 80_000),
}
SECONDS = 5.0  # of processor time, for each mutated file
pytestmark = pytest.mark.skipif(not DATA, reason="FIRSTWORDS_DATA is not set")


def cut(body: bytes, draw: random.Random) -> bytes:
    return body[: draw.randrange(len(body))]


def flipped(body: bytes, draw: random.Random) -> bytes:
    out = bytearray(body)
    for _ in range(draw.choice((1, 8, 64))):
        out[draw.randrange(len(out))] ^= 1 << draw.randrange(8)
    return bytes(out)


def torn(body: bytes, draw: random.Random) -> bytes:
    """A piece is lost, filled with zeros, or comes twice."""
    start = draw.randrange(len(body))
    end = min(len(body), start + draw.randrange(1, 4096))
    between = draw.choice((b"", bytes(end - start), body[start:end] * 3))
    return body[:start] + between + body[end:]


def loops(body: bytes, draw: random.Random) -> bytes:
    """References of a PDF lead elsewhere, also in circles; lengths and numbers lie."""
    numbers = re.findall(rb"(\d+) 0 obj", body) or [b"1"]

    def other(match: re.Match[bytes]) -> bytes:
        if draw.random() > 0.2:
            return match[0]
        return draw.choice(numbers) + b" 0 R" if match[0].endswith(b"R") else str(draw.randrange(10**10)).encode()

    return re.sub(rb"\d+ 0 R|(?<=/Length )\d+|(?<=/Count )\d+", other, body)


def repacked(body: bytes, draw: random.Random) -> bytes:
    """Members of a book are mutated and packed anew, so that their checksums are right."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if not name.endswith((".svg", ".css")) and draw.random() < 0.95:
                member = old.read(name)
                broken = name.endswith((".opf", ".xml")) or draw.random() < 0.3
                new.writestr(name, draw.choice((flipped, torn, nested, cut))(member, draw) if broken else member)
    return out.getvalue()


def nested(body: bytes, draw: random.Random) -> bytes:
    """Elements without end, or ends without beginning."""
    at = draw.randrange(len(body))
    tag = draw.choice((b"<sec>", b"<p>", b"<div>", b"<list><list-item>", b"</p>", b"<![CDATA[", b"&a;", b"<!--"))
    return body[:at] + tag * draw.choice((1, 300, 20_000)) + body[at:]


def swapped(body: bytes, draw: random.Random) -> bytes:
    """The beginning of one form, the rest of another."""
    start = draw.choice(
        (b"%PDF-1.7\n", b"PK\x03\x04", b"<?xml version='1.0'?><article article-type='x'>", b"\x1f\x8b", b"")
    )
    return start + body[draw.randrange(0, 200) :]


MUTATIONS: dict[str, tuple[Callable[[bytes, random.Random], bytes], ...]] = {
    "pdf": (cut, flipped, torn, loops, swapped),
    "epub": (cut, flipped, torn, repacked, swapped),
    "jats": (cut, flipped, torn, nested, swapped),
}


def bodies(kind: str, *, small: bool) -> list[bytes]:
    pattern, _, size = FILES[kind]
    found = [path.read_bytes() for path in sorted(Path(DATA or "").glob(pattern))]
    assert found
    if not small:
        return found
    return [smaller(body) for body in found] if kind == "epub" else [body for body in found if len(body) <= size]


def smaller(book: bytes) -> bytes:
    """A book's first chapters without pictures."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        names = [name for name in old.namelist() if not name.endswith((".svg", ".css"))]
        for name in [*(name for name in names if "/text/" not in name), *[n for n in names if "/text/" in n][:3]]:
            new.writestr(name, old.read(name))
    return out.getvalue()


def outcomes(kind: str, number: int, *, small: bool) -> Counter[str]:
    """What became of so many files for each mutation."""
    originals, media_type = bodies(kind, small=small), FILES[kind][1]

    def items():
        for mutate in MUTATIONS[kind]:
            for i in range(number):
                draw = random.Random(f"{kind} {mutate.__name__} {i}")
                mutated = mutate(draw.choice(originals), draw)
                fields = {"origin": f"{mutate.__name__} {i}", "media_type": media_type}
                yield {"record": fields, "lost": None}, mutated

    found: Counter[str] = Counter()
    with Sandbox(Job(RECORD_EXTRACTOR, configuration(Automatic()), SECONDS, 2**30)) as sandbox:
        for answer in sandbox.map(items()):
            reason = answer.reason if isinstance(answer, Lost) else answer.get("reason", "document")
            assert reason == "document" or reason in REASONS
            if reason == "document":
                answer["text"].encode()
            found[reason] += 1
    assert found.total() == number * len(MUTATIONS[kind])
    return found


@pytest.mark.parametrize("kind", FILES)
def test_mutated_files_end_in_a_document_or_a_reason(kind) -> None:
    found = outcomes(kind, 30, small=True)
    # Neither is everything refused nor is nothing noticed.
    assert found["document"] > 10 and found.total() - found["document"] > 10


@pytest.mark.slow
@pytest.mark.parametrize("kind", FILES)
def test_many_mutated_files(kind) -> None:
    found = outcomes(kind, 300, small=False)
    print(kind, dict(found))
    assert found["document"] > 100 and found.total() - found["document"] > 100
