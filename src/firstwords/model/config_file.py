"""`config.json` of a checkpoint, both ways, behind an allow-list.

A foreign file decides what gets allocated and run, so nothing sees it before every key has been checked here: sizes
have bounds, keys that would change the computation must have the one value that this code computes, unknown keys are
refused. No torch, no transformers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

from firstwords.errors import RecipeError
from firstwords.model import bert_file
from firstwords.model.config import BERT_FAMILY, LAYOUTS, Layout, ModelConfig, RopeScaling

HeadKind = Literal["language_model", "tokens", "sequence"]

CLASS_NAMES: dict[tuple[Layout, HeadKind], str] = {
    ("qwen3", "language_model"): "Qwen3ForCausalLM",
    ("qwen3", "tokens"): "Qwen3ForTokenClassification",
    ("qwen3", "sequence"): "Qwen3ForSequenceClassification",
    ("llama", "language_model"): "LlamaForCausalLM",
    ("llama", "tokens"): "LlamaForTokenClassification",
    ("llama", "sequence"): "LlamaForSequenceClassification",
    ("eurobert", "language_model"): "EuroBertForMaskedLM",
    ("eurobert", "tokens"): "EuroBertForTokenClassification",
    ("eurobert", "sequence"): "EuroBertForSequenceClassification",
}

MAX_FILE_BYTES = 4 * 2**20
MAX_LABELS = 100_000
# Our name, theirs, largest value believed. They keep a forged file from asking for absurd memory.
SIZES = (
    ("vocab_size", "vocab_size", 10_000_000),
    ("num_layers", "num_hidden_layers", 1_000),
    ("width", "hidden_size", 100_000),
    ("num_heads", "num_attention_heads", 10_000),
    ("num_kv_heads", "num_key_value_heads", 10_000),
    ("head_size", "head_dim", 10_000),
    ("mlp_width", "intermediate_size", 1_000_000),
    ("context", "max_position_embeddings", 100_000_000),
)
SPECIAL_IDS = (
    ("pad_id", "pad_token_id"),
    ("bos_id", "bos_token_id"),
    ("eos_id", "eos_token_id"),
    ("mask_id", "mask_token_id"),
)

# Not known to transformers, which then sees the causal side alone: the model was also taught to fill in masks.
HYBRID = "firstwords_hybrid"

# Keys that would change what is computed, with the only values for which this code computes the same.
REQUIRED: dict[str, Callable[[Any], bool]] = {
    "attention_bias": lambda value: value is False,
    "mlp_bias": lambda value: value is False,
    "hidden_act": lambda value: value == "silu",
    "use_sliding_window": lambda value: value is False,
    "is_encoder_decoder": lambda value: value is False,
    "layer_types": lambda value: isinstance(value, list) and all(each == "full_attention" for each in value),
    "token_classification_bias": lambda value: value is True,
}
# Keys that say nothing about the computation at inference; `auto_map` names remote code, which is never run.
IGNORED = frozenset(
    {
        "_attn_implementation",
        "_name_or_path",
        "add_cross_attention",
        "bos_token",
        "eos_token",
        "mask_token",
        "pad_token",
        "attention_dropout",
        "auto_map",
        "chunk_size_feed_forward",
        "classifier_dropout",
        "clf_pooling",
        "cross_attention_hidden_size",
        "dtype",
        "hidden_dropout",
        "initializer_range",
        "is_decoder",
        "label2id",
        "max_window_layers",
        "output_attentions",
        "output_hidden_states",
        "pretraining_tp",
        "problem_type",
        "return_dict",
        "sliding_window",
        "torch_dtype",
        "transformers_version",
        "use_cache",
    }
)
_KNOWN = (
    {"model_type", "architectures", "id2label", "rms_norm_eps", "rope_theta", "rope_parameters", "rope_scaling"}
    | {"tie_word_embeddings", "classifier_pooling", HYBRID}
    | {theirs for _, theirs, _ in SIZES}
    | {theirs for _, theirs in SPECIAL_IDS}
    | set(REQUIRED)
    | IGNORED
)


def to_values(config: ModelConfig, head: HeadKind, labels: tuple[str, ...], dtype: str) -> dict[str, Any]:
    """What `config.json` says. Every special id and the pooling stand there: the layouts' own defaults are others.

    Args:
        config: Of the model.
        head: Decides the class name.
        labels: Names of the classes; empty for a language model.
        dtype: Of the stored weights, for example `float32`.
    """
    if config.is_bert:
        return bert_file.to_values(config, head, dtype) | _label_values(labels)
    values: dict[str, Any] = {"architectures": [CLASS_NAMES[config.layout, head]], "model_type": config.layout}
    values |= {theirs: getattr(config, ours) for ours, theirs, _ in SIZES}
    values |= {theirs: getattr(config, ours) for ours, theirs in SPECIAL_IDS if getattr(config, ours) is not None}
    values |= {
        "hidden_act": "silu",
        "rms_norm_eps": config.norm_epsilon,
        "rope_parameters": _rope_values(config),
        "tie_word_embeddings": config.tie_embeddings,
        "attention_bias": False,
        "attention_dropout": 0.0,
        "initializer_range": 0.02,
        "use_cache": config.causal,
        "dtype": dtype,
    }
    if config.layout == "qwen3":
        values["use_sliding_window"] = False
    else:
        values["mlp_bias"] = False
    if config.layout == "eurobert":
        values["classifier_pooling"] = config.pooling
    if config.hybrid:
        values[HYBRID] = True
    return values | _label_values(labels)


def _label_values(labels: tuple[str, ...]) -> dict[str, Any]:
    if not labels:
        return {}
    return {
        "id2label": {str(number): label for number, label in enumerate(labels)},
        "label2id": {label: number for number, label in enumerate(labels)},
    }


class StoredConfig(NamedTuple):
    """What a `config.json` says: the sizes, the kind of head (None for a bare backbone), the names of the classes."""

    config: ModelConfig
    head: HeadKind | None
    labels: tuple[str, ...]


def read(path: Path) -> StoredConfig:
    """Read a `config.json`.

    Raises:
        RecipeError: Naming the file, the key and what is wrong.
    """
    if not path.is_file():
        raise RecipeError(f"{path.parent} is no model: it has no config.json")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise RecipeError(f"{path} has {path.stat().st_size:,} bytes; a configuration has at most {MAX_FILE_BYTES:,}")
    try:
        values = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"{path} is not JSON: {error}") from None
    if not isinstance(values, dict):
        raise RecipeError(f"{path} holds no table")
    try:
        return from_values(values)
    except RecipeError as error:
        raise RecipeError(f"{path}: {error}") from None


def from_values(values: Mapping[str, Any]) -> StoredConfig:
    """Check the values of a `config.json`; as `read`."""
    layout = values.get("model_type")
    if not isinstance(layout, str) or layout not in LAYOUTS:
        raise RecipeError(f"model_type {_shown(layout)} is not one of {', '.join(LAYOUTS)}")
    if layout == "adopted":
        raise RecipeError("model_type 'adopted' is a name of this package, of no model")
    if layout in BERT_FAMILY:
        family = cast(Layout, layout)
        head = bert_file.head_kind(family, values)
        # transformers leaves its own default out: two classes.
        labels = _labels(values) or (("LABEL_0", "LABEL_1") if head else ())
        return StoredConfig(bert_file.read_config(family, values), head, labels)
    unknown = sorted(set(values) - _KNOWN)
    if unknown:
        raise RecipeError(f"unknown key {_shown(unknown[0])}: it may change what the model computes, so it is refused")
    for key, accepts in REQUIRED.items():
        if key in values and not accepts(values[key]):
            raise RecipeError(f"{key} = {_shown(values[key])} is not supported")
    fields: dict[str, Any] = {ours: _size(values, theirs, most) for ours, theirs, most in SIZES if theirs in values}
    fields["num_kv_heads"] = fields.get("num_kv_heads") or fields.get("num_heads")
    if not fields.get("head_size") and fields.get("width") and fields.get("num_heads"):
        fields["head_size"] = fields["width"] // fields["num_heads"]
    missing = [theirs for ours, theirs, _ in SIZES if fields.get(ours) is None]
    if missing:
        raise RecipeError(f"{missing[0]} is missing")
    fields |= {ours: value for ours, theirs in SPECIAL_IDS if (value := _token_id(values, theirs)) is not None}
    # transformers allows none; ours are always numbers, and end-of-text is the one that every model has.
    for ours in ("pad_id", "bos_id"):
        fields.setdefault(ours, fields.get("eos_id", 0))
    if "rms_norm_eps" in values:
        fields["norm_epsilon"] = _number(values, "rms_norm_eps")
    if "classifier_pooling" in values:
        fields["pooling"] = _one_of(values, "classifier_pooling", ("late", "mean", "bos"))
    tie = values.get("tie_word_embeddings", False)
    if not isinstance(tie, bool):
        raise RecipeError(f"tie_word_embeddings = {_shown(tie)} is neither true nor false")
    fields["hybrid"] = values.get(HYBRID, False)
    if not isinstance(fields["hybrid"], bool):
        raise RecipeError(f"{HYBRID} = {_shown(fields['hybrid'])} is neither true nor false")
    config = ModelConfig(layout=cast(Layout, layout), tie_embeddings=tie, **fields, **_rope(values))
    return StoredConfig(config, _head_kind(values, cast(Layout, layout)), _labels(values))


def model_type(path: Path) -> str | None:
    """What a `config.json` says it is, before anything else of it is believed; None where it says nothing."""
    try:
        found = json.loads(path.read_bytes()).get("model_type") if path.stat().st_size <= MAX_FILE_BYTES else None
    except (OSError, ValueError, AttributeError, RecursionError):
        return None
    return found if isinstance(found, str) else None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _size(values: Mapping[str, Any], key: str, most: int) -> int | None:
    value = values[key]
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise RecipeError(f"{key} = {_shown(value)} is not a whole number from 1 to {most:,}")
    return value


def _number(values: Mapping[str, Any], key: str) -> float:
    value = values[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e12:
        raise RecipeError(f"{key} = {_shown(value)} is not a positive number")
    return float(value)


def _one_of(values: Mapping[str, Any], key: str, choices: tuple[str, ...]) -> str:
    if values[key] not in choices:
        raise RecipeError(f"{key} = {_shown(values[key])} is not one of {', '.join(choices)}")
    return cast(str, values[key])


def _token_id(values: Mapping[str, Any], key: str) -> int | None:
    value = values.get(key)
    if isinstance(value, list) and value:  # Llama 3 ends at several tokens; the first is the one it was trained with
        value = value[0]
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise RecipeError(f"{key} = {_shown(value)} is no token id")
    return value


# Keys of a `llama3` scaling: ours, theirs.
_LLAMA3 = (("low_factor", "low_freq_factor"), ("high_factor", "high_freq_factor"))
_ORIGINAL = "original_max_position_embeddings"


def _rope_values(config: ModelConfig) -> dict[str, Any]:
    scaling = config.rope_scaling
    values: dict[str, Any] = {"rope_theta": config.rope_base}
    if scaling is None:
        return {"rope_type": "default"} | values
    values |= {"rope_type": scaling.kind, "factor": scaling.factor}
    if scaling.kind == "llama3":
        values |= {theirs: getattr(scaling, ours) for ours, theirs in _LLAMA3} | {_ORIGINAL: scaling.original_context}
    return values


def _rope(values: Mapping[str, Any]) -> dict[str, Any]:
    """`rope_base` and `rope_scaling`, from `rope_parameters` or, as before transformers 5, from two keys."""
    tables = [values[key] for key in ("rope_parameters", "rope_scaling") if values.get(key) is not None]
    if len(tables) == 2:
        raise RecipeError("rope_parameters and rope_scaling are both given: which of them counts is unclear")
    table = tables[0] if tables else {}
    if not isinstance(table, dict):
        raise RecipeError(f"rope_parameters = {_shown(table)} is no table")
    source = table if "rope_theta" in table else values
    base = _number(source, "rope_theta") if source.get("rope_theta") is not None else 10_000.0
    kind = table.get("rope_type", table.get("type", "default"))
    known = {"rope_type", "type", "rope_theta"}
    if kind in ("linear", "llama3"):
        known |= {"factor"}
    if kind == "llama3":
        known |= {theirs for _, theirs in _LLAMA3} | {_ORIGINAL}
    extra = sorted(map(str, set(table) - known))
    if kind not in ("default", "linear", "llama3") or extra:
        raise RecipeError(
            f"{'rope_parameters' if values.get('rope_parameters') else 'rope_scaling'} = {_shown(table)} is not "
            f"supported{f' ({extra[0]})' if extra else ''}: only plain rotary positions, linear and llama3 are"
        )
    if kind == "default":
        return {"rope_base": base}
    missing = sorted(known - {"type", "rope_type", "rope_theta"} - set(table))
    if missing:
        raise RecipeError(f"rope scaling '{kind}' without {missing[0]}")
    numbers: dict[str, Any] = {ours: _number(table, theirs) for ours, theirs in _LLAMA3 if kind == "llama3"}
    if kind == "llama3":
        numbers |= {"original_context": _size(table, _ORIGINAL, 100_000_000) or 0}
    return {"rope_base": base, "rope_scaling": RopeScaling(kind=kind, factor=_number(table, "factor"), **numbers)}


def _head_kind(values: Mapping[str, Any], layout: Layout) -> HeadKind | None:
    names = values.get("architectures") or []
    if not isinstance(names, list) or len(names) > 1:
        raise RecipeError(f"architectures = {_shown(names)} must name one class")
    for (each, kind), name in CLASS_NAMES.items():
        if each == layout and names == [name]:
            return kind
    if not names or str(names[0]).endswith("Model"):
        return None
    known = ", ".join(name for (each, _), name in CLASS_NAMES.items() if each == layout)
    raise RecipeError(f"architectures = {_shown(names)} is not supported. Supported: {known}")


def _labels(values: Mapping[str, Any]) -> tuple[str, ...]:
    table = values.get("id2label")
    if table is None:
        return ()
    if not isinstance(table, dict) or len(table) > MAX_LABELS or not all(isinstance(v, str) for v in table.values()):
        raise RecipeError("id2label is no table of label names")
    if {str(key) for key in table} != {str(number) for number in range(len(table))}:
        raise RecipeError("id2label does not number its labels 0, 1, 2 ...")
    return tuple(table[str(number)] for number in range(len(table)))
