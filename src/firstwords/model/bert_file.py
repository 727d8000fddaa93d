"""Checkpoints of BERT, RoBERTa and DistilBERT: their `config.json` behind an allow-list, the names of their tensors.

What this code would compute otherwise is refused by key and value, as in `config_file`. No torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from firstwords.errors import IntegrityError, RecipeError
from firstwords.model.config import Layout, ModelConfig

HeadKind = Literal["language_model", "tokens", "sequence"]


@dataclass(frozen=True)
class Family:
    """How one layout writes things down.

    Attributes:
        prefix: Of the backbone's tensors in a model with a head.
        classes: Names of the classes with a head; the bare backbone's ends with `Model`.
        keys: Our size to their key of `config.json`.
        tables: Our tensors outside the layers to theirs.
        layer: Where layer i is, `{}` being the number.
        parts: Our module in a layer to theirs.
        heads: Kind of head to our module to theirs.
        pooler: Module of the bare backbone that a head for texts begins with, where there is one.
    """

    prefix: str
    classes: dict[HeadKind, str]
    keys: dict[str, str]
    tables: dict[str, str]
    layer: str
    parts: dict[str, str]
    heads: dict[HeadKind, dict[str, str]]
    pooler: str | None = None


_KEYS = {
    "vocab_size": "vocab_size",
    "num_layers": "num_hidden_layers",
    "width": "hidden_size",
    "num_heads": "num_attention_heads",
    "mlp_width": "intermediate_size",
    "context": "max_position_embeddings",
    "token_types": "type_vocab_size",
}
_TABLES = {
    "embed_tokens.weight": "embeddings.word_embeddings.weight",
    "positions.weight": "embeddings.position_embeddings.weight",
    "token_types.weight": "embeddings.token_type_embeddings.weight",
    "norm.weight": "embeddings.LayerNorm.weight",
    "norm.bias": "embeddings.LayerNorm.bias",
}
_PARTS = {
    "self_attn.q_proj": "attention.self.query",
    "self_attn.k_proj": "attention.self.key",
    "self_attn.v_proj": "attention.self.value",
    "self_attn.o_proj": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "mlp.up_proj": "intermediate.dense",
    "mlp.down_proj": "output.dense",
    "output_norm": "output.LayerNorm",
}
FAMILIES: dict[str, Family] = {
    "bert": Family(
        prefix="bert.",
        classes={"tokens": "BertForTokenClassification", "sequence": "BertForSequenceClassification"},
        keys=_KEYS,
        tables=_TABLES,
        layer="encoder.layer.{}.",
        parts=_PARTS,
        heads={
            "tokens": {"classifier": "classifier"},
            "sequence": {"dense": "bert.pooler.dense", "classifier": "classifier"},
        },
        pooler="pooler.dense",
    ),
    "roberta": Family(
        prefix="roberta.",
        classes={"tokens": "RobertaForTokenClassification", "sequence": "RobertaForSequenceClassification"},
        keys=_KEYS,
        tables=_TABLES,
        layer="encoder.layer.{}.",
        parts=_PARTS,
        heads={
            "tokens": {"classifier": "classifier"},
            "sequence": {"dense": "classifier.dense", "classifier": "classifier.out_proj"},
        },
    ),
    "distilbert": Family(
        prefix="distilbert.",
        classes={"tokens": "DistilBertForTokenClassification", "sequence": "DistilBertForSequenceClassification"},
        keys={
            "vocab_size": "vocab_size",
            "num_layers": "n_layers",
            "width": "dim",
            "num_heads": "n_heads",
            "mlp_width": "hidden_dim",
            "context": "max_position_embeddings",
        },
        tables={ours: theirs for ours, theirs in _TABLES.items() if ours != "token_types.weight"},
        layer="transformer.layer.{}.",
        parts={
            "self_attn.q_proj": "attention.q_lin",
            "self_attn.k_proj": "attention.k_lin",
            "self_attn.v_proj": "attention.v_lin",
            "self_attn.o_proj": "attention.out_lin",
            "attention_norm": "sa_layer_norm",
            "mlp.up_proj": "ffn.lin1",
            "mlp.down_proj": "ffn.lin2",
            "output_norm": "output_layer_norm",
        },
        heads={
            "tokens": {"classifier": "classifier"},
            "sequence": {"dense": "pre_classifier", "classifier": "classifier"},
        },
    ),
}

MOST = {"vocab_size": 10_000_000, "num_layers": 1_000, "num_heads": 10_000, "context": 100_000_000, "token_types": 1000}
MOST |= {"width": 100_000, "mlp_width": 1_000_000}
# Keys that would change what is computed, with the only values for which this code computes the same.
REQUIRED: dict[str, Callable[[Any], bool]] = {
    "hidden_act": lambda value: value == "gelu",
    "activation": lambda value: value == "gelu",
    "position_embedding_type": lambda value: value in (None, "absolute"),
    "is_decoder": lambda value: value is False,
    "add_cross_attention": lambda value: value is False,
    "is_encoder_decoder": lambda value: value is False,
    "pruned_heads": lambda value: not value,
}
# Dropout is left out here; the others say nothing about the computation. `auto_map` names remote code, never run.
IGNORED = frozenset(
    {
        "_attn_implementation",
        "_name_or_path",
        "_num_labels",
        "adapters",
        "architectures",
        "attention_dropout",
        "attention_probs_dropout_prob",
        "auto_map",
        "chunk_size_feed_forward",
        "classifier_dropout",
        "cross_attention_hidden_size",
        "directionality",
        "dropout",
        "dtype",
        "finetuning_task",
        "gradient_checkpointing",
        "hidden_dropout_prob",
        "id2label",
        "initializer_range",
        "label2id",
        "model_type",
        "output_attentions",
        "output_hidden_states",
        "output_past",
        "pooler_fc_size",
        "pooler_num_attention_heads",
        "pooler_num_fc_layers",
        "pooler_size_per_head",
        "pooler_type",
        "problem_type",
        "qa_dropout",
        "return_dict",
        "seq_classif_dropout",
        "sinusoidal_pos_embds",
        "tie_word_embeddings",
        "torch_dtype",
        "transformers_version",
        "use_cache",
    }
)
IDS = (("pad_id", "pad_token_id"), ("bos_id", "bos_token_id"), ("eos_id", "eos_token_id"))
# Tensors of other heads and buffers that folders of the family carry.
LEFT_OUT = ("cls.", "lm_head.", "vocab_", "qa_outputs.", "pooler.", "classifier.", "pre_classifier.")


def read_config(layout: Layout, values: Mapping[str, Any]) -> ModelConfig:
    """The configuration of a checkpoint of the family.

    Raises:
        RecipeError: Naming the key that is missing, unknown, or asks for something that this code does not compute.
    """
    family = FAMILIES[layout]
    known = set(family.keys.values()) | {theirs for _, theirs in IDS} | {"layer_norm_eps"} | set(REQUIRED) | IGNORED
    if unknown := sorted(set(values) - known):
        raise RecipeError(f"unknown key {unknown[0]!r}: it may change what the model computes, so it is refused")
    for key, accepts in REQUIRED.items():
        if key in values and not accepts(values[key]):
            raise RecipeError(f"{key} = {str(values[key])[:60]!r} is not supported for a {layout}")
    fields: dict[str, Any] = {ours: _size(values, theirs, MOST[ours]) for ours, theirs in family.keys.items()}
    if fields["width"] % fields["num_heads"]:
        raise RecipeError(f"{family.keys['width']} {fields['width']} is not a multiple of the number of heads")
    ids = {ours: _token_id(values, theirs) for ours, theirs in IDS}
    pad = 0 if ids["pad_id"] is None else ids["pad_id"]
    offset = pad + 1 if layout == "roberta" else 0
    if fields["context"] <= offset:
        raise RecipeError(f"max_position_embeddings {fields['context']} leaves no position for a token")
    epsilon = values.get("layer_norm_eps", 1e-12)
    if isinstance(epsilon, bool) or not isinstance(epsilon, int | float) or not 0 < epsilon < 1:
        raise RecipeError(f"layer_norm_eps = {str(epsilon)[:60]!r} is not a small positive number")
    return ModelConfig(
        layout=layout,
        **fields | {"context": fields["context"] - offset},
        num_kv_heads=fields["num_heads"],
        head_size=fields["width"] // fields["num_heads"],
        norm_epsilon=float(epsilon),
        tie_embeddings=True,
        pooling="bos",
        position_offset=offset,
        pad_id=pad,
        bos_id=ids["bos_id"] or 0,
        eos_id=ids["eos_id"] or 0,
    )


def to_values(config: ModelConfig, head: HeadKind, dtype: str) -> dict[str, Any]:
    """What `config.json` says, but for the labels."""
    family = FAMILIES[config.layout]
    values: dict[str, Any] = {"architectures": [family.classes[head]], "model_type": config.layout}
    values |= {theirs: getattr(config, ours) for ours, theirs in family.keys.items()}
    values[family.keys["context"]] = config.context + config.position_offset
    values["pad_token_id"] = config.pad_id
    if config.layout == "roberta":
        values |= {"bos_token_id": config.bos_id, "eos_token_id": config.eos_id}
    if config.layout == "distilbert":
        values |= {"activation": "gelu", "dropout": 0.0, "attention_dropout": 0.0, "seq_classif_dropout": 0.0}
    else:
        values |= {"hidden_act": "gelu", "layer_norm_eps": config.norm_epsilon}
        values |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    return values | {"initializer_range": 0.02, "dtype": dtype}


def head_kind(layout: Layout, values: Mapping[str, Any]) -> HeadKind | None:
    """The head that a checkpoint carries and this code knows; any other counts as none."""
    names = values.get("architectures") or []
    found = [kind for kind, name in FAMILIES[layout].classes.items() if names == [name]]
    return found[0] if found else None


def parameter_shapes(config: ModelConfig, head: HeadKind | None, num_labels: int) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor of a model with a head, as transformers names them; None = the backbone alone."""
    width = config.width
    sizes: dict[str, tuple[int, ...]] = {
        "embed_tokens.weight": (config.vocab_size, width),
        "positions.weight": (config.context + config.position_offset, width),
        "norm.weight": (width,),
        "norm.bias": (width,),
    }
    if config.token_types:
        sizes["token_types.weight"] = (config.token_types, width)
    for layer in range(config.num_layers):
        for part in FAMILIES[config.layout].parts:
            rows = config.mlp_width if part == "mlp.up_proj" else width
            columns = config.mlp_width if part == "mlp.down_proj" else width
            at = f"layers.{layer}.{part}"
            sizes |= {f"{at}.weight": (rows,) if part.endswith("norm") else (rows, columns), f"{at}.bias": (rows,)}
    shapes = {f"backbone.{name}": shape for name, shape in sizes.items()}
    if head == "sequence":
        shapes |= {"head.dense.weight": (width, width), "head.dense.bias": (width,)}
    if head in ("tokens", "sequence"):
        shapes |= {"head.classifier.weight": (num_labels, width), "head.classifier.bias": (num_labels,)}
    names = stored_names(config, head)
    return {names[name]: shape for name, shape in shapes.items()}


def stored_names(config: ModelConfig, head: HeadKind | None) -> dict[str, str]:
    """Our name of every parameter to the one it is stored under."""
    family = FAMILIES[config.layout]
    names = {f"backbone.{ours}": family.prefix + theirs for ours, theirs in family.tables.items()}
    if not config.token_types:
        names.pop("backbone.token_types.weight", None)
    for layer in range(config.num_layers):
        for ours, theirs in family.parts.items():
            for end in (".weight", ".bias"):
                names[f"backbone.layers.{layer}.{ours}{end}"] = (
                    family.prefix + family.layer.format(layer) + theirs + end
                )
    for ours, theirs in family.heads.get(head, {}).items() if head else ():
        names |= {f"head.{ours}{end}": theirs + end for end in (".weight", ".bias")}
    return names


def tensors_to_take(
    config: ModelConfig, shapes: Mapping[str, tuple[int, ...]], head: HeadKind | None, num_labels: int, *, pooler: bool
) -> dict[str, str]:
    """Which stored tensor each of our parameters comes from.

    Args:
        config: Of the model.
        shapes: Of the tensors in the folder.
        head: The one that is stored and wanted; None = the backbone alone.
        num_labels: Of that head.
        pooler: Whether a new head for texts takes over the backbone's pooler, where there is one.

    Raises:
        IntegrityError: If a tensor is missing, has another shape, or belongs to nothing that is known.
    """
    found = _with_prefix(config, shapes)
    expected = parameter_shapes(config, head, num_labels)
    names = stored_names(config, head)
    if pooler and (inner := FAMILIES[config.layout].pooler):
        sizes: dict[str, tuple[int, ...]] = {".weight": (config.width, config.width), ".bias": (config.width,)}
        for end, shape in sizes.items():
            whole = FAMILIES[config.layout].prefix + inner + end
            if whole in found:
                expected[whole], names[f"head.dense{end}"] = shape, whole
    for whole in sorted(set(expected) | set(found)):
        if whole not in expected and whole.removeprefix(FAMILIES[config.layout].prefix).startswith(LEFT_OUT):
            continue
        there = shapes[found[whole]] if whole in found else None
        if there != expected.get(whole):
            raise IntegrityError(f"{whole} has shape {there}, config.json asks for {expected.get(whole)}")
    return {ours: found[whole] for ours, whole in names.items()}


def _with_prefix(config: ModelConfig, stored: Iterable[str]) -> dict[str, str]:
    """Name with the family's prefix to the name in a folder, which has none where a bare backbone was saved.

    The names of norms in early checkpoints are read as today's.
    """
    family = FAMILIES[config.layout]
    found = {}
    for name in stored:
        whole = name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")
        is_bare = whole.startswith(("embeddings.", family.layer.split(".")[0] + ".", "pooler."))
        found[family.prefix + whole if is_bare else whole] = name
    return found


def _size(values: Mapping[str, Any], key: str, most: int) -> int:
    value = values.get(key)
    if value is None:
        raise RecipeError(f"{key} is missing")
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise RecipeError(f"{key} = {str(value)[:60]!r} is not a whole number from 1 to {most:,}")
    return value


def _token_id(values: Mapping[str, Any], key: str) -> int | None:
    value = values.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise RecipeError(f"{key} = {str(value)[:60]!r} is no token id")
    return value
