"""Continued pre-training: sizes and vocabulary come from a model that is there, and the rates rise again.

Source: Gupta et al. 2023 and Ibrahim et al. 2024: a model whose rate had fallen learns new text best when the rate is
warmed up and lowered once more; a lower peak forgets less of the old.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from firstwords.errors import RecipeError
from firstwords.model import config_file
from firstwords.model.config import ModelConfig, derive
from firstwords.model.sizes import ModelSizes
from firstwords.tokenizer.extension import Extension
from firstwords.training import sizing
from firstwords.training.sizing import Corpus

# Of the rates that a new model of this width would get. Reasoned, not yet measured: what AdamW updates then moves by a
# few 1e-4 a step, as where published bases were trained (3e-4 for Llama 3); a new model's 0.03 would overwrite an
# embedding of 0.02 in a step (docs/log/2026-11-26-checkpoints-and-ranks.md).
RATE_SHARES = {"matrix_rate": 0.3, "embedding_rate": 0.03, "head_rate": 0.03, "vector_rate": 0.03}
WARMUP_SHARE = 0.05


def base_config(folder: Path, tokenizer_folder: Path | None = None) -> ModelConfig:
    """The sizes of a base, after every key of its `config.json` was checked.

    Args:
        folder: Of the model.
        tokenizer_folder: Of the tokenizer that it will be trained with, which may have more entries than the base's.

    Raises:
        RecipeError: Naming the key that this code does not compute.
    """
    config = config_file.read(folder / "config.json").config
    added = None if tokenizer_folder is None else Extension.read(tokenizer_folder)
    size = config.vocab_size if added is None else max(config.vocab_size, added.vocab_size)
    return dataclasses.replace(config, vocab_size=size)


def sizes_of(config: ModelConfig, wanted: ModelSizes) -> ModelSizes:
    """The base's sizes as if they were set by hand; a recipe may choose the context of training only.

    Args:
        config: Of the base.
        wanted: What the recipe says.

    Raises:
        RecipeError: If the recipe contradicts the base.
    """
    for name, value in (wanted.given() | ({"depth": wanted.depth} if wanted.depth else {})).items():
        own = config.num_layers if name == "depth" else getattr(config, name)
        if name != "context" and value != own:
            raise RecipeError(f"model.{name} = {value}, but the base has {own}: leave it out")
    if wanted.context and wanted.context > config.context:
        raise RecipeError(f"model.context {wanted.context:,} is longer than the base's {config.context:,}")
    usual = derive(config.num_layers, layout=config.layout, vocab_size=config.vocab_size, mask_id=config.mask_id)[0]
    sizes = {field.name: getattr(config, field.name, None) for field in dataclasses.fields(ModelSizes)}
    return ModelSizes(
        **sizes | {"depth": config.num_layers, "context": wanted.context or min(config.context, usual.context)}
    )


def corpus_for(config: ModelConfig, corpus: Corpus) -> Corpus:
    """The corpus as the base sees it: with its vocabulary, which may have more entries than the tokenizer uses.

    Raises:
        RecipeError: If the tokenizer has entries that the base lacks.
    """
    if corpus.vocab_size > config.vocab_size:
        raise RecipeError(
            f"the tokenizer has {corpus.vocab_size:,} entries, the base only {config.vocab_size:,}: they do not belong "
            "together"
        )
    return dataclasses.replace(corpus, vocab_size=config.vocab_size, mask=config.mask_id)


def rewarmed(config: ModelConfig, by_hand: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of training for a base, under those that the recipe sets."""
    usual = {each.name: each.value for each in sizing.rates(config, num_updates=1, batch_tokens=1)}
    lowered = {name: float(f"{share * usual[name]:.2g}") for name, share in RATE_SHARES.items()}
    return lowered | {"warmup_share": WARMUP_SHARE} | dict(by_hand)


def complete(plan: dict[str, Any], config: ModelConfig, by_hand: Mapping[str, Any], wanted: ModelSizes) -> None:
    """Write into a plan what only the base knows, and where its numbers come from.

    Args:
        plan: As `resolution.resolve` gave it.
        config: Of the base.
        by_hand: Settings of training that the recipe sets.
        wanted: Sizes that the recipe sets.
    """
    plan["model"] = config.as_dict() | {"context": plan["model"]["context"]}
    for reason in plan["reasons"]:
        name = reason["name"]
        if name == "context":
            reason["reason"] = "set by hand" if wanted.context else "of a new model of this depth; the base allows more"
        elif name in plan["model"]:
            reason["reason"] = "the base's"
        elif name in by_hand:
            continue
        elif name in RATE_SHARES:
            reason["reason"] = (
                f"{RATE_SHARES[name]} of a new model's: the base has learnt already, and a lower peak forgets less "
                "(Ibrahim et al. 2024)"
            )
        elif name == "warmup_share":
            reason["reason"] = "the rate had fallen: it is warmed up again (Gupta et al. 2023)"
