"""The documents that a model learnt from, read again to see what it repeats of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from firstwords.artifact import Artifact

if TYPE_CHECKING:
    from firstwords.graph import Graph


def training_texts(documents: Artifact) -> Iterator[str]:
    """The texts of the training part of a corpus, one after another."""
    from firstwords.data.shards import read_batches, shard_files

    for path in shard_files(documents.path("documents")).values():
        for batch in read_batches(path, columns=["text", "split"]):
            for text, split in zip(batch.column("text").to_pylist(), batch.column("split").to_pylist(), strict=True):
                if split == "train":
                    yield text


def occurrences(documents: Artifact, strings: Iterable[str]) -> dict[str, int]:
    """In how many training documents each string stands."""
    found = dict.fromkeys(strings, 0)
    if not found:
        return found
    for text in training_texts(documents):
        for string in found:
            found[string] += string in text
    return found


def documents_stage(graph: Graph, name: str | None) -> str:
    """Full name of the stage whose documents are learnt from, as `tokenize` takes it, unless one is named."""
    return graph.require(name or ("decontaminate" if graph.names("decontaminate") else "deduplicate"))


def configured_steps(cleaned: Artifact) -> list[dict[str, Any]]:
    """The cleaning steps of a finished artifact of `clean`, with every setting."""
    return list(cleaned.manifest["ingredients"]["configuration"]["steps"])
