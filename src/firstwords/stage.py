"""What a stage is: a component that makes one artifact from others, and the work space it gets to do so.

`stages/` is the catalogue and the table of contents of the whole system. A stage only ever sees `Work`: its inputs, a
folder to fill, a pool to share work with, and a console line. Names, identities, locks and the commit belong to
`runner.py`.
"""

import hashlib
import json
import time
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from firstwords.artifact import Artifact, sha256_file, write_json
from firstwords.recipe import Component

if TYPE_CHECKING:
    from firstwords.graph import Graph


@dataclass(kw_only=True)
class Outcome:
    """What a stage says about its result."""

    summary: str
    """One line, for example `kept 2,310 of 2,904 documents`."""
    counts: dict[str, Any] = field(default_factory=dict)
    """For example `{"kept": 10, "dropped": {"gopher_quality.min_words": 2}, "rejected": {"empty": 1}}`."""
    tables: list[str] = field(default_factory=list)
    """Lines printed after everything else (the final table of results)."""
    reasons: list[tuple[str, str, str]] = field(default_factory=list)
    """Derived numbers: name, value as shown, where it comes from; `firstwords show RECIPE/STAGE` prints them."""


@dataclass(frozen=True, kw_only=True)
class Stage(Component):
    """Base of all stages; a stage's fields are its section of the recipe."""

    resolves: ClassVar[bool] = False
    """True for a stage whose result is measured (`configure`): what follows depends on its payload's digest."""

    def completed(self, graph: "Graph") -> "Stage":
        """The stage with what it takes from other sections of the recipe filled in; it is what identities are made of.

        Args:
            graph: As for `inputs`, but only the recipe's own stages are sure to be there.
        """
        return self

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """Which artifacts the stage needs: role to full stage name.

        Args:
            graph: The recipe's stages. `graph.require("deduplicate")` gives that name and adds the stage with its
                defaults if the recipe does not mention it; `graph.require("configure.small", lambda: Configure(...))`
                adds one made by the caller; `graph.names("pretrain")` lists all stages of a kind; `graph.name` is
                the full name of this stage, for example `pretrain.causal`.
        """
        return {}

    def preloads(self) -> tuple[str, ...]:
        """Modules that its tasks need and that take long to import, for pools whose workers can share them."""
        return ()

    def check(self) -> None:
        """Called before any stage of a recipe runs, on the machine that will run it: refuse what cannot work.

        Raises:
            FirstwordsError: `RecipeError` for a contradiction, `CannotFit` for what this machine is too small for.
        """
        return None

    @abstractmethod
    def run(self, work: "Work") -> Outcome:
        """Fill `work.folder`; may find there what an earlier, killed attempt left."""


class Console(Protocol):
    """Where a stage's progress is shown."""

    def progress(self, name: str, text: str, share: float | None) -> None:
        """Replace the live line."""

    def note(self, text: str) -> None:
        """Print a lasting line."""


class WorkerPool(Protocol):
    """What `Work` needs from `compute.pool.Pool`."""

    def run(
        self, function: Callable[..., Any], tasks: Mapping[str, tuple[Any, ...]], done: Callable[..., None]
    ) -> None:
        """Call `function(*tasks[key])` for every key and `done(key, result)` for each as it ends."""


class Work:
    """The work space of one stage.

    Attributes:
        name: Full stage name, for example `pretrain.causal`.
        folder: The artifact's folder. Everything in it is payload except what `artifact.NOT_PAYLOAD` names.
        inputs: Finished artifacts by role.
        workers: Processes that data steps may use.
        threads: Threads that numerical libraries may use.
        scratch: Where unfinished state lies, if not in the folder: a rank beside the first writes nothing but reads
            the checkpoints.
    """

    def __init__(
        self,
        *,
        name: str,
        folder: Path,
        inputs: Mapping[str, Artifact],
        pool: WorkerPool,
        console: Console,
        workers: int = 1,
        threads: int = 1,
        scratch: Path | None = None,
    ) -> None:
        self.name = name
        self.folder = Path(folder)
        self._scratch = scratch or self.folder / "scratch"
        self.inputs = dict(inputs)
        self.workers = workers
        self.threads = threads
        self._pool = pool
        self._console = console
        self._started = time.monotonic()
        self.folder.mkdir(parents=True, exist_ok=True)

    def path(self, *parts: str) -> Path:
        """A place in the artifact; folders above it are made."""
        place = self.folder.joinpath(*parts)
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def scratch(self, *parts: str) -> Path:
        """A place for unfinished state: survives a kill, is deleted at commit, never part of the digest."""
        place = self._scratch.joinpath(*parts)
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def part(self, name: str) -> "Work":
        """The same work space with a scratch of its own, for one of several trainings of a stage."""
        return Work(
            name=f"{self.name} {name}",
            folder=self.folder,
            inputs=self.inputs,
            pool=self._pool,
            console=self._console,
            workers=self.workers,
            threads=self.threads,
            scratch=self._scratch / name,
        )

    # --- receipts ---

    def _receipt_path(self, key: str) -> Path:
        safe = "".join(c if c.isalnum() or c in "-_." else "_" for c in key)
        # Two keys that differ only in replaced characters must not share a receipt.
        suffix = "" if safe == key else "-" + hashlib.sha256(key.encode()).hexdigest()[:8]
        return self.folder / "done" / f"{safe}{suffix}.json"

    def receipt(self, key: str) -> dict[str, Any] | None:
        """The receipt of a unit that was finished earlier; None if there is none or its files are not as recorded."""
        place = self._receipt_path(key)
        if not place.is_file():
            return None
        receipt = json.loads(place.read_text(encoding="utf-8"))
        for relative, entry in receipt["files"].items():
            file = self.folder / relative
            if not file.is_file() or file.stat().st_size != entry["size"] or sha256_file(file) != entry["sha256"]:
                return None
        return receipt

    def finish(self, key: str, files: list[str], **counts: Any) -> dict[str, Any]:
        """Record that a unit is finished.

        Args:
            key: Name of the unit.
            files: Its files, relative to the folder.
            counts: Whatever the stage wants to know about it later (rows in, rows out, dropped by rule ...).
        """
        entries = {}
        for relative in sorted(files):
            place = self.folder / relative
            entries[relative] = {"size": place.stat().st_size, "sha256": sha256_file(place)}
        receipt = {"key": key, "files": entries} | counts
        write_json(self._receipt_path(key), receipt)
        return receipt

    def map(
        self,
        function: Callable[[Any, Path], dict[str, Any]],
        shards: Mapping[str, Any],
        workers: int | None = None,
        text: str = "",
        sizes: Mapping[str, int] | None = None,
    ) -> list[dict[str, Any]]:
        """Run `function(shard, folder)` in worker processes for every shard that has no receipt yet.

        Args:
            function: Picklable; writes its files below `folder` with `atomic_write` and returns
                `{"files": [relative paths], ...counts}`. A pure function of the shard: any pool gives the same bytes.
            shards: Key to shard; keys are stable names, never worker numbers.
            workers: At most so many processes.
            text: What the progress line says.
            sizes: Of the shards, in any unit. The largest are begun first, so that at the end no worker is left alone.

        Returns:
            The receipts in the order of the keys.
        """
        receipts = {key: self.receipt(key) for key in shards}
        order = sorted(receipts, key=lambda key: -sizes[key]) if sizes else receipts
        missing = {key: (shards[key], self.folder) for key in order if receipts[key] is None}
        num_done = len(receipts) - len(missing)

        def done(key: str, result: dict[str, Any]) -> None:
            nonlocal num_done
            result = dict(result)
            receipts[key] = self.finish(key, result.pop("files"), **result)
            num_done += 1
            self.progress(text, num_done, len(receipts))

        if missing:
            self._pool_for(workers).run(function, missing, done)
        return [receipt for receipt in receipts.values() if receipt is not None]

    def _pool_for(self, workers: int | None) -> WorkerPool:
        if workers is None:
            return self._pool
        limited = getattr(self._pool, "limited", None)
        return limited(workers) if limited else self._pool

    # --- telling ---

    def event(self, kind: str, **fields: Any) -> None:
        """Append a line to `events.jsonl` (never part of the digest, so it may hold times)."""
        line = json.dumps({"time": round(time.time(), 3), "event": kind} | fields, ensure_ascii=False)
        with (self.folder / "events.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def progress(self, text: str, done: float | None = None, total: float | None = None) -> None:
        """Show what is going on; with `done` and `total` the console adds the time left."""
        share = None if done is None or not total else min(1.0, done / total)
        self._console.progress(self.name, text, share)

    def note(self, text: str) -> None:
        """Print a lasting line, set in, before the stage's own."""
        self._console.note(f"  {text}")
