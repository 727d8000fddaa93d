"""Turn the corpus into token ids on disk."""

import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from firstwords.recipe import runtime
from firstwords.stage import Outcome, Stage, Work
from firstwords.stages.decontaminate import corpus

if TYPE_CHECKING:
    import pyarrow as pa

    from firstwords.data.token_store import StoreWriter
    from firstwords.graph import Graph
    from firstwords.tokenizer.tokenizer import Tokenizer

# A worker process takes a second or two to start, in which one process with threads encodes about this much (stored).
SMALL_BYTES = 32 * 2**20
# Texts encoded at once; the ids of one batch are all that is held. A row group of books ends earlier, by its bytes.
BATCH_ROWS = 1024


@dataclass(frozen=True, kw_only=True)
class Tokenize(Stage):
    """Encode every document and append end-of-text.

    Payload: `<split>.tokens`, `<split>.index.parquet` for every split, `index.json`; see `data.token_store`.
    """

    libraries: ClassVar[tuple[str, ...]] = ("tokenizers",)

    corpus: str | None = runtime(None)
    """Which corpus; by default the one of the stage's own name."""
    tokenizer: str | None = runtime(None)
    """Full name of the stage whose tokenizer is used, if it is not the corpus's own."""

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """The corpus and the vocabulary."""
        return {"documents": corpus(graph), "tokenizer": graph.require(self.tokenizer or "train_tokenizer")}

    def run(self, work: Work) -> Outcome:
        """Encode shard by shard, then join the parts in the order of the shards."""
        from firstwords.data.shards import shard_files
        from firstwords.data.split import SPLITS
        from firstwords.data.token_store import StoreWriter, write_store_index
        from firstwords.tokenizer.tokenizer import Tokenizer

        shards = shard_files(work.inputs["documents"].path("documents"))
        small = sum(path.stat().st_size for path in shards.values()) < SMALL_BYTES
        one_process = small or work.workers == 1 or len(shards) == 1
        encode = EncodeShard(tokenizer=str(work.inputs["tokenizer"].folder), threads=work.workers if one_process else 1)
        receipts = work.map(
            encode,
            {key: (key, str(path)) for key, path in shards.items()},
            workers=1 if one_process else None,
            text="encoding",
        )
        tokenizer = Tokenizer.load(work.inputs["tokenizer"].folder)
        settings = {"vocab_size": tokenizer.vocab_size, "end_of_text": tokenizer.end_of_text}
        splits = {}
        for split in SPLITS:
            work.progress(f"joining {split}")
            with StoreWriter(work.folder, split, **settings) as writer:
                for key in shards:
                    writer.copy(work.folder / part_folder(key), split)
            splits[split] = writer.counts
        assert sum(counts["documents"] for counts in splits.values()) == sum(r["rows_in"] for r in receipts)
        write_store_index(work.folder, splits=splits, **settings)
        num_tokens, num_bytes = (sum(counts[what] for counts in splits.values()) for what in ("tokens", "bytes"))
        parts = "   ".join(f"{split} {counts['tokens']:,}" for split, counts in splits.items())
        return Outcome(
            summary=f"{num_tokens:,} tokens, {num_bytes / max(1, num_tokens):.2f} bytes each   {parts}",
            counts={"kept": sum(counts["documents"] for counts in splits.values()), "splits": splits},
        )


def part_folder(key: str) -> str:
    """Where one shard's part lies until the parts are joined, relative to the artifact."""
    return f"scratch/parts/{key}"


@dataclass(frozen=True)
class EncodeShard:
    """Encodes one shard of documents into a part of the store.

    Attributes:
        tokenizer: Folder of the tokenizer.
        threads: Of this process; one where there are several processes.
    """

    tokenizer: str
    threads: int

    def __call__(self, shard: tuple[str, str], folder: Path) -> dict[str, Any]:
        """Encode the shard (key, path)."""
        from firstwords.data.shards import read_batches
        from firstwords.data.split import SPLITS
        from firstwords.data.token_store import StoreWriter
        from firstwords.tokenizer.tokenizer import Tokenizer

        if self.threads == 1:
            os.environ["TOKENIZERS_PARALLELISM"] = "false"
        key, path = shard
        tokenizer = Tokenizer.load(self.tokenizer)
        place = folder / part_folder(key)
        with ExitStack() as stack:
            writers = {
                split: stack.enter_context(
                    StoreWriter(place, split, vocab_size=tokenizer.vocab_size, end_of_text=tokenizer.end_of_text)
                )
                for split in SPLITS
            }
            rows = 0
            for batch in read_batches(path, ["id", "url", "text", "split"], BATCH_ROWS):
                rows += batch.num_rows
                _write(batch, tokenizer, self.threads, writers)
        files = [f"{part_folder(key)}/{split}.{kind}" for split in SPLITS for kind in ("tokens", "index.parquet")]
        return {"files": files, "rows_in": rows, "rows_out": rows}


def _write(batch: "pa.RecordBatch", tokenizer: "Tokenizer", threads: int, writers: "dict[str, StoreWriter]") -> None:
    """Encode a batch and append its documents to the stores of their splits."""
    import numpy as np

    from firstwords.tokenizer.corpus import text_bytes

    ids, bounds = tokenizer.encode_flat(batch.column("text"), threads)
    lengths, sizes = np.diff(bounds), text_bytes(batch).to_numpy()
    names, urls = (np.array(batch.column(name).to_pylist(), object) for name in ("id", "url"))
    splits = np.array(batch.column("split").to_pylist(), object)
    for split in sorted(set(splits.tolist())):
        there = splits == split
        own = np.concatenate([[0], np.cumsum(lengths[there])])
        chosen = ids[np.repeat(there, lengths)]
        writers[split].write_flat(names[there].tolist(), urls[there].tolist(), chosen, own, sizes[there])
