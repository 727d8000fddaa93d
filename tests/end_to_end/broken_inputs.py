"""A corpus of broken files, made the same way every time from real ones.

Each family is a function that yields cases; a new kind of source is one more family in `FAMILIES` and, if it is read by
another component, one more entry in `SOURCES`.
"""

import bz2
import gzip
import io
import json
import random
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

SOURCES = {
    "archives": {"kind": "warc", "path": "archives"},
    "lines": {"kind": "jsonl", "path": "lines"},
    "texts": {"kind": "text_files", "path": "texts"},
    "books": {"kind": "epub", "path": "books"},
    "prints": {"kind": "pdf", "path": "prints"},
    "articles": {"kind": "jats", "path": "articles"},
    "dumps": {"kind": "wikipedia", "path": "dumps"},
}
"""Folder of the corpus to the source that reads it."""

SENTINEL = "A healthy line that nothing beside it may take away, number {}."


class Case(NamedTuple):
    """One broken file: the folder it belongs to, its name there, its bytes."""

    folder: str
    name: str
    data: bytes


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The bytes after one to three kinds of damage that disks, networks and crawlers do."""
    damage: list[Callable[[bytes, int, int], bytes]] = [
        lambda b, i, j: b[:i],
        lambda b, i, j: b[i:],
        lambda b, i, j: b[:i] + b[j:],
        lambda b, i, j: b[:j] + b[i:j] + b[j:],
        lambda b, i, j: b[:i] + bytes(j - i) + b[j:],
        lambda b, i, j: b[:i] + b"\xff" * (j - i) + b[j:],
        lambda b, i, j: b[:i] + bytes(chance.randbytes(min(64, j - i))) + b[i + min(64, j - i) :],
        lambda b, i, j: b[j:] + b[i:j] + b[:i],
        lambda b, i, j: b[:i] + b[i:j].swapcase() + b[j:],
        lambda b, i, j: b[:i] + b"<" * 300 + b[i:],
        lambda b, i, j: b[:i] + b[i:j].replace(b"\n", b"\0") + b[j:],
        lambda b, i, j: b.replace(b"\r\n", b"\n"),
        lambda b, i, j: b[:i] + str(chance.randrange(10**12)).encode() + b[i:],
        lambda b, i, j: bytes(c ^ (chance.random() < 0.001) << chance.randrange(8) for c in b[:20000]) + b[20000:],
    ]
    for _ in range(chance.randint(1, 3)):
        i, j = sorted((chance.randrange(len(data) + 1), chance.randrange(len(data) + 1)))
        data = chance.choice(damage)(data, i, j)
    return data


def response(url: str, body: bytes, *headers: bytes, media_type: bytes = b"text/html") -> bytes:
    """A sound WARC record around any body."""
    lines = [b"HTTP/1.1 200 OK", b"Content-Type: " + media_type, *headers]
    block = b"\r\n".join([*lines, b"", body])
    head = [b"WARC/1.0", b"WARC-Type: response", b"WARC-Date: 2026-01-01T00:00:00Z"]
    head += [b"WARC-Target-URI: " + url.encode(), b"Content-Type: application/http; msgtype=response"]
    return b"\r\n".join([*head, b"Content-Length: %d" % len(block), b"", block, b"", b""])


# --- Families --------------------------------------------------------------------------------------------------------


def archives(data: Path) -> Iterator[Case]:
    """Damaged archives: bytes of the file as it lies, and bytes inside gzip."""
    for place in sorted((data / "warc").rglob("*")):
        suffix = next(
            (s for s in (".warc.gz", ".arc.gz", ".wet.gz", ".warc.lz4", ".warc", ".arc") if s in place.name), ""
        )
        if not suffix or place.stat().st_size > 300_000:
            continue
        whole, chance = place.read_bytes(), random.Random(place.name)
        for number in range(20):
            broken = mutated(whole, chance)
            if suffix.endswith(".gz") and number % 2:
                inside = zlib.decompressobj(31).decompress(whole, 2**20)
                broken = gzip.compress(mutated(inside, chance), 1, mtime=0)
            yield Case("archives", f"{place.parent.name}-{place.stem}-{number}{suffix}", broken)


def pages(data: Path) -> Iterator[Case]:
    """Damaged pages in sound archives, one page each."""
    for pack, step in (
        ("web-trafilatura/pages", 5),
        ("web-article-extraction-benchmark/html", 2),
        ("web-formasaurus/html", 5),
        ("web-htmldate/pages", 3),
    ):
        chance, seen = random.Random(pack), 0
        with tarfile.open(data / f"{pack}.tar.xz", "r:xz") as tar:
            for member in tar:
                if not member.isfile() or member.size > 400_000:
                    continue
                seen += 1
                stream = tar.extractfile(member) if seen % step == 0 else None
                if stream is not None:
                    name = f"{pack.partition('/')[0]}-{seen}"
                    broken = mutated(stream.read(), chance)
                    yield Case("archives", f"{name}.warc", response(f"http://pages.test/{name}", broken))


def html5lib(data: Path) -> Iterator[Case]:
    """What a standard's authors found hard to parse."""
    number = 0
    with tarfile.open(data / "robust-html5lib/html5lib-tests.tar.xz", "r:xz") as tar:
        for member in tar:
            if not member.name.endswith(".dat"):
                continue
            stream = tar.extractfile(member)
            for part in stream.read().split(b"#data\n")[1:] if stream else []:
                number += 1
                if number % 5 == 0:
                    body = part.partition(b"\n#errors")[0]
                    yield Case("archives", f"h5-{number}.warc", response(f"http://pages.test/h5-{number}", body))


def json_lines(data: Path) -> Iterator[Case]:
    """Lines that are no JSON, or hardly, between healthy ones."""
    chance = random.Random("json")
    with tarfile.open(data / "robust-json/JSONTestSuite.tar.xz", "r:xz") as tar:
        for number, member in enumerate(member for member in tar if member.name.endswith(".json")):
            stream = tar.extractfile(member)
            content = stream.read() if stream else b""
            if number % 3 == 0:
                content = b'{"text": ' + mutated(content, chance) + b"}"
            # Line ends inside would only make more lines.
            yield Case("lines", f"json-{number}.jsonl", between_sentinels(content.replace(b"\n", b" "), number))


def naughty(data: Path) -> Iterator[Case]:
    """Strings known to break programs, as files and as pages."""
    strings = json.loads((data / "robust-blns/blns.json").read_text())
    for number, text in enumerate(strings):
        body = text.encode("utf-8", "surrogatepass")
        if number % 4 == 0:
            yield Case("texts", f"naughty-{number}.txt", body)
        elif number % 4 == 1:
            page = b"<html><body><p title='" + body + b"'>" + body + b"</p></body>"
            yield Case("archives", f"naughty-{number}.warc", response(f"http://pages.test/naughty-{number}", page))


def manual_pages(data: Path) -> Iterator[Case]:
    """Texts in another markup than anybody expects, damaged."""
    chance = random.Random("man")
    with tarfile.open(data / "tech-man-pages/man.tar.xz", "r:xz") as tar:
        for number, member in enumerate(member for member in tar if member.isfile()):
            stream = tar.extractfile(member) if number % 12 == 0 else None
            if stream is not None:
                yield Case("texts", f"man-{number}.txt", mutated(stream.read(), chance))


def books(data: Path) -> Iterator[Case]:
    """Damaged books: bytes of the file as it lies, and bytes of members that are packed again."""
    for place in sorted((data / "books-epub").glob("*.epub")):
        whole, chance = place.read_bytes(), random.Random(place.name)
        with zipfile.ZipFile(place) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        # The table of members stands at the end: a cut anywhere would be one case only.
        for number in range(10):
            at = chance.randrange(len(whole))
            broken = whole[:at] + mutated(whole[at : at + 4000], chance) + whole[at + 4000 :]
            yield Case("books", f"{place.stem[:12]}-{number}.epub", mutated(whole, chance) if number < 3 else broken)
        texts = sorted(name for name in members if name.endswith((".xhtml", ".opf", ".ncx", ".xml")))
        for number in range(15):
            name = chance.choice(texts)
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                for other, content in members.items():
                    if other in texts or other == "mimetype":
                        archive.writestr(other, mutated(content, chance) if other == name else content)
            yield Case("books", f"{place.stem[:12]}-member-{number}.epub", packed.getvalue())


def prints(data: Path) -> Iterator[Case]:
    """Damaged PDF files."""
    for place in sorted((data / "articles-pdf").glob("*.pdf")):
        whole, chance = place.read_bytes(), random.Random(place.name)
        for number in range(20 if len(whole) < 200_000 else 4):
            at = chance.randrange(len(whole))
            inside = whole[:at] + mutated(whole[at : at + 500], chance) + whole[at + 500 :]
            yield Case("prints", f"{place.stem}-{number}.pdf", inside if number % 2 else mutated(whole, chance))


def journal_articles(data: Path) -> Iterator[Case]:
    """Damaged articles in XML, and entities and elements that never end."""
    for place in sorted((data / "articles-jats-pmc").glob("*.nxml")):
        whole, chance = place.read_bytes(), random.Random(place.name)
        for number in range(15):
            yield Case("articles", f"{place.stem}-{number}.nxml", mutated(whole, chance))
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
    head = f'<!DOCTYPE article [<!ENTITY l0 "ha">{laughs}]><article article-type="research-article"><body>'
    yield Case("articles", "laughs.nxml", f"{head}<p>&l11;</p></body></article>".encode())
    yield Case("articles", "deep.nxml", b"<article><body>" + b"<sec>" * 200_000)
    yield Case("articles", "nothing.nxml", b"")


def wiki_dumps(data: Path) -> Iterator[Case]:
    """Damaged dumps, and sound ones of a page whose wikitext is damaged or never ends."""
    (place,) = (data / "articles-wikipedia-dump").glob("*.bz2")
    with bz2.open(place) as file:
        whole = file.read(2**19)
    chance = random.Random("wiki")
    for number in range(30):
        at = chance.randrange(len(whole) - 60_000)
        broken = mutated(whole[:2000] + whole[at : at + 60_000], chance)
        yield Case("dumps", f"dump-{number}.xml", broken)
        yield Case("dumps", f"dump-{number}.xml.bz2", mutated(bz2.compress(whole[: at + 60_000]), chance))
    endless = {
        "braces": b"{{" * 100_000,
        "brackets": b"[[" * 100_000,
        "tables": b"{|\n|-\n|" * 30_000,
        "quotes": b"'''''a" * 100_000,
        "tags": b"&lt;ref&gt;&lt;nowiki&gt;" * 30_000,
        "mixed": b"[[a|{{b|[http://c d" * 20_000,
        "indents": b"*" * 500_000,
    }
    for name, text in endless.items():
        yield Case("dumps", f"endless-{name}.xml", wiki_page(text))


def wiki_page(text: bytes) -> bytes:
    """A dump of one page."""
    return (
        b'<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/"><siteinfo><base>https://w.test/wiki/Main</base>'
        b"</siteinfo><page><title>T</title><ns>0</ns><id>1</id><revision><id>2</id><timestamp>2026-01-01T00:00:00Z"
        b"</timestamp><model>wikitext</model><text>" + text + b"</text></revision></page></mediawiki>"
    )


def bombs(data: Path) -> Iterator[Case]:
    """Small files that become large, and pages that never end."""
    zeros = _zeros(2**30)
    yield Case("lines", "one-endless-line.jsonl.gz", zeros)
    yield Case("lines", "endless-string.jsonl.gz", gzip.compress(b'{"text": "', mtime=0) + zeros)
    yield Case("lines", "many-lines.jsonl.gz", gzip.compress(b'{"a":1}\n' * 200_000, mtime=0))
    yield Case("lines", "deep.jsonl", between_sentinels(b"[" * 200_000, 9000))
    yield Case("lines", "deep-object.jsonl", between_sentinels(b'{"text":' * 100_000 + b"1" + b"}" * 100_000, 9001))
    yield Case("lines", "long-number.jsonl", between_sentinels(b'{"text": ' + b"9" * 1_000_000 + b"}", 9002))
    yield Case("archives", "zeros.warc.gz", zeros)
    twice = gzip.compress(zeros, mtime=0)
    for name, body, coding in (("gzip", zeros, b"gzip"), ("gzip-gzip", twice, b"gzip, gzip"), ("lie", b"no", b"gzip")):
        record = response(f"http://pages.test/bomb-{name}", body, b"Content-Encoding: " + coding)
        yield Case("archives", f"bomb-{name}.warc", record)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", bytes(2**24))
    yield Case("archives", "zip.warc", response("http://pages.test/zip", packed.getvalue()))
    yield Case("texts", "zip.txt", packed.getvalue())
    yield Case("texts", "nothing.txt", b"")
    yield Case("lines", "nothing.jsonl", b"")
    yield Case("archives", "nothing.warc", b"")
    for name, body in {
        "deep": b"<div>" * 200_000,
        "deep-tables": b"<table><tr><td>" * 30_000,
        "attributes": b"<p " + b"a=b " * 500_000 + b">text</p>",
        "entities": b"&amp;&#x1F600;&nosuch;" * 200_000,
        "formatting": b"<b><i><a>" * 20_000 + b"text",
        "comment": b"<!--" + b"-" * 2_000_000,
        "nul": b"<p>" + b"\0" * 2_000_000 + b"</p>",
        "one-word": b"<p>" + b"x" * 5_000_000,
    }.items():
        yield Case("archives", f"endless-{name}.warc", response(f"http://pages.test/endless-{name}", body))


FAMILIES: tuple[Callable[[Path], Iterator[Case]], ...] = (
    archives,
    pages,
    html5lib,
    json_lines,
    naughty,
    manual_pages,
    books,
    prints,
    journal_articles,
    wiki_dumps,
    bombs,
)


def between_sentinels(line: bytes, number: int) -> bytes:
    """A line with a healthy one before and after it."""
    healthy = [json.dumps({"text": SENTINEL.format(f"{number}-{side}")}).encode() for side in (1, 2)]
    return b"\n".join([healthy[0], line, healthy[1], b""])


def write_corpus(folder: Path, data: Path) -> list[Case]:
    """Write all cases; they are given without their bytes."""
    cases = []
    for family in FAMILIES:
        for case in family(data):
            place = folder / case.folder / case.name
            place.parent.mkdir(parents=True, exist_ok=True)
            assert not place.exists(), place
            place.write_bytes(case.data)
            cases.append(case._replace(data=b""))
    return cases


def _zeros(size: int) -> bytes:
    """A gzip file of so many zeros."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    block = bytes(2**20)
    return b"".join([*(packer.compress(block) for _ in range(size // 2**20)), packer.flush()])
