"""Train a peer's model for so many seconds of the whole process, then predict held-out documents.

Runs in the peer's environment, which has torch but not firstwords. Each peer keeps its own model, optimizer, rates and
initialisation; rates follow the clock, so that no speed has to be guessed. Documents are predicted token by token, each
beginning with an end-of-text, in windows that overlap by half, so that no token but the first few lacks context.
"""

import argparse
import json
import math
import sys
import time
from pathlib import Path

BEGIN = time.monotonic()

import numpy as np  # noqa: E402 (the clock counts the imports)
import torch  # noqa: E402
from torch.nn import functional as F  # noqa: E402


def chunks(tokens: np.ndarray, context: int, rows: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Random windows, as nanoGPT draws them: (rows, context) ids and the ids that follow."""
    starts = np.random.default_rng(seed).integers(0, len(tokens) - context - 1, rows)
    both = torch.from_numpy(np.stack([tokens[s : s + context + 1] for s in starts]).astype(np.int64))
    return both[:, :-1], both[:, 1:].contiguous()


class NanoGPT:
    """nanoGPT's model and AdamW: rate 1e-3 falling to 1e-4 as a cosine after a short warm-up (its small settings)."""

    def __init__(self, shape: argparse.Namespace) -> None:
        sys.path.insert(0, str(shape.checkout))
        from model import GPT, GPTConfig

        config = GPTConfig(
            block_size=shape.context,
            vocab_size=shape.vocab_size,
            n_layer=shape.layers,
            n_head=shape.heads,
            n_embd=shape.width,
            dropout=0.0,
            bias=False,
        )
        self.model = GPT(config)
        self.optimizer = self.model.configure_optimizers(0.1, 1e-3, (0.9, 0.99), "cpu")

    def step(self, ids: torch.Tensor, targets: torch.Tensor, progress: float) -> None:
        """One update."""
        warm = min(1.0, progress / 0.02 + 0.05)
        rate = warm * (1e-4 + 0.5 * (1e-3 - 1e-4) * (1 + math.cos(math.pi * progress)))
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        _, loss = self.model(ids, targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    def logits(self, ids: torch.Tensor) -> torch.Tensor:
        """(B, T, V)"""
        return self.model(ids, ids)[0]  # without targets it gives the last position only


class Nanochat:
    """nanochat's model and optimizer with the schedule of its `base_train.py`."""

    def __init__(self, shape: argparse.Namespace) -> None:
        sys.path.insert(0, str(shape.checkout))
        from nanochat.gpt import GPT, GPTConfig

        config = GPTConfig(
            sequence_len=shape.context,
            vocab_size=shape.vocab_size,
            n_layer=shape.layers,
            n_head=shape.heads,
            n_kv_head=shape.heads,
            n_embd=shape.width,
            window_pattern="L",
        )
        self.model = GPT(config)
        self.model.init_weights()
        self.optimizer = self.model.setup_optimizer()
        self.num_steps = 0

    def step(self, ids: torch.Tensor, targets: torch.Tensor, progress: float) -> None:
        """One update."""
        factor = 1.0 if progress < 0.35 else 0.05 + 0.95 * (1 - progress) / 0.65
        factor *= min(1.0, (self.num_steps + 1) / 40)
        momentum = 0.85 + 0.12 * min(1.0, self.num_steps / 400)
        for group in self.optimizer.param_groups:
            group["lr"] = group["initial_lr"] * factor
            if group["kind"] == "muon":
                group["momentum"] = momentum
        self.model(ids, targets).backward()
        self.optimizer.step()
        self.model.zero_grad(set_to_none=True)
        self.num_steps += 1

    def logits(self, ids: torch.Tensor) -> torch.Tensor:
        """(B, T, V)"""
        return self.model(ids)


def trainer(shape: argparse.Namespace, tokens: np.ndarray) -> torch.nn.Module:
    """transformers' Llama under its Trainer, AdamW with a cosine, stopped by the clock.

    The number of steps must be known beforehand: a few are timed first, and the clock ends what was guessed too long.
    """
    from transformers import LlamaConfig, LlamaForCausalLM, Trainer, TrainerCallback, TrainingArguments

    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=shape.vocab_size,
            hidden_size=shape.width,
            intermediate_size=shape.mlp_width,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            max_position_embeddings=shape.context,
            tie_word_embeddings=False,
        )
    )
    rows = max(1, shape.batch // shape.context)

    class Rows(torch.utils.data.Dataset):
        def __len__(self) -> int:
            return len(tokens) // shape.context

        def __getitem__(self, number: int) -> dict[str, torch.Tensor]:
            ids = torch.from_numpy(tokens[number * shape.context : (number + 1) * shape.context].astype(np.int64))
            return {"input_ids": ids, "labels": ids}

    ids, targets = chunks(tokens, shape.context, rows, 0)
    model(ids, labels=targets).loss.backward()
    begin = time.monotonic()
    for _ in range(3):
        model(ids, labels=targets).loss.backward()
    per_step = (time.monotonic() - begin) / 3 * 1.05
    model.zero_grad(set_to_none=True)
    left = shape.seconds - (time.monotonic() - BEGIN)

    class Clock(TrainerCallback):
        def on_step_end(self, args, state, control, **given):  # type: ignore[no-untyped-def]
            control.should_training_stop |= time.monotonic() - BEGIN > shape.seconds

    arguments = TrainingArguments(
        output_dir=str(shape.out.parent / "trainer"),
        per_device_train_batch_size=rows,
        max_steps=max(1, int(left / per_step)),
        learning_rate=1e-3,
        lr_scheduler_type="cosine",
        warmup_steps=20,
        weight_decay=0.1,
        adam_beta2=0.99,
        seed=shape.seed,
        report_to=[],
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        use_cpu=True,
    )
    Trainer(model=model, args=arguments, train_dataset=Rows(), callbacks=[Clock()]).train()
    return model


@torch.no_grad()
def document_nats(logits, document: np.ndarray, end_of_text: int, context: int) -> float:  # type: ignore[no-untyped-def]
    """Nats of a document's tokens, its closing end-of-text included."""
    stream = torch.from_numpy(np.concatenate([[end_of_text], document]).astype(np.int64))
    total, done, stride = 0.0, 0, context // 2
    while done < len(document):
        begin = max(0, done - (context - stride)) if done else 0
        end = min(begin + context, len(document))
        ids, targets = stream[begin:end], stream[begin + 1 : end + 1]
        # A peer that smears needs two tokens: a second one is added, and not counted.
        scores = logits(torch.cat([ids, ids[:1]])[None] if len(ids) == 1 else ids[None])[0, : len(ids)]
        skip = done - begin
        total += float(F.cross_entropy(scores[skip:].float(), targets[skip:], reduction="sum"))
        done = end
    return total


def main() -> None:
    """Train, predict, write `--out`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=["nanogpt", "nanochat", "trainer"])
    parser.add_argument("--checkout", type=Path)
    parser.add_argument("--train", type=Path, required=True, help="token ids, .npy")
    parser.add_argument("--held-out", type=Path, required=True, help="token ids of the documents, .npz")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    for name in ("vocab-size", "layers", "heads", "width", "mlp-width", "context", "batch", "end-of-text"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--seed", type=int, default=0)
    shape = parser.parse_args()
    torch.manual_seed(shape.seed)
    tokens = np.load(shape.train, mmap_mode="r")
    steps = 0
    if shape.peer == "trainer":
        model = trainer(shape, tokens)
        logits = lambda ids: model(ids).logits  # noqa: E731
    else:
        peer = NanoGPT(shape) if shape.peer == "nanogpt" else Nanochat(shape)
        model, logits = peer.model, peer.logits
        model.train()
        while (progress := (time.monotonic() - BEGIN) / shape.seconds) < 1:
            rows = max(1, shape.batch // shape.context)
            peer.step(*chunks(tokens, shape.context, rows, shape.seed * 10**6 + steps), progress)
            steps += 1
    trained = time.monotonic() - BEGIN
    model.eval()
    with np.load(shape.held_out) as documents:
        nats = sum(document_nats(logits, documents[n], shape.end_of_text, shape.context) for n in documents.files)
    parameters = sum(p.numel() for p in model.parameters())
    shape.out.write_text(json.dumps({"nats": nats, "steps": steps, "seconds": trained, "parameters": parameters}))


if __name__ == "__main__":
    main()
