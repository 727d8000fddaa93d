"""Files elsewhere: fetched once, stored unchanged, and read by the source for their format."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from firstwords.data.document import Rejection
from firstwords.data.source import LiveSource, LocalSource, Record, Source
from firstwords.recipe import Kind, Size

if TYPE_CHECKING:
    from firstwords.stage import Work


@dataclass(frozen=True, kw_only=True)
class Remote(LiveSource):
    """Fetches the files of another source. `{ kind = "jsonl", path = "s3://..." }` stands for this with its defaults.

    Attributes:
        source: A source of files whose path is an address: `s3://`, `gs://`, `https://`, `hf://` and whatever else
            fsspec knows. Keys come from the environment, never from the recipe.
        max_file: Larger files are refused.
        snapshot: Change it to fetch anew; a finished collection is kept otherwise.
    """

    source: Annotated[Source, Kind("data.sources")]
    max_file: Size = 64 * 2**30
    snapshot: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.source, LocalSource):
            raise ValueError("source: name a source of files, such as jsonl; this one fetches by itself")
        if not self.source.is_remote:
            raise ValueError("source: its path is on this machine; name the source without 'remote'")

    def collect(self, work: "Work", folder: str) -> list[dict[str, Any]]:
        """Fetch shard by shard; goes on after the last finished one, with the list of files of the first attempt."""
        return [self._shard(work, folder, *shard) for shard in self._listed(work, folder)]

    def read(self, path: Path, name: str) -> Iterator[Record | Rejection]:
        """What the source for the format gives; origins are addresses."""
        assert isinstance(self.source, LocalSource)
        yield from self.source.read(path, name)

    def _listed(self, work: "Work", folder: str) -> list[tuple[str, list[str]]]:
        from firstwords.artifact import write_json

        assert isinstance(self.source, LocalSource)
        place = work.scratch(f"{folder}.json")
        if not place.is_file():
            write_json(place, [[shard.key, list(shard.files)] for shard in self.source.shards()])
        return [(key, names) for key, names in json.loads(place.read_text(encoding="utf-8"))]

    def _shard(self, work: "Work", folder: str, key: str, addresses: list[str]) -> dict[str, Any]:
        from firstwords.data.remote_files import fetch

        assert isinstance(self.source, LocalSource)
        key = f"{folder}/{key}"
        receipt = work.receipt(key)
        if receipt is not None:
            return receipt
        names: dict[str, str] = {}
        size = 0
        for number, address in enumerate(addresses):
            file = f"{key}/{number:04d}-{_file_name(address)}"

            def told(come: int, address: str = address) -> None:
                work.progress(f"{address}: {come / 1e6:,.1f} MB")

            size += fetch(address, work.path(file), self.max_file, told)
            self.source.check(work.path(file), address)
            names[file] = address
        return work.finish(key, list(names), names=names, fetched=len(names), failed={}, bytes=size)


def _file_name(address: str) -> str:
    """The last part of an address, by whose end the format and the compression are known."""
    last = address.partition("?")[0].rstrip("/").rpartition("/")[2]
    return "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in last)[-100:]
