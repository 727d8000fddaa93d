"""Checkpoints as Hugging Face folders, both ways.

A checkpoint is `config.json`, `model.safetensors`, the tokenizer's files and, for causal models,
`generation_config.json`: what transformers reads without our code. Nothing here can run code from a file: weights are
safetensors, everything else is JSON that was checked key by key, and sizes are compared before memory is taken.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from firstwords.artifact import atomic_write
from firstwords.errors import IntegrityError, RecipeError
from firstwords.model import bert_file, config_file
from firstwords.model.adopted import AdoptedModel, adopted_config, load_adopted
from firstwords.model.config import LAYOUTS, ModelConfig
from firstwords.model.config_file import HeadKind, StoredConfig
from firstwords.model.cost import parameter_shapes
from firstwords.model.decisions import load_decisions, save_decisions
from firstwords.model.heads import Head, SequenceHead, make_head
from firstwords.model.transformer import Model
from firstwords.model.weight_files import WEIGHTS, WeightFiles
from firstwords.tokenizer.correction import CORRECTION_NOTE, KNOWN_WORDS

TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    KNOWN_WORDS,
)
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
    model: Model | AdoptedModel,
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
    if isinstance(model, AdoptedModel):
        with atomic_write(Path(folder)) as temporary:
            temporary.mkdir()
            model.save(temporary)
            _copy_tokenizer(tokenizer_folder, temporary)
        return
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
    if _is_for_transformers(folder):
        adopted: Any = load_adopted(folder, None)
        load_decisions(folder, adopted.head)
        return adopted, adopted.config, adopted.head.names
    stored = config_file.read(folder / "config.json")
    wanted = head or stored.head or "language_model"
    if stored.config.is_bert and wanted == "language_model":
        raise RecipeError(f"{folder} has no head for labels, and a {stored.config.layout} is only a base for them here")
    config = stored.config if wanted == "language_model" else stored.config.for_heads()
    names = _wanted_labels(folder, stored, wanted, labels, num_labels)
    files = WeightFiles.of(folder)
    taken = _tensors_to_take(folder, stored, files, wanted, names)
    model = Model(config, make_head(wanted, config, names), seed=seed)
    _take(model, files, taken)
    if stored.head == wanted and stored.labels == names:
        load_decisions(folder, model.head)
    return model.to(dtype).eval(), config, names


def load_under(folder: Path, make: Callable[[ModelConfig], Head], seed: int = 0) -> Model:
    """A stored backbone under a new head for labels.

    Args:
        folder: As for `load_folder`; the head in it, if any, is left out. A BERT's pooler goes into a head for texts.
        make: The head for a configuration.
        seed: Of the head.

    Raises:
        RecipeError: As for `load_folder`.
        IntegrityError: As for `load_folder`.
    """
    folder = Path(folder)
    if _is_for_transformers(folder):
        adopted: Any = load_adopted(folder, make(adopted_config(folder)), seed)
        return adopted  # type: ignore[no-any-return]
    stored = config_file.read(folder / "config.json")
    files = WeightFiles.of(folder)
    config = stored.config.for_heads()
    head = make(config)
    model = Model(config, head, seed=seed)
    taken = _tensors_to_take(folder, stored, files, None, (), pooler=isinstance(head, SequenceHead))
    _take(model, files, taken)
    return model


def config_under(folder: Path) -> ModelConfig:
    """The sizes that `load_under` gives a head.

    Raises:
        RecipeError: As for `load_folder`.
    """
    folder = Path(folder)
    if _is_for_transformers(folder):
        return adopted_config(folder)
    return config_file.read(folder / "config.json").config.for_heads()


def _is_for_transformers(folder: Path) -> bool:
    kind = config_file.model_type(folder / "config.json")
    return kind is not None and kind not in LAYOUTS


def _take(model: Model, files: WeightFiles, taken: Mapping[str, str]) -> None:
    """Copy stored tensors into parameters, given as ours to theirs."""
    own = dict(model.named_parameters(remove_duplicate=False))
    ours = {theirs: name for name, theirs in taken.items()}
    with torch.no_grad():
        for name, tensor in files.read(taken.values()):
            own[ours[name]].copy_(tensor)  # half precisions become float32, exactly


def our_name(name: str) -> str:
    """The parameter of `Model` that is stored under a name: `model.norm.weight` is `backbone.norm.weight`."""
    return f"backbone.{name.removeprefix('model.')}" if name.startswith("model.") else f"head.{name}"


def stored_tensors(model: Model) -> dict[str, Tensor]:
    """Parameters under the names they are stored by, on the processor; a tied head is left out."""
    tensors = {}
    # Scores of tags behind tags are in a file of their own (`model.decisions`): no class of transformers has them.
    named = {name: p for name, p in model.named_parameters() if not name.startswith("head.crf.")}
    if model.config.is_bert:
        names = bert_file.stored_names(model.config, model.head.kind)
        return {names[name]: parameter.detach().cpu().contiguous() for name, parameter in named.items()}
    for name, parameter in named.items():
        prefix, _, rest = name.partition(".")
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


def _tensors_to_take(
    folder: Path,
    stored: StoredConfig,
    files: WeightFiles,
    wanted: HeadKind | None,
    names: tuple[str, ...],
    pooler: bool | None = None,
) -> dict[str, str]:
    """Parameters of the wanted model to the stored tensors that they are; None = of the backbone alone."""
    same = stored.head is not None and stored.head == wanted and (wanted == "language_model" or stored.labels == names)
    if stored.config.is_bert:
        head = stored.head if same else None
        pooler = wanted == "sequence" and not same if pooler is None else pooler
        try:
            return bert_file.tensors_to_take(stored.config, files.shapes, head, len(names), pooler=pooler)
        except IntegrityError as error:
            raise IntegrityError(f"{folder}: {error}") from None
    _check_shapes(folder, stored, files)
    expected = sorted(parameter_shapes(stored.config, stored.head, len(stored.labels)))
    if not same and wanted == "language_model" and not stored.config.tie_embeddings:
        raise RecipeError(f"{folder} has no language-model head")
    return {our_name(name): name for name in expected if same or name.startswith("model.")}


def _copy_tokenizer(source: Path | None, folder: Path) -> None:
    for name in TOKENIZER_FILES if source is not None else ():
        assert source is not None
        if (Path(source) / name).is_file():
            shutil.copyfile(Path(source) / name, folder / name)
    if (folder / KNOWN_WORDS).is_file():
        with (folder / "README.md").open("a", encoding="utf-8") as file:
            file.write(CORRECTION_NOTE)
    path = folder / "tokenizer.json"
    values = json.loads(path.read_bytes()) if path.is_file() else {}
    if values.get("truncation") or values.get("padding"):
        # Whoever reads the file with the tokenizers library would get every text cut and filled up.
        _write_json(path, values | {"truncation": None, "padding": None})


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
