"""A model that is taught to answer, and then what people prefer: the recipe `chat` from raw text to figures.

Both lines run the recipe as a user does, in one folder each; `--quick` shortens pre-training. Bars: held-out answers
cost fewer bits than with the base, and every example is what transformers makes of it and is learnt where it answers;
held-out pairs are ranked better than by the reference, with the whole interval above one half.
"""

import json
from importlib.metadata import version
from pathlib import Path
from statistics import mean
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.line import Judged, Setting
from benchmarks.process import ROOT, run_recipe
from firstwords.metrics.metrics.preference import Preference

SECONDS, QUICK_SECONDS = 120, 30
RECIPE = ROOT / "recipes" / "chat.toml"
PAIRS = 'paths = ["$FIRSTWORDS_DATA/inst-llamafactory-demo/dpo_en_demo.json.xz"]'
# A hundred held-out pairs cannot show a small effect: of 300, each is held out of one of so many models.
FOLDS, QUICK_FOLDS = 5, 2
# Some of its dialogues end with an empty answer.
HARMLESS = 'paths = ["$FIRSTWORDS_DATA/pref-hh-rlhf-harmless-test/test.jsonl.gz"]\nmalformed = "leave_out"'


def instruction(setting: Setting) -> list[Judged]:
    """Bits per byte of held-out answers, as a share of the base's; what is learnt decodes to the answers."""
    results, note = _run(setting, "finetune.answers")
    found = results["answers"]["bits_per_byte"]
    base = found["baseline"]["base"]
    bounds = f"[{found['low']:.3f}, {found['high']:.3f}]; {note}"
    (folder,) = (setting.work / "artifacts" / "finetune").glob("answers-*")
    equal, exact, number = _rendered(folder)
    return [
        Judged(
            name="answers-rendered",
            figure=equal / number,
            unit="of examples",
            bar=1.0,
            peer="transformers",
            peer_version=version("transformers"),
            note=f"the same ids as apply_chat_template, {number:,} conversations",
        ),
        Judged(
            name="answers-learnt",
            figure=exact / number,
            unit="of examples",
            bar=1.0,
            note="what is learnt decodes to the answers and their end marks, nothing else",
        ),
        Judged(name="answers-bits-per-byte", figure=found["value"], unit="bits/byte", note=bounds),
        Judged(name="answers-base", figure=base, unit="bits/byte", note="the base, which reads turns as paragraphs"),
        Judged(
            name="answers-against-base", figure=found["high"] / base, unit="of base", bar=1.0, at_least=False, note=note
        ),
    ]


def preference(setting: Setting) -> list[Judged]:
    """Share of held-out pairs that gained on the reference: the interval's lower end against one half."""
    return _preference(setting, "preference")


def preference_harmless(setting: Setting) -> list[Judged]:
    """The same with eight times as many pairs (HH-RLHF, harmless): 300 pairs cannot show a small effect."""
    return _preference(setting, "preference-harmless", HARMLESS)


def preference_folds(setting: Setting) -> list[Judged]:
    """The 300 pairs by cross-validation: every pair is ranked by a model that did not see it.

    The interval resamples pairs; that models of two folds share most of what they learnt from is not in it.
    """
    parts = [_recipe(setting, "# The reference of preference")]
    names = [f"preferred-{number}" for number in range(QUICK_FOLDS if setting.quick else FOLDS)]
    for number, name in enumerate(names):
        data = f'{{ kind = "fold", of = {FOLDS}, number = {number}, data = {{ kind = "preferences", {PAIRS} }} }}'
        parts.append(
            f'[finetune.{name}]\nbase = "finetune.answers"\nobjective = {{ kind = "preference" }}\ndata = {data}\n'
        )
    tasks = ", ".join(f'{{ kind = "preference", name = "{name}", model = "finetune.{name}" }}' for name in names)
    recipe = setting.work / "folds.toml"
    recipe.write_text("\n".join([*parts, f"[evaluate]\ntasks = [{tasks}]\n"]), encoding="utf-8")
    ran = run_recipe(recipe, setting.work)
    (folder,) = (setting.work / "artifacts" / "evaluate").glob("evaluate-*")
    tables = [pq.read_table(folder / "items" / f"{name}.parquet") for name in names]
    items = pa.concat_tables(tables).to_pydict()
    ranked = Preference().interval(items, items["group"], 0)
    shares = ", ".join(f"{Preference().value(each.to_pydict()):.3f}" for each in tables)
    note = f"{len(items['id'])} pairs, each held out once ({shares}); {ran.seconds:.0f} s in all"
    likely, reference = mean(items["chosen"]), mean(items["chosen_reference"])
    return _ranked("preference-folds", (ranked.value, ranked.low, ranked.high), (likely, reference), note)


def _preference(setting: Setting, name: str, pairs: str = "") -> list[Judged]:
    results, note = _run(setting, "finetune.preferred", pairs)
    ranked = results["preference"]["preference"]
    likely = results["preference"]["chosen_log_probability"]
    three = ranked["value"], ranked["low"], ranked["high"]
    return _ranked(name, three, (likely["value"], likely["baseline"]["reference"]), note)


def _ranked(name: str, ranked: tuple[float, float, float], likely: tuple[float, float], note: str) -> list[Judged]:
    """Rows of pairs that gained on the reference.

    Args:
        name: Of the line.
        ranked: Share of pairs, and its interval.
        likely: Log-likelihood of a preferred answer, and under the reference.
        note: How it was found.
    """
    value, low, high = ranked
    return [
        Judged(name=name, figure=value, unit="of pairs", note=f"[{low:.3f}, {high:.3f}]; {note}"),
        Judged(name=f"{name}-lower-end", figure=low, unit="of pairs", bar=0.5, note=note),
        Judged(name=f"{name}-chosen", figure=likely[0], unit="nats an answer", note=f"the reference: {likely[1]:.1f}"),
    ]


def _rendered(folder: Path) -> tuple[int, int, int]:
    """Of a fine-tuning's conversations: how many transformers renders alike, how many are learnt exactly, how many."""
    from transformers import AutoTokenizer

    from firstwords.data.conversation import as_messages
    from firstwords.data.dataset import PARTS, read_records
    from firstwords.tokenizer.conversation import encode_conversation
    from firstwords.tokenizer.tokenizer import Tokenizer

    ours, theirs = Tokenizer.load(folder / "model"), AutoTokenizer.from_pretrained(folder / "model")
    assert ours.template is not None
    end = ours.template.end_mark()
    records: list[Any] = [record for part in PARTS for record in read_records(folder / f"{part}.parquet")]
    equal = exact = 0
    for record in records:
        messages = as_messages(record.messages)
        encoded = encode_conversation(ours, messages)
        equal += theirs.apply_chat_template(messages, return_dict=True)["input_ids"] == encoded.ids.tolist()
        wanted = "".join(message["content"] + end for message in messages if message["role"] == "assistant")
        exact += ours.decode(encoded.ids[encoded.learnt].tolist()) == wanted
    return equal, exact, len(records)


def _run(setting: Setting, model: str, pairs: str = "") -> tuple[dict[str, Any], str]:
    """Results of the recipe, evaluated for one of its models; with other pairs of answers where these are given."""
    kind = "answers" if model == "finetune.answers" else "preference"
    head = _recipe(setting, "# The reference of preference" if kind == "answers" else "[evaluate]")
    if pairs:
        assert PAIRS in head
        head = head.replace(PAIRS, pairs)
    recipe = setting.work / "chat.toml"
    evaluated = f'[evaluate]\ntasks = [{{ kind = "{kind}", model = "{model}" }}]\n'
    recipe.write_text(head + evaluated, encoding="utf-8")
    ran = run_recipe(recipe, setting.work)
    (folder,) = (setting.work / "artifacts" / "evaluate").glob("evaluate-*")
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    told = f"{ran.seconds:.0f} s in all; foreign load {ran.foreign_cores:.1f} cores"
    return results, f"pre-trained {_seconds(setting)} s; {told}"


def _recipe(setting: Setting, end: str) -> str:
    """The recipe up to some words of it, with the line's time for pre-training."""
    head, _, _ = RECIPE.read_text(encoding="utf-8").partition(end)
    return head.replace('budget = "120s"', f'budget = "{_seconds(setting)}s"')


def _seconds(setting: Setting) -> int:
    return QUICK_SECONDS if setting.quick else SECONDS
