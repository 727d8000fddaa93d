"""What a model needs beside its weights to decide: kept in a file of its own, which no other library looks at.

`decisions.json` holds the threshold of labels of which a text may have any number, `crf.safetensors` the scores of
tags behind tags. Without them the folder is still what transformers loads: its pipelines then decide at 0.5, or take
the best tag of every word by itself; `README.md` says so.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from firstwords.errors import IntegrityError, RecipeError
from firstwords.model.crf import Crf

if TYPE_CHECKING:
    from firstwords.model.heads import Head

DECISIONS = "decisions.json"
CRF = "crf.safetensors"
CRF_NOTE = """\
# A tagger with a conditional random field

`crf.safetensors` holds learnt scores of tags behind tags. `firstwords` uses them. transformers loads this folder
without them and takes the best tag of every word by itself, which may give other tags.
"""
THRESHOLD_NOTE = """\
# A classifier that gives any number of labels

`firstwords` gives a label whose probability reaches the threshold in `decisions.json`. transformers gives the same
probabilities and has a threshold of its own, 0.5.
"""


def save_decisions(folder: Path, head: Head) -> None:
    """Write what the head decides by, and tell transformers what kind of labels there are; nothing for other heads.

    Args:
        folder: Of a model, whose `config.json` is written.
        head: Of the model.
    """
    if head.crf is not None:
        save_file({"transitions": head.crf.transitions.detach().cpu().contiguous()}, folder / CRF)
        _explain(folder, CRF_NOTE)
    if head.threshold is None:
        return
    _explain(folder, THRESHOLD_NOTE)
    _write(folder / DECISIONS, {"threshold": head.threshold})
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    _write(folder / "config.json", config | {"problem_type": "multi_label_classification"})


def load_decisions(folder: Path, head: Head) -> None:
    """Give the head what it decides by, where the folder says so.

    Raises:
        RecipeError: If the file is damaged.
    """
    if (folder / CRF).is_file():
        head.crf = _read_crf(folder / CRF, head.names)
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


def _read_crf(place: Path, names: Sequence[str]) -> Crf:
    crf = Crf(names)
    try:
        with safe_open(place, framework="pt") as file:
            stored = file.get_tensor("transitions")
    except (SafetensorError, OSError) as error:
        raise IntegrityError(f"{place} cannot be read: {error}") from None
    if stored.shape != crf.transitions.shape or not torch.isfinite(stored).all():
        raise IntegrityError(f"{place}: transitions {tuple(stored.shape)} do not fit {len(names)} tags")
    with torch.no_grad():
        crf.transitions.copy_(stored)
    return crf


def _explain(folder: Path, note: str) -> None:
    with (folder / "README.md").open("a", encoding="utf-8") as file:
        file.write(note)


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
