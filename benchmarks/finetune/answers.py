"""A model that is taught to answer, and then what people prefer: the recipe `chat` from raw text to figures.

Both lines run the recipe as a user does, in one folder each; `--quick` shortens pre-training. Bars: held-out answers
cost fewer bits than with the base; held-out pairs are ranked better than by the reference, with the whole interval
above one half.
"""

import json
from typing import Any

from benchmarks.line import Judged, Setting
from benchmarks.process import ROOT, run_recipe

SECONDS, QUICK_SECONDS = 120, 30
RECIPE = ROOT / "recipes" / "chat.toml"


def instruction(setting: Setting) -> list[Judged]:
    """Bits per byte of held-out answers, as a share of the base's; what is learnt decodes to the answers."""
    results, note = _run(setting, "finetune.answers")
    found = results["answers"]["bits_per_byte"]
    base = found["baseline"]["base"]
    bounds = f"[{found['low']:.3f}, {found['high']:.3f}]; {note}"
    return [
        Judged(name="answers-bits-per-byte", figure=found["value"], unit="bits/byte", note=bounds),
        Judged(name="answers-base", figure=base, unit="bits/byte", note="the base, which reads turns as paragraphs"),
        Judged(
            name="answers-against-base", figure=found["high"] / base, unit="of base", bar=1.0, at_least=False, note=note
        ),
    ]


def preference(setting: Setting) -> list[Judged]:
    """Share of held-out pairs that gained on the reference: the interval's lower end against one half."""
    results, note = _run(setting, "finetune.preferred")
    ranked = results["preference"]["preference"]
    likely = results["preference"]["chosen_log_probability"]
    bounds = f"[{ranked['low']:.3f}, {ranked['high']:.3f}]; {note}"
    return [
        Judged(name="preference", figure=ranked["value"], unit="of pairs", note=bounds),
        Judged(name="preference-lower-end", figure=ranked["low"], unit="of pairs", bar=0.5, note=note),
        Judged(
            name="preference-chosen",
            figure=likely["value"],
            unit="nats an answer",
            note=f"the reference: {likely['baseline']['reference']:.1f}",
        ),
    ]


def _run(setting: Setting, model: str) -> tuple[dict[str, Any], str]:
    """Results of the recipe, evaluated for one of its models."""
    seconds = QUICK_SECONDS if setting.quick else SECONDS
    text = RECIPE.read_text(encoding="utf-8")
    head, _, _ = text.partition("[evaluate]")
    kind = "answers" if model == "finetune.answers" else "preference"
    if kind == "answers":
        head, _, _ = head.partition("# The reference of preference")
    recipe = setting.work / "chat.toml"
    evaluated = f'[evaluate]\ntasks = [{{ kind = "{kind}", model = "{model}" }}]\n'
    recipe.write_text(head.replace('budget = "120s"', f'budget = "{seconds}s"') + evaluated, encoding="utf-8")
    ran = run_recipe(recipe, setting.work)
    (folder,) = (setting.work / "artifacts" / "evaluate").glob("evaluate-*")
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return results, f"pre-trained {seconds} s; {ran.seconds:.0f} s in all; foreign load {ran.foreign_cores:.1f} cores"
