"""Tokens a second of a training step beside the peers' at matched sizes, and where the time goes."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.line import Judged, Setting
from benchmarks.pretrain.stepping import SHAPES, lengths
from benchmarks.pretrain.turns import CHECKOUTS, REQUIREMENTS, Worker, alternate, peer_checkout
from benchmarks.process import peer, peer_version

DISTRIBUTIONS = {"litgpt": "litgpt", "x-transformers": "x-transformers"}


@dataclass(frozen=True, kw_only=True)
class Rival:
    """A peer in one of its modes, the least ratio to it, and whether it is measured when there is little time."""

    stack: str
    mode: str = "eager"
    bar: float | None = None
    quick: bool = False
    half: bool = False

    @property
    def name(self) -> str:
        """As the table shows it."""
        return f"{self.stack}-{self.mode}"


MATCHED = (
    Rival(stack="nanogpt", bar=1.10, quick=True),
    Rival(stack="nanogpt", mode="compiled", bar=1.10),
    Rival(stack="llama", bar=1.5, quick=True),
    Rival(stack="llama", mode="compiled"),
    Rival(stack="qwen3"),
    Rival(stack="litgpt", bar=1.0, quick=True),
    Rival(stack="litgpt", mode="compiled", bar=1.0),
    Rival(stack="x-transformers", bar=1.0, quick=True),
    Rival(stack="x-transformers", mode="compiled", bar=1.0),
    Rival(stack="nanochat", bar=1.0, quick=True),
    Rival(stack="nanochat", mode="compiled", bar=1.0),
    Rival(stack="nanochat", mode="muon"),
)
# Products in bfloat16 on both sides: a switch of ours, autocast around theirs (nanoGPT itself offers it on GPUs only).
HALF = tuple(Rival(stack=stack, mode="bfloat16", half=True) for stack in ("nanogpt", "llama", "litgpt", "nanochat"))
SMALL = (Rival(stack="nanogpt", bar=1.5, quick=True), Rival(stack="nanogpt", mode="compiled", bar=1.5))
# Beside ours in bfloat16: nanoGPT under autocast, and as it comes, which on a processor is float32.
SMALL_HALF = (
    Rival(stack="nanogpt", mode="bfloat16", bar=1.5, half=True),
    Rival(stack="nanogpt", mode="bfloat16-compiled", bar=1.5, half=True),
    Rival(stack="nanogpt", bar=1.5),
)
MASKED = (
    Rival(stack="bert", bar=2.0, quick=True),
    Rival(stack="bert", mode="compiled", bar=2.0),
    Rival(stack="modernbert"),
    Rival(stack="eurobert"),
)


def matched(setting: Setting) -> list[Judged]:
    """Six layers of width 384 on 4,096 tokens a step, AdamW on every side; Muon and bfloat16 beside."""
    shape = "quick" if setting.quick else "matched"
    judged = beside("matched", "llama", shape, MATCHED, setting)
    judged += shares(shape, "float32", "adamw")
    if not setting.quick:
        judged += beside("matched-bfloat16", "llama", shape, HALF, setting, mode="bfloat16")
        judged += shares(shape, "bfloat16", "bfloat16")
    return judged


def small(setting: Setting) -> list[Judged]:
    """The sizes that nanoGPT's README gives for a processor."""
    judged = beside("small", "llama", "small", SMALL, setting, steps=40) + shares("small", "float32", "adamw")
    if not setting.quick:
        judged += beside("small-bfloat16", "llama", "small", SMALL_HALF, setting, mode="bfloat16", steps=40)
        judged += shares("small", "bfloat16", "bfloat16")
    return judged


def masked(setting: Setting) -> list[Judged]:
    """Masked language models on batches that are half padding where rows are padded: real tokens a second."""
    shape = "quick" if setting.quick else "matched"
    real = sum(lengths(SHAPES[shape]))
    share = f"{real:,} real tokens in {SHAPES[shape].rows * SHAPES[shape].context:,} slots"
    return beside("masked", "eurobert", shape, MASKED, setting, note=share)


def beside(
    line: str,
    stack: str,
    shape: str,
    rivals: Sequence[Rival],
    setting: Setting,
    *,
    mode: str = "adamw",
    steps: int = 1,
    note: str = "",
) -> list[Judged]:
    """Our step in turns with each rival's.

    Args:
        line: Begins the names of the figures.
        stack: Of ours.
        shape: A name of `SHAPES`.
        rivals: One after another; each is beside a process of ours that stays.
        setting: Of the line.
        mode: Of ours.
        steps: Of one turn.
        note: Put before each figure's own.
    """
    rounds = 3 if setting.quick else 9
    judged = []
    with Worker(stack, shape, mode, ours=True) as us:
        for rival in rivals:
            if setting.quick and not rival.quick:
                continue
            missing = peer_checkout(rival.stack)
            if missing:
                print(f"  {missing}", flush=True)
                continue
            environment = {"NANOCHAT_DTYPE": "bfloat16" if rival.half else "float32"}
            us.seconds, us.foreign = [], []
            with Worker(rival.stack, shape, rival.mode, ours=False, environment=environment) as them:
                ratio = alternate(us, them, rounds=rounds, steps=steps)
                told = _told(us, them)
            figure = Judged(
                name=f"{line}-{rival.name}",
                figure=ratio,
                unit="x",
                bar=rival.bar,
                peer=rival.stack,
                peer_version=_version(rival.stack),
                note="; ".join(part for part in (note, told) if part),
            )
            judged.append(figure)
    if mode == "adamw":
        with Worker(stack, shape, mode, ours=True) as adamw, Worker(stack, shape, "muon", ours=True) as muon:
            ratio = alternate(muon, adamw, rounds=rounds, steps=steps)
            judged.append(Judged(name=f"{line}-muon", figure=ratio, unit="x our AdamW", note=_told(muon, adamw)))
    return judged


def shares(shape: str, dtype: str, mode: str) -> list[Judged]:
    """The rate beside that of the bare matrix products, and how the step divides."""
    rounds = 5
    with (
        Worker("llama", shape, mode, ours=True) as whole,
        Worker("products", shape, dtype, ours=True) as bare,
        Worker("head", shape, mode, ours=True) as head,
    ):
        for _ in range(rounds):
            for worker in (whole, bare, head):
                worker.make(1)
        parts = whole.last["parts"]
    total = sum(parts.values())
    seconds = {worker: whole.tokens / worker.rate for worker in (whole, bare, head)}
    divided = ", ".join(f"{name} {100 * part / total:.0f} %" for name, part in parts.items())
    alone = f"head and loss alone {100 * seconds[head] / seconds[whole]:.0f} %"
    ceiling = f"{whole.rate:,.0f} of {whole.tokens / seconds[bare]:,.0f} tokens/s that the products alone allow"
    return [
        Judged(
            name=f"{shape}-{mode}-share-of-ceiling",
            figure=100 * seconds[bare] / seconds[whole],
            unit="%",
            note=f"{ceiling}; {divided}; {alone}; foreign load {max(whole.foreign):.2f} cores",
        )
    ]


def _told(us: Worker, them: Worker) -> str:
    rates = f"{us.rate:,.0f} and {them.rate:,.0f} slots/s"
    memory = f"{us.last['peak_bytes'] / 2**20:,.0f} and {them.last['peak_bytes'] / 2**20:,.0f} MiB"
    foreign = max(us.foreign + them.foreign)
    return (
        f"{rates}; first step after {us.first:.1f} and {them.first:.1f} s; {memory}; foreign load {foreign:.2f} cores"
    )


def _version(stack: str) -> str:

    if stack in CHECKOUTS:
        command = ["git", "-C", os.environ[CHECKOUTS[stack]], "rev-parse", "--short", "HEAD"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.strip() or "checkout"
    return peer_version(peer("pretrain-peers", REQUIREMENTS), DISTRIBUTIONS.get(stack, "transformers"))
