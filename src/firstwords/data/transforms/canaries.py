"""Made-up secrets planted in documents, to measure later what a model remembers (task `canary_exposure`)."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from firstwords.data.transform import Transform, Transformed, with_texts

if TYPE_CHECKING:
    import pyarrow as pa

    from firstwords.data.canaries import Canary


@dataclass(frozen=True, kw_only=True)
class Canaries(Transform):
    """Plants each canary exactly so many times, each copy as a paragraph of another document.

    Put it last in `[[clean.steps]]`: what stands behind it could drop a document or rewrite its canaries. How many
    copies training saw in the end (`deduplicate` takes out repeated paragraphs) is counted by the task.

    Counted: `planted`. The column `canaries` of the step's scores lists which ones each document got.
    """

    version: ClassVar[int] = 1
    artifacts: ClassVar[tuple[str, ...]] = ("corpus",)
    counted: ClassVar[tuple[str, ...]] = ("planted",)

    times: tuple[Annotated[int, Field(ge=0)], ...] = (0, 1, 4, 16, 64)
    """Numbers of copies. Of 0, canaries are made but not planted: what chance gives."""
    number: Annotated[int, Field(ge=1)] = 10
    """Canaries for each number of copies."""
    seed: int = 0
    """Of the secrets and their places."""
    corpus: str = "extract"
    """The stage whose documents are cleaned: where copies go depends on all of them."""

    def canaries(self) -> "list[Canary]":
        """All canaries, the same wherever they are asked for."""
        from firstwords.data.canaries import make_canaries

        return make_canaries(self.times, self.number, self.seed)

    def apply(self, batch: "pa.RecordBatch") -> Transformed:
        """The batch with canaries; see `Transform.apply`.

        Raises:
            RecipeError: If the corpus has too few documents.
        """
        import numpy as np
        import pyarrow as pa

        from firstwords.data.canaries import planted

        canaries, hosts = self.canaries(), _hosts(self)
        texts = batch.column("text").to_pylist()
        lists: list[list[int]] = []
        counts = np.zeros(batch.num_rows, np.int32)
        for row, name in enumerate(batch.column("id").to_pylist()):
            lists.append(hosts.get(name, []))
            for place in lists[-1]:
                before, texts[row] = texts[row], planted(texts[row], canaries[place], self.seed)
                counts[row] += texts[row] != before
        changed = counts > 0
        if changed.any():
            batch = with_texts(batch, pa.array(texts, batch.schema.field("text").type))
        return Transformed(batch, changed, {"planted": counts}, {"canaries": pa.array(lists, pa.list_(pa.int32()))})


@cache
def _hosts(step: Canaries) -> dict[str, list[int]]:
    """The plan of the whole corpus, read once in each process."""
    from firstwords.data.canaries import hosts
    from firstwords.data.shards import read_batches, shard_files

    documents = (
        (row["id"], row["url"])
        for path in shard_files(Path(step.corpus) / "documents").values()
        for batch in read_batches(path, columns=["id", "url"])
        for row in batch.to_pylist()
    )
    return hosts(step.canaries(), documents, step.seed)
