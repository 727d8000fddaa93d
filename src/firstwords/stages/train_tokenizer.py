"""Learn the vocabulary from the training part of the corpus."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from firstwords.errors import RecipeError
from firstwords.model.base_folder import Base
from firstwords.recipe import Kind, Size
from firstwords.stage import Outcome, Stage, Work
from firstwords.stages.decontaminate import corpus
from firstwords.tokenizer.tokenizer import Tokenizer, TokenizerTrainer, take_over
from firstwords.tokenizer.tokenizers.byte_bpe import ByteBPE

if TYPE_CHECKING:
    from firstwords.graph import Graph


@dataclass(frozen=True, kw_only=True)
class TrainTokenizer(Stage):
    """Train a tokenizer on the split `train`.

    Payload: `tokenizer.json`, `tokenizer_config.json` (as transformers reads them) and `report.json`: the size of the
    vocabulary with its reason, and bytes per token by split.

    Attributes:
        tokenizer: What kind.
        max_bytes: Most text to learn from; of a larger corpus a share of the documents, drawn by their ids. The
            distinct words of so much text fit into a few gigabytes of memory.
        report_bytes: Most text of each split on which bytes per token are measured.
        base: A model whose tokenizer is taken over instead; by default the one that a pre-training goes on from.
    """

    tokenizer: Annotated[TokenizerTrainer, Kind("tokenizer.tokenizers")] = ByteBPE()
    max_bytes: Size = 2**30
    report_bytes: Size = 16 * 2**20
    base: Base | None = None

    def completed(self, graph: "Graph") -> "TrainTokenizer":
        """With the base of the recipe's pre-training: a model understands its own vocabulary only."""
        stages = [graph.stage(name) for kind in ("pretrain", "configure") for name in graph.names(kind)]
        bases = {base for stage in stages if (base := getattr(stage, "base", None)) is not None}
        if self.base is not None:
            bases.add(self.base)
        if not bases:
            return self
        if len(bases) > 1:
            places = " and ".join(sorted(base.path for base in bases))
            raise RecipeError(f"{places} have a tokenizer each, and a recipe has one: split it into two recipes")
        if self.tokenizer != TrainTokenizer.tokenizer:
            raise RecipeError("the tokenizer is that of the base: leave `tokenizer` out")
        return dataclasses.replace(self, base=bases.pop())

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """The corpus, with its splits."""
        return {"documents": corpus(graph)}

    def run(self, work: Work) -> Outcome:
        """Train, save, measure."""
        from firstwords.artifact import write_json
        from firstwords.tokenizer.corpus import split_sizes, split_texts

        documents = work.inputs["documents"].path("documents")
        sizes = split_sizes(documents)
        if "train" not in sizes or not sizes["train"].bytes:
            raise RecipeError(
                f"{work.name}: the split 'train' of {documents} is empty: the corpus is too small, or all was dropped"
            )
        whole = sizes["train"].bytes
        if self.base is None:
            vocab_size, reason = self.tokenizer.size(min(whole, self.max_bytes))
            work.progress(f"learning {vocab_size:,} entries from {min(whole, self.max_bytes) / 1e6:,.1f} MB")
            tokenizer = self.tokenizer.train(split_texts(documents, "train", self.max_bytes / whole), vocab_size)
            tokenizer.save(work.folder)
        else:
            tokenizer = take_over(self.base.folder, work.folder)
            vocab_size, reason = tokenizer.vocab_size, f"those of {self.base.path}"
        work.progress("measuring bytes per token")
        measured = {
            split: _measure(tokenizer, documents, split, self.report_bytes / max(1, size.bytes))
            for split, size in sizes.items()
        }
        report = {
            "vocab_size": {"value": tokenizer.vocab_size, "asked": vocab_size, "reason": reason},
            "corpus": {split: {"documents": size.documents, "bytes": size.bytes} for split, size in sizes.items()},
            "share_learnt_from": 0.0 if self.base else round(min(1.0, self.max_bytes / whole), 6),
            "measured": measured,
        }
        write_json(work.path("report.json"), report)
        work.note(f"{vocab_size:,} entries: {reason}")
        held_out = [f"{s} {m['bytes_per_token']:.2f}" for s, m in measured.items() if s in ("train", "test")]
        return Outcome(
            summary=f"{tokenizer.vocab_size:,} entries   bytes per token: {', '.join(held_out)}",
            counts={"vocab_size": tokenizer.vocab_size},
        )


def _measure(tokenizer: Tokenizer, documents: Path, split: str, share: float) -> dict[str, Any]:
    """Bytes per token of (a share of) a split, and how many entries are frequent enough to be learnt.

    100 occurrences of an entry is what Gowda & May 2020 found a model needs to learn it.
    """
    import numpy as np

    from firstwords.tokenizer.corpus import split_texts

    counts = np.zeros(tokenizer.vocab_size, dtype=np.int64)
    num_documents = num_bytes = 0
    for texts in split_texts(documents, split, share):
        num_documents += len(texts)
        num_bytes += sum(len(text.encode()) for text in texts)
        for ids in tokenizer.encode_batch(texts):
            counts += np.bincount(ids, minlength=len(counts)) if ids else 0
    num_tokens = int(counts.sum())
    return {
        "documents": num_documents,
        "bytes": num_bytes,
        "tokens": num_tokens,
        "bytes_per_token": round(num_bytes / max(1, num_tokens), 4),
        "entries_seen": int(np.count_nonzero(counts)),
        "entries_seen_100_times": int(np.count_nonzero(counts >= 100)),
    }
