import itertools

import numpy as np
import torch

from firstwords.model.crf import Crf
from firstwords.model.tag_decoding import best_path

NAMES = ("O", "B-X", "I-X")


def make_crf(seed: int = 0) -> Crf:
    crf = Crf(NAMES).double()
    with torch.no_grad():
        crf.transitions.copy_(torch.randn(4, 3, generator=torch.Generator().manual_seed(seed)))
    return crf


def score(crf: Crf, emissions: np.ndarray, tags) -> float:
    transitions = crf.search_scores()
    before = [3, *tags[:-1]]
    return sum(emissions[n, t] + transitions[b, t] for n, (b, t) in enumerate(zip(before, tags, strict=True)))


def test_the_loss_is_that_over_all_valid_sequences_in_any_company() -> None:
    crf, chance = make_crf(), np.random.default_rng(1)
    bounds, tags = [0, 3, 3, 4, 8], np.array([1, 2, 0, 0, 0, 1, 2, 2])
    emissions = chance.normal(size=(8, 3))
    expected = 0.0
    for start, end in itertools.pairwise(bounds):
        if start < end:
            every = [score(crf, emissions[start:end], t) for t in itertools.product(range(3), repeat=end - start)]
            expected += np.logaddexp.reduce(every) - score(crf, emissions[start:end], tags[start:end].tolist())
    found = crf.loss(torch.from_numpy(emissions), torch.from_numpy(tags), torch.tensor(bounds))
    assert np.isclose(float(found.detach()), expected)


def test_the_best_path_is_the_likeliest_valid_sequence() -> None:
    crf, chance = make_crf(2), np.random.default_rng(3)
    for _ in range(20):
        emissions = chance.normal(size=(4, 3)) * 2
        best = max(itertools.product(range(3), repeat=4), key=lambda tags: score(crf, emissions, tags))
        assert tuple(best_path(emissions, crf.search_scores())) == best


def test_a_batch_without_words_costs_nothing() -> None:
    crf = make_crf()
    none = torch.zeros(0, dtype=torch.int64)
    assert float(crf.loss(torch.zeros(0, 3, dtype=torch.float64), none, torch.tensor([0, 0])).detach()) == 0
