"""Which part of the corpus a page belongs to: `train`, `validation`, `test` or `tasks`.

The parts are drawn by keyed hashes of names, so that a page keeps its part when the corpus grows, whatever the
order, the number of workers or the other pages are.

- `test`: whole groups (a top-level module, a host). Perplexity is measured there, on pages none of whose siblings
were seen.
- `tasks`: single pages of the other groups that labelled tasks use as their test part; never pre-trained on.
- `validation`: single pages for the learning curves.
- `train`: everything else.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from urllib.parse import urlsplit

SPLITS = ("train", "validation", "test", "tasks")
PYDOC = "pydoc:///"

TEST_SHARE = 0.10  # of groups
# A module of three pages has a held-out one by luck only. Of 12,000 keys this one leaves each of the twelve largest
# modules of Python 3.11 that have several pages with pages on both sides; only numbers of passages were looked at,
# no score.
TASK_KEY = "tasks 8818"
TASK_SHARE = 0.15  # of pages outside the test groups
VALIDATION_SHARE = 0.04  # of what is left


def group_of(url: str | None, document_id: str) -> str:
    """The unit that is held out as a whole for `test`.

    The top-level module of a `pydoc:///` page (a help topic is a group of its own), the host of a web page, and
    otherwise the document itself.
    """
    if not url:
        return document_id
    if url.startswith(PYDOC):
        name = url.removeprefix(PYDOC).partition("#")[0]
        return name if "?" in name else name.partition(".")[0]
    parts = _split(url)
    if parts is None or parts[0] not in ("http", "https") or not parts[1]:
        return document_id
    return parts[1].removeprefix("www.")


def page_of(url: str | None, document_id: str) -> str:
    """The page a document was taken from: its address without the fragment, or the document itself."""
    return url.partition("#")[0] if url else document_id


def split_of(url: str | None, document_id: str) -> str:
    """The part of the corpus that a document belongs to, one of `SPLITS`."""
    if _group_draw(group_of(url, document_id)) < TEST_SHARE:
        return "test"
    page = page_of(url, document_id)
    if _draw(TASK_KEY, page) < TASK_SHARE:
        return "tasks"
    if _draw("validation", page) < VALIDATION_SHARE:
        return "validation"
    return "train"


def page_is_held_out(url: str | None, document_id: str = "") -> bool:
    """Whether labelled tasks split by page put this page into their test part.

    It asks the same draw as `tasks` whatever the group, so no such page is ever in `train` or `validation`.
    """
    return _draw(TASK_KEY, page_of(url, document_id)) < TASK_SHARE


@lru_cache(4096)
def _group_draw(group: str) -> float:
    """The draw that decides about `test`: one for all pages of a group, which mostly come together."""
    return _draw("test", group)


def _draw(purpose: str, name: str) -> float:
    """A number in [0, 1) that depends on the purpose and the name alone."""
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), key=purpose.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _split(url: str) -> tuple[str, str] | None:
    """Scheme and lower-case host without port, or None for an address that is not one."""
    if plain := _PLAIN.match(url):
        return plain[1], plain[2]
    try:
        parts = urlsplit(url)
        return parts.scheme.lower(), (parts.hostname or "").lower()
    except ValueError:
        return None


# An address about which no two parsers disagree: read at a tenth of the cost.
_PLAIN = re.compile(r"(https?)://([a-z0-9.-]+)(?=[/?#]|\Z)")
