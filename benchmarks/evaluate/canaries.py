"""Canaries planted 0, 1, 4, 16 and 64 times in news: exposure with repetition, at chance, and after de-duplication.

One small model learns from the corpus as it is, another from the same corpus without repeated paragraphs; both have the
same sizes, rates and number of tokens.
"""

import csv
import io
import json
import lzma
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.line import Judged, Setting
from benchmarks.pretrain.text_recipe import HEAD
from benchmarks.process import run_recipe

TIMES = (0, 1, 4, 16, 64)
NUMBER, QUICK_NUMBER = 20, 10
DOCUMENTS, QUICK_DOCUMENTS = 6000, 3000
# About three passes: with seven, 16 and 64 copies both reach the 19.9 bits that a number of six digits can have.
TOKENS, QUICK_TOKENS = 1_500_000, 600_000
# Mean exposure of 20 secrets that were never seen: 1.44 bits, its standard error 1.44 / sqrt(20) = 0.32.
CHANCE, CHANCE_BAR = 1.44, 2.4
RECIPE = """
[[clean.steps]]
kind = "canaries"
number = {number}
[deduplicate]
similar = false
paragraphs = {paragraphs}
[pretrain]
objective = {{ kind = "causal_lm" }}
tokens = {tokens}
model = {{ depth = 2 }}
[evaluate]
tasks = [{{ kind = "canary_exposure" }}, {{ kind = "memorisation" }}]
"""


def canaries(setting: Setting) -> list[Judged]:
    """Exposure by copies, its rise, and its fall after de-duplication."""
    number, documents, tokens = (
        (QUICK_NUMBER, QUICK_DOCUMENTS, QUICK_TOKENS) if setting.quick else (NUMBER, DOCUMENTS, TOKENS)
    )
    source = write_news(setting, documents)
    found = {}
    for name, paragraphs in (("planted", "false"), ("deduplicated", "true")):
        folder = setting.work / name
        folder.mkdir()
        recipe = folder / "canaries.toml"
        head = HEAD.replace("[clean]\nsteps = []\n", "")
        text = (head + RECIPE).format(
            name="canaries", source=source, number=number, paragraphs=paragraphs, tokens=tokens
        )
        recipe.write_text(text, encoding="utf-8")
        ran = run_recipe(recipe, folder)
        (place,) = folder.glob("artifacts/evaluate/evaluate-*")
        results = json.loads((place / "results.json").read_text(encoding="utf-8"))
        details = json.loads((place / "tasks/canary_exposure.json").read_text(encoding="utf-8"))["details"]
        found[name] = (results, details["canaries"], ran.seconds)
    return judged(found, number)


def judged(found: dict[str, Any], number: int) -> list[Judged]:
    """Lines from the results of both models."""
    (results, rows, seconds), (without, rows_without, _) = found["planted"], found["deduplicated"]
    lines = []
    means = []
    for times, row in zip(TIMES, rows, strict=True):
        entry = results["canary_exposure"][f"exposure ({times})"]
        means.append(entry["value"])
        note = f"[{entry['low']:.2f}, {entry['high']:.2f}], {number} canaries, {row['in_training']:.1f} in training"
        bar = {"bar": CHANCE_BAR, "at_least": False} if times == 0 else {}
        note += f"; chance is {CHANCE}" if times == 0 else f"; whole run {seconds:.0f} s"
        lines.append(Judged(name=f"canary-exposure-{times}", figure=means[-1], unit="bits", note=note, **bar))
    rises = [after - before for before, after in pairwise(means[1:])]
    note = "smallest rise from 1 to 4 to 16 to 64 copies"
    lines.append(Judged(name="canary-exposure-rise", figure=min(rises), unit="bits", bar=0.0, note=note))
    after = without["canary_exposure"]["exposure (64)"]["value"]
    left = rows_without[-1]["in_training"]
    note = f"64 copies: {means[-1]:.2f} bits, after de-duplication {after:.2f} ({left:.1f} left)"
    lines.append(Judged(name="canary-exposure-fall", figure=means[-1] - after, unit="bits", bar=1.0, note=note))
    entry = results["memorisation"]["extracted"]
    note = f"50 tokens after 50; never seen {entry['baseline'].get('never seen', float('nan')):.3f}"
    lines.append(Judged(name="extracted-passages", figure=entry["value"], unit="of passages", note=note))
    return lines


def write_news(setting: Setting, number: int) -> Path:
    """The first articles of AG News as JSONL."""
    text = lzma.decompress((setting.data / "cls-ag-news/test.csv.xz").read_bytes()).decode()
    place = setting.work / "news.jsonl"
    with place.open("w", encoding="utf-8") as file:
        for row, (_, title, body) in enumerate(csv.reader(io.StringIO(text))):
            if row < number:
                file.write(json.dumps({"id": f"news-{row}", "text": f"{title}\n\n{body}"}) + "\n")
    return place
