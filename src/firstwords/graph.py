"""The graph of stages, their identities, and what is already done.

An identity is a hash of everything that makes an artifact: the stage's name, version and configuration, the versions of
its components and of the libraries they declare, the fingerprints of local files, and the identities of its inputs.
Where an input was *measured* (`Stage.resolves`), the digest of its payload takes the identity's place, because the same
configuration gives other numbers on another machine.
"""

import hashlib
import importlib.metadata
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from firstwords.artifact import Artifact, canonical_hash, finished
from firstwords.errors import RecipeError
from firstwords.find import find, nearest
from firstwords.recipe import components_in, configuration
from firstwords.recipe_file import Recipe
from firstwords.stage import Stage

IDENTITY_DIGITS = 10
# Stages that make text or tokens: each corpus of a recipe has its own.
CORPUS_STAGES = (
    "collect",
    "extract",
    "clean",
    "deduplicate",
    "decontaminate",
    "train_tokenizer",
    "compare_tokenizers",
    "tokenize",
)


class Graph:
    """All stages of a recipe, those it names and those that they need.

    Attributes:
        name: While a stage's `inputs` is called: the full name of that stage.
        inputs: Full stage name to its inputs, role to full stage name.
        order: Full stage names, inputs before what needs them.
    """

    def __init__(self, recipe: Recipe, until: str | None = None) -> None:
        self.recipe = recipe
        self.stages: dict[str, Stage] = dict(recipe.stages)
        self.inputs: dict[str, dict[str, str]] = {}
        self.order: list[str] = []
        self.name = ""
        self._implied: set[str] = set()
        self.corpora = _corpora(recipe)
        """Names of the corpora where the recipe has several, or names its only one."""
        # A plain `[clean]` beside `[collect.legal]` is a pattern for all corpora, not a stage.
        self._patterns = [n for n in recipe.stages if self.corpora and n in CORPUS_STAGES]
        targets = [name for name in recipe.stages if name not in self._patterns]
        if until is not None:
            targets = [n for n in targets if n == until or n.partition(".")[0] == until]
            # `--until tokenize` may name a stage that the recipe only implies.
            if not targets:
                for name in recipe.stages:
                    self._add(name, ())
                targets = [n for n in self.order if n == until or n.partition(".")[0] == until]
                if not targets:
                    raise RecipeError(f"--until {until}: the recipe has no such stage. Stages: {', '.join(self.order)}")
                self.inputs, self.order = {}, []
        for name in targets:
            self._add(name, ())

    def _add(self, name: str, above: tuple[str, ...]) -> None:
        if name in self.inputs or name in self.recipe.given:
            return
        if name in above:
            raise RecipeError(f"{self.recipe.path}: {' -> '.join([*above, name])}: a stage cannot need itself")
        outer, self.name = self.name, name
        try:
            self.stages[name] = self.stages[name].completed(self)
            inputs = self.stages[name].inputs(self)
        except RecipeError as error:
            raise RecipeError(f"{self.recipe.path}: {name}: {error}") from None
        self.name = outer
        for needed in inputs.values():
            self.require(needed)
            self._add(needed, (*above, name))
        self.inputs[name] = inputs
        self.order.append(name)

    def names(self, stage: str) -> list[str]:
        """Full names of all stages of a kind, in the recipe's order."""
        return [name for name in [*self.stages, *self.recipe.given] if name.partition(".")[0] == stage]

    def stage(self, name: str) -> Stage | None:
        """The stage of a full name, None for a given artifact or an unknown name."""
        return self.stages.get(name)

    def require(self, name: str, default: Callable[[], Stage] | None = None) -> str:
        """A full stage name that is sure to be in the graph.

        Args:
            name: The stage, added with its defaults if the recipe does not name it.
            default: Makes the stage to be added; without it, its fields' defaults do.

        Raises:
            RecipeError: If the stage cannot be made from defaults, or is named and does not exist.
        """
        if default is None and self.corpora and name in CORPUS_STAGES:
            name = self._of_corpus(name)
        if (name in self.stages and name not in self._patterns) or name in self.recipe.given:
            return name
        stage, _, part = name.partition(".")
        others = [each for each in self.names(stage) if each not in self._implied]
        if default is None and (part or others):
            known = ", ".join(others) or "none"
            raise RecipeError(f"needs '{name}', which the recipe does not have. There: {known}")
        if default is None:
            component = find("stages", stage)
            try:
                self.stages[name] = component()
            except TypeError:
                raise RecipeError(f"needs the stage '{name}': add a section [{name}]") from None
        else:
            self.stages[name] = default()
        self._implied.add(name)
        return name

    def corpus_of(self, name: str) -> str | None:
        """The corpus that a stage works on; None where the recipe does not tell corpora apart.

        Args:
            name: Full name of the stage.

        Raises:
            RecipeError: If the recipe has several and nothing says which one is meant.
        """
        if not self.corpora:
            return None
        stage = self.stages.get(name)
        part = name.partition(".")[2]
        wanted = getattr(stage, "corpus", None) or next(iter(getattr(stage, "mixture", {})), None)
        if wanted is not None and wanted not in self.corpora:
            known = ", ".join(self.corpora)
            raise RecipeError(f"no corpus '{wanted}'.{nearest(wanted, self.corpora)} There: {known}")
        if wanted or part in self.corpora:
            return wanted or part
        base = getattr(getattr(stage, "base", None), "name", None)
        if base in self.stages:
            return self.corpus_of(base)
        if len(self.corpora) == 1:
            return self.corpora[0]
        raise RecipeError(f'which corpus? Name the stage after one, or say corpus = "{self.corpora[0]}"')

    def input_of(self, name: str, role: str, otherwise: str) -> str:
        """The full name of what a stage of the recipe gets in a role.

        Args:
            name: The stage.
            role: For example `tokens`.
            otherwise: A kind of stage, required where the named one is a given artifact or has no such input.
        """
        if name in self.inputs and role in self.inputs[name]:
            return self.inputs[name][role]
        stage = self.stages.get(name)
        outer, self.name = self.name, name
        try:
            found = {} if stage is None else stage.completed(self).inputs(self)
        finally:
            self.name = outer
        return found.get(role) or self.require(otherwise)

    def _of_corpus(self, kind: str) -> str:
        """The stage of a kind for the corpus of the stage that asks, made from the plain section if there is one."""
        name = f"{kind}.{self.corpus_of(self.name)}"
        if name not in self.stages and name not in self.recipe.given:
            if kind == "collect":
                raise RecipeError(f"needs the stage '{name}': add a section [{name}]")
            pattern = self.recipe.stages.get(kind)
            self.stages[name] = find("stages", kind)() if pattern is None else pattern
            self._implied.add(name)
        return name


def _corpora(recipe: Recipe) -> list[str]:
    """Names of the corpora, in the recipe's order; none where a plain stage begins the only one."""
    if "collect" in recipe.stages or any(name in CORPUS_STAGES for name in recipe.given):
        return []
    named = [each.partition(".") for each in [*recipe.stages, *recipe.given]]
    return list(dict.fromkeys(part for kind, _, part in named if part and kind in CORPUS_STAGES))


@dataclass(frozen=True)
class Step:
    """One line of a plan."""

    name: str
    identity: str | None
    """None while an input has yet to be measured."""
    folder: Path | None
    status: str
    """`done`, `given`, `continue` (an earlier attempt left finished parts) or `run`."""
    why: str


def library_version(distribution: str) -> str:
    """Version of an installed distribution, or `absent`."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


@cache
def _source_digest(component: type) -> str:
    module = sys.modules[component.__module__]
    try:
        return hashlib.sha256(inspect.getsource(module).encode()).hexdigest()[:16]
    except (OSError, TypeError):
        return "unknown"


def sources_of(stage: Stage) -> dict[str, str]:
    """Digest of the source file of every component in a stage: kept in the manifest, compared by `plan`."""
    return {type(c).__module__: _source_digest(type(c)) for c in components_in(stage)}


def ingredients(stage: Stage, name: str, inputs: Mapping[str, str]) -> dict[str, Any]:
    """Everything that identifies an artifact, as plain JSON.

    Args:
        stage: The stage.
        name: Its full name. Only the part before the dot counts: a renamed run is the same artifact.
        inputs: Role to the identity (or digest) of the input.
    """
    parts = list(components_in(stage))
    libraries = sorted({library for part in parts for library in type(part).libraries})
    fingerprints = [[type(p).__name__, p.fingerprint()] for p in parts if hasattr(p, "fingerprint")]
    return {
        "stage": name.partition(".")[0],
        "configuration": configuration(stage),
        "libraries": {library: library_version(library) for library in libraries},
        "fingerprints": fingerprints,
        "inputs": dict(inputs),
    }


class Plan:
    """What a run would do, step by step; identities are found as far as they can be known."""

    def __init__(self, graph: Graph, root: Path) -> None:
        self.graph = graph
        self.root = Path(root)
        self._known: dict[str, str | None] = {}

    def artifact(self, name: str) -> Artifact | None:
        """The finished artifact of a stage, or None."""
        if name in self.graph.recipe.given:
            return self.graph.recipe.given[name]
        folder = self.folder(name)
        return Artifact(name=name, folder=folder) if folder is not None and finished(folder) else None

    def _input_identity(self, name: str) -> str | None:
        artifact = self.artifact(name)
        stage = self.graph.stage(name)
        if name in self.graph.recipe.given or (stage is not None and stage.resolves):
            return None if artifact is None else f"digest:{artifact.digest}"
        return self.identity(name)

    def ingredients(self, name: str) -> dict[str, Any] | None:
        """What identifies a stage's artifact, or None while an input has yet to be measured."""
        inputs = {role: self._input_identity(needed) for role, needed in self.graph.inputs[name].items()}
        if any(identity is None for identity in inputs.values()):
            return None
        return ingredients(self.graph.stages[name], name, {k: v for k, v in inputs.items() if v is not None})

    def identity(self, name: str) -> str | None:
        """Hash of all ingredients (64 hex digits), or None while an input has yet to be measured."""
        if self._known.get(name) is None:
            found = self.ingredients(name)
            self._known[name] = None if found is None else canonical_hash(found)
        return self._known[name]

    def folder(self, name: str) -> Path | None:
        """Where the artifact of a stage is or will be."""
        identity = self.identity(name)
        if identity is None:
            return None
        stage, _, part = name.partition(".")
        return self.root / stage / f"{part or stage}-{identity[:IDENTITY_DIGITS]}"

    def step(self, name: str) -> Step:
        """The state of one stage."""
        identity, folder = self.identity(name), self.folder(name)
        short = identity[:IDENTITY_DIGITS] if identity else None
        if self.artifact(name) is not None:
            return Step(name, short, folder, "done", self._source_warning(name))
        if folder is None:
            waiting = [n for n in self.graph.inputs[name].values() if self._input_identity(n) is None]
            return Step(name, None, None, "run", f"after {', '.join(waiting)}")
        if (folder / "done").is_dir() or (folder / "scratch").is_dir():
            return Step(name, short, folder, "continue", "an earlier run left finished parts")
        return Step(name, short, folder, "run", self._reason(name, folder))

    def steps(self) -> list[Step]:
        """All stages in the order in which they run."""
        return [self.step(name) for name in self.graph.order]

    def _reason(self, name: str, folder: Path) -> str:
        """Why an artifact has to be made: nothing there, or what differs from the newest one of this name."""
        stage, _, part = name.partition(".")
        others = [p for p in folder.parent.glob(f"{part or stage}-*") if (p / "manifest.json").is_file()]
        if not others:
            return "not made yet"
        newest = Artifact(name=name, folder=max(others, key=lambda p: (p / "manifest.json").stat().st_mtime))
        now, before = self.ingredients(name) or {}, newest.manifest["ingredients"]
        changed = [key for key in now if now[key] != before.get(key)]
        if "configuration" in changed:
            fields, old = now["configuration"], before["configuration"]
            changed[changed.index("configuration")] = (
                ", ".join(k for k in fields if fields[k] != old.get(k)) or "fields"
            )
        return f"changed since {newest.identity}: {', '.join(changed)}"

    def _source_warning(self, name: str) -> str:
        stage, artifact = self.graph.stage(name), self.artifact(name)
        if stage is None or artifact is None:
            return ""
        before = artifact.manifest.get("sources", {})
        changed = [module for module, digest in sources_of(stage).items() if before.get(module, digest) != digest]
        return f"source changed, same version: {', '.join(changed)}" if changed else ""
