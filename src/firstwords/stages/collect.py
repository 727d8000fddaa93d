"""Collect: fetch what is live, and take note of what is there."""

from dataclasses import dataclass
from typing import Annotated, Any

from firstwords.data.source import LiveSource, LocalSource, Source, digest_of
from firstwords.data.sources.remote import Remote
from firstwords.errors import RecipeError, TooManyRejects
from firstwords.recipe import Kind, configuration, kind_of, resolve, without_versions
from firstwords.stage import Outcome, Stage, Work


@dataclass(frozen=True, kw_only=True)
class Collect(Stage):
    """Stores what live sources give as WARC files, files elsewhere as they are, local files by name and digest.

    Payload: `<index>-<kind>/*.warc.gz` with a log of failures beside each, `<index>-remote/*/*`, and `sources.json`.

    Attributes:
        sources: Where documents come from, in order. A source of files whose path is an address is fetched by `remote`.
    """

    sources: tuple[Annotated[Source, Kind("data.sources")], ...]

    def __post_init__(self) -> None:
        if not self.sources:
            raise ValueError("sources: name at least one")
        remote = [isinstance(source, LocalSource) and source.is_remote for source in self.sources]
        wrapped = [Remote(source=s) if far else s for s, far in zip(self.sources, remote, strict=True)]
        object.__setattr__(self, "sources", tuple(wrapped))

    def check(self) -> None:
        """The first file of every local source must fit its settings; others are told when they are read."""
        for index, source in enumerate(self.sources):
            if isinstance(source, LocalSource):
                name = source.shards()[0].files[0]
                try:
                    source.check(resolve(name), name)
                except RecipeError as error:
                    raise RecipeError(f"sources.{index}.{error}") from None

    def run(self, work: Work) -> Outcome:
        """Collect every source in turn."""
        from firstwords.artifact import write_json

        entries: list[dict[str, Any]] = []
        parts: list[str] = []
        counts: dict[str, Any] = {"kept": 0, "rejected": {}, "bytes": 0}
        for index, source in enumerate(self.sources):
            name = f"{index}-{kind_of(type(source)).replace(':', '.')}"
            if isinstance(source, LiveSource):
                shards = self._live(source, name, work, counts, parts)
            elif isinstance(source, LocalSource):
                shards = self._local(source, work, counts, parts)
            else:
                raise RecipeError(f"collect: '{name}' is neither a live nor a local source")
            settings = {k: v for k, v in without_versions(configuration(source)).items() if k != "kind"}
            entries.append({"index": index, "kind": kind_of(type(source)), "settings": settings, "shards": shards})
        write_json(work.path("sources.json"), entries)
        counts["rejected"] = dict(sorted(counts["rejected"].items()))
        return Outcome(summary=", ".join(parts), counts=counts)

    def _live(
        self, source: LiveSource, name: str, work: Work, counts: dict[str, Any], parts: list[str]
    ) -> list[dict[str, Any]]:
        shards = []
        pages = size = 0
        for receipt in source.collect(work, name):
            pages += receipt["fetched"]
            size += receipt["bytes"]
            for reason, number in receipt["failed"].items():
                counts["rejected"][reason] = counts["rejected"].get(reason, 0) + number
            names = receipt.get("names") or {path: path for path in receipt["files"] if path.endswith(".warc.gz")}
            files = [
                ({"path": path} if name == path else {"path": path, "name": name}) | receipt["files"][path]
                for path, name in names.items()
            ]
            shards.append({"key": receipt["key"].rpartition("/")[2], "files": files})
        if pages == 0:
            reasons = ", ".join(f"{reason} {number:,}" for reason, number in sorted(counts["rejected"].items()))
            raise TooManyRejects(
                f"collect: {name}: no page could be fetched ({reasons or 'no address'}); see {work.folder / name}"
            )
        counts["kept"] += pages
        counts["bytes"] += size
        word = "file" if isinstance(source, Remote) else "page"
        parts.append(f"{pages:,} {word}{'' if pages == 1 else 's'} from {kind_of(type(source))}, {size / 1e6:.1f} MB")
        return shards

    def _local(self, source: LocalSource, work: Work, counts: dict[str, Any], parts: list[str]) -> list[dict[str, Any]]:
        shards = []
        num_files = size = 0
        for shard in source.shards():
            files: list[dict[str, Any]] = []
            for name in shard.files:
                place = resolve(name)
                files.append({"path": name, "size": place.stat().st_size, "sha256": digest_of(place)})
                size += place.stat().st_size
                num_files += 1
                work.progress(f"{num_files:,} files noted")
            shards.append({"key": shard.key, "files": files})
        counts["kept"] += num_files
        counts["bytes"] += size
        files_word = "file" if num_files == 1 else "files"
        parts.append(f"{num_files:,} {files_word} of {kind_of(type(source))}, {size / 1e6:.1f} MB")
        return shards
