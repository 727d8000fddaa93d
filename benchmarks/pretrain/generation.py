"""Generation beside transformers on the same checkpoint: tokens a second alone and in a batch of sixteen."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.line import Judged, Setting

NUM_PROMPTS = 16
ROUNDS = 5
PROMPT_TOKENS = (8, 96)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A model whose generation is timed."""

    name: str
    depth: int
    width: int
    vocab_size: int
    context: int


SHAPES = (
    Shape(name="3M", depth=4, width=192, vocab_size=4096, context=512),
    Shape(name="15M", depth=6, width=384, vocab_size=8192, context=512),
)


def generation(setting: Setting) -> list[Judged]:
    """Greedy, with a key-value cache on both sides; prompts of 8 to 96 tokens, padded on the left for transformers.

    Rounds of both sides alternate, and the fastest of each counts: another program slows single rounds.
    """
    import torch
    import transformers

    threads = torch.get_num_threads()
    judged = []
    for shape in SHAPES:
        folder = setting.work / shape.name
        model = _checkpoint(shape, folder)
        theirs = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
        for batch in (1, NUM_PROMPTS):
            prompts = _prompts(shape, batch)
            new = 64 if setting.quick else 192
            ours, peer = _alternate(_ours(model, prompts, new), _theirs(theirs, prompts, new), setting.quick)
            rates = [batch * new / seconds for seconds in (ours, peer)]
            judged.append(
                Judged(
                    name=f"generation-{shape.name}-{'single' if batch == 1 else f'batch-{batch}'}",
                    figure=rates[0] / rates[1],
                    unit="x",
                    bar=1.0,
                    peer="transformers generate",
                    peer_version=transformers.__version__,
                    note=f"{rates[0]:,.0f} and {rates[1]:,.0f} tokens/s, {threads} threads",
                )
            )
    return judged


def _checkpoint(shape: Shape, folder: Path) -> Any:
    import torch

    from firstwords.model.config import ModelConfig
    from firstwords.model.heads import make_head
    from firstwords.model.hugging_face import save_folder
    from firstwords.model.transformer import Model

    config = ModelConfig.from_depth(
        shape.depth,
        layout="qwen3",
        width=shape.width,
        vocab_size=shape.vocab_size,
        context=shape.context,
        pad_id=1,
        bos_id=0,
        eos_id=0,
    )
    model = Model(config, make_head("language_model", config)).eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.05)
    save_folder(folder, model)
    return model


def _prompts(shape: Shape, batch: int) -> list[list[int]]:
    import numpy as np

    draw = np.random.default_rng(0)
    lengths = [32] if batch == 1 else draw.integers(*PROMPT_TOKENS, batch).tolist()
    return [draw.integers(3, shape.vocab_size, length).tolist() for length in lengths]


def _ours(model: Any, prompts: list[list[int]], new: int) -> Callable[[], Any]:
    from firstwords.inference.generate import generate

    return lambda: generate(model, prompts, max_tokens=new)


def _theirs(model: Any, prompts: list[list[int]], new: int) -> Callable[[], Any]:
    import torch

    longest = max(map(len, prompts))
    ids = torch.tensor([[1] * (longest - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    # Random weights may say "end": both sides go on to the same length.
    settings = {"max_new_tokens": new, "min_new_tokens": new, "do_sample": False, "use_cache": True}

    def run() -> Any:
        with torch.inference_mode():
            return model.generate(input_ids=ids, attention_mask=mask, **settings)

    return run


def _alternate(ours: Callable[[], Any], theirs: Callable[[], Any], quick: bool) -> tuple[float, float]:
    best = [float("inf"), float("inf")]
    for _ in range(2 if quick else ROUNDS):
        for side, run in enumerate((ours, theirs)):
            begin = time.perf_counter()
            run()
            best[side] = min(best[side], time.perf_counter() - begin)
    return best[0], best[1]


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        found = generation(Setting(data=Path("."), work=Path(place), quick="--quick" in sys.argv))
    print(json.dumps([[each.name, round(each.figure, 2), each.note] for each in found], indent=1))
