"""Learn the vocabulary from the training part of the corpus."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from firstwords.errors import RecipeError
from firstwords.model.base import BaseFolder, Folder
from firstwords.recipe import Count, Kind, Size, runtime
from firstwords.stage import Outcome, Stage, Work
from firstwords.stages.decontaminate import corpus
from firstwords.tokenizer.tokenizer import Tokenizer, TokenizerTrainer, take_over
from firstwords.tokenizer.tokenizers.byte_bpe import ByteBPE

if TYPE_CHECKING:
    from firstwords.graph import Graph


# Parts of the report that `firstwords show NAME --json` repeats.
TOLD = ("vocabulary", "by_split", "by_language", "by_source")
# Lines of a part in `firstwords show RECIPE/train_tokenizer`; of more sources than that only the worst.
ROWS, WORST = 12, 8


@dataclass(frozen=True, kw_only=True)
class TrainTokenizer(Stage):
    """Train a tokenizer on the split `train`.

    Payload: `tokenizer.json`, `tokenizer_config.json` (as transformers reads them) and `report.json`: the size of the
    vocabulary with its reason and use, bytes per token and tokens per word by split, language and source.

    Attributes:
        tokenizer: What kind.
        max_bytes: Most text to learn from; of a larger corpus a share of the documents, drawn by their ids. The
            distinct words of so much text fit into a few gigabytes of memory.
        report_bytes: Most text of each split on which bytes per token are measured.
        base: A model whose tokenizer is taken over instead; by default the one that a pre-training goes on from.
        extends: Full name of a stage whose tokenizer is taken over instead.
        extend_vocabulary: So many entries are learnt from the text and added to what is taken over (`byte_bpe` only).
        corpus: Which corpus; by default the one of the stage's own name.
    """

    version: ClassVar[int] = 2

    tokenizer: Annotated[TokenizerTrainer, Kind("tokenizer.tokenizers")] = ByteBPE()
    max_bytes: Size = 2**30
    report_bytes: Size = 16 * 2**20
    base: Folder | None = None
    extends: str | None = runtime(None)
    extend_vocabulary: Annotated[Count, Field(ge=0)] = 0
    corpus: str | None = runtime(None)

    def completed(self, graph: "Graph") -> "TrainTokenizer":
        """With the base of the recipe's pre-training: a model understands its own vocabulary only."""
        names = [name for kind in ("pretrain", "configure") for name in graph.names(kind)]
        corpus = graph.corpus_of(graph.name)
        stages = [stage for name in names if (stage := graph.stage(name)) and graph.corpus_of(name) == corpus]
        found = {base: stage for stage in stages if isinstance(base := getattr(stage, "base", None), BaseFolder)}
        bases = set(found)
        if self.base is not None:
            bases.add(self.base)
        if not bases or self.extends:
            return self
        if len(bases) > 1:
            places = " and ".join(sorted(base.path for base in bases))
            raise RecipeError(f"{places} have a tokenizer each, and a recipe has one: split it into two recipes")
        if self.tokenizer != TrainTokenizer.tokenizer:
            raise RecipeError("the tokenizer is that of the base: leave `tokenizer` out")
        base = bases.pop()
        wanted = self.extend_vocabulary or getattr(found.get(base), "extend_vocabulary", 0)
        return dataclasses.replace(self, base=base, extend_vocabulary=wanted)

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """The corpus, with its splits; the tokenizer that is extended."""
        extended = {"base": graph.require(self.extends)} if self.extends else {}
        return {"documents": corpus(graph)} | extended

    def run(self, work: Work) -> Outcome:
        """Train, save, measure."""
        from firstwords.artifact import write_json
        from firstwords.tokenizer.corpus import split_sizes, split_texts
        from firstwords.tokenizer.report import Report, measure

        documents = work.inputs["documents"].path("documents")
        sizes = split_sizes(documents)
        if "train" not in sizes or not sizes["train"].bytes:
            raise RecipeError(
                f"{work.name}: the split 'train' of {documents} is empty: the corpus is too small, or all was dropped"
            )
        whole = sizes["train"].bytes
        source = work.inputs["base"].folder if "base" in work.inputs else None
        if self.base is not None:
            source = self.base.folder
        if source is None:
            vocab_size, reason = self.tokenizer.size(min(whole, self.max_bytes))
            work.progress(f"learning {vocab_size:,} entries from {min(whole, self.max_bytes) / 1e6:,.1f} MB")
            tokenizer = self.tokenizer.train(split_texts(documents, "train", self.max_bytes / whole), vocab_size)
            tokenizer.save(work.folder)
        else:
            tokenizer, reason = self._taken_over(source, work, self.max_bytes / whole)
            vocab_size = tokenizer.vocab_size
        work.progress("measuring bytes per token")
        figures = Report(tokenizer, threads=work.threads)
        measure(figures, documents, {split: self.report_bytes / max(1, size.bytes) for split, size in sizes.items()})
        by_split = figures.by("split")
        learnt = source is None or self.extend_vocabulary > 0
        report = {
            "vocab_size": {"value": tokenizer.vocab_size, "asked": vocab_size, "reason": reason},
            "corpus": {split: {"documents": size.documents, "bytes": size.bytes} for split, size in sizes.items()},
            "share_learnt_from": round(min(1.0, self.max_bytes / whole), 6) if learnt else 0.0,
            "vocabulary": figures.vocabulary(),
            "by_split": by_split,
            "by_language": figures.by("language"),
            "by_source": figures.by("source"),
        }
        write_json(work.path("report.json"), report)
        work.note(f"{vocab_size:,} entries: {reason}")
        held_out = [f"{s} {by_split[s]['bytes_per_token']:.2f}" for s in ("train", "test") if s in by_split]
        return Outcome(
            summary=f"{tokenizer.vocab_size:,} entries   bytes per token: {', '.join(held_out)}",
            counts={"vocab_size": tokenizer.vocab_size, **{key: report[key] for key in TOLD}},
            reasons=_reasons(report),
        )

    def _taken_over(self, source: Path, work: Work, share: float) -> tuple[Tokenizer, str]:
        """A tokenizer that is there, extended if that is asked for; and where its entries come from, in words."""
        from firstwords.tokenizer.corpus import split_texts
        from firstwords.tokenizer.extension import extend
        from firstwords.tokenizer.report import Report, measure

        name = self.extends if self.extends else self.base.path if self.base else ""
        if not self.extend_vocabulary:
            return take_over(source, work.folder), f"those of {name}"
        documents = work.inputs["documents"].path("documents")
        work.progress(f"learning {self.extend_vocabulary:,} entries beside those of {name}")
        tokenizer = extend(source, work.folder, split_texts(documents, "train", share), self.extend_vocabulary)
        before = Report(Tokenizer.load(source), threads=work.threads)
        measure(before, documents, dict.fromkeys(("validation", "test"), 1.0))
        told = ", ".join(f"{s} {each['bytes_per_token']:.2f}" for s, each in before.by("split").items())
        added = tokenizer.vocab_size - Tokenizer.load(source).vocab_size
        return tokenizer, f"those of {name} and {added:,} of this text; bytes per token were {told}"


def _reasons(report: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The report in lines for `firstwords show RECIPE/train_tokenizer`."""
    from firstwords.tokenizer.report import worst

    size, vocabulary = report["vocab_size"], report["vocabulary"]
    seen = (
        f"of the entries occur in what was measured; {vocabulary['share_seen_100_times']:.1%} a hundred times or more"
    )
    rows = [
        ("vocab_size", f"{size['value']:,}", size["reason"]),
        ("entries seen", f"{vocabulary['share_seen']:.1%}", seen),
    ]
    for key, name in (("by_split", "split"), ("by_language", "language"), ("by_source", "source")):
        groups = report[key]
        # Of many sources the worst are what one wants to know.
        shown = worst(groups, WORST) if key == "by_source" and len(groups) > WORST else list(groups)[:ROWS]
        for group in shown:
            figures = groups[group]
            told = (
                f"bytes per token, {figures['tokens_per_word']:.2f} tokens per word, {figures['bytes'] / 1e6:,.2f} MB"
            )
            rows.append((f"{name} {group}"[:40], f"{figures['bytes_per_token']:.2f}", told))
    return rows
