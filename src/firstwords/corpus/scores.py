"""The scores that `clean` stored, with the bounds of their rules, and what other bounds would do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from firstwords.artifact import Artifact
from firstwords.corpus.histogram import NUM_BINS, Histogram, histogram, quantiles
from firstwords.corpus.lineage import beside
from firstwords.corpus.thresholds import NothingPasses, bounds_of, passes
from firstwords.data.filter import Bounds, Filter
from firstwords.data.shards import shard_files
from firstwords.errors import RecipeError
from firstwords.find import find, nearest
from firstwords.recipe import build

STEP_GROUPS = ("data.filters", "data.transforms")


@dataclass(frozen=True)
class Rule:
    """A numeric score of a step and what it must be. `bounds` is None where they could not be found."""

    step: str
    name: str
    bounds: Bounds | None

    @property
    def full_name(self) -> str:
        """For example `gopher_quality.words`."""
        return f"{self.step}.{self.name}"

    @property
    def judges(self) -> bool:
        """Whether any value of the score drops a document."""
        return self.bounds is not None and self.bounds != (None, None)


@dataclass(frozen=True)
class Distribution:
    """One score over a corpus.

    `dropped` counts the documents that were dropped by this rule (the first that they failed), `failing` all that
    have a value outside its bounds.
    """

    rule: Rule
    documents: int
    scored: int
    dropped: int
    failing: int
    quantiles: dict[str, float]
    histogram: Histogram


@dataclass(frozen=True)
class Change:
    """What other bounds of one rule would do, by the stored scores.

    `goes` documents that are kept now would be dropped; `returns` would no longer be dropped by this filter, and
    `unknown` of those were not scored by the filters after it, which may drop them still.
    """

    bounds: Bounds
    failing: int
    goes: int
    returns: int
    unknown: int


class Scores:
    """The scores of an artifact of `clean`.

    Attributes:
        steps: Name of each step, in order, to the step; None where it cannot be built any more.
        notes: What a reader must know: steps that could not be built, or whose version is another one now.
    """

    def __init__(self, artifact: Artifact) -> None:
        if not artifact.path("scores").is_dir():
            raise RecipeError(f"{artifact.name} stores no scores; look at clean")
        self.artifact = artifact
        self.files = list(shard_files(artifact.path("scores")).values())
        self.schema = pq.read_schema(self.files[0]) if self.files else pa.schema([])
        self.steps: dict[str, Any] = {}
        self.notes: list[str] = []
        settings = artifact.manifest["ingredients"]["configuration"].get("steps", [])
        named = zip(self.schema.names[1:], settings, strict=bool(self.files))
        for index, (name, values) in enumerate(named):
            self.steps[name] = self._built(index, name, values)

    def _built(self, index: int, name: str, values: Mapping[str, Any]) -> Any:
        try:
            component = find(STEP_GROUPS, values["kind"])
            step = build(component, {k: _plain(v) for k, v in values.items() if k not in ("kind", "version")}, name)
            step = replace(step, **self._folders(index, name, step))
        except RecipeError as error:
            self.notes.append(f"{name}: bounds are not known, as the step cannot be built: {error}")
            return None
        if type(step).version != values["version"]:
            self.notes.append(f"{name}: scored by version {values['version']}; bounds are those of {step.version}")
        return step

    def _folders(self, index: int, name: str, step: Any) -> dict[str, str]:
        """The folders of artifacts that a step reads, in place of the names of their stages; see `stages.clean`."""
        found = {}
        for field in type(step).artifacts:
            entry = self.artifact.manifest["inputs"].get(f"step_{index}.{field}")
            if entry is not None:
                read = beside(self.artifact, entry)
                if read is None:
                    raise RecipeError(f"{name}.{field}: the artifact {entry['name']} {entry['identity']} is gone")
                found[field] = str(read.folder)
        return found

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """The numeric scores of all filters, by full name, in the order of the steps."""
        found = {}
        for name, step in self.steps.items():
            if step is not None and not isinstance(step, Filter):
                continue
            bounds = self._bounds(name, step)
            for field in self.schema.field(name).type:
                if pa.types.is_integer(field.type) or pa.types.is_floating(field.type):
                    rule = Rule(name, field.name, bounds.get(field.name))
                    found[rule.full_name] = rule
        return found

    def rule(self, name: str) -> list[Rule]:
        """The rules of a name: full, without the step, or a step's.

        Raises:
            RecipeError: If there is none; the message names the nearest.
        """
        found = [r for r in self.rules.values() if name in (r.full_name, r.name, r.step)]
        if not found:
            names = sorted({n for r in self.rules.values() for n in (r.full_name, r.name)})
            there = ", ".join(self.rules) or "none"
            raise RecipeError(f"no score is called '{name}'.{nearest(name, names)} There are: {there}")
        return found

    def values(self, rule: Rule) -> np.ndarray:
        """The score of every document, NaN where an earlier filter had dropped it."""
        column = f"{rule.step}.{rule.name}"
        parts = [np.empty(0)]
        for path in self.files:
            for array in _structs(path, rule.step, [column]):
                child = array.flatten()[0].cast(pa.float64())
                parts.append(child.to_numpy(zero_copy_only=False).astype(np.float64))
        return np.concatenate(parts)

    @cached_property
    def reasons(self) -> np.ndarray:
        """For every document the index of the rule that dropped it in `reason_names`, or -1 for a kept one."""
        parts = [np.empty(0, np.int32)]
        for path in self.files:
            ids = pq.read_table(path, columns=["id"]).column("id").to_pylist()
            dropped = pq.read_table(
                self.artifact.path("dropped", *path.relative_to(self.artifact.path("scores")).parts),
                columns=["id", "step", "rule"],
            )
            why = {row["id"]: f"{row['step']}.{row['rule']}" for row in dropped.to_pylist()}
            parts.append(np.array([self._index(why[i]) if i in why else -1 for i in ids], np.int32))
        return np.concatenate(parts)

    @cached_property
    def reason_names(self) -> list[str]:
        """Rules that dropped a document, in the order in which they were met."""
        return []

    def _index(self, name: str) -> int:
        if name not in self.reason_names:
            self.reason_names.append(name)
        return self.reason_names.index(name)

    def distribution(self, rule: Rule, num_bins: int = NUM_BINS) -> Distribution:
        """Quantiles and a histogram of kept and dropped documents."""
        values, reasons = self.values(rule), self.reasons
        bounds = rule.bounds or (None, None)
        dropped = rule.full_name in self.reason_names and reasons == self.reason_names.index(rule.full_name)
        groups = {"kept": values[reasons < 0], "dropped": values[reasons >= 0]}
        return Distribution(
            rule=rule,
            documents=len(values),
            scored=int(np.isfinite(values).sum()),
            dropped=int(np.sum(dropped)),
            failing=int(np.sum(~passes(bounds, values))),
            quantiles=quantiles(values),
            histogram=histogram(groups, bounds, num_bins),
        )

    def change(self, rule: Rule, bounds: Bounds) -> Change:
        """What other bounds of a rule would do."""
        failing = goes = returns = unknown = 0
        later = list(self.steps)[list(self.steps).index(rule.step) + 1 :]
        for path in self.files:
            table = pq.read_table(path, columns=list(self.steps))
            columns = {name: _flat(table.column(name)) for name in self.steps}
            scores = columns[rule.step]
            others = self._fails_otherwise(columns, rule)
            values = scores.field(rule.name).cast(pa.float64()).to_numpy(zero_copy_only=False)
            values = np.where(scores.is_valid().to_numpy(zero_copy_only=False), values, np.nan)
            now = ~passes(rule.bounds or (None, None), values) & ~np.isnan(values)
            then = ~passes(bounds, values) & ~np.isnan(values)
            failing += int(then.sum())
            goes += int((then & ~now & ~others).sum())
            back = now & ~then & ~others
            returns += int(back.sum())
            unscored = np.zeros(len(values), bool)
            for name in later:
                if isinstance(self.steps[name], Filter):
                    unscored |= columns[name].is_null().to_numpy(zero_copy_only=False)
            unknown += int((back & unscored).sum())
        return Change(bounds, failing, goes, returns, unknown)

    def _fails_otherwise(self, columns: Mapping[str, pa.StructArray], rule: Rule) -> np.ndarray:
        """Which rows fail a rule other than this one."""
        failing = np.zeros(len(next(iter(columns.values()))), bool)
        for name, step in self.steps.items():
            if not isinstance(step, Filter):
                continue
            scores = columns[name]
            if name == rule.step:
                # With a null in its place the rule fails nothing; what is left are the other rules of the filter.
                fields = [
                    pa.nulls(len(scores), each.type) if each.name == rule.name else scores.field(each.name)
                    for each in scores.type
                ]
                scores = pa.StructArray.from_arrays(fields, fields=list(scores.type))
            scored = columns[name].is_valid()
            rows = np.flatnonzero(scored.to_numpy(zero_copy_only=False))
            failing[rows] |= step.reject(scores.filter(scored)).is_valid().to_numpy(zero_copy_only=False)
        return failing

    def _bounds(self, name: str, step: Filter | None) -> dict[str, Bounds]:
        if step is None:
            return {}
        for path in self.files:
            for array in _structs(path, name, [name]):
                try:
                    return bounds_of(step, array)
                except NothingPasses:
                    continue  # another shard may have one
                except RecipeError as error:
                    self.notes.append(f"{name}: bounds are not known: {error}")
                    return {}
        self.notes.append(f"{name}: bounds are not known, as no document passed")
        return {}


def _structs(path: Path, column: str, fields: list[str]) -> Iterator[pa.StructArray]:
    """A struct column of a Parquet file, row group by row group, with only some of its fields."""
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield _flat(file.read_row_group(group, columns=fields).column(column))


def _flat(column: pa.ChunkedArray) -> pa.StructArray:
    combined = column.combine_chunks()
    return combined if isinstance(combined, pa.StructArray) else pa.concat_arrays(combined.chunks)


def _plain(value: Any) -> Any:
    """A configuration as a recipe gives it: components inside are built, versions are left out."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if "kind" not in value or "version" not in value:
        return {key: _plain(item) for key, item in value.items()}
    fields = {key: _plain(item) for key, item in value.items() if key not in ("kind", "version")}
    return build(find(STEP_GROUPS, value["kind"]), fields, value["kind"])
