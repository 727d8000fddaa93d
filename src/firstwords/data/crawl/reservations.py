"""Reservations of a whole site: `/.well-known/tdmrep.json`, fetched once per origin.

A page's own header or meta element goes before it. A file that is not there, or cannot be read, says nothing.

Source: W3C community group report "TDM Reservation Protocol (TDMRep)", section "TDM File on the Origin Server".
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from firstwords.data.crawl.fetch import REDIRECTS, FetchFailed, Response
from firstwords.data.crawl.robots import MAX_AGE, MAX_BYTES, MAX_REDIRECTS
from firstwords.data.crawl.url import canonical_url, origin_of

PLACE = "/.well-known/tdmrep.json"
MAX_RULES = 1000
MAX_WILDCARDS = 8


@dataclass(frozen=True)
class _Rule:
    location: str
    pattern: re.Pattern[str]
    reserved: bool


class Reservations:
    """What the origins of a crawl reserve.

    Args:
        fetch: Gives the response for an address, or raises `FetchFailed`.
        clock: Seconds that only grow.
    """

    def __init__(self, fetch: Callable[[str], Response], clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._rules: dict[str, tuple[float, list[_Rule]]] = {}

    def known(self, url: str) -> bool:
        """Whether the file for this address is here and not older than a day."""
        found = self._rules.get(origin_of(url))
        return found is not None and self._clock() - found[0] < MAX_AGE

    def load(self, url: str) -> None:
        """Fetch the file for this address; never raises."""
        body = self._read(origin_of(url) + PLACE)
        self._rules[origin_of(url)] = self._clock(), read_reservations(body)

    def of(self, url: str) -> str | None:
        """What the file says of an address: `1` reserved, `0` not, None nothing. It must have been loaded.

        As in robots.txt (RFC 9309, 2.2.2) the longest location that matches counts; of equal ones a reservation.
        """
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        matching = [rule for rule in self._rules[origin_of(url)][1] if rule.pattern.match(path)]
        if not matching:
            return None
        return "1" if max(matching, key=lambda rule: (len(rule.location), rule.reserved)).reserved else "0"

    def _read(self, address: str) -> bytes:
        for _ in range(MAX_REDIRECTS + 1):
            try:
                response = self._fetch(address)
            except FetchFailed:
                return b""
            if response.status not in REDIRECTS:
                return response.body[:MAX_BYTES] if response.status == 200 else b""
            target = canonical_url(response.header("Location") or "", base=address)
            if target is None:
                return b""
            address = target
        return b""


def read_reservations(body: bytes) -> list[_Rule]:
    """The rules of a file; those that make no sense are passed over."""
    try:
        listed: Any = json.loads(body)
    except (ValueError, RecursionError):
        return []
    rules = []
    for each in listed[:MAX_RULES] if isinstance(listed, list) else []:
        location = each.get("location") if isinstance(each, dict) else None
        value = each.get("tdm-reservation") if isinstance(each, dict) else None
        if isinstance(location, str) and location.count("*") <= MAX_WILDCARDS and value in (0, 1, "0", "1"):
            rules.append(_Rule(location, _pattern(location), value in (1, "1")))
    return rules


def _pattern(location: str) -> re.Pattern[str]:
    """A location as a pattern of the beginning of a path; `*` is anything, `$` at the end the end."""
    ends = location.endswith("$")
    parts = [re.escape(part) for part in location.removesuffix("$").split("*")]
    begin = "" if location.startswith(("/", "*")) else "/"
    return re.compile(begin + ".*?".join(parts) + (r"\Z" if ends else ""), re.DOTALL)
