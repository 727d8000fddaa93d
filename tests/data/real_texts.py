"""Real texts for comparisons with written references: messages, novels, contracts."""

import os
import re
import tarfile
from functools import cache
from pathlib import Path

import pytest

needs_data = pytest.mark.skipif("FIRSTWORDS_DATA" not in os.environ, reason="needs FIRSTWORDS_DATA")


@cache
def real_texts(each: int = 40) -> list[str]:
    """So many messages of 20 Newsgroups, pages of novels and beginnings of contracts."""
    folder = Path(os.environ["FIRSTWORDS_DATA"])
    texts = []
    for place in ("cls-20newsgroups/20news-bydate", "books-eltec-eng/level1", "legal-contracts/agreements"):
        with tarfile.open(folder / f"{place}.tar.xz", "r:xz") as archive:
            found = 0
            for member in archive:
                if not member.isfile() or "metadata" in member.name:
                    continue
                text = (
                    archive.extractfile(member)
                    .read(300_000)
                    .decode("latin-1" if "news" in place else "utf-8", "replace")
                )
                if "eltec" in place:
                    text = re.sub(r"<[^>]+>", "", text)[20_000:24_000]
                texts.append(text[:6000])
                found += 1
                if found == (each if "eltec" not in place else max(1, each // 8)):
                    break
    return texts
