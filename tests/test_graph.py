from dataclasses import dataclass, field

import pytest

from firstwords.errors import RecipeError
from firstwords.graph import Graph, Plan, ingredients
from firstwords.recipe_file import Recipe
from firstwords.stage import Outcome, Stage, Work


@dataclass(frozen=True, kw_only=True)
class Node(Stage):
    needs: tuple[str, ...] = ()
    made: str = ""
    libraries = ("numpy",)

    def inputs(self, graph: Graph) -> dict[str, str]:
        if self.made:
            return {"made": graph.require(self.made, lambda: Node())}
        return {need: graph.require(need) for need in self.needs}

    def run(self, work: Work) -> Outcome:
        return Outcome(summary="")


@dataclass(frozen=True, kw_only=True)
class Reader(Node):
    digest: list[str] = field(default_factory=list)

    def fingerprint(self) -> list[str]:
        return self.digest


def graph(until: str | None = None, **stages: Node) -> Graph:
    named = {name.replace("__", "."): stage for name, stage in stages.items()}
    return Graph(Recipe(name="r", path="r.toml", stages=named), until)


def test_inputs_come_before_what_needs_them() -> None:
    assert graph(c=Node(needs=("a", "b")), a=Node(needs=("b",)), b=Node()).order == ["b", "a", "c"]


def test_a_stage_that_needs_itself_is_refused() -> None:
    with pytest.raises(RecipeError, match="a -> b -> a: a stage cannot need itself"):
        graph(a=Node(needs=("b",)), b=Node(needs=("a",)))


def test_a_stage_may_bring_its_own_input() -> None:
    made = graph(pretrain__x=Node(made="configure.x"))
    assert made.order == ["configure.x", "pretrain.x"]
    assert made.names("configure") == ["configure.x"]


def test_a_missing_named_stage_lists_those_there_are() -> None:
    with pytest.raises(RecipeError, match=r"a: needs 'b.y', which the recipe does not have. There: b.x"):
        graph(a=Node(needs=("b.y",)), b__x=Node())


def test_until_takes_a_kind_and_refuses_unknown_ones() -> None:
    assert graph("b", b__x=Node(), b__y=Node(), c=Node()).order == ["b.x", "b.y"]
    assert graph("configure.x", pretrain__x=Node(made="configure.x")).order == ["configure.x"]
    with pytest.raises(RecipeError, match="no such stage"):
        graph("d", a=Node())


def test_identity_depends_on_configuration_fingerprint_and_inputs(tmp_path) -> None:
    plans = [
        graph(a=Node(), b=Node(needs=("a",))),
        graph(a=Node(made="z"), b=Node(needs=("a",))),
        graph(a=Reader(digest=["1"]), b=Node(needs=("a",))),
        graph(a=Reader(digest=["2"]), b=Node(needs=("a",))),
    ]
    identities = [Plan(each, tmp_path).identity("b") for each in plans]
    assert len(set(identities)) == 4
    assert identities[0] == Plan(plans[0], tmp_path / "elsewhere").identity("b")


def test_a_renamed_stage_is_the_same_artifact() -> None:
    assert ingredients(Node(), "pretrain.one", {}) == ingredients(Node(), "pretrain.two", {})
    assert ingredients(Node(), "pretrain.one", {})["libraries"]["numpy"][0].isdigit()
