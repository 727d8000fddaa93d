"""Our fine-tuning as the stage `finetune` does it, a turn at a time; then the predictions for the test part."""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import torch

import firstwords.training.train as loop
from firstwords.console import SilentConsole
from firstwords.data.dataset import Dataset, Parts, TextRecord, WordsRecord
from firstwords.inference.language_model import LanguageModel
from firstwords.model.base import BaseFolder
from firstwords.recipe import build
from firstwords.stage import Work
from firstwords.stages.finetune import Finetune
from firstwords.training.tracker import Tracker

STARTED = time.monotonic()


@dataclass(frozen=True, kw_only=True)
class Given(Dataset):
    """The records of a file that the benchmark wrote."""

    path: str
    part: str

    def parts(self, documents: Path | None = None) -> Parts:
        """Training records and those that are scored; nothing is held out, so that nothing is measured in between."""
        values = json.loads(Path(self.path).read_text(encoding="utf-8"))
        return {"train": self._records(values, "train"), "validation": [], "test": self._records(values, self.part)}

    def _records(self, values: Any, part: str) -> Any:
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Texts(Given):
    """Labelled texts."""

    record: ClassVar[type] = TextRecord

    def _records(self, values: Any, part: str) -> Any:
        return [
            TextRecord(f"{part}#{n}", f"{part}#{n}", each["text"], each["label"]) for n, each in enumerate(values[part])
        ]


@dataclass(frozen=True, kw_only=True)
class Sentences(Given):
    """Tagged sentences."""

    record: ClassVar[type] = WordsRecord

    def _records(self, values: Any, part: str) -> Any:
        names = [f"{part}#{n}" for n in range(len(values[part]))]
        return [
            WordsRecord(name, name, tuple(each["words"]), tuple(each["tags"]))
            for name, each in zip(names, values[part], strict=True)
        ]


@dataclass(frozen=True, kw_only=True)
class Turns(Tracker):
    """Stops after some steps until the next turn comes."""

    steps: int

    def follow(self, work: Work, num_steps: int) -> Callable[[dict[str, Any]], None]:
        """A function that is called after every step."""
        state = {"began": wait_for_turn(), "tokens": 0.0}

        def after(record: dict[str, Any]) -> None:
            state["tokens"] += record["step_tokens"]
            if record["step"] % self.steps == 0 or record["step"] == num_steps:
                seconds = time.perf_counter() - state["began"]
                say(done=record["step"] == num_steps, seconds=seconds, tokens=state["tokens"], padded=state["tokens"])
                state["began"] = wait_for_turn()
                state["tokens"] = 0.0

        return after


def say(**told: Any) -> None:
    """One line of JSON to whoever gives the turns."""
    print(json.dumps(told), flush=True)


def wait_for_turn() -> float:
    """The moment at which a turn begins."""
    sys.stdin.readline()
    return time.perf_counter()


def main() -> None:
    """Train in turns, then predict."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--data", "--base", "--fields"):
        parser.add_argument(name, required=True)
    parser.add_argument("--part", default="test")
    parser.add_argument("--turn", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    fields = json.loads(chosen.fields)
    kind = "tokens" if "words" in json.loads(Path(chosen.data).read_text())["train"][0] else "sequence"
    objective = {"kind": "token_classification" if kind == "tokens" else "sequence_classification"}
    data = {"kind": "ours:Sentences" if kind == "tokens" else "ours:Texts", "path": chosen.data, "part": chosen.part}
    sys.path.insert(0, str(Path(__file__).parent))
    fields |= {"objective": objective | fields.pop("objective", {}), "data": data}
    stage = build(Finetune, {"base": BaseFolder(path=chosen.base)} | fields)
    loop.train = partial(loop.train, trackers=(Turns(steps=chosen.turn),))  # type: ignore[assignment]
    with tempfile.TemporaryDirectory() as folder:
        work = Work(name="finetune.x", folder=Path(folder), inputs={}, pool=None, console=SilentConsole())  # type: ignore[arg-type]
        work.threads = chosen.threads
        outcome = stage.run(work)
        model = LanguageModel.load(Path(folder) / "model")
        test = stage.data.parts()["test"]
        began = time.perf_counter()
        if kind == "tokens":
            predicted: Any = model.tags([record.words for record in test])
        else:
            predicted = model.predict([record.text for record in test])
        say(predicted=predicted, predict_seconds=time.perf_counter() - began, reasons=outcome.reasons)


if __name__ == "__main__":
    main()
