"""Checkpoints as Hugging Face folders, both ways.

A checkpoint is `config.json`, `model.safetensors`, the tokenizer's files and, for causal models,
`generation_config.json`: what transformers reads without our code. Nothing here can run code from a file: weights are
safetensors, everything else is JSON that was checked key by key, and sizes are compared before memory is taken.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from firstwords.artifact import atomic_write
from firstwords.errors import IntegrityError, RecipeError
from firstwords.model import config_file
from firstwords.model.config import ModelConfig
from firstwords.model.config_file import HeadKind, StoredConfig
from firstwords.model.cost import parameter_shapes
from firstwords.model.decisions import load_decisions, save_decisions
from firstwords.model.heads import make_head
from firstwords.model.transformer import Model
from firstwords.model.weight_files import WEIGHTS, WeightFiles

TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja")
HYBRID_CARD = """\
# A hybrid language model

One set of weights was taught to predict the next token and to fill in masked ones (GPT-BERT, arXiv 2410.24159).

- **Continuing texts**: this folder is a `LlamaForCausalLM`.
- **Labels for tokens and texts**: the backbone reads in both directions as a `EuroBertModel`; the folder `encoder`
  beside this one holds it in that form.
- **Filling in masks**: a masked token is predicted from the state one place before it, which no class of transformers
  does. Load this folder with `firstwords.LanguageModel.load` and call `predict`.
"""


def save_folder(
    folder: Path,
    model: Model,
    config: ModelConfig | None = None,
    tokenizer_folder: Path | None = None,
    labels: Sequence[str] | None = None,
) -> None:
    """Write a model so that transformers loads it; equal models give equal bytes.

    Args:
        folder: Replaced as a whole, when everything is written.
        model: With any head.
        config: The model's own by default.
        tokenizer_folder: Where `tokenizer.json` and its companions are copied from.
        labels: Class names; those of the model's head by default.
    """
    config = config or model.config
    names = tuple(labels or model.head.names)
    tensors = stored_tensors(model)
    dtype = str(next(iter(tensors.values())).dtype).removeprefix("torch.")
    with atomic_write(Path(folder)) as temporary:
        temporary.mkdir()
        _write_json(temporary / "config.json", config_file.to_values(config, model.head.kind, names, dtype))
        save_file(tensors, temporary / WEIGHTS, metadata={"format": "pt"})
        if config.causal and model.head.kind == "language_model":
            ids = {"bos_token_id": config.bos_id, "eos_token_id": config.eos_id, "pad_token_id": config.pad_id}
            _write_json(temporary / "generation_config.json", ids)
        if config.hybrid:
            (temporary / "README.md").write_text(HYBRID_CARD, encoding="utf-8")
        _copy_tokenizer(tokenizer_folder, temporary)
        save_decisions(temporary, model.head)


def save_encoder(folder: Path, model: Model, tokenizer_folder: Path | None = None) -> None:
    """Write the backbone of a hybrid model as one that reads in both directions, a bare `EuroBertModel`.

    transformers puts its heads for tokens and texts on it, and so do we.

    Args:
        folder: Replaced as a whole.
        model: With any head, which is left out.
        tokenizer_folder: As for `save_folder`.
    """
    config = model.config.for_heads()
    tensors = {name: tensor for name, tensor in stored_tensors(model).items() if name.startswith("model.")}
    dtype = str(next(iter(tensors.values())).dtype).removeprefix("torch.")
    values = config_file.to_values(config, "language_model", (), dtype) | {"architectures": ["EuroBertModel"]}
    with atomic_write(Path(folder)) as temporary:
        temporary.mkdir()
        _write_json(temporary / "config.json", values)
        save_file(tensors, temporary / WEIGHTS, metadata={"format": "pt"})
        _copy_tokenizer(tokenizer_folder, temporary)


def load_folder(
    folder: Path,
    head: HeadKind | None = None,
    *,
    num_labels: int | None = None,
    labels: Sequence[str] | None = None,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
) -> tuple[Model, ModelConfig, tuple[str, ...]]:
    """Read a model.

    Args:
        folder: Written by us or by transformers, in one of our layouts.
        head: Kind of head wanted; None = the one that is stored. A head that is not stored, or has other labels, is
            new: its weights come from `seed`.
        num_labels: Classes of a new head without names; they are then called LABEL_0, LABEL_1 ...
        labels: Names of the classes wanted.
        seed: Of a new head.
        dtype: Of the loaded weights.

    Returns:
        The model in evaluation mode, its configuration, the names of its classes.

    Raises:
        RecipeError: If the folder is not a model that this code can run, or a label count is needed.
        IntegrityError: If the weights do not belong to the configuration.
    """
    folder = Path(folder)
    stored = config_file.read(folder / "config.json")
    wanted = head or stored.head or "language_model"
    config = stored.config if wanted == "language_model" else stored.config.for_heads()
    names = _wanted_labels(folder, stored, wanted, labels, num_labels)
    files = WeightFiles.of(folder)
    _check_shapes(folder, stored, files)
    kept = _kept_tensors(folder, stored, wanted, names)
    model = Model(config, make_head(wanted, config, names), seed=seed)
    own = dict(model.named_parameters(remove_duplicate=False))
    with torch.no_grad():
        for name, tensor in files.read(kept):
            own[our_name(name)].copy_(tensor)  # half precisions become float32, exactly
    if stored.head == wanted and stored.labels == names:
        load_decisions(folder, model.head)
    return model.to(dtype).eval(), config, names


def our_name(name: str) -> str:
    """The parameter of `Model` that is stored under a name: `model.norm.weight` is `backbone.norm.weight`."""
    return f"backbone.{name.removeprefix('model.')}" if name.startswith("model.") else f"head.{name}"


def stored_tensors(model: Model) -> dict[str, Tensor]:
    """Parameters under the names they are stored by, on the processor; a tied head is left out."""
    tensors = {}
    for name, parameter in model.named_parameters():
        prefix, _, rest = name.partition(".")
        if prefix == "head" and rest.startswith("crf."):
            continue  # in a file of its own (`model.decisions`): no class of transformers has it
        stored = f"model.{rest}" if prefix == "backbone" else rest
        tensors[stored] = parameter.detach().cpu().contiguous()
    return tensors


def _wanted_labels(
    folder: Path,
    stored: StoredConfig,
    wanted: HeadKind,
    labels: Sequence[str] | None,
    num_labels: int | None,
) -> tuple[str, ...]:
    if wanted == "language_model":
        return ()
    if labels is not None:
        return tuple(labels)
    same_head = stored.head == wanted and bool(stored.labels)
    if num_labels is not None:
        keep = same_head and len(stored.labels) == num_labels
        return stored.labels if keep else tuple(f"LABEL_{number}" for number in range(num_labels))
    if same_head:
        return stored.labels
    raise RecipeError(f"{folder} has no head for {wanted}: say how many labels a new one has")


def _check_shapes(folder: Path, stored: StoredConfig, files: WeightFiles) -> None:
    """Compare all stored tensors with the configuration, before any memory is taken for them."""
    expected = parameter_shapes(stored.config, stored.head, len(stored.labels))
    shapes = files.shapes
    for name in sorted(set(expected) | set(shapes)):
        if name == "lm_head.weight" and stored.config.tie_embeddings:
            continue  # a tied head may be stored as well; it is the embedding again
        if expected.get(name) != shapes.get(name):
            place = files.places.get(name, folder / WEIGHTS)
            raise IntegrityError(
                f"{place}: {name} has shape {shapes.get(name)}, config.json asks for {expected.get(name)}"
            )


def _kept_tensors(folder: Path, stored: StoredConfig, wanted: HeadKind, names: tuple[str, ...]) -> list[str]:
    """Names of the stored tensors that the wanted model takes over."""
    expected = sorted(parameter_shapes(stored.config, stored.head, len(stored.labels)))
    if stored.head == wanted and (wanted == "language_model" or stored.labels == names):
        return expected
    if wanted == "language_model" and not stored.config.tie_embeddings:
        raise RecipeError(f"{folder} has no language-model head")
    return [name for name in expected if name.startswith("model.")]


def _copy_tokenizer(source: Path | None, folder: Path) -> None:
    for name in TOKENIZER_FILES if source is not None else ():
        assert source is not None
        if (Path(source) / name).is_file():
            shutil.copyfile(Path(source) / name, folder / name)


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
