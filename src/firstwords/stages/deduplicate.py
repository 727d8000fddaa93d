"""Take out duplicates: equal documents, similar documents, repeated paragraphs; then split the corpus into its
parts.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from firstwords.stage import Outcome, Stage, Work
from firstwords.stages.clean import SMALL_BYTES, shares_by_step

if TYPE_CHECKING:
    from firstwords.graph import Graph


@dataclass(frozen=True, kw_only=True)
class Deduplicate(Stage):
    """Keeps one of every group of duplicates, the same one on every run.

    Of two duplicates the one from an earlier of `sources_first` stays, then the longer text, then the lower id. Similar
    documents are found with MinHash and confirmed by the exact Jaccard similarity of their word runs; one goes only
    when it is similar to one that stays. Payload: `documents/` (with the column `split`), `dropped/` (with step,
    rule, score and `kept_id`), and `clusters.json` (id of a kept document to the number of documents it stands for,
    itself included).
    """

    similar: bool = True
    """Whether similar documents go, not only equal ones."""
    threshold: Annotated[float, Field(gt=0, le=1)] = 0.8
    """Lowest Jaccard similarity of two documents' word runs that makes them duplicates."""
    shingle_words: Annotated[int, Field(ge=1)] = 5
    """Words in a run."""
    bands: Annotated[int, Field(ge=1)] = 20
    """Bands of a signature. 20 bands of 6 find 99.8 % of the pairs at similarity 0.8; as each is confirmed exactly,
    more bands cost time only."""
    rows: Annotated[int, Field(ge=1)] = 6
    """Values in a band."""
    paragraphs: bool = True
    """Whether paragraphs that stand in several documents stay only in the preferred one of them."""
    paragraph_words: Annotated[int, Field(ge=1)] = 3
    """Paragraphs of fewer words (headings) are never called repeated."""
    min_words: int = 20
    """`too_short`: documents left with fewer words go."""
    sources_first: tuple[str, ...] = ()
    """Sources (column `source`) whose copies are preferred, best first."""

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """The cleaned documents."""
        return {"documents": graph.require("clean")}

    def run(self, work: Work) -> Outcome:
        """Describe all shards, decide, and write what stays."""
        from pathlib import Path

        from firstwords.data.deduplication import Deduplication, Settings
        from firstwords.data.minhash import MinHash
        from firstwords.data.shards import shard_files

        settings = Settings(
            minhash=MinHash(self.bands, self.rows, self.shingle_words) if self.similar else None,
            threshold=self.threshold,
            paragraph_words=self.paragraph_words if self.paragraphs else 0,
            min_words=self.min_words,
            sources_first=self.sources_first,
        )
        shards = {key: str(place) for key, place in shard_files(work.inputs["documents"].path("documents")).items()}
        size = sum(Path(place).stat().st_size for place in shards.values())
        counts = Deduplication(settings, work, shards, workers=1 if size < SMALL_BYTES else None).run()
        total = counts["kept"] + sum(counts["dropped"].values())
        parts = [f"kept {counts['kept']:,} of {total:,} documents", *shares_by_step(counts["dropped"], total)]
        if counts["paragraphs_removed"]:
            parts.append(f"{counts['paragraphs_removed']:,} repeated paragraphs")
        return Outcome(summary="   ".join(parts), counts=counts)
