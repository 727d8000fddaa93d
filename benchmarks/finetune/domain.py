"""A general model goes on to legal, medical and technical text: what is learnt, what is forgotten, what replay saves.

All go on from one base and read **equally many tokens of the domain**; with replay a run therefore reads more tokens
in all (1 / (1 - share) as many) and takes so much longer. Equal computation would let replay forget less merely by
learning less of the domain. Judged on the test parts of both texts, which no run has read; the same documents before
and after.
"""

import json

from benchmarks.line import Judged, Setting
from benchmarks.process import ROOT, run_recipe

DOMAINS = ("legal", "medical", "technical")
REPLAY = 0.25
# Half a minute of each domain on two cores; with the base, seven runs and their judgement, a quarter of an hour.
GENERAL_SECONDS, QUICK_GENERAL_SECONDS = 180, 45
DOMAIN_TOKENS, QUICK_DOMAIN_TOKENS = 400_000, 100_000
JUDGED_TOKENS = 60_000
# Where more entries are tried: the text with the most words that general text lacks.
EXTENDED, ENTRIES = ("medical",), 512
BARS = {"learnt": 0.05, "saved": 0.5}
GENERAL = """\
name = "domains"
{collected}
[[clean.steps]]
kind = "unicode"

[pretrain.general]
budget = {seconds}
objective = {{ kind = "causal_lm" }}
"""
TRAINED = """
[pretrain.{domain}-{way}]
corpus = "{domain}"
base = "pretrain.general"
tokens = {tokens}
objective = {{ kind = "causal_lm" }}
training = {{ num_evaluations = 2 }}
{more}
"""


def domain(setting: Setting) -> list[Judged]:
    """For each domain: bits per byte learnt without and with replay, and the share of the forgetting that stays."""
    results, ran = _run(setting)
    found = []
    for name in DOMAINS:
        bare, replayed = (results[f"{name}-{way}"] for way in ("bare", "replay"))
        for way, each in (("bare", bare), ("replay", replayed)):
            change = each["domain_change"]
            found.append(
                Judged(
                    name=f"domain-{name}-learnt-{way}",
                    figure=-change["value"],
                    unit="of bits/byte",
                    bar=BARS["learnt"],
                    note=f"{_before_and_after(each, 'domain')}; change {_interval(change)}",
                )
            )
        kept = replayed["general_change"]["value"] / bare["general_change"]["value"]
        found.append(
            Judged(
                name=f"domain-{name}-forgotten",
                figure=kept if bare["general_change"]["value"] > 0 else float("nan"),
                unit="x of that without replay",
                bar=BARS["saved"],
                at_least=False,
                note=f"general text {_interval(bare['general_change'])} without, "
                f"{_interval(replayed['general_change'])} with {REPLAY:.0%} replay; {ran}",
            )
        )
        if name in EXTENDED:
            extended = results[f"{name}-extended"]
            gain = extended["domain_bits_per_byte"]["value"] / replayed["domain_bits_per_byte"]["value"]
            told = f"{ENTRIES} more entries, also with replay: {_before_and_after(extended, 'domain')}"
            found.append(Judged(name=f"domain-{name}-extended", figure=gain, unit="x", note=told))
    return found


def _run(setting: Setting) -> tuple[dict, str]:
    tokens = QUICK_DOMAIN_TOKENS if setting.quick else DOMAIN_TOKENS
    seconds = QUICK_GENERAL_SECONDS if setting.quick else GENERAL_SECONDS
    text = GENERAL.format(collected="\n".join(_collected()), seconds=f'"{seconds}s"')
    ways = {
        "bare": (tokens, ""),
        "replay": (round(tokens / (1 - REPLAY)), f"replay = {REPLAY}"),
        "extended": (round(tokens / (1 - REPLAY)), f"replay = {REPLAY}\nextend_vocabulary = {ENTRIES}"),
    }
    tasks = []
    for name in DOMAINS:
        for way, (number, more) in ways.items():
            if way == "extended" and name not in EXTENDED:
                continue
            text += TRAINED.format(domain=name, way=way, tokens=number, more=more)
            judged = f'name = "{name}-{way}", model = "pretrain.{name}-{way}", max_tokens = {JUDGED_TOKENS}'
            tasks.append(f'  {{ kind = "forgetting", {judged} }},')
    text += "\n[evaluate]\ntasks = [\n" + "\n".join(tasks) + "\n]\n"
    recipe = setting.work / "domains.toml"
    recipe.write_text(text, encoding="utf-8")
    ran = run_recipe(recipe, setting.work)
    (place,) = setting.work.glob("artifacts/evaluate/*/results.json")
    results = json.loads(place.read_text(encoding="utf-8"))
    return results, f"{tokens:,} tokens of the domain each; {ran.seconds:.0f} s, {ran.foreign_cores:.1f} cores foreign"


def _collected() -> list[str]:
    """The collections of the recipes that are given to users, each once."""
    found: dict[str, str] = {}
    for name in DOMAINS:
        text = (ROOT / "recipes" / "domain" / f"{name}.toml").read_text(encoding="utf-8")
        for block in text.split("\n[")[1:]:
            if block.startswith("collect."):
                found[block.partition("]")[0]] = "[" + block.partition("\n\n")[0] + "\n"
    return list(found.values())


def _interval(entry: dict) -> str:
    return f"{entry['value']:+.1%} [{entry['low']:+.1%}, {entry['high']:+.1%}]"


def _before_and_after(entry: dict, part: str) -> str:
    bits = entry[f"{part}_bits_per_byte"]
    return f"{bits['baseline']['before']:.3f} -> {bits['value']:.3f} bits/byte"
