"""The addresses still to visit, each host at its own pace.

Within a host the order is first in, first out; between hosts, the one that may be asked earliest. A host is asked
for one page at a time.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Entry:
    """An address to visit: how many links from the start, how many redirects, and how often it was tried.

    `sitemap`: it lists pages and is none. `modified`: when the page changed last, as a sitemap says.
    """

    url: str
    depth: int = 0
    hops: int = 0
    attempts: int = 0
    sitemap: bool = False
    modified: str = ""


@dataclass
class _Host:
    queue: deque[Entry]
    ready_at: float = 0.0
    busy: bool = False


class Frontier:
    """Addresses to visit and addresses seen.

    Args:
        wait: Seconds between the end of one request to a host and the start of the next.
        clock: Seconds that only grow.
    """

    def __init__(self, wait: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._wait = wait
        self._clock = clock
        self._hosts: dict[str, _Host] = {}
        self._seen: set[str] = set()
        self._flying: dict[str, Entry] = {}

    def add(self, entry: Entry) -> bool:
        """Queue an address unless it was seen before; says whether it was new."""
        if entry.url in self._seen:
            return False
        self._seen.add(entry.url)
        self._host(entry.url).queue.append(entry)
        return True

    def take(self) -> Entry | None:
        """The next address whose host may be asked now. Its host is busy until `give_back`."""
        now = self._clock()
        best = min(
            (host for host in self._hosts.values() if host.queue and not host.busy and host.ready_at <= now),
            key=lambda host: host.ready_at,
            default=None,
        )
        if best is None:
            return None
        best.busy = True
        entry = best.queue.popleft()
        self._flying[entry.url] = entry
        return entry

    def give_back(self, entry: Entry, *, delay: float = 0.0, again: bool = False) -> None:
        """Say that the request has ended.

        Args:
            entry: As `take` gave it.
            delay: Seconds the host is not asked, if that is more than the usual wait.
            again: Put the address back to the front of its host's queue.
        """
        host = self._host(entry.url)
        host.busy = False
        host.ready_at = self._clock() + max(self._wait, delay)
        del self._flying[entry.url]
        if again:
            host.queue.appendleft(entry)

    def retry(self, entry: Entry, delay: float) -> None:
        """`give_back` with the address put back as tried once more."""
        self.give_back(entry, delay=delay)
        self._host(entry.url).queue.appendleft(replace(entry, attempts=entry.attempts + 1))

    def drop_host(self, url: str) -> list[Entry]:
        """Forget the addresses queued for this address's host; gives them."""
        host = self._host(url)
        dropped = list(host.queue)
        host.queue.clear()
        return dropped

    def seconds_until_ready(self) -> float | None:
        """Until a host that is not busy may be asked; None if nothing is queued for such a host."""
        times = [host.ready_at for host in self._hosts.values() if host.queue and not host.busy]
        return max(0.0, min(times) - self._clock()) if times else None

    def __len__(self) -> int:
        return sum(len(host.queue) for host in self._hosts.values())

    def state(self) -> dict[str, Any]:
        """Everything needed to go on later, as JSON values; requests under way count as not begun."""
        queues = {}
        for name, host in self._hosts.items():
            flying = [entry for entry in self._flying.values() if _host_of(entry.url) == name]
            queues[name] = [asdict(entry) for entry in [*flying, *host.queue]]
        return {"queues": queues, "seen": sorted(self._seen)}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self._seen = set(state["seen"])
        self._hosts = {name: _Host(deque(Entry(**each) for each in queue)) for name, queue in state["queues"].items()}

    def _host(self, url: str) -> _Host:
        return self._hosts.setdefault(_host_of(url), _Host(deque()))


def _host_of(url: str) -> str:
    parts = urlsplit(url)
    return parts.hostname or parts.scheme
