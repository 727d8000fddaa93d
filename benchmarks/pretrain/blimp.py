"""BLiMP for a causal, a masked and a hybrid model that were raised on the same novels in equal time.

Each gets three minutes of the same recipe and judges the same pairs; the hybrid in both senses. Beside: a 5-gram model
with Kneser-Ney smoothing, counted on the whole training text. A sentence costs a masked model a pass a token, so a
share of the pairs is judged, the same for all: 200 of each paradigm (50 if quick).
"""

import json
from typing import Any

from benchmarks.line import Judged, Setting
from benchmarks.pretrain.objectives_corpus import QUICK_SECONDS, SECONDS, artifact, write_recipe
from benchmarks.process import run_recipe

PAIRS, QUICK_PAIRS = 200, 50
# Name of the figure, the model, the sense.
JUDGES = (
    ("causal", "causal", "causal"),
    ("masked", "masked", "masked"),
    ("hybrid-causal", "hybrid", "causal"),
    ("hybrid-masked", "hybrid", "masked"),
)


def blimp(setting: Setting) -> list[Judged]:
    """Share of pairs judged rightly, with its interval; the 5-gram model in a line of its own."""
    pairs = QUICK_PAIRS if setting.quick else PAIRS
    tasks = [
        f'{{ kind = "blimp", name = "{name}", model = "pretrain.{model}", sense = "{sense}", '
        f'path = "$FIRSTWORDS_DATA/eval-blimp/data.tar.xz", pairs_per_paradigm = {pairs} }}'
        for name, model, sense in JUDGES
    ]
    seconds = QUICK_SECONDS if setting.quick else SECONDS
    recipe = write_recipe(setting.work, setting.data, seconds, ("causal", "masked", "hybrid"), tasks)
    ran = run_recipe(recipe, setting.work)
    results = json.loads((artifact(setting.work, "evaluate") / "results.json").read_text(encoding="utf-8"))
    return judged(results, pairs, f"{seconds} s a model; foreign load {ran.foreign_cores:.1f} cores")


def judged(results: dict[str, Any], pairs: int, note: str) -> list[Judged]:
    """Lines from `results.json`."""
    found = []
    for name, _, _ in JUDGES:
        overall = results[name]["minimal_pairs"]
        bounds = f"[{overall['low']:.3f}, {overall['high']:.3f}], {67 * pairs:,} pairs; {note}"
        found.append(Judged(name=f"blimp-{name}", figure=overall["value"], unit="of pairs", note=bounds))
    counted = results["causal"]["minimal_pairs"]["baseline"]["5-gram"]
    found.append(Judged(name="blimp-5gram", figure=counted, unit="of pairs", note="Kneser-Ney, whole training text"))
    return found
