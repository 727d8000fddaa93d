"""Trains transformers' EuroBERT or ModernBERT on our token store for some seconds, then judges it as ours is judged."""

import argparse
import json
import math
import time
from pathlib import Path

BEGIN = time.monotonic()

import numpy as np  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402

from firstwords.artifact import Artifact  # noqa: E402
from firstwords.evaluation.tasks.pseudo_perplexity import PseudoPerplexity  # noqa: E402
from firstwords.inference.pseudo_likelihood import Copies, pseudo_log_likelihoods  # noqa: E402
from firstwords.training.packed_examples import PackedExamples  # noqa: E402

SHARE = 0.3
ROWS_AT_ONCE = 16


def make_model(kind: str, sizes: dict) -> torch.nn.Module:
    """A model of the sizes of ours."""
    common = {
        "vocab_size": sizes["vocab_size"],
        "hidden_size": sizes["width"],
        "num_hidden_layers": sizes["num_layers"],
        "num_attention_heads": sizes["num_heads"],
        "max_position_embeddings": max(512, sizes["context"]),
        "pad_token_id": sizes["pad_id"],
        "bos_token_id": sizes["bos_id"],
        "eos_token_id": sizes["eos_id"],
        "attn_implementation": "sdpa",
    }
    torch.manual_seed(0)
    if kind == "eurobert":
        more = {"num_key_value_heads": sizes["num_kv_heads"], "mask_token_id": sizes["mask_id"]}
        inner = {"intermediate_size": sizes["mlp_width"], "tie_word_embeddings": sizes["tie_embeddings"]}
        config = transformers.EuroBertConfig(**common, **more, **inner)
        return transformers.EuroBertForMaskedLM(config)
    marks = {"cls_token_id": sizes["bos_id"], "sep_token_id": sizes["eos_id"]}
    config = transformers.ModernBertConfig(**common, **marks, intermediate_size=sizes["mlp_width"])
    return transformers.ModernBertForMaskedLM(config)


def mask(rows: torch.Tensor, sizes: dict, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """BERT's rule by a coin for every token, as transformers' data collator does."""
    special = torch.tensor([sizes["pad_id"], sizes["bos_id"], sizes["eos_id"], sizes["mask_id"]])
    hidden = (torch.rand(rows.shape, generator=generator) < SHARE) & ~torch.isin(rows, special)
    fate = torch.rand(rows.shape, generator=generator)
    drawn = torch.randint(0, sizes["vocab_size"], rows.shape, generator=generator)
    read = torch.where(hidden & (fate < 0.8), sizes["mask_id"], rows)
    read = torch.where(hidden & (fate >= 0.8) & (fate < 0.9), drawn, read)
    return read, torch.where(hidden, rows, -100)


def train(model: torch.nn.Module, rows: PackedExamples, sizes: dict, seconds: float, rate: float) -> int:
    """AdamW with a short warm-up and linear decay to the end of the time; the number of updates."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.98), eps=1e-6, weight_decay=1e-2)
    generator = torch.Generator().manual_seed(0)
    order = iter(np.random.default_rng(0).permutation(len(rows) - 1).tolist())
    steps = 0
    model.train()
    while (now := time.monotonic() - BEGIN) < seconds:
        numbers = [next(order, None) for _ in range(ROWS_AT_ONCE)]
        if None in numbers:
            order = iter(np.random.default_rng(steps).permutation(len(rows) - 1).tolist())
            continue
        batch = torch.tensor(np.stack([rows[number].input_ids for number in numbers]).astype(np.int64))
        read, labels = mask(batch, sizes, generator)
        loss = model(input_ids=read, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        left = 1 - now / seconds
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, (steps + 1) / 50, left / 0.9)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        steps += 1
    return steps


def judge(model: torch.nn.Module, task: PseudoPerplexity, inputs: dict[str, Artifact], sizes: dict) -> float:
    """Pseudo-perplexity per token of the task's passages."""
    model.eval()
    backbone, head = model.model, torch.nn.Sequential(*(m for n, m in model.named_children() if n != "model"))

    @torch.inference_mode()
    def score(copies: Copies) -> np.ndarray:
        hidden = backbone(input_ids=torch.from_numpy(copies.tokens)).last_hidden_state
        at = hidden[torch.arange(len(copies.places)), torch.from_numpy(copies.places)]
        found = head(at).double().log_softmax(-1)
        return found.gather(1, torch.from_numpy(copies.targets)[:, None])[:, 0].numpy()

    examples = task.examples(inputs)
    documents = [[sizes["eos_id"], *task.prompt(example)] for example in examples]
    answers = pseudo_log_likelihoods(score, documents, mask=sizes["mask_id"], context=sizes["context"])
    return task.metrics(examples)[0].value(task.score(examples, answers))


def main() -> None:
    """Print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["eurobert", "modernbert"])
    for name in ("--tokens", "--tokenizer", "--plan"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--judged-tokens", type=int, required=True)
    chosen = parser.parse_args()
    sizes = json.loads(chosen.plan.read_text())["model"]
    model = make_model(chosen.kind, sizes)
    rows = PackedExamples(chosen.tokens, "train", sizes["context"])
    steps = train(model, rows, sizes, chosen.seconds, chosen.rate)
    inputs = {
        "tokens": Artifact(name="tokenize", folder=chosen.tokens),
        "tokenizer": Artifact(name="train_tokenizer", folder=chosen.tokenizer),
    }
    figure = judge(model, PseudoPerplexity(num_tokens=chosen.judged_tokens), inputs, sizes)
    if not math.isfinite(figure):
        raise SystemExit(f"{chosen.kind} at rate {chosen.rate}: its pseudo-perplexity is {figure}")
    told = {
        "pseudo_perplexity": figure,
        "steps": steps,
        "rate": chosen.rate,
        "parameters": sum(p.numel() for p in model.parameters()),
        "version": transformers.__version__,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
