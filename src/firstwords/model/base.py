"""A model to go on from: what another stage of the recipe makes, or a Hugging Face folder.

One rule for every field: `pretrain`, `pretrain.x`, `finetune` and `finetune.x` are stages, anything else is a path. A
folder of such a name is written `./pretrain`.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from firstwords.artifact import Artifact, canonical_hash, sha256_file
from firstwords.errors import RecipeError
from firstwords.recipe import Component, InputPath, adapter, resolve, runtime

if TYPE_CHECKING:
    from firstwords.graph import Graph

_STAGE = re.compile(r"(pretrain|finetune)(\.[\w-]+)?")

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
                raise RecipeError(f"{self.path!r}: the folder has no {name}, so it holds no model")
        return place

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """None: no stage makes it."""
        return {}

    def model_folder(self, inputs: Mapping[str, Artifact]) -> Path:
        """Where its files lie."""
        return self.folder

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

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """The stage, in the role `base`."""
        return {"base": graph.require(self.name)}

    def model_folder(self, inputs: Mapping[str, Artifact]) -> Path:
        """Where the stage wrote its model."""
        return inputs["base"].path("model")


def base_of(model: Artifact, inputs: Mapping[str, Artifact]) -> Path:
    """The folder of what a model went on from.

    Args:
        model: Made by `pretrain` or `finetune` with a base.
        inputs: Of a task; `base` where a stage made it.
    """
    if "base" in inputs:
        return inputs["base"].path("model")
    return BaseFolder(path=model.manifest["ingredients"]["configuration"]["base"]["path"]).folder


def _base(value: Any) -> Any:
    if isinstance(value, str) and _STAGE.fullmatch(value):
        return BaseStage(name=value)
    if isinstance(value, Mapping):
        value = {key: item for key, item in value.items() if key != "kind"}
        return BaseStage(name=value["name"]) if set(value) == {"name"} else adapter(BaseFolder).validate_python(value)
    return adapter(BaseFolder).validate_python({"path": value}) if isinstance(value, str | Path) else value


def _folder(value: Any) -> Any:
    return {"path": value} if isinstance(value, str | Path) else value


Base = Annotated[BaseFolder | BaseStage, BeforeValidator(_base), WithJsonSchema({"type": "string"})]
"""A `BaseStage`, written in a recipe as its name, or a `BaseFolder`, written as its path."""

Folder = Annotated[BaseFolder, BeforeValidator(_folder), WithJsonSchema({"type": "string"})]
"""A `BaseFolder`, written in a recipe as its path, where no stage can stand."""
