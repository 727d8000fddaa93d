"""Set the tokenizer beside others on the same texts."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from firstwords.errors import RecipeError
from firstwords.recipe import InputPath, Size, resolve
from firstwords.stage import Outcome, Stage, Work
from firstwords.stages.decontaminate import corpus

if TYPE_CHECKING:
    from firstwords.graph import Graph

ROWS = 12
"""Of each table that are printed; `report.json` has them all."""


@dataclass(frozen=True, kw_only=True)
class CompareTokenizers(Stage):
    """Bytes per token and tokens per word of our tokenizer and of others, by split, language and source.

    Nothing depends on this stage, so a further tokenizer trains nothing anew. Payload: `report.json`.

    Attributes:
        others: Name to `tokenizer.json`, or the folder it lies in, for example `{ gpt2 = "models/gpt2" }`. Files of
            yours: nothing is fetched.
        report_bytes: Most text of each split that is measured.
    """

    libraries: ClassVar[tuple[str, ...]] = ("tokenizers",)

    others: dict[str, InputPath]
    report_bytes: Size = 16 * 2**20

    def __post_init__(self) -> None:
        for name, path in self.others.items():
            if not _file(path).is_file():
                raise RecipeError(f"others.{name}: no tokenizer.json in {path}")

    def fingerprint(self) -> str:
        """Digest of the other tokenizers' files."""
        from firstwords.data.dataset import digest_of_files

        return digest_of_files(_file(path) for path in self.others.values())

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """The corpus and the vocabulary."""
        return {"documents": corpus(graph), "tokenizer": graph.require("train_tokenizer")}

    def run(self, work: Work) -> Outcome:
        """Encode the same share of every split with each, and tell."""
        from firstwords.artifact import write_json
        from firstwords.tokenizer.corpus import split_sizes
        from firstwords.tokenizer.report import OtherTokenizer, Report, lines, measure
        from firstwords.tokenizer.tokenizer import Tokenizer

        documents = work.inputs["documents"].path("documents")
        others = {name: OtherTokenizer(str(_file(path))) for name, path in self.others.items()}
        report = Report(Tokenizer.load(work.inputs["tokenizer"].folder), others, work.threads)
        shares = {split: self.report_bytes / max(1, size.bytes) for split, size in split_sizes(documents).items()}
        work.progress("encoding")
        measure(report, documents, shares)
        groups = {f"by_{key}": report.by(key) for key in ("split", "language", "source")}
        whole = report.by(None).get("all")
        if whole is None:
            raise RecipeError(f"{work.name}: no text in {documents}")
        write_json(work.path("report.json"), {"all": whole} | groups)
        told = [f"{name} {figures['bytes_per_token']:.2f}" for name, figures in whole["others"].items()]
        tables = [
            line for key in ("language", "source") for line in lines(groups[f"by_{key}"], others, key)[: 1 + ROWS]
        ]
        return Outcome(
            summary=f"{whole['bytes_per_token']:.2f} bytes per token   {', '.join(told)}",
            counts={"all": whole} | {key: groups[key] for key in ("by_language", "by_source")},
            tables=tables,
        )


def _file(path: str) -> Path:
    place = resolve(path)
    return place / "tokenizer.json" if place.is_dir() else place
