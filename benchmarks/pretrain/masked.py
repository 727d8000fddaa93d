"""Pseudo-perplexity of a masked model beside transformers' EuroBERT and ModernBERT, trained in equal time.

All read the same rows of the same token store with the same tokenizer, have the same sizes, and are judged by the same
code on the same held-out passages. The peers are trained as their users do: AdamW, padding-free rows of one length, the
data collator's 30 % of masked tokens, a head on every position; the better of two rates.
"""

import json
import sys
from pathlib import Path

from benchmarks.line import Judged, Setting
from benchmarks.pretrain.objectives_corpus import QUICK_SECONDS, SECONDS, artifact, write_recipe
from benchmarks.process import ROOT, run, run_recipe

PEER = Path(__file__).parent / "peers" / "masked_transformers.py"
RATES = (1e-3, 3e-3)
NUM_TOKENS, QUICK_NUM_TOKENS = 10_000, 2_000


def masked(setting: Setting) -> list[Judged]:
    """Our pseudo-perplexity per token, then ours over theirs: at most 1 is met."""
    seconds = QUICK_SECONDS if setting.quick else SECONDS
    num_tokens = QUICK_NUM_TOKENS if setting.quick else NUM_TOKENS
    task = f'{{ kind = "pseudo_perplexity", name = "ours", num_tokens = {num_tokens} }}'
    recipe = write_recipe(setting.work, setting.data, seconds, ("masked",), [task])
    ran = run_recipe(recipe, setting.work)
    results = json.loads((artifact(setting.work, "evaluate") / "results.json").read_text(encoding="utf-8"))["ours"]
    ours = results["pseudo_perplexity"]
    unigram = ours["baseline"]["unigram"]
    note = f"[{ours['low']:.1f}, {ours['high']:.1f}], unigram {unigram:.0f}; {seconds} s"
    found = [
        Judged(
            name="masked-pseudo-perplexity",
            figure=ours["value"],
            unit="per token",
            note=f"{note}; foreign load {ran.foreign_cores:.1f} cores",
        )
    ]
    for kind in ("eurobert", "modernbert"):
        told = [_peer(setting, kind, rate, seconds, num_tokens) for rate in RATES[: 1 if setting.quick else None]]
        best = min(told, key=lambda each: each["pseudo_perplexity"])
        found.append(
            Judged(
                name=f"masked-{kind}",
                figure=ours["value"] / best["pseudo_perplexity"],
                unit="x",
                bar=1.0,
                at_least=False,
                peer=f"transformers {kind}",
                peer_version=best["version"],
                note=f"{best['pseudo_perplexity']:.1f} at rate {best['rate']:g}, {best['steps']:,} steps; "
                f"{best['parameters'] / 1e6:.1f}M parameters",
            )
        )
    return found


def _peer(setting: Setting, kind: str, rate: float, seconds: int, num_tokens: int) -> dict:
    """Train one in a process of its own, whose whole time counts but for the evaluation, and judge it."""
    folder = setting.work / f"{kind}-{rate:g}"
    command = [
        *(sys.executable, str(PEER), kind),
        *("--tokens", str(artifact(setting.work, "tokenize"))),
        *("--tokenizer", str(artifact(setting.work, "train_tokenizer"))),
        *("--plan", str(artifact(setting.work, "configure.masked") / "plan.json")),
        *("--seconds", str(seconds), "--rate", str(rate), "--judged-tokens", str(num_tokens)),
    ]
    ran = run(command, folder=folder, environment={"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "OMP_NUM_THREADS": "2"})
    return json.loads(ran.output.splitlines()[-1])
