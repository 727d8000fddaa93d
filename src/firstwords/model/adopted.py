"""Any other Hugging Face model with a head for labels, run by transformers itself (the extra `hf`).

Layouts that this package computes by itself are read by `hugging_face`; everything else that transformers has code
for (ModernBERT, DeBERTa, XLM-RoBERTa, Gemma ...) comes in here: its own class with its own head, so that what is saved
gives the same predictions there. Flat batches become padded rows in front of it and flat again behind it.

Never remote code: `auto_map` is not looked at, a model type that transformers does not know is refused, weights are
safetensors. `config.json` may hold only keys that the type's own configuration has.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from firstwords.errors import IntegrityError, RecipeError
from firstwords.model.batch import Batch
from firstwords.model.config import ModelConfig
from firstwords.model.heads import Head, SequenceHead, TokenHead

AUTO_CLASSES = {"tokens": "AutoModelForTokenClassification", "sequence": "AutoModelForSequenceClassification"}
ENDINGS: dict[str, Literal["tokens", "sequence"]] = {
    "ForTokenClassification": "tokens",
    "ForSequenceClassification": "sequence",
}
MAX_FILE_BYTES = 4 * 2**20
# They name code, or say nothing about what is computed.
DROPPED = ("auto_map", "custom_pipelines", "_name_or_path", "transformers_version", "torch_dtype", "dtype")
REFUSED = ("quantization_config", "trust_remote_code", "compression_config")
# Models whose positions are counted from behind the padding's id.
SHIFTED = ("xlm-roberta", "camembert", "mpnet", "xlm-roberta-xl", "roberta-prelayernorm", "longformer", "xmod")
NO_POSITIONS = 512


class AdoptedHead(Head):
    """What a head is for and the names of its classes; its weights are in the model of transformers."""

    def __init__(self, kind: Literal["tokens", "sequence"], names: tuple[str, ...]) -> None:
        super().__init__()
        self.kind = kind
        self.names = names


class AdoptedModel(nn.Module):
    """A model of transformers with the interface of `transformer.Model`.

    Args:
        inner: With a head for tokens or texts.
        config: As far as it is asked for outside: sizes, the longest document.
        kind: Of the head.
        names: Of the classes.
    """

    def __init__(
        self, inner: Any, config: ModelConfig, kind: Literal["tokens", "sequence"], names: tuple[str, ...]
    ) -> None:
        super().__init__()
        self.inner = inner
        self.config = config
        self.head = AdoptedHead(kind, names)
        self.autocast: torch.dtype | None = None

    def embed(self, input_ids: Tensor) -> Tensor:
        """(N,) ids to (N, width), where tokens enter: an adversary adds to its result."""
        embedded: Tensor = self.inner.get_input_embeddings()(input_ids)
        return embedded

    @property
    def backbone(self) -> AdoptedModel:
        """Where `embed` is found, as on other models."""
        return self

    def forward(
        self,
        batch: Batch,
        embeddings: Tensor | None = None,
        select: Tensor | None = None,
        targets: Tensor | None = None,
        cache: None = None,
        z_loss: float = 0.0,
    ) -> Tensor:
        """Logits, or their summed loss; as `transformer.Model`."""
        assert cache is None, "an adopted model has no cache"
        rows, places = _rows(batch)
        pad = self.config.pad_id
        ids = batch.input_ids.new_full(rows.shape, pad).masked_scatter_(rows, batch.input_ids)
        more: dict[str, Any] = {"use_cache": False} if hasattr(self.inner.config, "use_cache") else {}
        if batch.token_types is not None:
            more["token_type_ids"] = torch.zeros_like(ids).masked_scatter_(rows, batch.token_types)
        half = self.autocast is not None
        with self._given(embeddings, rows, places), torch.autocast(ids.device.type, self.autocast, enabled=half):
            scores: Tensor = self.inner(input_ids=ids, attention_mask=rows.long(), **more).logits
        if self.head.kind == "tokens":
            scores = scores.flatten(0, 1).index_select(0, places if select is None else places[select])
        if targets is None:
            return scores
        return nn.functional.cross_entropy(scores.float(), targets, reduction="sum")

    @contextmanager
    def _given(self, embeddings: Tensor | None, rows: Tensor, places: Tensor) -> Iterator[None]:
        """Have the table of embeddings answer with what was given. The ids stay: heads look for padding in them."""
        if embeddings is None:
            yield
            return

        def answer(module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
            flat = output.flatten(0, 1).index_copy(0, places, embeddings.to(output.dtype))
            return flat.unflatten(0, rows.shape)

        hook = self.inner.get_input_embeddings().register_forward_hook(answer)
        try:
            yield
        finally:
            hook.remove()

    def save(self, folder: Path) -> None:
        """Write configuration and weights as transformers does."""
        names = self.head.names
        self.inner.config.id2label = dict(enumerate(names))
        self.inner.config.label2id = {name: number for number, name in enumerate(names)}
        self.inner.save_pretrained(folder)


def _rows(batch: Batch) -> tuple[Tensor, Tensor]:
    """(D, T) where a token stands in padded rows, and the place of each in the flattened rows, (N,)."""
    rows = torch.arange(batch.max_length, device=batch.bounds.device)[None, :] < batch.lengths[:, None]
    return rows, rows.flatten().nonzero().squeeze(1)


def load_adopted(folder: Path, head: Head | None, seed: int = 0) -> AdoptedModel:
    """Read a folder in a layout that only transformers knows.

    Args:
        folder: With `config.json`, safetensors and `tokenizer_config.json`.
        head: A new one, of which kind and names are taken; None = the one that is stored.
        seed: Of a new head.

    Raises:
        RecipeError: If transformers is missing or cannot run it without foreign code, or there is no head.
        IntegrityError: If weights are missing.
    """
    transformers = _transformers(folder)
    values = _checked_values(folder / "config.json", transformers)
    kind, names = _head_of(folder, values, head)
    config = transformers.AutoConfig.for_model(**values)
    config.num_labels = len(names)
    if getattr(config, "pad_token_id", None) is None:
        config.pad_token_id = _pad_id(folder)
    loader = getattr(transformers, AUTO_CLASSES[kind])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # of the new head's weights
        try:
            inner, info = loader.from_pretrained(
                folder,
                config=config,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=torch.float32,
                output_loading_info=True,
            )
        except (ValueError, OSError) as error:
            raise RecipeError(f"{folder}: transformers cannot load it: {str(error)[:300]}") from None
    prefix = inner.base_model_prefix + "."
    missing = sorted(name for name in info["missing_keys"] if name.startswith(prefix) and "pooler" not in name)
    if missing or (head is None and info["missing_keys"]):
        raise IntegrityError(f"{folder}: the weights lack {(missing or sorted(info['missing_keys']))[0]}")
    return AdoptedModel(inner, _sizes(values, config), kind, names).eval()


def adopted_config(folder: Path) -> ModelConfig:
    """The sizes of such a folder.

    Raises:
        RecipeError: As for `load_adopted`.
    """
    transformers = _transformers(folder)
    values = _checked_values(folder / "config.json", transformers)
    return _sizes(values, transformers.AutoConfig.for_model(**values))


def _transformers(folder: Path) -> Any:
    try:
        import transformers
    except ImportError:
        raise RecipeError(f"{folder} is in a layout that transformers runs: pip install 'firstwords[hf]'") from None
    return transformers


def _checked_values(path: Path, transformers: Any) -> dict[str, Any]:
    """The keys of `config.json` that may be handed to transformers."""
    if not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
        raise RecipeError(f"{path} is missing or too large to be a configuration")
    try:
        values = json.loads(path.read_bytes())
        kind = values["model_type"]
        known_types = transformers.CONFIG_MAPPING
        is_known = isinstance(kind, str) and kind in known_types
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RecipeError(f"{path} is no configuration: {error!r}") from None
    if not is_known:
        raise RecipeError(
            f"{path}: transformers has no code for model_type {str(kind)[:60]!r}; code in folders is not run"
        )
    if refused := sorted(set(values) & set(REFUSED)):
        raise RecipeError(f"{path}: {refused[0]} is not supported")
    own = known_types[kind]()
    known = set(own.to_dict()) | set(getattr(own, "attribute_map", {})) | set(_COMMON)
    values = {key: value for key, value in values.items() if key not in DROPPED}
    if unknown := sorted(set(values) - known):
        raise RecipeError(
            f"{path}: unknown key {unknown[0]!r} for a {kind}: it may change what the model computes, so it is refused"
        )
    return values


# Keys of every configuration, some of which only older versions of transformers write.
_COMMON = (
    "architectures", "attention_probs_dropout_prob", "finetuning_task", "id2label", "label2id", "num_labels",
    "output_past", "pad_token_id", "bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id", "problem_type",
    "gradient_checkpointing", "tie_word_embeddings", "use_cache", "initializer_range", "is_decoder", "model_type",
    "tokenizer_class", "rope_theta", "rope_scaling", "rope_parameters", "position_embedding_type", "pruned_heads",
    "global_rope_theta", "local_rope_theta", "add_cross_attention",
)  # fmt: skip


def _head_of(
    folder: Path, values: Mapping[str, Any], head: Head | None
) -> tuple[Literal["tokens", "sequence"], tuple[str, ...]]:
    if head is not None:
        if type(head) is TokenHead:
            return "tokens", head.names
        if type(head) is SequenceHead:
            return "sequence", head.names
        raise RecipeError(f"{folder}: a {type(head).__name__} cannot be put on a model that transformers runs")
    (name,) = (values.get("architectures") or [""])[:1]
    kind = next((each for ending, each in ENDINGS.items() if str(name).endswith(ending)), None)
    labels = values.get("id2label")
    if kind is None or not isinstance(labels, dict):
        raise RecipeError(f"{folder} has no head for labels; a {values['model_type']} is only a base for them here")
    return kind, tuple(str(labels[number]) for number in sorted(labels, key=int))


def _pad_id(folder: Path) -> int:
    from firstwords.tokenizer.tokenizer import Tokenizer

    return Tokenizer.load(folder).pad


def _sizes(values: Mapping[str, Any], config: Any) -> ModelConfig:
    """What the rest of the package asks a configuration for."""
    text = config.get_text_config()
    positions = getattr(text, "max_position_embeddings", None) or NO_POSITIONS
    pad = getattr(text, "pad_token_id", None) or 0
    heads = getattr(text, "num_attention_heads", 1)
    heads = heads if text.hidden_size % heads == 0 else 1
    return ModelConfig(
        layout="adopted",
        vocab_size=text.vocab_size,
        num_layers=text.num_hidden_layers,
        width=text.hidden_size,
        num_heads=heads,
        num_kv_heads=heads,
        head_size=text.hidden_size // heads,
        mlp_width=getattr(text, "intermediate_size", None) or 4 * text.hidden_size,
        context=positions - (pad + 1 if values["model_type"] in SHIFTED else 0),
        pooling="bos",
        pad_id=pad,
    )
