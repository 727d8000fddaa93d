"""Training steps of the peers, each with its own best settings for a processor."""

import os
import sys
from pathlib import Path

import torch
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).parents[1]))
from stepping import Shape, Step, adamw, lengths, serve, tokens, update


def _compiled(model: torch.nn.Module, mode: str) -> torch.nn.Module:
    return torch.compile(model) if mode.endswith("compiled") else model  # type: ignore[return-value]


def _half(mode: str) -> torch.autocast:
    return torch.autocast("cpu", torch.bfloat16, enabled=mode.startswith("bfloat16"))


def nanogpt(shape: Shape, mode: str) -> Step:
    """Its model and its own optimizer (not fused on a processor), as its `train.py` puts them together."""
    sys.path.insert(0, os.environ["PEER_NANOGPT"])
    from model import GPT, GPTConfig  # type: ignore[import-not-found]

    sizes = {"n_layer": shape.layers, "n_head": shape.heads, "n_embd": shape.width}
    made = GPT(GPTConfig(block_size=shape.context, vocab_size=shape.vocabulary, dropout=0.0, bias=False, **sizes))
    optimizer = made.configure_optimizers(0.1, 1e-3, (0.9, 0.95), "cpu")
    model, ids = _compiled(made, mode), tokens(shape)
    labels = ids.roll(-1, 1)

    def step() -> torch.Tensor:
        with _half(mode):
            loss = model(ids, labels)[1]
        return update(made, optimizer, loss)

    return step


def nanochat(shape: Shape, mode: str) -> Step:
    """Its model with value embeddings, and AdamW as on every side; mode `muon` is its own optimizer.

    It reads its precision from the environment (`NANOCHAT_DTYPE`).
    """
    sys.path.insert(0, os.environ["PEER_NANOCHAT"])
    from nanochat.gpt import GPT, GPTConfig  # type: ignore[import-not-found]

    sizes = {"n_layer": shape.layers, "n_head": shape.heads, "n_kv_head": shape.heads, "n_embd": shape.width}
    config = GPTConfig(sequence_len=shape.context, vocab_size=shape.vocabulary, window_pattern="L", **sizes)
    made = GPT(config)
    made.init_weights()
    optimizer = made.setup_optimizer() if mode == "muon" else adamw(made.parameters())
    model, ids = _compiled(made, mode), tokens(shape)
    labels = ids.roll(-1, 1)
    return lambda: update(made, optimizer, model(ids, labels))


def _transformers(name: str, shape: Shape, **more: object) -> torch.nn.Module:
    import transformers

    config = getattr(transformers, f"{name}Config")(
        vocab_size=shape.vocabulary,
        hidden_size=shape.width,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        max_position_embeddings=shape.context,
        attn_implementation="sdpa",
        pad_token_id=0,
        **more,
    )
    kind = "ForMaskedLM" if name in ("Bert", "ModernBert", "EuroBert") else "ForCausalLM"
    return getattr(transformers, f"{name}{kind}")(config).train()  # type: ignore[no-any-return]


def _causal(name: str, shape: Shape, mode: str, **more: object) -> Step:
    made = _transformers(name, shape, intermediate_size=shape.gated, num_key_value_heads=shape.heads, **more)
    optimizer, model, ids = adamw(made.parameters()), _compiled(made, mode), tokens(shape)

    def step() -> torch.Tensor:
        with _half(mode):
            loss = model(input_ids=ids, labels=ids, use_cache=False).loss
        return update(made, optimizer, loss)

    return step


def llama(shape: Shape, mode: str) -> Step:
    """transformers' Llama in a bare loop."""
    return _causal("Llama", shape, mode)


def qwen3(shape: Shape, mode: str) -> Step:
    """transformers' Qwen3 in a bare loop."""
    return _causal("Qwen3", shape, mode, head_dim=shape.width // shape.heads)


def _masked(name: str, shape: Shape, mode: str, **more: object) -> Step:
    """30 % of the real tokens are hidden; rows are padded to the context."""
    made = _transformers(name, shape, **({"intermediate_size": 4 * shape.width} | more))
    optimizer, model, ids = adamw(made.parameters()), _compiled(made, mode), tokens(shape).clamp_(min=5)
    mask = torch.arange(shape.context)[None, :] < torch.tensor(lengths(shape))[:, None]
    hidden = (torch.rand(ids.shape, generator=torch.Generator().manual_seed(2)) < 0.3) & mask
    labels = torch.where(hidden, ids, -100)
    inputs = torch.where(hidden, 4, torch.where(mask, ids, 0))

    def step() -> torch.Tensor:
        with _half(mode):
            loss = model(input_ids=inputs, attention_mask=mask.long(), labels=labels).loss
        return update(made, optimizer, loss)

    return step


def bert(shape: Shape, mode: str) -> Step:
    """transformers' BERT."""
    dropout = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    return _masked("Bert", shape, mode, **dropout)


def modernbert(shape: Shape, mode: str) -> Step:
    """transformers' ModernBERT with the head at hidden tokens only."""
    ids = {"bos_token_id": 1, "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2}
    return _masked(
        "ModernBert", shape, mode, intermediate_size=shape.gated, sparse_prediction=True, reference_compile=False, **ids
    )


def eurobert(shape: Shape, mode: str) -> Step:
    """transformers' EuroBERT: the layout that our masked models have."""
    return _masked("EuroBert", shape, mode, intermediate_size=shape.gated, num_key_value_heads=shape.heads)


def litgpt(shape: Shape, mode: str) -> Step:
    """litgpt's model in the style of Llama, with its chunked cross-entropy."""
    from litgpt.config import Config  # type: ignore[import-not-found]
    from litgpt.model import GPT  # type: ignore[import-not-found]
    from litgpt.utils import chunked_cross_entropy  # type: ignore[import-not-found]

    config = Config(
        block_size=shape.context,
        n_layer=shape.layers,
        n_head=shape.heads,
        n_embd=shape.width,
        vocab_size=shape.vocabulary,
        padded_vocab_size=shape.vocabulary,
        rotary_percentage=1.0,
        parallel_residual=False,
        bias=False,
        norm_class_name="RMSNorm",
        mlp_class_name="LLaMAMLP",
        intermediate_size=shape.gated,
    )
    made = GPT(config)
    optimizer, model, ids = adamw(made.parameters()), _compiled(made, mode), tokens(shape)

    def step() -> torch.Tensor:
        with _half(mode):
            loss = chunked_cross_entropy(model(ids)[:, :-1], ids[:, 1:], chunk_size=0)
        return update(made, optimizer, loss)

    return step


def x_transformers(shape: Shape, mode: str) -> Step:
    """x-transformers' decoder with RMSNorm, squared ReLU, rotary positions and torch's attention."""
    from x_transformers import Decoder, TransformerWrapper  # type: ignore[import-not-found]

    layers = Decoder(
        dim=shape.width,
        depth=shape.layers,
        heads=shape.heads,
        attn_dim_head=shape.width // shape.heads,
        attn_flash=True,
        use_rmsnorm=True,
        ff_relu_squared=True,
        rotary_pos_emb=True,
        ff_no_bias=True,
    )
    made = TransformerWrapper(
        num_tokens=shape.vocabulary, max_seq_len=shape.context, use_abs_pos_emb=False, attn_layers=layers
    )
    optimizer, model, ids = adamw(made.parameters()), _compiled(made, mode), tokens(shape)

    def step() -> torch.Tensor:
        with _half(mode):
            logits = model(ids)
            loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
        return update(made, optimizer, loss)

    return step


MAKERS = {
    "nanogpt": nanogpt,
    "nanochat": nanochat,
    "llama": llama,
    "qwen3": qwen3,
    "bert": bert,
    "modernbert": modernbert,
    "eurobert": eurobert,
    "litgpt": litgpt,
    "x-transformers": x_transformers,
}

if __name__ == "__main__":
    serve(MAKERS)
