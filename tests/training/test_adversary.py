import runpy
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from firstwords.errors import RecipeError
from firstwords.recipe import configuration
from firstwords.training.adversary import Adversarial, Adversary, against, bare
from firstwords.training.batch import Example
from firstwords.training.objectives.causal_lm import CausalLM
from firstwords.training.objectives.contrastive import Contrastive
from firstwords.training.objectives.hybrid_lm import HybridLM
from firstwords.training.objectives.in_context import InContext
from firstwords.training.objectives.preference import Preference
from firstwords.training.objectives.sequence_classification import SequenceClassification
from firstwords.training.partners import Partnered

OBJECTIVES = runpy.run_path(str(Path(__file__).parents[1] / "contracts" / "test_objectives.py"))


@dataclass(frozen=True, kw_only=True)
class Twice(Adversary):
    """Doubles the loss."""

    def loss(self, objective, model, batch, draws):
        total, count = objective.loss(model, batch, draws)
        return 2 * total, count


def test_without_an_adversary_the_objective_is_itself():
    objective = CausalLM()
    assert against(objective, None, None) is objective


def test_adversaries_stack_the_last_one_outermost():
    objective = SequenceClassification(hidden_share=0.0, shortest_stretch=1.0)
    model, examples = OBJECTIVES["make_model"](objective, False), OBJECTIVES["make_examples"](objective)
    stacked = against(objective, Twice(), None, Twice())
    clean = OBJECTIVES["loss_of"](objective, model, examples)[0].item()
    assert OBJECTIVES["loss_of"](stacked, model, examples)[0].item() == pytest.approx(4 * clean)
    assert OBJECTIVES["loss_of"](stacked, model, examples, evaluating=True)[0].item() == pytest.approx(clean)
    assert stacked.measured() == {"": objective}


def test_what_is_settled_is_the_objective_inside():
    objective = SequenceClassification()
    examples = OBJECTIVES["make_examples"](objective)
    stacked, reasons = against(objective, Twice()).settle(
        examples, ("a", "b", "c"), OBJECTIVES["make_model"](objective, True).config
    )
    assert isinstance(stacked, Adversarial) and stacked.objective.label_weights is not None
    assert reasons
    # The identity of a checkpoint holds all of it.
    assert configuration(stacked)["adversary"]["kind"].endswith("Twice")


def test_what_records_know_of_others_and_of_the_base_is_the_objective_s_own():
    for inner in (Contrastive(), InContext()):
        assert bare(against(inner, Twice(), Twice())) is inner
    rows = [Example(np.array([1, 2, 3]), n % 2, None, n) for n in range(4)]
    assert all(isinstance(row, Partnered) for row in against(Contrastive(), Twice()).relate(rows))
    pairs = OBJECTIVES["make_examples"](Preference())
    model = OBJECTIVES["make_model"](Preference(), True)
    blank = [replace(pair, reference=None) for pair in pairs]
    assert all(row.reference is not None for row in against(Preference(), Twice()).refer(model, blank))


def test_an_objective_that_reorders_its_rows_is_refused():
    with pytest.raises(RecipeError, match="hybrid_lm"):
        against(HybridLM(), Twice()).check(OBJECTIVES["make_model"](CausalLM(), True).config)


def test_what_has_no_distribution_says_so():
    with pytest.raises(RecipeError, match="hybrid_lm.*no distribution"):
        against(HybridLM(), Twice()).distribution(None, None)
