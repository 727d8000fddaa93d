"""A model to go on from: a Hugging Face folder of someone else, or of an earlier run."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from firstwords.artifact import canonical_hash, sha256_file
from firstwords.errors import RecipeError
from firstwords.recipe import Component, InputPath, adapter, resolve, runtime

# What decides the result: sizes, weights, vocabulary. A README beside them does not.
COUNTED = ("config.json", "tokenizer.json", "tokenizer_config.json", "*.safetensors", "*.safetensors.index.json")


@dataclass(frozen=True, kw_only=True)
class BaseFolder(Component):
    """A folder with `config.json`, weights as safetensors and `tokenizer.json`.

    Attributes:
        path: The folder; its content, not its place, decides what is made from it.
    """

    path: InputPath

    @property
    def folder(self) -> Path:
        """Where it lies.

        Raises:
            RecipeError: If it lacks a file that is needed.
        """
        place = resolve(self.path)
        for name in ("config.json", "tokenizer.json"):
            if not (place / name).is_file():
                raise RecipeError(f"base = {self.path!r}: the folder has no {name}, so it is no model to go on from")
        return place

    def fingerprint(self) -> str:
        """Hash over the files that count."""
        folder = self.folder
        files = sorted({path for pattern in COUNTED for path in folder.glob(pattern)})
        return canonical_hash({path.name: _digest(path, *_state(path)) for path in files})


def _state(path: Path) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_size, found.st_mtime_ns


@cache
def _digest(path: Path, size: int, changed: int) -> str:
    """Read once for as long as the file stays as it is: weights are large, and every plan asks."""
    return sha256_file(path)


@dataclass(frozen=True, kw_only=True)
class BaseStage(Component):
    """A model that another stage of the recipe makes; that stage's artifact, not its name, counts.

    Attributes:
        name: Full name, for example `pretrain.general`.
    """

    name: str = runtime("pretrain")

    @property
    def path(self) -> str:
        """What a recipe calls it."""
        return self.name


def _from_path(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"pretrain(\.[\w-]+)?", value) and not Path(value).exists():
        return BaseStage(name=value)
    if isinstance(value, Mapping):
        value = {key: item for key, item in value.items() if key != "kind"}
        return BaseStage(name=value["name"]) if set(value) == {"name"} else adapter(BaseFolder).validate_python(value)
    return adapter(BaseFolder).validate_python({"path": value}) if isinstance(value, str | Path) else value


def _folder(value: Any) -> Any:
    return {"path": value} if isinstance(value, str | Path) else value


def _stage_or_path(value: Any) -> Any:
    return value if isinstance(value, str) and "/" not in value else _folder(value)


Base = Annotated[BaseFolder | BaseStage, BeforeValidator(_from_path), WithJsonSchema({"type": "string"})]
"""A `BaseFolder`, written in a recipe as its path, or a `BaseStage`, written as its name."""

Folder = Annotated[BaseFolder, BeforeValidator(_folder), WithJsonSchema({"type": "string"})]
"""A `BaseFolder`, written in a recipe as its path, where no stage can stand."""

StageOrBase = Annotated[str | BaseFolder, BeforeValidator(_stage_or_path), WithJsonSchema({"type": "string"})]
"""A `BaseFolder`, or the full name of a stage. A path has a slash: `./bert` is a folder, `bert` a stage."""
