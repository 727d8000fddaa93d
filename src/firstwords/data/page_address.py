"""The address of a saved page: from a list beside it, or from what the page says itself."""

import functools
import html
import json
import re
from pathlib import Path
from typing import Any

from firstwords.data.compressed import DAMAGE, opened
from firstwords.data.crawl.url import canonical_url
from firstwords.errors import RecipeError

HEAD_BYTES = 256 * 1024
MAX_LIST = 2**30
_LINK = re.compile(rb"<link\s([^<>]{1,3000}+)>", re.IGNORECASE)
_RELATION = re.compile(rb"""(?:^|\s)rel\s*=\s*["']?\s*canonical(?=["'\s/]|$)""", re.IGNORECASE)
_HREF = re.compile(rb"""(?:^|\s)href\s*=\s*(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""", re.IGNORECASE)
# Browsers write where a page was saved from, with the length of the address in brackets.
_SAVED = re.compile(rb"<!--\s?saved from url=\(\d{4}\)(https?://[^\s<>]{1,2000})", re.IGNORECASE)


def own_address(body: bytes) -> str | None:
    """The canonical address that a page gives itself, or where a browser saved it from; only in its first 256 KiB."""
    head = body[:HEAD_BYTES]
    for link in _LINK.finditer(head):
        if _RELATION.search(link[1]) and (href := _HREF.search(link[1])):
            value = next(group for group in href.groups() if group is not None)
            address = canonical_url(html.unescape(value.decode("utf-8", "replace")).strip())
            if address is not None:
                return address
    saved = _SAVED.search(head)
    return canonical_url(saved[1].decode("utf-8", "replace")) if saved else None


def listed_addresses(path: Path, name: str) -> dict[str, str]:
    """File to address, as a list tells it.

    Args:
        path: JSON, or lines of file, tab, address; compressed or not.
        name: For messages.

    Raises:
        RecipeError: If it is neither.
    """
    status = path.stat()
    return _listed(path, name, status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=4)
def _listed(path: Path, name: str, size: int, time: int) -> dict[str, str]:
    try:
        with opened(path) as file:
            text = file.read(MAX_LIST).decode("utf-8-sig")
    except (*DAMAGE, UnicodeDecodeError) as error:
        raise RecipeError(f"addresses: {name} cannot be read: {type(error).__name__}: {error}") from None
    pairs = _of_json(text, name) if text.lstrip()[:1] in ("{", "[") else _of_lines(text, name)
    return {file: address for file, given in pairs if (address := canonical_url(given)) is not None}


def _of_json(text: str, name: str) -> list[tuple[str, str]]:
    try:
        values: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"addresses: {name} is no JSON: {error}") from None
    found = []
    for key, value in values.items() if isinstance(values, dict) else []:
        if isinstance(value, str):
            found.append((key, value))
        elif isinstance(value, dict) and isinstance(value.get("url"), str):
            found.append((key, value["url"]))
        elif isinstance(value, dict) and isinstance(value.get("file"), str):
            found.append((value["file"], key))
    if not found:
        raise RecipeError(
            f"addresses: {name} is none of file to address, file to an object with 'url', address to one with 'file'"
        )
    return found


def _of_lines(text: str, name: str) -> list[tuple[str, str]]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        file, tab, address = line.partition("\t")
        if not tab:
            raise RecipeError(f"addresses: {name}, line {number}: '{line[:80]}' is not file, tab, address")
        found.append((file.strip(), address.strip()))
    return found
