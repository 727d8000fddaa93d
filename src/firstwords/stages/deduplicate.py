"""Take out duplicates: of addresses, texts, paragraphs, lines and stretches of words; then split the corpus into its
parts.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field

from firstwords.artifact import Artifact, finished
from firstwords.errors import RecipeError
from firstwords.find import nearest
from firstwords.recipe import Component
from firstwords.stage import Outcome, Stage, Work
from firstwords.stages.clean import SMALL_BYTES, shares_by_step

if TYPE_CHECKING:
    from firstwords.data.deduplication import Settings, Shard
    from firstwords.graph import Graph


@dataclass(frozen=True, kw_only=True)
class Urls(Component):
    """Documents of one address (canonical spelling, without visitor and session parameters)."""

    same_scheme: bool = True
    """Whether http and https are one."""
    same_www: bool = True
    """Whether a host with `www.` before it is the host without."""


@dataclass(frozen=True, kw_only=True)
class Similar(Component):
    """Documents that share most of their word runs: found with MinHash, confirmed by the exact Jaccard similarity."""

    threshold: Annotated[float, Field(gt=0, le=1)] = 0.8
    """Lowest Jaccard similarity of two documents' word runs that makes them duplicates."""
    shingle_words: Annotated[int, Field(ge=1)] = 5
    """Words in a run."""
    bands: Annotated[int, Field(ge=1)] = 20
    """Bands of a signature. 20 bands of 6 find 99.8 % of the pairs at similarity 0.8; as each is confirmed exactly,
    more bands cost time only."""
    rows: Annotated[int, Field(ge=1)] = 6
    """Values in a band."""


@dataclass(frozen=True, kw_only=True)
class Paragraphs(Component):
    """Paragraphs that stand in several documents, or several times in one."""

    min_words: Annotated[int, Field(ge=1)] = 3
    """Paragraphs of fewer words (headings) are never called repeated."""


@dataclass(frozen=True, kw_only=True)
class Lines(Component):
    """Lines that stand in many documents: menus, cookie notices, footers."""

    max_documents: Annotated[int, Field(ge=1)] = 6
    """A line goes when it stands in more documents than this. Source: Llama 3 (2024), section 3.1.1: more than 6."""
    min_words: Annotated[int, Field(ge=1)] = 3
    """Lines of fewer words are never called repeated."""


@dataclass(frozen=True, kw_only=True)
class Substrings(Component):
    """Stretches of words that stood before, whatever paragraphs they are in. Case and punctuation do not count."""

    min_words: Annotated[int, Field(ge=2)] = 50
    """Shortest stretch. Source: Lee et al. 2021, 50 tokens."""


_Kind = TypeVar("_Kind", bound=Component)


def _switch(component: type[Component]) -> BeforeValidator:
    """Lets a recipe turn a kind of duplicate on and off with `true` and `false` instead of a table."""

    def read(value: Any) -> Any:
        return (component() if value else None) if isinstance(value, bool) else value

    return BeforeValidator(read, json_schema_input_type=component | bool | None)


@dataclass(frozen=True, kw_only=True)
class Deduplicate(Stage):
    """Keeps one of every group of duplicates, the same one on every run.

    A kind of duplicate is turned on or off with `true` or `false`, or set with a table: `lines = true`,
    `similar = { threshold = 0.7 }`. Whole documents go first, each for one that stays; then repeated parts of those
    that stay, all but the first. Of two duplicates the one from an earlier of `sources_first` stays, then the one of
    higher `quality`, then the longer text, then the lower id.

    Payload: `documents/` (with the columns `split`, and `num_copies`: how many documents it stands for, itself
    included), `dropped/` (with step, rule, score and `kept_id`), `removed/` (the repeated parts that were taken out:
    id, step, first character and the one after the last in the text before, and `kept_id` of the document that has
    the first), and `clusters.json` (id to `num_copies`, where it is more than one).
    """

    urls: Annotated[Urls | None, _switch(Urls)] = None
    """Same address."""
    similar: Annotated[Similar | None, _switch(Similar)] = Similar()
    """Similar text. Equal texts (in lower case, white space collapsed) always go."""
    paragraphs: Annotated[Paragraphs | None, _switch(Paragraphs)] = Paragraphs()
    """Repeated paragraphs."""
    lines: Annotated[Lines | None, _switch(Lines)] = None
    """Repeated lines."""
    substrings: Annotated[Substrings | None, _switch(Substrings)] = None
    """Repeated stretches of words; what goes are the whole lines and sentences in them."""
    scope: Literal["global", "source", "dump"] = "global"
    """Where a duplicate counts: anywhere, or only among documents of one source or of one dump."""
    dump_key: str = "dump"
    """Key of the metadata that names the dump of a document."""
    against: tuple[str, ...] = ()
    """Old corpora: stages or given artifacts (`deduplicate.old`), or folders of artifacts that hold `documents/`
    (`artifacts/deduplicate/...`). What they have already is taken out, and they are not changed."""
    min_words: int = 20
    """`too_short`: documents of fewer words go, at first (`length`) and after repeated parts were taken out
    (`repeated_text`)."""
    sources_first: tuple[str, ...] = ()
    """Sources (column `source`) whose copies are preferred, best first."""
    quality: str | None = None
    """A score of the stage `clean` whose higher value is preferred, as step and score: `classifier.quality`."""

    def preloads(self) -> tuple[str, ...]:
        """What finds duplicates, with its kernels."""
        return ("firstwords.data.duplicates", "firstwords.data.features")

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """The cleaned documents, and old corpora that are stages."""
        old = {f"against_{number}": graph.require(name) for number, name in self._old_stages()}
        return {"documents": graph.require("clean")} | old

    def _old_stages(self) -> list[tuple[int, str]]:
        return [(number, name) for number, name in enumerate(self.against) if "/" not in name]

    def fingerprint(self) -> list[str]:
        """The digests of old corpora that are named by folder."""
        return [_old_artifact(name).digest for name in self.against if "/" in name]

    def run(self, work: Work) -> Outcome:
        """Describe all shards, decide, and write what stays."""
        from firstwords.data.deduplication import Deduplication

        shards = self._shards(work)
        size = sum(Path(shard.path).stat().st_size for shard in shards.values())
        counts = Deduplication(self._settings(), work, shards, workers=1 if size < SMALL_BYTES else None).run()
        total = counts["kept"] + sum(counts["dropped"].values())
        parts = [f"kept {counts['kept']:,} of {total:,} documents", *shares_by_step(counts["dropped"], total)]
        parts += [f"{number:,} repeated {name}" for name, number in counts["removed"].items() if number]
        return Outcome(summary="   ".join(parts), counts=counts)

    def _settings(self) -> "Settings":
        from firstwords.data.deduplication import Settings
        from firstwords.data.description import Kinds, Scope
        from firstwords.data.minhash import MinHash

        urls, similar = _set(self.urls, Urls), _set(self.similar, Similar)
        paragraphs, lines = _set(self.paragraphs, Paragraphs), _set(self.lines, Lines)
        substrings = _set(self.substrings, Substrings)
        return Settings(
            kinds=Kinds(
                urls=urls is not None,
                same_scheme=urls is not None and urls.same_scheme,
                same_www=urls is not None and urls.same_www,
                minhash=MinHash(similar.bands, similar.rows, similar.shingle_words) if similar else None,
                paragraph_words=paragraphs.min_words if paragraphs else 0,
                line_words=lines.min_words if lines else 0,
                substring_words=substrings.min_words if substrings else 0,
            ),
            scope=Scope(source=self.scope == "source", metadata_key=self.dump_key if self.scope == "dump" else None),
            threshold=similar.threshold if similar else 1.0,
            line_documents=lines.max_documents if lines else 0,
            min_words=self.min_words,
            sources_first=self.sources_first,
            quality=self.quality,
        )

    def _shards(self, work: Work) -> "dict[str, Shard]":
        """The shards to be written and, with keys of their own behind them, those of old corpora."""
        from firstwords.data.deduplication import Shard
        from firstwords.data.shards import shard_files

        new = work.inputs["documents"]
        scores = shard_files(new.path("scores")) if self.quality else {}
        shards = {}
        for key, path in shard_files(new.path("documents")).items():
            if self.quality:
                _check_score(scores.get(key), self.quality)
            shards[key] = Shard(path=str(path), scores=str(scores[key]) if self.quality else None)
        for number, name in enumerate(self.against):
            old = _old_artifact(name) if "/" in name else work.inputs[f"against_{number}"]
            for key, path in shard_files(old.path("documents")).items():
                shards[f"against_{number}/{key}"] = Shard(path=str(path), old=True)
        return shards


def _set(value: Any, component: type[_Kind]) -> _Kind | None:
    """A kind of duplicate as a component; a switch given in Python, not by a recipe, is still a bool."""
    return (component() if value else None) if isinstance(value, bool) else value


def _old_artifact(folder: str) -> Artifact:
    if not finished(Path(folder)):
        raise RecipeError(f"against: {folder} holds no finished artifact")
    return Artifact(name=folder, folder=Path(folder))


def _check_score(path: Path | None, name: str) -> None:
    """Refuse a score that `clean` did not write."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path is None:
        raise RecipeError(f"quality: '{name}': the documents come without scores; the stage 'clean' writes them")
    columns = [each for each in pq.read_schema(path) if pa.types.is_struct(each.type)]
    known = [f"{column.name}.{score.name}" for column in columns for score in column.type]
    if name not in known:
        raise RecipeError(f"quality: no score '{name}'.{nearest(name, known)} Scores: {', '.join(known)}")
