"""Extract: raw records to documents."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from firstwords.data.document import Document, Reason, Rejection, document_id
from firstwords.data.extractor import Extractor, rejected
from firstwords.data.extractors.automatic import Automatic
from firstwords.data.extractors.fallback import Fallback
from firstwords.data.source import LocalSource, Record
from firstwords.errors import IntegrityError, TooManyRejects
from firstwords.find import find
from firstwords.recipe import Duration, Kind, Size, build, configuration, resolve, without_versions
from firstwords.stage import Outcome, Stage, Work

if TYPE_CHECKING:
    from firstwords.data.sandbox import Sandbox
    from firstwords.data.seen import SeenIds
    from firstwords.graph import Graph

RECORD_EXTRACTOR = "firstwords.stages.extract:record_extractor"
PAGE = b"<html><head><title>t</title></head><body><p>A first page loads everything.</p></body></html>"
FIRST_RECORDS = {
    "text/html": PAGE,
    "text/plain": PAGE,
    "application/pdf": b"%PDF-1.7",
    "application/epub+zip": b"PK",
    "application/jats+xml": b'<article article-type="a"><body><p>A first article.</p></body></article>',
}
GROUP_RECORDS = 512  # documents and rejections keep the records' order; a group of records is in memory
GROUP_BYTES = 32 * 2**20
# Reasons that say that something is wrong with the input, unlike a picture or an empty page.
DAMAGE = ("undecodable", "not_html", "too_large", "timeout", "crashed", "memory", "truncated", "malformed")
MANY = 100  # below so many records, a share says nothing


@dataclass(frozen=True, kw_only=True)
class Extract(Stage):
    """Turns collected records into documents, in worker processes that survive any page.

    Payload: `documents/<key>.parquet` (schema `DOCUMENT`) and `rejected/<key>.parquet` (schema `REJECTED`).

    Attributes:
        extractor: `automatic` chooses by address, first bytes and media type; `fast`, `balanced`, `best`, `fallback`,
            `documentation` and `plain_text` take every record.
        time_limit: Processor time for one record; then it is rejected as `timeout`.
        memory_limit: Memory for parsing one record; then it is rejected as `memory` or `crashed`.
        max_damaged: Share of damaged records above which the stage fails (exit code 5).
    """

    extractor: Annotated[Extractor, Kind("data.extractors")] = Automatic()
    time_limit: Duration = 10.0
    memory_limit: Size = 2**30
    max_damaged: float = 0.5

    def __post_init__(self) -> None:
        if self.time_limit <= 0 or self.memory_limit < 2**26:
            raise ValueError("time_limit must be above 0 and memory_limit at least 64MiB")

    def preloads(self) -> tuple[str, ...]:
        """What reads archives, and what the extractor needs for a first page."""
        return ("firstwords.stages.extract", "firstwords.data.sources.warc", *self.extractor.preloads)

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """The collected records."""
        return {"records": graph.require("collect")}

    def run(self, work: Work) -> Outcome:
        """Extract every shard."""
        collection = work.inputs["records"]
        entries = json.loads(collection.path("sources.json").read_text(encoding="utf-8"))
        task = ExtractShard(
            extractor=self.extractor,
            time_limit=self.time_limit,
            memory_limit=self.memory_limit,
            collection=str(collection.folder),
        )
        shards = {}
        for entry in entries:
            name = f"{entry['index']}-{entry['kind'].replace(':', '.')}"
            for shard in entry["shards"]:
                key = f"{name}-{shard['key']}"
                shards[key] = CollectedShard(key, name, entry["kind"], entry["settings"], tuple(shard["files"]))
        sizes = {key: sum(file["size"] for file in shard.files) for key, shard in shards.items()}
        receipts = work.map(task, shards, text="shards of records", sizes=sizes)
        kept = sum(receipt["rows_out"] for receipt in receipts)
        reasons: Counter[str] = Counter()
        for receipt in receipts:
            reasons.update(receipt["rejected"])
        total = kept + sum(reasons.values())
        damaged = sum(reasons[reason] for reason in DAMAGE)
        told = ", ".join(f"{reason} {number:,}" for reason, number in reasons.most_common())
        if kept == 0 or (total >= MANY and damaged > self.max_damaged * total):
            raise TooManyRejects(
                f"extract: {kept:,} documents of {total:,} records; rejected: {told or 'none'}. "
                f"{work.folder / 'rejected'} tells which; raise max_damaged to go on"
            )
        characters = sum(receipt["characters"] for receipt in receipts)
        summary = f"{kept:,} documents of {total:,} records, {characters / 1e6:.1f}M characters"
        counts = {"kept": kept, "rejected": dict(sorted(reasons.items()))}
        return Outcome(summary=summary + (f"   rejected: {told}" if told else ""), counts=counts)


@dataclass(frozen=True)
class CollectedShard:
    """A shard as `sources.json` tells it."""

    key: str
    source: str
    kind: str
    settings: dict[str, Any]
    files: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class ExtractShard:
    """Reads one shard from beginning to end and writes its documents and its rejections."""

    extractor: Extractor
    time_limit: float
    memory_limit: int
    collection: str

    def __call__(self, shard: CollectedShard, folder: Path) -> dict[str, Any]:
        """A picklable task for `Work.map`."""
        from firstwords.data.document import DOCUMENT, REJECTED
        from firstwords.data.sandbox import Job, shared_sandbox
        from firstwords.data.seen import SeenIds
        from firstwords.data.shards import TableWriter, batch_of, rows_of

        files = [f"documents/{shard.key}.parquet", f"rejected/{shard.key}.parquet"]
        reasons: Counter[str] = Counter()
        rows_in = characters = 0
        seen = SeenIds()
        sandbox = shared_sandbox(
            Job(RECORD_EXTRACTOR, configuration(self.extractor), self.time_limit, self.memory_limit)
        )
        with (
            TableWriter(folder / files[0], DOCUMENT) as documents,
            TableWriter(folder / files[1], REJECTED) as rejections,
        ):
            for group in _groups(self._records(shard)):
                rows_in += len(group)
                results = _unique(results_of(group, self.extractor, sandbox), seen)
                found = [replace(r, source=shard.source) for r in results if isinstance(r, Document)]
                lost = [r for r in results if isinstance(r, Rejection)]
                characters += sum(len(each.text) for each in found)
                reasons.update(each.reason for each in lost)
                documents.write(batch_of(found))
                rejections.write(rows_of([asdict(each) for each in lost], REJECTED))
        return {
            "files": files,
            "rows_in": rows_in,
            "rows_out": documents.rows,
            "rejected": dict(sorted(reasons.items())),
            "characters": characters,
        }

    def _records(self, shard: CollectedShard) -> Iterator[Record | Rejection]:
        from firstwords.artifact import sha256_file

        source = build(find("data.sources", shard.kind), shard.settings, f"sources.json: {shard.source}")
        for file in shard.files:
            path = resolve(file["path"]) if isinstance(source, LocalSource) else Path(self.collection, file["path"])
            if not path.is_file() or sha256_file(path) != file["sha256"]:
                raise IntegrityError(f"{path} is missing or has changed since it was collected: run collect again")
            nothing = True
            for record in source.read(path, file.get("name", file["path"])):
                nothing = False
                yield record
            if nothing:
                # A file that is lost as a whole must be told as much as a record: a damaged archive may look like one
                # that holds no page.
                size, detail = file["size"], "no record with a text in this file"
                yield Rejection(id=document_id(file["path"]), url=None, reason="empty", detail=detail, size=size)


def record_extractor(settings: dict[str, Any]) -> Callable[[dict[str, Any], bytes], dict[str, Any]]:
    """What runs in the sandbox: a function from a record to the plain values of a document or a rejection.

    Args:
        settings: The extractor's configuration with its kind.
    """
    extractor = _extractor(settings)
    # Before memory is limited and time is counted: a first record of each form loads everything.
    for media_type, body in FIRST_RECORDS.items():
        first = Record(origin="first", body=body, media_type=media_type)
        extractor.extract(first)
        if fallback := _fallback(first, extractor):
            fallback.after("timeout", first)

    def extract(item: dict[str, Any], body: bytes) -> dict[str, Any]:
        record = Record(**item["record"], body=body)
        if item["lost"] is None:
            return _values(extractor.extract(record))
        fallback = _fallback(record, extractor)
        assert fallback is not None
        return _values(fallback.after(item["lost"], record))

    return extract


def _values(result: Document | Rejection) -> dict[str, Any]:
    """The fields by name; `asdict` would copy each of them."""
    return {name: getattr(result, name) for name in type(result).__slots__}


def _extractor(settings: dict[str, Any]) -> Extractor:
    """The extractor of a configuration as `recipe.configuration` writes it."""
    values = without_versions(settings)
    return build(find("data.extractors", values.pop("kind")), values, "extractor")


def results_of(group: list[Record | Rejection], extractor: Extractor, sandbox: "Sandbox") -> list[Document | Rejection]:
    """The results of a group of records, in their order; what may hang or crash is done in the sandbox."""
    from firstwords.data.sandbox import Lost

    isolated = [record for record in group if isinstance(record, Record) and _is_isolated(record, extractor)]
    answers = list(sandbox.map((_item(record), record.body) for record in isolated))
    # Where the extractor was lost over a record and there is a simpler one, that is tried, once.
    again = [
        (place, record, answer.reason)
        for place, (record, answer) in enumerate(zip(isolated, answers, strict=True))
        if isinstance(answer, Lost) and _fallback(record, extractor) is not None
    ]
    second = list(sandbox.map((_item(record, reason), record.body) for _, record, reason in again))
    for (place, _, _), answer in zip(again, second, strict=True):
        # Both lost: the first loss is told.
        answers[place] = answers[place] if isinstance(answer, Lost) else answer
    results: list[Document | Rejection] = []
    in_order = iter(answers)
    for record in group:
        if isinstance(record, Rejection):
            results.append(record)
        elif not _is_isolated(record, extractor):
            results.append(extractor.extract(record))
        else:
            answer = next(in_order)
            if isinstance(answer, Lost):
                results.append(rejected(record, answer.reason, answer.detail))
            else:
                results.append(_result(answer))
    return results


def _chosen(record: Record, extractor: Extractor) -> Extractor | None:
    return extractor.choice(record) if isinstance(extractor, Automatic) else extractor


def _is_isolated(record: Record, extractor: Extractor) -> bool:
    chosen = _chosen(record, extractor)
    return chosen is not None and chosen.isolated


def _fallback(record: Record, extractor: Extractor) -> Fallback | None:
    chosen = _chosen(record, extractor)
    return chosen if isinstance(chosen, Fallback) else None


def _item(record: Record, lost: Reason | None = None) -> dict[str, Any]:
    """A record but for its bytes, and what the extractor was lost by, where the simpler one shall take it."""
    values = {field.name: getattr(record, field.name) for field in fields(record) if field.name != "body"}
    return {"record": values, "lost": lost}


def _result(values: dict[str, Any]) -> Document | Rejection:
    """What came back from the sandbox, built field by field: a parser that was taken over can at worst lie."""
    if "reason" in values:
        return Rejection(**values)
    return Document(**values)


def _groups(records: Iterable[Record | Rejection]) -> Iterator[list[Record | Rejection]]:
    group: list[Record | Rejection] = []
    held = 0
    for record in records:
        group.append(record)
        held += len(record.body) if isinstance(record, Record) else 0
        if len(group) == GROUP_RECORDS or held >= GROUP_BYTES:
            yield group
            group, held = [], 0
    if group:
        yield group


def _unique(results: list[Document | Rejection], seen: "SeenIds") -> list[Document | Rejection]:
    """The results, documents whose id is taken as rejections: the same address and time twice in one shard."""
    is_new = iter(seen.add([each.id for each in results if isinstance(each, Document)]))
    return [each if isinstance(each, Rejection) or next(is_new) else _repeated(each) for each in results]


def _repeated(document: Document) -> Rejection:
    return Rejection(
        id=document.id,
        url=document.url,
        reason="duplicate_url",
        detail="same origin as before",
        size=len(document.text),
    )
