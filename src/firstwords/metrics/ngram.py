"""An n-gram model over token ids: the honest baseline of a small neural language model on the same tokens.

Interpolated Kneser-Ney smoothing with three discounts an order (Chen & Goodman 1999, section 3). Documents are
conditioned as the neural model's are: the first token on end-of-text, every other on the tokens of its document back to
that mark.

Everything is sorted arrays: an n-gram is numbered by (number of its first n-1 tokens, last token), which fits one
64-bit key for any order, so counting is `np.unique` and looking up is `np.searchsorted`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Discounts of an order whose counts of counts give none (too little text), as KenLM's fallback has them.
_FALLBACK_DISCOUNTS = (0.5, 1.0, 1.5)
_UNSEEN = -1


@dataclass(frozen=True)
class _Order:
    """All n-grams of one length that were seen, and the smoothing of what follows their histories.

    Attributes:
        keys: (G,) int64, sorted: number of the history x vocabulary + token; the position is the n-gram's number.
        discounted: (G,) count less discount, over the total of the history: the n-gram's own share.
        left_over: (H,) what the history gives to the order below.
    """

    keys: np.ndarray
    discounted: np.ndarray
    left_over: np.ndarray


class NGramModel:
    """Modified Kneser-Ney model; `train` makes one."""

    def __init__(self, orders: list[_Order], vocab_size: int, end_of_text: int) -> None:
        self._orders = orders
        self.vocab_size = vocab_size
        self.end_of_text = end_of_text

    @classmethod
    def train(cls, tokens: np.ndarray, *, vocab_size: int, end_of_text: int, order: int = 5) -> NGramModel:
        """Count and smooth.

        Args:
            tokens: (N,) ids of documents one after another, each followed by end-of-text.
            vocab_size: Every id below it gets a probability.
            end_of_text: The id that closes a document.
            order: Length of the longest n-grams.

        Raises:
            ValueError: If there are no tokens, an id is not in the vocabulary, or the last document is not closed.
        """
        if order < 1:
            raise ValueError(f"order {order} must be at least 1")
        if len(tokens) == 0:
            raise ValueError("an n-gram model needs at least one token")
        targets, histories = _streams(tokens, vocab_size, end_of_text)
        ages = _ages(histories, end_of_text)
        # numbers[i]: of the n-gram that ends at i, from order 1 up. Where a document is too young for it: unseen.
        numbers = targets
        all_keys = [np.arange(vocab_size, dtype=np.int64)]
        all_numbers = [numbers]
        before = histories  # the history's number: tokens are their own
        for length in range(2, order + 1):
            old_enough = ages >= length - 1
            if not old_enough.any():
                break  # no document is so long
            keys = np.where(old_enough & (before != _UNSEEN), before * vocab_size + targets, _UNSEEN)
            found, numbers = np.unique(keys[old_enough], return_inverse=True)
            placed = np.full(len(targets), _UNSEEN)
            placed[old_enough] = numbers
            all_keys.append(found)
            all_numbers.append(placed)
            # The history of the next token is this n-gram, one place to the right.
            before = np.concatenate([[_UNSEEN], placed[:-1]])
        return cls(_smooth(all_keys, all_numbers, ages, vocab_size), vocab_size, end_of_text)

    def log_probabilities(self, tokens: np.ndarray) -> np.ndarray:
        """Natural logarithm of each token's probability given those before it in its document.

        Args:
            tokens: (N,) ids of documents one after another, each followed by end-of-text.

        Returns:
            (N,) float64 nats, none of them positive, all of them finite.
        """
        if len(tokens) == 0:
            return np.zeros(0)
        targets, histories = _streams(tokens, self.vocab_size, self.end_of_text)
        ages = _ages(histories, self.end_of_text)
        probability = np.full(len(targets), 1.0 / self.vocab_size)
        before = np.zeros_like(targets)
        for length, order in enumerate(self._orders, start=1):
            known = (ages >= length - 1) & (before != _UNSEEN)
            number = _find(order.keys, np.where(known, before * self.vocab_size + targets, _UNSEEN))
            # An unseen history leaves everything to the order below.
            rest = np.where(known, order.left_over[before], 1.0)
            own = np.where(number == _UNSEEN, 0.0, order.discounted[number])
            probability = own + rest * probability
            before = self._next_history(length, number, histories)
        return np.log(probability)

    def distribution(self, history: list[int]) -> np.ndarray:
        """The probability of every next token after the beginning of a document.

        Args:
            history: Tokens of the document so far, without end-of-text.

        Returns:
            (vocab_size,) float64, adding up to 1.
        """
        probability = np.full(self.vocab_size, 1.0 / self.vocab_size)
        whole = [self.end_of_text, *history]
        everything = np.arange(self.vocab_size, dtype=np.int64)
        for length, order in enumerate(self._orders, start=1):
            if length - 1 > len(whole):
                break
            number = self._number(whole[len(whole) - length + 1 :])
            if number == _UNSEEN:
                break
            found = _find(order.keys, number * self.vocab_size + everything)
            own = np.where(found == _UNSEEN, 0.0, order.discounted[found])
            probability = own + order.left_over[number] * probability
        return probability

    def _number(self, ngram: list[int]) -> int:
        """Number of an n-gram as a history; 0 for the empty one."""
        number = 0 if not ngram else ngram[0]
        for length, token in enumerate(ngram[1:], start=2):
            key = np.array([number * self.vocab_size + token])
            number = int(_find(self._orders[length - 1].keys, key)[0])
            if number == _UNSEEN:
                return _UNSEEN
        return number

    def _next_history(self, length: int, number: np.ndarray, histories: np.ndarray) -> np.ndarray:
        """Numbers of the histories of `length` tokens: the n-grams that end one token earlier."""
        if length == 1:
            return histories
        return np.concatenate([[_UNSEEN], number[:-1]])


def _streams(tokens: np.ndarray, vocab_size: int, end_of_text: int) -> tuple[np.ndarray, np.ndarray]:
    """The tokens to predict and, for each, the token before it."""
    targets = np.asarray(tokens).astype(np.int64)
    if targets.min() < 0 or targets.max() >= vocab_size:
        raise ValueError(f"token ids {targets.min()} to {targets.max()} are not all in a vocabulary of {vocab_size}")
    if targets[-1] != end_of_text:
        raise ValueError("the last document is not closed by end-of-text")
    return targets, np.concatenate([[end_of_text], targets[:-1]])


def _ages(histories: np.ndarray, end_of_text: int) -> np.ndarray:
    """How many tokens of history each token has: 1 for a document's first, whose history is end-of-text."""
    places = np.arange(len(histories))
    return places - np.maximum.accumulate(np.where(histories == end_of_text, places, 0)) + 1


def _smooth(
    all_keys: list[np.ndarray], all_numbers: list[np.ndarray], ages: np.ndarray, vocab_size: int
) -> list[_Order]:
    """Probabilities of every order from the n-grams and where they stand."""
    orders = []
    for length, (keys, numbers) in enumerate(zip(all_keys, all_numbers, strict=True), start=1):
        present = numbers != _UNSEEN
        counts = np.bincount(numbers[present], minlength=len(keys))
        if length < len(all_keys):
            # Lower orders count in how many contexts an n-gram was seen, not how often. One that begins with the mark
            # before a document has no context, so its own count stays (as in KenLM).
            _, places = np.unique(all_numbers[length], return_index=True)
            places = places[all_numbers[length][places] != _UNSEEN]
            continuations = np.bincount(numbers[places], minlength=len(keys))
            begins = np.zeros(len(keys), dtype=bool)
            if length > 1:
                begins[numbers[present & (ages == length - 1)]] = True
            counts = np.where(begins, counts, continuations)
        histories = keys // vocab_size if length > 1 else np.zeros(len(keys), dtype=np.int64)
        num_histories = len(all_keys[length - 2]) if length > 1 else 1
        orders.append(_order(keys, counts, histories, num_histories))
    return orders


def _order(keys: np.ndarray, counts: np.ndarray, histories: np.ndarray, num_histories: int) -> _Order:
    """One order: each count loses its discount, and what was taken from a history's n-grams is left over for it."""
    discount = np.array([0.0, *_discounts(counts)])[np.minimum(counts, 3)]
    totals = np.bincount(histories, counts, minlength=num_histories)
    # A history that only ever ended a document was never followed by anything: all is left over.
    taken = np.bincount(histories, discount, minlength=num_histories)
    seen = totals > 0
    left_over = np.where(seen, taken / np.where(seen, totals, 1.0), 1.0)
    divisor = np.where(seen, totals, 1.0)[histories]
    return _Order(keys, (counts - discount) / divisor, left_over)


def _discounts(counts: np.ndarray) -> tuple[float, float, float]:
    """What counts of 1, 2, and 3 or more lose (Chen & Goodman 1999, equation 26)."""
    n1, n2, n3, n4 = (int(np.count_nonzero(counts == c)) for c in (1, 2, 3, 4))
    if not (n1 and n2 and n3):
        return _FALLBACK_DISCOUNTS
    ratio = n1 / (n1 + 2 * n2)
    found = (1 - 2 * ratio * n2 / n1, 2 - 3 * ratio * n3 / n2, 3 - 4 * ratio * n4 / n3)
    # A discount of nothing would leave unseen tokens without probability, a larger one than its count takes too much.
    return found if all(0 < d <= c for c, d in enumerate(found, start=1)) else _FALLBACK_DISCOUNTS


def _find(keys: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Position of each wanted key in sorted keys, `_UNSEEN` where it is not there."""
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, places, _UNSEEN)
