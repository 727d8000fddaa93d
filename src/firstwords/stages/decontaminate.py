"""Keep evaluation items out of what is learnt from."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from firstwords.data.conversation import ChatRecord, PreferenceRecord, text_of_conversation
from firstwords.data.dataset import Dataset, TextRecord, WordsRecord
from firstwords.data.document import Document
from firstwords.data.extractors.automatic import Automatic
from firstwords.data.source import LocalSource, Record, Source
from firstwords.errors import RecipeError
from firstwords.recipe import Kind, components_in, configuration, kind_of, resolve
from firstwords.stage import Outcome, Stage, Work
from firstwords.stages.clean import shares_by_step

if TYPE_CHECKING:
    from firstwords.data.evaluation_items import Item
    from firstwords.graph import Graph

Protected = Annotated[Dataset | Source, Kind("data.datasets", "data.sources")]
STATES = ("clean", "touched", "overlapping", "common", "too_short")


@dataclass(frozen=True, kw_only=True)
class Decontaminate(Stage):
    """Takes out of the corpus what meets an evaluation item, and reports which item met which document.

    The test parts of all labelled data that the recipe's `finetune` and `evaluate` sections name are protected without
    being asked for; `against` adds others. An n-gram of words that stands in more than `max_documents` documents is a
    commonplace and proves nothing. A document has met an item when a run of `min_run` words, or `min_share` of the
    item's words, stands in n-grams that both have; an item shorter than an n-gram, when it is there as a whole. Only
    documents that are learnt from (`train`, `validation`) are looked at.

    Payload: `documents/` (as `deduplicate` writes them), `dropped/` (without their texts, which `deduplicate` keeps),
    `report.parquet` (document, item, rule, words in common), `items.parquet` (what became of every item) and
    `sets.json` (the sets and their counts). No text of an item is stored, nor is a text that holds one.
    """

    against: tuple[Protected, ...] = ()
    """Labelled data (its `parts`) or local sources (every record an item; name a file once for each of its fields that
    is to be protected, such as `text = "question"`). Those of the recipe come after these."""
    from_recipe: bool = True
    """Whether the data of the recipe's own `finetune` and `evaluate` sections is protected too."""
    parts: tuple[Literal["train", "validation", "test"], ...] = ("test",)
    """Which parts of labelled data are protected."""
    ngram_words: Annotated[int, Field(ge=2, le=100)] = 13
    """Words of an n-gram (Brown et al. 2020, appendix C: 13)."""
    min_words: Annotated[int, Field(ge=1)] = 8
    """Items of fewer words are not searched for: as a whole they are turns of phrase."""
    max_documents: Annotated[int, Field(ge=1)] = 10
    """An n-gram that stands in more documents proves nothing."""
    min_share: Annotated[float, Field(gt=0, le=1)] = 0.2
    """Share of an item's words above which it counts as met (Touvron et al. 2023 call an item below 20 % clean)."""
    min_run: Annotated[int, Field(ge=2)] = 50
    """A run of so many words counts whatever the share: part of a long item is enough to remember it."""
    action: Literal["drop", "cut"] = "drop"
    """`drop` the document, or `cut` the passage out of it."""
    margin_words: Annotated[int, Field(ge=0)] = 30
    """`cut` takes so many words more on either side: an answer often stands beside its question."""
    min_rest: Annotated[int, Field(ge=0)] = 20
    """A document left with fewer words goes."""

    def __post_init__(self) -> None:
        for each in self.against:
            if isinstance(each, Source) and not isinstance(each, LocalSource):
                raise ValueError(f"against: '{kind_of(type(each))}' is a live source; collect it and name its files")

    def completed(self, graph: "Graph") -> "Decontaminate":
        """With the data of the recipe's other sections among `against`."""
        names = [*graph.names("finetune"), *graph.names("evaluate")] if self.from_recipe else []
        stages = [stage for name in names if (stage := graph.stage(name)) is not None]
        found = [part for stage in stages for part in components_in(stage) if isinstance(part, Dataset)]
        against = list(self.against)
        against += [part for number, part in enumerate(found) if part not in against and part not in found[:number]]
        if not against:
            raise RecipeError(
                "nothing to protect: no finetune or evaluate section names data. Add "
                'against = [{ kind = "jsonl", path = "..." }] or take the section [decontaminate] out'
            )
        return replace(self, against=tuple(against), from_recipe=False)

    def preloads(self) -> tuple[str, ...]:
        """What finds items of evaluations in documents."""
        return ("firstwords.data.decontaminate",)

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """The documents without duplicates: an n-gram in many of them is then a commonplace and not a copy."""
        return {"documents": graph.require("deduplicate")}

    def run(self, work: Work) -> Outcome:
        """Search all shards, judge, write what stays and the report."""
        from firstwords.data.decontaminate import FindItems, Judgement, TakeOut
        from firstwords.data.evaluation_items import ItemIndex
        from firstwords.data.shards import shard_files
        from firstwords.data.shuffle import write_array
        from firstwords.stages.deduplicate import SMALL_BYTES

        documents = work.inputs["documents"].path("documents")
        shards = shard_files(documents)
        work.progress("reading evaluation items")
        items = [item for number in range(len(self.against)) for item in self._items(number, documents)]
        index = ItemIndex.build((item.text for item in items), self.ngram_words, self.min_words)
        place = work.scratch("index")
        index.save(place)
        one = 1 if sum(path.stat().st_size for path in shards.values()) < SMALL_BYTES else None
        tasks = {f"find/{key}": (key, str(path)) for key, path in shards.items()}
        searched = work.map(FindItems(str(place)), tasks, workers=one, text="searching for evaluation items")
        usable = _spread(work, list(shards), len(index.keys)) <= self.max_documents
        covered = index.covered(usable)
        for name, values in (("usable", usable), ("covered", covered)):
            write_array(work.scratch(f"{name}.npy"), values)
        judgement = Judgement(
            ngram_words=self.ngram_words,
            min_share=self.min_share,
            min_run=self.min_run,
            action=self.action,
            margin_words=self.margin_words,
            min_rest=self.min_rest,
        )
        take_out = TakeOut(str(place), str(work.scratch("usable.npy")), str(work.scratch("covered.npy")), judgement)
        receipts = work.map(
            take_out,
            {key: (key, str(path), str(work.scratch("hits", f"{key}.npy"))) for key, path in shards.items()},
            workers=one,
            text="taking evaluation items out",
        )
        sets = self._report(work, list(shards), items, index, covered)
        return _outcome(receipts, sum(receipt["searched"] for receipt in searched), sets)

    def _items(self, number: int, documents: Path) -> "Iterator[Item]":
        """The items of one set."""
        from firstwords.data.evaluation_items import Item

        component = self.against[number]
        if isinstance(component, Dataset):
            records = component.parts(documents if component.needs_documents else None)
            for part in self.parts:
                for record in records[part]:
                    yield Item(number, record.id, _text_of(record))
            return
        assert isinstance(component, LocalSource)
        extractor = Automatic()
        for shard in component.shards():
            for name in shard.files:
                for raw in component.read(resolve(name), name):
                    found = extractor.extract(raw) if isinstance(raw, Record) else raw
                    if isinstance(found, Document):
                        text = found.text
                    elif found.reason == "empty":
                        text = ""
                    else:
                        raise RecipeError(f"against: {name} holds what cannot be read: {found.reason}: {found.detail}")
                    yield Item(number, raw.origin if isinstance(raw, Record) else found.id, text)

    def _report(
        self, work: Work, keys: list[str], items: "list[Item]", index: Any, covered: Any
    ) -> list[dict[str, Any]]:
        """Write `report.parquet`, `items.parquet` and `sets.json`; the entries of the last."""
        import numpy as np
        import pyarrow as pa

        from firstwords.artifact import write_json
        from firstwords.data.decontaminate import MEETING
        from firstwords.data.shards import read_batches, write_table
        from firstwords.data.shuffle import read_array

        names, sets = [item.id for item in items], [item.set for item in items]
        number_of_documents, best = np.zeros(len(items), np.int64), np.zeros(len(items))
        state = np.where(index.sizes == 0, "too_short", np.where(covered == 0, "common", "clean")).astype(object)

        def meetings() -> "Iterator[pa.RecordBatch]":
            for key in keys:
                for batch in read_batches(work.scratch("meetings", f"{key}.parquet")):
                    met = batch.column("item").to_numpy()
                    np.add.at(number_of_documents, met, 1)
                    np.maximum.at(best, met, batch.column("share").to_numpy())
                    columns = {name: batch.column(name) for name in MEETING.names}
                    columns["item"] = pa.array([names[item] for item in met], pa.string())
                    columns["set"] = pa.array([sets[item] for item in met], pa.int64())
                    yield pa.RecordBatch.from_pydict(columns, schema=report)

        fields = [pa.field("set", pa.int64()) if each.name == "item" else each for each in MEETING]
        fields.insert(MEETING.get_field_index("item") + 1, pa.field("item", pa.string()))
        report = pa.schema(fields)
        write_table(work.path("report.parquet"), meetings(), report)
        for key in keys:
            touched = read_array(work.scratch("touched", f"{key}.npy"))
            state[touched] = "touched"
        state[number_of_documents > 0] = "overlapping"
        columns = {"set": sets, "item": names, "words": index.words, "state": state.tolist()}
        columns |= {"documents": number_of_documents, "share": best}
        write_table(work.path("items.parquet"), pa.table(columns))
        entries = []
        for number, component in enumerate(self.against):
            states = state[np.array(sets, np.int64) == number]
            counts = {name: int((states == name).sum()) for name in STATES}
            entries.append({"set": number, "data": configuration(component), "items": len(states)} | counts)
        write_json(work.path("sets.json"), entries)
        return entries


def corpus(graph: "Graph") -> str:
    """Full name of the stage whose documents are learnt from: `decontaminate` where the recipe has it."""
    return graph.require("decontaminate" if graph.names("decontaminate") else "deduplicate")


def _spread(work: Work, keys: list[str], number: int) -> Any:
    """(number,) in how many documents each n-gram stands."""
    import numpy as np

    from firstwords.data.shuffle import read_array

    documents = np.zeros(number, np.int64)
    for key in keys:
        spread = read_array(work.scratch("spread", f"{key}.npy"))
        documents[spread["ngram"]] += spread["documents"]
    return documents


def _outcome(receipts: list[dict[str, Any]], searched: int, sets: list[dict[str, Any]]) -> Outcome:
    from collections import Counter

    total = sum(receipt["rows_in"] for receipt in receipts)
    kept = sum(receipt["rows_out"] for receipt in receipts)
    cut = sum(receipt["cut"] for receipt in receipts)
    dropped: Counter[str] = Counter()
    for receipt in receipts:
        dropped.update(receipt["dropped"])
    num_items, overlapping = (sum(entry[what] for entry in sets) for what in ("items", "overlapping"))
    parts = [f"kept {kept:,} of {total:,} documents", *shares_by_step(dropped, total)]
    parts += [f"{cut:,} cut"] if cut else []
    parts.append(f"{overlapping:,} of {num_items:,} evaluation items overlapped")
    counts = {"kept": kept, "dropped": dict(sorted(dropped.items())), "cut": cut, "searched": searched}
    told = {f"{entry['set']}-{entry['data']['kind']}": {s: entry[s] for s in STATES} for entry in sets}
    return Outcome(summary="   ".join(parts), counts=counts | {"items": told})


def _text_of(record: TextRecord | WordsRecord | ChatRecord | PreferenceRecord) -> str:
    if isinstance(record, TextRecord):
        return record.whole
    if isinstance(record, WordsRecord):
        return " ".join(record.words)
    return text_of_conversation(record)
