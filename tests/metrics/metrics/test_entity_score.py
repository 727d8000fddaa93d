import pytest

from firstwords.metrics.metrics.entity_score import EntityScore

ITEMS = {
    "gold": [["B-person", "I-person", "O"], ["B-place", "O"]],
    "predicted": [["B-person", "I-person", "B-place"], ["O", "I-place"]],
}


@pytest.mark.parametrize(
    ("fields", "name", "value"),
    [
        ({}, "entity_f1", 2 / 5),
        ({"score": "precision"}, "entity_precision", 1 / 3),
        ({"score": "recall"}, "entity_recall", 1 / 2),
        ({"mode": "strict"}, "entity_f1_strict", 2 / 4),
        # Three entities found, two gold; the shifted place overlaps nothing.
        ({"match": "partial"}, "entity_f1_partial_match", 2 / 5),
        ({"type": "person"}, "entity_f1 (person)", 1.0),
        ({"type": "place"}, "entity_f1 (place)", 0.0),
    ],
)
def test_scores_modes_and_types(fields, name, value):
    metric = EntityScore(**fields)
    assert metric.name == name
    assert metric.value(ITEMS) == pytest.approx(value)
