"""What a causal, a masked and a hybrid model are raised on to be compared: novels, in one recipe."""

import json
from pathlib import Path

from benchmarks.data import inputs
from benchmarks.pretrain.text_recipe import HEAD

RECIPE = """[deduplicate]
paragraphs = false
"""
SECONDS, QUICK_SECONDS = 180, 20
OBJECTIVES = {"causal": "causal_lm", "masked": "masked_lm", "hybrid": "hybrid_lm"}


def write_recipe(folder: Path, data: Path, seconds: int, names: tuple[str, ...], tasks: list[str]) -> Path:
    """Write the corpus and a recipe that trains the named models in equal time and scores them.

    Args:
        folder: Where both are put.
        data: The folder of real data sets.
        seconds: Budget of each model.
        names: Of `OBJECTIVES`.
        tasks: Inline tables of evaluation tasks.
    """
    source = folder / "novels.jsonl"
    with source.open("w", encoding="utf-8") as file:
        for number, text in enumerate(inputs.novels(data)):
            file.write(json.dumps({"id": f"novel-{number}", "text": text}, ensure_ascii=False) + "\n")
    parts = [(HEAD + RECIPE).format(name="objectives", source=source)]
    for name in names:
        parts.append(f'[pretrain.{name}]\nbudget = "{seconds}s"\nobjective = {{ kind = "{OBJECTIVES[name]}" }}\n')
    parts.append("[evaluate]\ntasks = [\n" + "".join(f"  {task},\n" for task in tasks) + "]\n")
    recipe = folder / "objectives.toml"
    recipe.write_text("\n".join(parts), encoding="utf-8")
    return recipe


def artifact(folder: Path, stage: str) -> Path:
    """The one artifact of a stage that a run below `folder` made, for example `pretrain.masked`."""
    kind, _, name = stage.partition(".")
    (found,) = (folder / "artifacts" / kind).glob(f"{name or kind}-*")
    return found
