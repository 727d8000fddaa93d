"""What a model needs beside its weights to decide: kept in a file of its own, which no other library looks at.

`decisions.json` holds the threshold of labels of which a text may have any number. Without it the folder is still what
transformers loads: its own pipeline then decides at 0.5.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firstwords.errors import RecipeError

if TYPE_CHECKING:
    from firstwords.model.heads import Head

DECISIONS = "decisions.json"


def save_decisions(folder: Path, head: Head) -> None:
    """Write what the head decides by, and tell transformers what kind of labels there are; nothing for other heads.

    Args:
        folder: Of a model, whose `config.json` is written.
        head: Of the model.
    """
    if head.threshold is None:
        return
    _write(folder / DECISIONS, {"threshold": head.threshold})
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    _write(folder / "config.json", config | {"problem_type": "multi_label_classification"})


def load_decisions(folder: Path, head: Head) -> None:
    """Give the head what it decides by, where the folder says so.

    Raises:
        RecipeError: If the file is damaged.
    """
    place = folder / DECISIONS
    if not place.is_file():
        return
    try:
        threshold = json.loads(place.read_bytes())["threshold"]
    except (ValueError, KeyError, TypeError) as error:
        raise RecipeError(f"{place} cannot be read: {error}") from None
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        raise RecipeError(f"{place}: threshold = {threshold!r:.40} is not a number from 0 to 1")
    head.threshold = float(threshold)


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
