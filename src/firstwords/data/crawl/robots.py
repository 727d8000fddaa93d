"""robots.txt by RFC 9309: fetched once per origin, and what its absence means.

A missing file (4xx) allows everything; a server that fails (5xx, 429) or cannot be reached allows nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from firstwords.data.crawl.fetch import REDIRECTS, FetchFailed, Response
from firstwords.data.crawl.url import canonical_url, origin_of

MAX_REDIRECTS = 5  # RFC 9309 2.3.1.2: at least five
MAX_BYTES = 500 * 1024  # RFC 9309 2.5: at least 500 KiB are parsed
MAX_AGE = 24 * 3600.0  # RFC 9309 2.4: not longer than a day


@dataclass(frozen=True)
class _Rules:
    parsed: Any  # protego.Protego, or whether everything is allowed
    read_at: float
    reason: str


class Robots:
    """The rules of all origins of a crawl.

    Args:
        fetch: Gives the response for an address, or raises `FetchFailed`.
        agent: The product token that groups of rules are looked up by, for example `firstwords`.
        clock: Seconds that only grow.
    """

    def __init__(
        self, fetch: Callable[[str], Response], agent: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch = fetch
        self._agent = agent
        self._clock = clock
        self._rules: dict[str, _Rules] = {}

    def known(self, url: str) -> bool:
        """Whether the rules for this address are here and not older than a day."""
        rules = self._rules.get(origin_of(url))
        return rules is not None and self._clock() - rules.read_at < MAX_AGE

    def load(self, url: str) -> None:
        """Fetch the rules for this address; never raises."""
        parsed, reason = self._read(origin_of(url) + "/robots.txt")
        self._rules[origin_of(url)] = _Rules(parsed, self._clock(), reason)

    def allows(self, url: str) -> tuple[bool, str]:
        """Whether the address may be fetched, and why not. The rules must have been loaded."""
        rules = self._rules[origin_of(url)]
        if isinstance(rules.parsed, bool):
            return rules.parsed, rules.reason
        return bool(rules.parsed.can_fetch(url, self._agent)), rules.reason

    def delay(self, url: str) -> float:
        """Seconds to wait between requests that the origin asks for; 0 if it does not. The rules must be loaded."""
        rules = self._rules[origin_of(url)]
        if isinstance(rules.parsed, bool):
            return 0.0
        delay = rules.parsed.crawl_delay(self._agent)
        rate = rules.parsed.request_rate(self._agent)
        between = rate.seconds / rate.requests if rate and rate.requests else 0.0
        return max(float(delay or 0.0), float(between))

    def sitemaps(self, url: str) -> list[str]:
        """Canonical addresses of the sitemaps that robots.txt names. The rules must be loaded."""
        rules = self._rules[origin_of(url)]
        if isinstance(rules.parsed, bool):
            return []
        found = [canonical_url(each, base=url) for each in rules.parsed.sitemaps]
        return list(dict.fromkeys(each for each in found if each is not None))

    def _read(self, address: str) -> tuple[Any, str]:
        from protego import Protego

        for _ in range(MAX_REDIRECTS + 1):
            try:
                response = self._fetch(address)
            except FetchFailed as error:
                return False, f"robots.txt {error.reason}"
            if response.status in REDIRECTS:
                target = canonical_url(response.header("Location") or "", base=address)
                if target is None:
                    return True, ""
                address = target
                continue
            if response.status == 429 or response.status >= 500:
                return False, f"robots.txt answers {response.status}"
            if not 200 <= response.status < 300:
                return True, ""
            text = response.body[:MAX_BYTES].decode("utf-8", "replace").removeprefix("\ufeff")
            return Protego.parse(text), f"robots.txt of {urlsplit(address).netloc}"
        # RFC 9309 2.3.1.2: too many redirects are as if there were no file.
        return True, ""
