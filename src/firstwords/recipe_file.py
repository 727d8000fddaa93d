"""Reading a recipe: TOML, overrides, sections, stages.

A section is a stage: `[clean]` (plain) or `[pretrain.causal]` (named). Besides stages a recipe has a `name` and may
give finished artifacts under `[given]`, so that nothing above them is made again.
"""

import dataclasses
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firstwords.artifact import MANIFEST, Artifact
from firstwords.errors import RecipeError
from firstwords.find import catalogue, find, nearest
from firstwords.recipe import build
from firstwords.stage import Stage

STAGE_ORDER = (
    "collect",
    "extract",
    "clean",
    "deduplicate",
    "decontaminate",
    "train_tokenizer",
    "compare_tokenizers",
    "tokenize",
    "configure",
    "pretrain",
    "finetune",
    "evaluate",
)
"""The order in which a reader expects stages; what must run first follows from their inputs."""


@dataclass(frozen=True)
class Recipe:
    """A checked recipe."""

    name: str
    path: str
    stages: Mapping[str, Stage]
    """Full stage name to stage, in reading order."""
    given: Mapping[str, Artifact] = field(default_factory=dict)
    """Finished artifacts to be used instead of running a stage."""


def read_recipe(path: str | Path, overrides: Iterable[str] = ()) -> Recipe:
    """Read and check a recipe.

    Args:
        path: A TOML file.
        overrides: `section.key=value`, the value as TOML or a bare word.

    Raises:
        RecipeError: Naming the file, the key and the nearest name, for all mistakes at once.
    """
    place = Path(path)
    if not place.is_file():
        raise RecipeError(f"no such recipe: {place}{_nearest_recipe(place)}")
    try:
        values = tomllib.loads(place.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{place}: not valid TOML: {error}") from None
    for override in overrides:
        apply_override(values, override)
    return make_recipe(values, where=os.fspath(path), default_name=place.stem)


def _nearest_recipe(place: Path) -> str:
    folder = place.parent if place.parent.is_dir() else Path("recipes")
    names = sorted(p.name for p in folder.glob("*.toml")) if folder.is_dir() else []
    return "." + nearest(place.name, names) + (f" Recipes in {folder}: {', '.join(names)}" if names else "")


def apply_override(values: dict[str, Any], override: str) -> None:
    """Set one value of a recipe in place: `clean.steps.1.min_words=30`, `pretrain.causal.budget=1min`.

    An empty value takes the key away, so that its default holds: `pretrain.causal.budget=`.

    Raises:
        RecipeError: If it has no `=`, or its path leads through something that is not a table or list.
    """
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise RecipeError(f"override '{override}' has no '=': write section.key=value")
    *path, last = key.strip().split(".")
    target: Any = values
    for part in path:
        if isinstance(target, list):
            target = _item(target, part, override)
        elif isinstance(target, dict):
            target = target.setdefault(part, {})
        else:
            raise RecipeError(f"override '{override}': '{part}' is inside a plain value")
    if isinstance(target, list):
        _item(target, last, override)
        target[int(last)] = _parse_value(text.strip())
    elif isinstance(target, dict) and not text.strip():
        target.pop(last, None)
    elif isinstance(target, dict):
        target[last] = _parse_value(text.strip())
    else:
        raise RecipeError(f"override '{override}': '{path[-1]}' is a plain value, it has no '{last}'")


def _item(items: list[Any], part: str, override: str) -> Any:
    if not part.isdigit() or int(part) >= len(items):
        raise RecipeError(
            f"override '{override}': '{part}' is not a position in a list of {len(items)}, counted from 0"
        )
    return items[int(part)]


def _parse_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text  # a bare word such as 10min or masked_lm


def make_recipe(values: Mapping[str, Any], *, where: str, default_name: str) -> Recipe:
    """Check plain values as a recipe.

    Args:
        values: The top-level table.
        where: Put before messages.
        default_name: The recipe's name if it gives none.

    Raises:
        RecipeError: With a line for every mistake.
    """
    rest = dict(values)
    name = rest.pop("name", default_name)
    if not isinstance(name, str) or not name or "/" in name or name.startswith("."):
        raise RecipeError(f"{where}: name: {name!r} cannot be a folder's name")
    mistakes: list[str] = []
    given = _given(rest.pop("given", {}), where, mistakes)
    stages: dict[str, Stage] = {}
    known = catalogue("stages")
    for section in sorted(rest, key=lambda s: STAGE_ORDER.index(s) if s in STAGE_ORDER else len(STAGE_ORDER)):
        if section not in known:
            sections = [*known, "name", "given"]
            mistakes.append(
                f"{where}: {section}: unknown section.{nearest(section, sections)} Stages: {', '.join(known)}"
            )
            continue
        try:
            stages |= _stages_of(section, rest[section], where)
        except RecipeError as error:
            mistakes.append(str(error))
    if mistakes:
        raise RecipeError("\n".join(mistakes))
    if not stages:
        raise RecipeError(f"{where}: names no stage. Stages: {', '.join(known)}")
    return Recipe(name=name, path=where, stages=stages, given=given)


def _given(entries: Any, where: str, mistakes: list[str]) -> dict[str, Artifact]:
    found = {}
    for name, folder in _flatten(entries):
        place = Path(str(folder))
        if not (place / MANIFEST).is_file():
            mistakes.append(f"{where}: given.{name}: {place} holds no finished artifact")
            continue
        artifact = Artifact(name=name, folder=place)
        if artifact.manifest["stage"] != artifact.stage:
            mistakes.append(f"{where}: given.{name}: {place} was made by the stage '{artifact.manifest['stage']}'")
        found[name] = artifact
    return found


def _flatten(entries: Any) -> Iterable[tuple[str, Any]]:
    for key, value in entries.items():
        if isinstance(value, dict):
            yield from ((f"{key}.{inner}", item) for inner, item in value.items())
        else:
            yield key, value


def _stages_of(section: str, table: Any, where: str) -> dict[str, Stage]:
    """One plain stage, or the named stages of a section."""
    component = find("stages", section)
    if not isinstance(table, dict):
        raise RecipeError(f"{where}: {section}: expected a section [{section}], but it is {table!r}")
    fields = {f.name for f in dataclasses.fields(component)}
    names = [key for key, value in table.items() if key not in fields and isinstance(value, dict)]
    if names and len(names) == len(table):
        mistakes, stages = [], {}
        for name in names:
            if not name.replace("_", "").replace("-", "").isalnum():
                mistakes.append(f"{where}: {section}.{name}: a name has letters, digits, '-' and '_' only")
                continue
            try:
                stages[f"{section}.{name}"] = build(component, table[name], f"{where}: {section}.{name}")
            except RecipeError as error:
                mistakes.append(str(error))
        if mistakes:
            raise RecipeError("\n".join(mistakes))
        return stages
    if names and any(key in fields for key in table):
        plain = [key for key in table if key in fields]
        raise RecipeError(
            f"{where}: {section}: is both plain ({', '.join(plain)}) and named ({', '.join(names)}): write "
            f"{section}.{names[0]}.{plain[0]}.{nearest(names[0], list(fields))}"
        )
    return {section: build(component, table, f"{where}: {section}")}
