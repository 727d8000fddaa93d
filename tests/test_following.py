"""A rank beside the first waits for what is made once, and takes part in what is trained together."""

import threading
import time
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from firstwords.artifact import Artifact
from firstwords.compute.engines.data_parallel import DataParallel
from firstwords.compute.engines.single import Single
from firstwords.errors import RecipeError
from firstwords.following import check_engines, follow, takes_part
from firstwords.recipe_file import Recipe
from firstwords.stage import Outcome, Stage


@dataclass(frozen=True, kw_only=True)
class Training(Stage):
    engine: object = None

    def run(self, work):
        work.path("model").write_text("mine")
        work.scratch("seen").write_text(str(work.folder))
        return Outcome(summary="")


class Plan:
    """Artifacts appear when `make` is called, as the first rank would make them."""

    def __init__(self, root, stages):
        self.root = root
        self.graph = SimpleNamespace(order=list(stages), stages=stages, inputs={name: {} for name in stages})
        self.made = set()

    def folder(self, name):
        return self.root / name

    def artifact(self, name):
        return Artifact(name=name, folder=self.folder(name)) if name in self.made else None


@pytest.mark.parametrize(("num_ranks", "took_part"), [("2", True), ("1", False)])
def test_it_waits_for_data_and_takes_part_in_training(tmp_path, monkeypatch, num_ranks, took_part):
    monkeypatch.setenv("WORLD_SIZE", num_ranks)
    monkeypatch.setattr("firstwords.following.LOOK_SECONDS", 0.01)
    plan = Plan(tmp_path, {"clean": Training(), "pretrain": Training(engine=DataParallel())})
    assert takes_part(plan.graph.stages["pretrain"]) == took_part
    seen = tmp_path / "pretrain" / "scratch" / "seen"
    appeared = []

    def first_rank():
        time.sleep(0.05)
        appeared.append(seen.exists())
        plan.made.add("clean")
        time.sleep(0.3)
        appeared.append(seen.exists())
        plan.made.add("pretrain")

    thread = threading.Thread(target=first_rank)
    thread.start()
    found = follow(plan, None, workers=1, threads=1)
    thread.join()
    assert list(found) == ["clean", "pretrain"]
    assert appeared == [False, took_part]
    assert not (tmp_path / "pretrain" / "model").exists()  # only the first rank writes there


def test_a_recipe_that_would_use_one_rank_only_is_refused():
    def recipe(**stages):
        return Recipe(name="r", path="r.toml", stages=stages, given={})

    check_engines(recipe(pretrain=Training(engine=DataParallel()), finetune=Training(engine=Single())))
    with pytest.raises(RecipeError, match=r"r.toml: no stage trains on several ranks: .*\[pretrain\]"):
        check_engines(recipe(pretrain=Training(engine=Single())))
    with pytest.raises(RecipeError, match="no stage trains"):
        check_engines(recipe(clean=SimpleNamespace()))
