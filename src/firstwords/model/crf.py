"""A linear-chain conditional random field over the words of sentences: scores of tags behind tags, learnt.

It stands on the words alone, never on sub-words without a tag. A tag that cannot stand where it does has no
probability, in training as in decoding.

Source: Lafferty, McCallum and Pereira 2001; over a neural network: Lample et al. 2016, section 2.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from firstwords.model.tag_decoding import allowed_transitions

# A sum of such scores is finite, so that gradients are; e to its power is 0 in every precision.
NEVER = -1e4


class Crf(nn.Module):
    """Scores of transitions between K tags.

    Args:
        names: The tags.
    """

    allowed: Tensor

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self.transitions = nn.Parameter(torch.zeros(len(names) + 1, len(names)))  # the last row: the start
        self.register_buffer("allowed", torch.from_numpy(allowed_transitions(names)), persistent=False)

    def scores(self) -> Tensor:
        """(K + 1, K) of every tag behind every other, `NEVER` for those that cannot follow."""
        return self.transitions.masked_fill(~self.allowed, NEVER)

    def search_scores(self) -> np.ndarray:
        """(K + 1, K) as `tag_decoding.best_path` takes them, -inf for what cannot follow."""
        found = self.transitions.detach().double().cpu().numpy()
        return np.where(self.allowed.cpu().numpy(), found, -np.inf)

    def loss(self, emissions: Tensor, tags: Tensor, bounds: Tensor) -> Tensor:
        """Summed negative log-likelihood of the tags of sentences, in nats.

        Args:
            emissions: (M, K) scores of the words of all sentences.
            tags: (M,) their tags.
            bounds: (E + 1,) int64: sentence e is words `bounds[e]` to `bounds[e + 1]`; one may have no words.
        """
        transitions = self.scores().to(emissions.dtype)
        lengths = bounds[1:] - bounds[:-1]
        order = torch.argsort(lengths, descending=True, stable=True)
        lengths, starts = lengths[order], bounds[:-1][order]
        num_open = int((lengths > 0).sum())
        starts, lengths = starts[:num_open], lengths[:num_open]
        before = torch.cat([tags.new_full((1,), transitions.shape[1]), tags[:-1]])
        before[starts] = transitions.shape[1]
        gold = emissions.gather(1, tags[:, None]).sum() + transitions[before, tags].sum()
        # Sentences are sorted by length, so those that go on are always the first ones.
        alpha = transitions[-1] + emissions[starts]  # (E, K)
        ended = emissions.new_zeros(())
        for word in range(1, int(lengths.max()) if num_open else 0):
            going = int((lengths > word).sum())
            ended = ended + alpha[going:].logsumexp(dim=1).sum()
            moved = (alpha[:going, :, None] + transitions[:-1]).logsumexp(dim=1)
            alpha = moved + emissions[starts[:going] + word]
        return ended + alpha.logsumexp(dim=1).sum() - gold
