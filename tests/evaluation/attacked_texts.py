"""A victim that is easily understood, for tests of attacks: it counts words it knows. Loaded with `runpy`."""

import numpy as np

from firstwords.evaluation.victim import label_victim

KNOWN = ("wonderful", "great", "lovely")
LABELS = ("bad", "good")


def log_probabilities(texts):
    """More known words, better text; without any it is bad."""
    known = np.array([sum(text.split().count(word) for word in KNOWN) for text in texts])
    good = 1 / (1 + np.exp(1 - 2 * known))
    return np.log(np.stack([1 - good, good], axis=1))


def victim(asked=None):
    """The victim; what it is asked is added to a list."""
    judge = label_victim(LABELS, log_probabilities)

    def told(subjects):
        if asked is not None:
            asked.extend(subjects)
        return judge(subjects)

    return told
