"""The inputs that both sides read: one web archive and pieces of text with edited copies, made from real data."""

import gzip
import hashlib
import io
import json
import lzma
import random
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

WEB_SETS = ("web-trafilatura", "web-article-extraction-benchmark", "web-formasaurus", "web-htmldate")
PIECE = (2000, 5000)  # characters of a piece of text
CONTRACT_CHARACTERS = 40_000
NOUNS = re.findall(
    r"\w+",
    "time year people way day man thing woman life child world school state family student group country "
    "problem hand part place case week company system program question work government number night point "
    "home water room mother ",
)


def html_pages(data: Path) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of every distinct page of the four web sets, in the order of their names."""
    seen: set[bytes] = set()
    for folder in WEB_SETS:
        for archive in sorted((data / folder).glob("*.tar.xz")):
            with tarfile.open(archive) as source:
                members = sorted((m for m in source if m.isfile() and "resources/" not in m.name), key=lambda m: m.name)
                for member in members:
                    file = source.extractfile(member)
                    assert file is not None
                    page = file.read()
                    digest = hashlib.sha1(page).digest()
                    if page.strip() and digest not in seen:
                        seen.add(digest)
                        yield f"{folder}/{member.name}", page


def web_archive(data: Path, folder: Path, shards: int, share: float = 1.0, copies: int = 1) -> dict[str, float]:
    """Write the pages as gzip WARC files, each record a member of its own and its media type told.

    Args:
        data: The folder of data sets.
        folder: Where the files come.
        shards: Number of files.
        share: Of the pages.
        copies: How often each page is written, each time at another address.

    Returns:
        `pages` and `bytes` (of HTML).
    """
    folder.mkdir(parents=True, exist_ok=True)
    pages = [page for i, page in enumerate(html_pages(data)) if (i * share) % 1 < share]
    handles = [(folder / f"{i:02d}.warc.gz").open("wb") for i in range(shards)]
    for copy in range(copies):
        for place, (name, page) in enumerate(pages):
            number = copy * len(pages) + place
            handles[place % shards].write(gzip.compress(_warc_record(f"http://{number}.example.org/{name}", page), 6))
    for handle in handles:
        handle.close()
    return {"pages": copies * len(pages), "bytes": copies * sum(len(page) for _, page in pages)}


def _warc_record(url: str, page: bytes) -> bytes:
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + page
    digest = hashlib.sha1(url.encode()).hexdigest()
    head = (
        "WARC/1.0\r\nWARC-Type: response\r\n"
        f"WARC-Record-ID: <urn:uuid:{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}>\r\n"
        f"WARC-Date: 2026-11-01T00:00:00Z\r\nWARC-Target-URI: {url}\r\n"
        "Content-Type: application/http; msgtype=response\r\nWARC-Identified-Payload-Type: text/html\r\n"
        f"Content-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def text_pieces(data: Path, per_kind: int | None = None) -> list[str]:
    """Messages, contracts and novels cut at line ends into pieces of 2,000 to 5,000 characters.

    Args:
        data: The folder of data sets.
        per_kind: At most so many of each kind; None = all.
    """
    chance = random.Random(0)
    pieces: list[str] = []
    for texts in (_messages(data), _contracts(data), novels(data)):
        found: list[str] = []
        for text in texts:
            found += _cut(text, chance)
            if per_kind is not None and len(found) >= per_kind:
                break
        pieces += found[:per_kind]
    return pieces


def _messages(data: Path) -> Iterator[str]:
    with tarfile.open(data / "cls-20newsgroups/20news-bydate.tar.xz") as archive:
        for member in archive:
            if member.isfile() and "train" in member.name:
                file = archive.extractfile(member)
                assert file is not None
                yield file.read().decode("latin-1").partition("\n\n")[2]


def _contracts(data: Path) -> Iterator[str]:
    with tarfile.open(data / "legal-contracts/agreements.tar.xz") as archive:
        for member in archive:
            if member.isfile():
                file = archive.extractfile(member)
                assert file is not None
                yield file.read().decode("utf-8", "replace")[:CONTRACT_CHARACTERS]


def novels(data: Path) -> Iterator[str]:
    """The text of each of the novels, a paragraph a line."""
    with tarfile.open(data / "books-eltec-eng/level1.tar.xz") as archive:
        for member in archive:
            if member.isfile():
                file = archive.extractfile(member)
                assert file is not None
                body = file.read().decode("utf-8").partition("<body>")[2]
                paragraphs = (re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", p)).strip() for p in body.split("</p>"))
                yield "\n".join(p for p in paragraphs if p)


def _cut(text: str, chance: random.Random) -> Iterator[str]:
    piece = io.StringIO()
    wanted = chance.randint(*PIECE)
    for line in text.split("\n"):
        piece.write(line + "\n")
        if piece.tell() >= wanted:
            yield piece.getvalue().strip()[: PIECE[1]]
            piece, wanted = io.StringIO(), chance.randint(*PIECE)


def edited(text: str, share: float, chance: random.Random) -> str:
    """The text with a share of its words of three letters and more replaced by common nouns."""
    return re.sub(r"[A-Za-z]{3,}", lambda m: chance.choice(NOUNS) if chance.random() < share else m[0], text)


def write_pieces(pieces: list[str], shares: tuple[float, ...], folder: Path, shards: int) -> dict[str, float]:
    """Write each piece once for each share of edited words, shuffled, with `id` = piece-copy, as JSONL and as Parquet.

    Returns:
        `documents` and `bytes` of text. The files are below `folder/jsonl` and `folder/parquet`.
    """
    chance = random.Random(1)
    rows = [(i, copy) for i in range(len(pieces)) for copy in range(len(shares))]
    chance.shuffle(rows)
    total = 0
    for kind in ("jsonl", "parquet"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    for shard in range(shards):
        found = [
            (f"{i}-{copy}", edited(pieces[i], shares[copy], chance) if shares[copy] else pieces[i])
            for i, copy in rows[shard::shards]
        ]
        with (folder / f"jsonl/{shard:02d}.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps({"id": name, "text": text}) + "\n" for name, text in found)
        table = pa.table({"id": [name for name, _ in found], "text": [text for _, text in found]})
        pq.write_table(table, folder / f"parquet/{shard:02d}.parquet", compression="zstd", row_group_size=1024)
        total += sum(len(text.encode()) for _, text in found)
    return {"documents": len(rows), "bytes": total}


def read_lines(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a JSONL file, plain or packed with gzip or xz."""
    opener = {".gz": gzip.open, ".xz": lzma.open}.get(path.suffix, open)
    with opener(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
