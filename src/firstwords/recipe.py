"""Components: configuration that checks itself.

A component is a frozen, keyword-only dataclass; its fields are its configuration, so there is no second class to keep
in step. `build` turns plain values (from TOML, JSON or keyword arguments) into a component and reports every mistake
with its path; `configuration` is the way back, with every default written out, and is what identities are made of.
"""

import dataclasses
import os
import re
from abc import ABC
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, ConfigDict, GetCoreSchemaHandler, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError, core_schema

from firstwords.errors import RecipeError
from firstwords.find import find, nearest


@dataclass(frozen=True, kw_only=True)
class Component(ABC):
    """Base of everything a recipe can name. Fields are configuration; results change only with `version`."""

    # A plain dataclass would drop unknown keys silently; a typing error in a recipe must be refused.
    __pydantic_config__ = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
    version: ClassVar[int] = 1
    libraries: ClassVar[tuple[str, ...]] = ()


def runtime(default: Any) -> Any:
    """A field that does not change results (workers, log interval, device) and so does not count for identity."""
    return dataclasses.field(default=default, metadata={"runtime": True})


# --- Units: "10min", "64MiB", 10_000_000, "5M" -----------------------------------------------------------------------

_DURATIONS = {"ms": 0.001, "s": 1, "sec": 1, "min": 60, "h": 3600, "d": 86400}
_SIZES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12} | {
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}
_COUNTS = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "B": 10**9, "G": 10**9, "T": 10**12}


def _number_with_unit(value: Any, units: Mapping[str, float], what: str, example: str) -> float:
    if isinstance(value, bool):
        raise PydanticCustomError("unit", f"{value} is not a {what}; write for example {example}")
    if isinstance(value, int | float):
        return value
    match = re.fullmatch(r"\s*([0-9][0-9_,]*(?:\.[0-9]+)?)\s*([A-Za-z]*)\s*", str(value))
    if not match or match[2] not in units:
        raise PydanticCustomError("unit", f"'{value}' is not a {what}; write for example {example}")
    return float(match[1].replace("_", "").replace(",", "")) * units[match[2]]


def _whole(number: float, what: str) -> int:
    if number != int(number):
        raise PydanticCustomError("unit", f"{number} is not a whole {what}")
    return int(number)


def _duration(value: Any) -> float:
    return float(_number_with_unit(value, _DURATIONS | {"": 1}, "duration", '"90s", "10min" or "2h"'))


def _size(value: Any) -> int:
    return _whole(_number_with_unit(value, _SIZES | {"": 1}, "size", '"64MiB" or "2GB"'), "number of bytes")


def _count(value: Any) -> int:
    return _whole(_number_with_unit(value, _COUNTS, "count", '10_000_000 or "10M"'), "number")


Duration = Annotated[float, BeforeValidator(_duration)]
"""Seconds."""
Size = Annotated[int, BeforeValidator(_size)]
"""Bytes."""
Count = Annotated[int, BeforeValidator(_count)]
"""A whole number."""

DATA_VARIABLE = "FIRSTWORDS_DATA"


def resolve(path: str) -> Path:
    """The place of an `InputPath`: `$FIRSTWORDS_DATA/...` is looked up, everything else is relative to here.

    Raises:
        RecipeError: If the variable is named but not set.
    """
    if path.startswith(f"${DATA_VARIABLE}"):
        folder = os.environ.get(DATA_VARIABLE)
        if not folder:
            raise RecipeError(f"'{path}' needs the environment variable {DATA_VARIABLE}: set it to the data folder")
        path = folder + path.removeprefix(f"${DATA_VARIABLE}")
    return Path(path).expanduser()


def _input_path(value: Any) -> str:
    if not isinstance(value, str | Path):
        raise PydanticCustomError("path", f"'{value}' is not a path")
    try:
        place = resolve(str(value))
    except RecipeError as error:
        raise PydanticCustomError("path", str(error).replace("{", "{{").replace("}", "}}")) from None
    if not place.exists() and not _matches(place):
        known = [p.name for p in place.parent.iterdir()] if place.parent.is_dir() else []
        hint = nearest(place.name, known)
        raise PydanticCustomError("path", f"no such file or folder: {place}.{hint}")
    return str(value)


def is_address(path: str) -> bool:
    """Whether a path leads to another machine or store: `s3://...`, `https://...`, `memory://...`."""
    return re.match(r"[a-z][a-z0-9+.-]*(?:::[a-z][a-z0-9+.-]*)*://", path) is not None


def _source_path(value: Any) -> str:
    if not isinstance(value, str) or not is_address(value):
        return _input_path(value)
    if re.match(r"[^/]*://[^/]*@", value) and not value.startswith("hf://"):
        raise PydanticCustomError("path", "an address is written down in every artifact: keep passwords out of it")
    return value


def _matches(place: Path) -> bool:
    """Whether a pattern such as `books/*.txt` has at least one file."""
    if not any(sign in str(place) for sign in "*?["):
        return False
    anchor = Path(place.anchor or ".")
    return any(True for _ in anchor.glob(str(place.relative_to(anchor) if place.anchor else place)))


InputPath = Annotated[str, BeforeValidator(_input_path)]
"""A file, folder or pattern that must exist; kept as written so that identities do not depend on where data lies."""

SourcePath = Annotated[str, BeforeValidator(_source_path)]
"""An `InputPath`, or an address of files elsewhere, which are fetched once (`data/sources/remote.py`)."""


# --- Kinds: a table with `kind = ...` becomes a component of a catalogue ----------------------------------------------


class Kind:
    """Marks a field as a component chosen by name: `Annotated[Filter, Kind("data.filters")]`."""

    def __init__(self, *groups: str) -> None:
        self.groups = groups

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self._validate)

    def _validate(self, value: Any) -> Component:
        if isinstance(value, Component):
            return value
        if isinstance(value, str):
            value = {"kind": value}
        if not isinstance(value, Mapping) or not isinstance(value.get("kind"), str):
            raise PydanticCustomError("kind", "expected a table with a 'kind', for example {{ kind = \"...\" }}")
        try:
            component = find(self.groups, value["kind"])
        except RecipeError as error:
            raise PydanticCustomError("kind", "{message}", {"message": str(error)}) from None
        fields = {key: item for key, item in value.items() if key != "kind"}
        # A ValidationError raised here is merged by pydantic with this field's path in front.
        return adapter(component).validate_python(fields)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        # A component may hold another of its own catalogue, so what can stand here is written elsewhere, once
        # (`recipe_schema`).
        return {KINDS: list(self.groups)}


KINDS = "kinds"
"""Key that stands in a JSON schema for the components of some catalogues."""


@cache
def adapter(component: type) -> TypeAdapter[Any]:
    """Pydantic's checker of a component class (made once: building one costs milliseconds)."""
    return TypeAdapter(component)


def build(component: type, values: Mapping[str, Any], where: str = "") -> Any:
    """Make a component from plain values.

    Args:
        component: The class.
        values: Field name to value, as TOML gives them.
        where: Put before every path in messages, for example `recipes/tiny.toml: clean`.

    Raises:
        RecipeError: With one line for every mistake: path, what is wrong, the nearest name.
    """
    try:
        return adapter(component).validate_python(dict(values))
    except ValidationError as error:
        raise RecipeError("\n".join(_messages(error, component, dict(values), where))) from None


def _messages(error: ValidationError, component: type, values: Any, where: str) -> Iterable[str]:
    told: set[str] = set()
    for each, location in _mistakes(error):
        path = ".".join(str(part) for part in location)
        prefix = f"{where}.{path}: " if where and path else f"{where}{path}: "
        if each["type"] == "unexpected_keyword_argument":
            names = _fields_at(component, values, location[:-1])
            said = f"unknown field.{nearest(str(location[-1]), names)} Fields: {', '.join(names) or 'none'}"
        elif each["type"] in ("missing", "missing_keyword_only_argument"):
            said = "is needed and missing"
        elif each["type"] in _EXPLAINED:
            said = each["msg"].removeprefix("Value error, ")
        else:
            what = each["msg"].replace("tuple", "list")  # as TOML calls it
            said = f"{what[:1].lower()}{what[1:]}, but it is {each['input']!r:.80}"
        if prefix + said not in told:
            told.add(prefix + said)
            yield prefix + said


_EXPLAINED = ("unit", "kind", "path", "value_error")
"""Mistakes whose message is our own."""


def _mistakes(error: ValidationError) -> list[tuple[Any, list[Any]]]:
    """What is wrong, each with the keys and positions that lead there.

    pydantic puts names of classes and, where a value may be of several types, of types into the path, and tells for
    each type why it is not that one. Who meant one of them is told what is wrong with that one.
    """
    found = [
        (each, [part for part in each["loc"] if not (isinstance(part, str) and _TYPE.match(part))])
        for each in error.errors(include_url=False, include_context=False)
    ]
    meant = [location for each, location in found if not _is_of_kind(each)]
    return [
        (each, location)
        for each, location in found
        if not _is_of_kind(each) or all(other[: len(location)] != location for other in meant)
    ]


def _is_of_kind(mistake: Any) -> bool:
    """Whether a value is said to be of the wrong type, or to be empty, perhaps for what is wrong inside."""
    return mistake["type"] == "too_short" or str(mistake["type"]).endswith("_type")


_TYPE = re.compile(r"[A-Z]|[\w-]+\[.*\]$|constrained-")
"""How names of classes and of compound types begin; keys of recipes do not."""


def _fields_at(component: Any, values: Any, location: list[Any]) -> list[str]:
    """Field names of the component that a path inside `values` leads to."""
    groups: tuple[str, ...] = ()
    for part in location:
        if isinstance(part, str) and dataclasses.is_dataclass(component):
            annotation = next((f.type for f in dataclasses.fields(component) if f.name == part), None)
            component, groups = _component_in(annotation) or annotation, _groups(annotation)
        values = values[part]
        if groups and isinstance(values, str | Mapping):
            component = find(groups, values if isinstance(values, str) else values["kind"])
    return [f.name for f in dataclasses.fields(component)] if dataclasses.is_dataclass(component) else []


def _component_in(annotation: Any) -> type | None:
    """The component class in an annotation such as `Lines | None`, if there is one."""
    if dataclasses.is_dataclass(annotation):
        return annotation if isinstance(annotation, type) else None
    return next(filter(None, map(_component_in, getattr(annotation, "__args__", ()))), None)


def _groups(annotation: Any) -> tuple[str, ...]:
    """Catalogues that an annotation such as `tuple[Annotated[Filter, Kind(...)], ...]` chooses from."""
    groups = next((m.groups for m in getattr(annotation, "__metadata__", ()) if isinstance(m, Kind)), ())
    for part in getattr(annotation, "__args__", ()):
        groups = groups or _groups(part)
    return groups


# --- The way back ----------------------------------------------------------------------------------------------------


def kind_of(component: type) -> str:
    """The name a recipe would use for this class."""
    module = component.__module__
    return module.rpartition(".")[2] if module.startswith("firstwords.") else f"{module}:{component.__name__}"


def configuration(value: Any, *, with_runtime: bool = False) -> Any:
    """A component as plain JSON values: kind, version and every field with its default written out.

    Args:
        value: A component, or anything a component's field may hold.
        with_runtime: Also the fields that do not count for identity.
    """
    if isinstance(value, Component):
        fields = {
            field.name: configuration(getattr(value, field.name), with_runtime=with_runtime)
            for field in dataclasses.fields(value)
            if with_runtime or not field.metadata.get("runtime")
        }
        return {"kind": kind_of(type(value)), "version": type(value).version} | fields
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return configuration(dataclasses.asdict(value), with_runtime=with_runtime)
    if isinstance(value, Mapping):
        return {str(key): configuration(item, with_runtime=with_runtime) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [configuration(item, with_runtime=with_runtime) for item in value]
    return str(value) if isinstance(value, Path) else value


def without_versions(value: Any) -> Any:
    """A `configuration` as `build` takes it: the versions left out, kinds kept where a component holds another."""
    if isinstance(value, Mapping):
        return {key: without_versions(item) for key, item in value.items() if key != "version"}
    return [without_versions(item) for item in value] if isinstance(value, list) else value


def components_in(value: Any) -> Iterable[Component]:
    """A component and all components inside its fields."""
    if isinstance(value, Component):
        yield value
        for field in dataclasses.fields(value):
            yield from components_in(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from components_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from components_in(item)
