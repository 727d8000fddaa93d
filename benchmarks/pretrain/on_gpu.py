"""Training and generation on a GPU beside nanoGPT and transformers: GPT-2's small shape, products in bfloat16.

Both sides live in this process and take turns. Peers run as their authors advise: compiled, autocast, fused AdamW.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.line import Judged, Setting
from benchmarks.pretrain.turns import CHECKOUTS, peer_checkout

VOCABULARY, LAYERS, WIDTH, HEADS, CONTEXT, GATED = 50304, 12, 768, 12, 1024, 2048
SIZES = {"vocab_size": VOCABULARY, "num_layers": LAYERS, "width": WIDTH, "num_heads": HEADS, "mlp_width": GATED}
SMALL = {"vocab_size": 4096, "num_layers": 4, "width": 256, "num_heads": 4, "mlp_width": 704}
# Rows of a micro-batch, micro-batches of a step, steps of a turn, turns.
ROWS, PARTS, STEPS, TURNS = 32, 4, 2, 5
# Tokens of a document where rows hold several.
DOCUMENT = (30, 600)
NEW_TOKENS, PROMPTS = 96, (1, 16)

Step = Callable[[], Any]


def gpu(setting: Setting) -> list[Judged]:
    """Tokens a second of whole steps (four micro-batches of 32,768 tokens), and of greedy generation."""
    import torch

    if not torch.cuda.is_available():
        print("  no GPU here: left out", flush=True)
        return []
    card = torch.cuda.get_device_name()
    ours = Ours("adamw")
    figures = [_beside("llama-compiled", ours, Llama(), card)]
    missing = peer_checkout("nanogpt")
    if missing:
        print(f"  {missing}", flush=True)
    else:
        figures.append(_beside("nanogpt-compiled", ours, NanoGPT(), card))
    for name, make in {
        "muon": partial(Ours, "muon"),
        "documents": partial(Ours, "adamw", documents=True),
        "eager": partial(Ours, "adamw", fuse=False),
        "unrepeatable": partial(Ours, "adamw", repeatable=False),
    }.items():
        figures.append(_beside(f"ours-{name}", ours, make(), card, of_other=True))
    small = [Ours("muon", documents=True, recorded=each, sizes=SMALL) for each in (True, False)]
    figures.append(_beside("small-unrecorded", *small, card, of_other=True))
    figures.append(_same_bits())
    return [*figures, *_generation(ours.model)]


class Ours:
    """Steps of the parts that `firstwords run` trains with."""

    def __init__(
        self,
        kind: str,
        *,
        fuse: bool = True,
        documents: bool = False,
        repeatable: bool = True,
        recorded: bool = False,
        sizes: dict[str, int] = SIZES,
    ) -> None:
        import numpy as np

        from firstwords.compute.engines.single import Single
        from firstwords.model.config import ModelConfig
        from firstwords.model.fusion import set_fusion
        from firstwords.model.precision import set_precision
        from firstwords.model.transformer import Model
        from firstwords.training.batch import Draws, Example
        from firstwords.training.cuda_graphs import CudaGraphs
        from firstwords.training.objectives.causal_lm import CausalLM
        from firstwords.training.optimizer import Optimizer
        from firstwords.training.settings import TrainSettings

        self.config = ModelConfig(
            layout="llama",
            num_kv_heads=sizes["num_heads"],
            head_size=sizes["width"] // sizes["num_heads"],
            context=CONTEXT,
            **sizes,  # type: ignore[arg-type]
        )
        self.objective, self.engine = CausalLM(), Single(device="cuda")
        self.model = self.engine.prepare(Model(self.config, self.objective.head(self.config, None)))  # type: ignore[arg-type]
        set_precision(self.model, "bfloat16")
        set_fusion(self.model, ROWS * CONTEXT if fuse else 0)
        self.model.backbone.repeatable = repeatable
        self.make = CudaGraphs(self._pass, ROWS * CONTEXT) if recorded else self._pass
        settings = TrainSettings(tokens=1, batch_tokens=1, matrix_optimizer=kind, precision="bfloat16")  # type: ignore[arg-type]
        self.optimizer = Optimizer(self.model, settings)
        draw = np.random.default_rng(1)
        self.rows = []
        for number, row in enumerate(_ids() % sizes["vocab_size"]):
            cuts = np.cumsum(draw.integers(*DOCUMENT, CONTEXT // DOCUMENT[0]))
            bounds = np.array([0, *cuts[cuts < CONTEXT], CONTEXT]) if documents else None
            self.rows.append(Example(row, np.roll(row, -1), row=number, bounds=bounds))
        self.draws = Draws(0, tuple((0, number) for number in range(ROWS)))
        self.ready = self._batches()

    def _batches(self) -> list[Any]:
        made = (self.objective.collate(self.rows, self.draws, self.config) for _ in range(PARTS))
        return [self.engine.place(each) for each in made]

    def _pass(self, model: Any, batch: Any, draws: Any) -> Any:
        import torch

        loss, count = self.objective.loss(model, batch, draws)
        self.engine.backward(loss)
        return torch.stack([loss.detach().double(), count.double()])

    def __call__(self) -> float:
        import torch

        sums = [self.make(self.model, batch, self.draws) for batch in self.ready]
        self.ready = self._batches()  # ahead, as `training.ahead` does
        total, number = torch.stack(sums).sum(0).tolist()
        self.engine.step(self.model, self.optimizer, count=number, max_norm=1.0, factor=1.0)
        return total / number  # type: ignore[no-any-return]


class NanoGPT:
    """nanoGPT's model and optimizer, as its `train.py` runs them."""

    def __init__(self) -> None:
        import torch

        sys.path.insert(0, os.environ[CHECKOUTS["nanogpt"]])
        from model import GPT, GPTConfig  # type: ignore[import-not-found]

        sizes = {"block_size": CONTEXT, "vocab_size": VOCABULARY, "n_layer": LAYERS, "n_head": HEADS, "n_embd": WIDTH}
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
        self.model = GPT(GPTConfig(**sizes, dropout=0.0, bias=False)).cuda()
        self.optimizer = self.model.configure_optimizers(0.1, 6e-4, (0.9, 0.95), "cuda")
        self.call = torch.compile(self.model)
        self.ids = torch.from_numpy(_ids()).long().pin_memory()

    def loss(self) -> Any:
        x = self.ids.cuda(non_blocking=True)
        return self.call(x, x.roll(-1, 1))[1]

    def __call__(self) -> Any:
        import torch

        for _ in range(PARTS):
            with torch.autocast("cuda", torch.bfloat16):
                loss = self.loss() / PARTS
            loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss


class Llama(NanoGPT):
    """transformers' Llama of the same sizes as ours."""

    def __init__(self) -> None:
        import torch
        from transformers import LlamaConfig, LlamaForCausalLM

        sizes = {"hidden_size": WIDTH, "intermediate_size": GATED, "num_hidden_layers": LAYERS}
        config = LlamaConfig(
            vocab_size=VOCABULARY, num_attention_heads=HEADS, max_position_embeddings=CONTEXT, use_cache=False, **sizes
        )
        self.model = LlamaForCausalLM(config).cuda()
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=6e-4, betas=(0.9, 0.95), fused=True)
        self.call = torch.compile(self.model)
        self.ids = torch.from_numpy(_ids()).long().pin_memory()

    def loss(self) -> Any:
        x = self.ids.cuda(non_blocking=True)
        return self.call(input_ids=x, labels=x).loss


def _ids() -> Any:
    import numpy as np

    return np.random.default_rng(0).integers(0, VOCABULARY, (ROWS, CONTEXT)).astype(np.int32)


def _seconds(step: Step, times: int) -> float:
    import torch

    torch.cuda.synchronize()
    begin = time.perf_counter()
    for _ in range(times):
        step()
    torch.cuda.synchronize()
    return (time.perf_counter() - begin) / times


def _beside(name: str, ours: Step, other: Step, card: str, of_other: bool = False) -> Judged:
    """Ours in turns with another: the ratio of rates, the other's to ours where that is a variant of ours."""
    import torch

    from firstwords.model.config import ModelConfig
    from firstwords.model.cost import training_flops_per_token

    for each in (ours, other):
        begin = time.perf_counter()
        each()
        torch.cuda.synchronize()
        first = time.perf_counter() - begin
        each()
    torch.cuda.reset_peak_memory_stats()
    turns = [(_seconds(ours, STEPS), _seconds(other, STEPS)) for _ in range(TURNS)]
    mine, theirs = (statistics.median(each) for each in zip(*turns, strict=True))
    tokens = ROWS * CONTEXT * PARTS
    config: ModelConfig = ours.config  # type: ignore[attr-defined]
    flops = training_flops_per_token(config) * tokens
    ratio = statistics.median(b / a for a, b in turns)
    print(f"  {name}: ours {tokens / mine:,.0f} tokens/s, the other {tokens / theirs:,.0f}", flush=True)
    return Judged(
        name=f"gpu-{name}",
        figure=1 / ratio if of_other else ratio,
        unit="x ours" if of_other else "x",
        bar=None if of_other else 1.0,
        peer=None if of_other else name.partition("-")[0],
        note=(
            f"{card}: ours {tokens / mine:,.0f} tokens/s, {flops / mine / 1e12:.0f} TFLOP/s; the other "
            f"{tokens / theirs:,.0f}; its first step {first:.0f} s"
        ),
    )


def _same_bits() -> Judged:
    """Two runs of five steps from the same beginning."""
    import torch

    found = []
    for _ in range(2):
        run = Ours("muon", documents=True)
        losses = [run() for _ in range(5)]
        found.append((losses, [p.detach().clone() for p in run.model.parameters()]))
        del run
        torch.cuda.empty_cache()
    (first, a), (second, b) = found
    same = first == second and all(torch.equal(x, y) for x, y in zip(a, b, strict=True))
    note = "losses and weights of two runs, documents of mixed lengths, Muon"
    return Judged(name="gpu-same-bits", figure=float(same), unit="1 = equal", bar=1.0, note=note)


def _generation(model: Any) -> list[Judged]:
    """Greedy continuation by ours and by transformers' Llama of the same shape, float32 on both sides."""
    import numpy as np
    import torch
    import transformers

    from firstwords.inference.generate import generate

    model.eval()
    theirs = Llama().model.eval()
    theirs.config.use_cache = True
    theirs.generation_config.eos_token_id = None
    judged = []
    for batch in PROMPTS:
        ids = np.random.default_rng(0).integers(0, VOCABULARY, (batch, 64))
        mine = partial(generate, model, ids.tolist(), max_tokens=NEW_TOKENS)
        settings = {"max_new_tokens": NEW_TOKENS, "do_sample": False, "use_cache": True}
        other = partial(theirs.generate, torch.from_numpy(ids).cuda(), **settings)
        mine()
        other()
        turns = [(_seconds(mine, 1), _seconds(other, 1)) for _ in range(3)]
        a, b = (min(each) for each in zip(*turns, strict=True))
        rates = [batch * NEW_TOKENS / seconds for seconds in (a, b)]
        judged.append(
            Judged(
                name=f"gpu-generation-{batch}",
                figure=b / a,
                unit="x",
                bar=1.0,
                peer="transformers",
                peer_version=transformers.__version__,
                note=f"{rates[0]:,.0f} and {rates[1]:,.0f} tokens/s",
            )
        )
    return judged
