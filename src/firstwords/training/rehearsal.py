"""A few steps of a run that is planned, made as the run will make them: by the same loop, in a process of its own.

What `probe` finds in the process that compares models says which of them to train. How long the run takes and how much
memory, it says badly: the contexts of a run grow, half precision makes a kernel for each size of document, a checkpoint
is copied beside the weights, and the memory of models that were compared before stays with the process.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from firstwords.errors import CannotFit, OutOfResources
from firstwords.model.config import ModelConfig
from firstwords.recipe import Component, Kind, build, configuration, without_versions
from firstwords.training.footprint import give_back_memory
from firstwords.training.objective import Objective
from firstwords.training.settings import TrainSettings

# Of a rehearsed update, at most: the second adds its gradient to that of the first, as all further do.
MICRO_BATCHES = 2
ASKED, ANSWERED = "rehearsal.json", "taken.json"


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What is to be trained.

    Attributes:
        config: Of the model.
        objective: Whose loss is taken.
        settings: Of the whole run.
        store: Folder of the token store.
        tokenizer: Its folder, which says where words begin if the objective needs it.
        threads: Of numerical libraries.
    """

    config: ModelConfig
    objective: Objective
    settings: TrainSettings
    store: Path
    tokenizer: Path
    threads: int = 1

    def as_json(self) -> str:
        """What `from_json` makes the same rehearsal of."""
        learning = {
            "objective": without_versions(configuration(self.objective, with_runtime=True)),
            "settings": dataclasses.asdict(self.settings),
        }
        places = {"store": str(self.store), "tokenizer": str(self.tokenizer), "threads": self.threads}
        return json.dumps({"config": self.config.as_dict(), "learning": learning} | places)

    @classmethod
    def from_json(cls, text: str) -> Rehearsal:
        """The rehearsal that `as_json` told."""
        values = json.loads(text)
        learning = build(_Learning, values["learning"], "rehearsal")
        return cls(
            config=ModelConfig(**values["config"]),
            objective=learning.objective,
            settings=learning.settings,
            store=Path(values["store"]),
            tokenizer=Path(values["tokenizer"]),
            threads=values["threads"],
        )


@dataclass(frozen=True, kw_only=True)
class _Learning(Component):
    objective: Annotated[Objective, Kind("training.objectives")]
    settings: TrainSettings


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What it took.

    Attributes:
        seconds_per_token: Of a rehearsed update, averaged over the contexts of the run.
        looking_seconds_per_token: On held-out text; None where there is none.
        micro_tokens: That went through the model at once.
        update_tokens: Of a rehearsed update.
        peak_bytes: Of the resident set; None where the system does not say.
    """

    seconds_per_token: float
    looking_seconds_per_token: float | None
    micro_tokens: int
    update_tokens: int
    peak_bytes: int | None


def rehearse(rehearsal: Rehearsal, folder: Path) -> Taken:
    """Rehearse in a new process.

    Args:
        rehearsal: What is to be trained.
        folder: For what the process writes; it is left as it was.

    Raises:
        CannotFit: If the process was killed from outside, which on most machines means that memory ran out.
        OutOfResources: If it broke for another reason.
    """
    folder.mkdir(parents=True, exist_ok=True)
    give_back_memory()  # of the models that were compared here: both processes share the machine's
    with tempfile.TemporaryDirectory(dir=folder, prefix="rehearsal-") as place:
        Path(place, ASKED).write_text(rehearsal.as_json(), encoding="utf-8")
        ran = subprocess.run(
            [sys.executable, "-m", "firstwords.training.rehearsing", place],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(each for each in sys.path if each)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        sizes = f"{rehearsal.config.num_layers} layers x {rehearsal.config.width}"
        if ran.returncode < 0:
            raise CannotFit(
                f"a rehearsal of {sizes} was killed (signal {-ran.returncode}), most likely because memory ran out. "
                "Choose a smaller depth, width, context or micro_tokens."
            )
        if ran.returncode:
            raise OutOfResources(f"a rehearsal of {sizes} broke: {ran.stderr.strip()[-2000:]}")
        return Taken(**json.loads(Path(place, ANSWERED).read_text(encoding="utf-8")))
