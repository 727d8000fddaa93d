"""The weights of a Hugging Face folder: one safetensors file, or several behind an index.

Headers are read and compared before any tensor is; nothing here can run code from a file.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

from firstwords.errors import IntegrityError, RecipeError

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
MAX_HEADER_BYTES = 100 * 2**20  # safetensors' own limit
MAX_INDEX_BYTES = 64 * 2**20
# What is read as it is or exactly as float32; quantised weights are not numbers by themselves.
DTYPES = ("F64", "F32", "F16", "BF16")


# No weights: what the format says about itself, and counted-out positions that older folders of BERT carry.
LEFT_OUT = ("__metadata__", "embeddings.position_ids")


@dataclass(frozen=True)
class WeightFiles:
    """Where each tensor lies, and its shape.

    Attributes:
        places: Name to file.
        shapes: Name to shape.
    """

    places: dict[str, Path]
    shapes: dict[str, tuple[int, ...]]

    @classmethod
    def of(cls, folder: Path) -> WeightFiles:
        """Look at the headers of a folder's files.

        Raises:
            RecipeError: If there are none, or they hold something else than plain numbers.
            IntegrityError: If one is damaged, or does not hold what the index says.
        """
        if (folder / WEIGHTS).is_file() or not (folder / INDEX).is_file():
            shapes = read_shapes(folder / WEIGHTS)
            return cls(dict.fromkeys(shapes, folder / WEIGHTS), shapes)
        places = {name: folder / file for name, file in _read_index(folder / INDEX).items()}
        shapes = {}
        for file in sorted(set(places.values())):
            found = read_shapes(file)
            promised = {name for name, place in places.items() if place == file and not name.endswith(LEFT_OUT)}
            if differing := sorted(promised ^ set(found)):
                raise IntegrityError(f"{file} does not hold what {INDEX} says: {differing[0]}")
            shapes |= found
        return cls(places, shapes)

    def read(self, names: Iterable[str]) -> Iterator[tuple[str, Tensor]]:
        """Tensors one by one, file by file."""
        wanted = sorted(names, key=lambda name: (self.places[name], name))
        for file in dict.fromkeys(self.places[name] for name in wanted):
            with safe_open(file, framework="pt") as opened:
                for name in wanted:
                    if self.places[name] == file:
                        yield name, opened.get_tensor(name)


def read_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor of a safetensors file, from its header alone.

    Raises:
        RecipeError: If the file is absent, or holds something else than plain numbers.
        IntegrityError: If it is no safetensors file, or is cut short.
    """
    if not path.is_file():
        raise RecipeError(f"{path.parent} has no {path.name} (weights as safetensors; other formats can run code)")
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            (header_bytes,) = struct.unpack("<Q", file.read(8))
            if header_bytes > min(size, MAX_HEADER_BYTES):
                raise ValueError("its header is longer than the file")
            header = json.loads(file.read(header_bytes))
        # The library checks offsets, overlaps and the file's length before any tensor is read.
        with safe_open(path, framework="pt"):
            pass
        entries = {name: entry for name, entry in header.items() if not name.endswith(LEFT_OUT)}
        shapes = {name: tuple(entry["shape"]) for name, entry in entries.items()}
        dtypes = {name: entry["dtype"] for name, entry in entries.items()}
    except (SafetensorError, ValueError, KeyError, TypeError, struct.error, RecursionError) as error:
        raise IntegrityError(f"{path} is damaged: {error}") from None
    for name, dtype in dtypes.items():
        if dtype not in DTYPES:
            raise RecipeError(f"{path}: {name} is stored as {dtype}; only {', '.join(DTYPES)} can be read")
    return shapes


def _read_index(path: Path) -> dict[str, str]:
    """Name of each tensor to a file beside the index, checked to be no path elsewhere."""
    if path.stat().st_size > MAX_INDEX_BYTES:
        raise RecipeError(f"{path} has {path.stat().st_size:,} bytes; an index has at most {MAX_INDEX_BYTES:,}")
    try:
        table = json.loads(path.read_bytes())["weight_map"]
        names = {str(name): str(file) for name, file in table.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise IntegrityError(f"{path} is no index of weights: {error}") from None
    for file in names.values():
        if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*\.safetensors", file):
            raise RecipeError(f"{path} names {file!r}: weights lie in safetensors files beside it")
    if not names:
        raise IntegrityError(f"{path} names no weights")
    return names
