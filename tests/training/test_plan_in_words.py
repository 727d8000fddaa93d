from firstwords.model.cost import training_flops_per_token
from firstwords.model.sizes import ModelSizes
from firstwords.training.objectives.causal_lm import CausalLM
from firstwords.training.plan_in_words import shown, summary
from firstwords.training.resolution import Corpus, Demand, resolve
from firstwords.training.sizing import Speed


def test_numbers_are_shown_for_people():
    assert [shown(each) for each in (3_100_000, 0.004, True, 10_000.0, "qwen3", [0.9, 0.95])] == [
        "3,100,000", "0.004", "yes", "10,000", "qwen3", "[0.9, 0.95]",
    ]  # fmt: skip


def test_a_plan_is_one_line():
    corpus = Corpus(vocab_size=4096, end_of_text=0, pad=1, mask=2, train_tokens=1_200_000, validation_tokens=50_000)
    demand = Demand(CausalLM(), 180, None, ModelSizes(depth=4), {}, 7)

    def measure(config, seconds):
        return Speed(training_flops_per_token(config) / 1e11, 1e-3)

    text = summary(resolve(demand, corpus, measure, 20 * 2**30))
    assert text.startswith("4 layers x 256, 5.3M parameters, ")
    assert "3.0 min at" in text
