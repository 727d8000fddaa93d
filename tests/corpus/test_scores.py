"""What the stored scores tell agrees with what the stage decided, and with what it would decide."""

from collections import Counter

import numpy as np
import pytest
from tiny_corpus import run_tiny

from firstwords.corpus.scores import Scores
from firstwords.errors import RecipeError
from firstwords.overview import find_artifact

WORDS = "gopher_quality.words"


@pytest.fixture(scope="module")
def scores(tiny) -> Scores:
    return Scores(find_artifact("tiny/clean", tiny))


def test_bounds_are_those_of_the_recipe(scores: Scores) -> None:
    assert scores.rules[WORDS].bounds == (50, 100_000)
    assert scores.rules["gopher_repetition.10_grams"].bounds == (None, 0.1)
    assert scores.rules["language.language"].bounds == (0.35, None)
    assert not any(name.startswith(("unicode", "personal_data")) for name in scores.rules)
    assert scores.notes == []


def test_the_rules_found_in_the_files_are_those_that_the_stage_counted(scores: Scores) -> None:
    found = Counter(scores.reason_names[r] for r in scores.reasons if r >= 0)
    assert dict(found) == scores.artifact.manifest["counts"]["dropped"]
    assert int((scores.reasons < 0).sum()) == scores.artifact.manifest["counts"]["kept"]


def test_a_distribution_adds_up(scores: Scores) -> None:
    shown = scores.distribution(scores.rules[WORDS])
    counts = scores.artifact.manifest["counts"]
    assert shown.documents == counts["kept"] + sum(counts["dropped"].values())
    assert shown.scored == shown.documents - counts["dropped"]["language.language"]
    assert shown.dropped == counts["dropped"][WORDS]
    assert sum(shown.histogram.totals) == shown.scored
    assert sum(shown.histogram.counts["kept"]) == counts["kept"]


@pytest.mark.parametrize("minimum", [5, 50, 62, 70, 1000])
def test_another_threshold_is_told_as_a_run_with_it_decides(scores: Scores, tmp_path, minimum: int) -> None:
    told = scores.change(scores.rules[WORDS], (minimum, 100_000))
    steps = [{"kind": "unicode"}, {"kind": "language"}, {"kind": "gopher_quality", "min_words": minimum}]
    steps += [{"kind": "gopher_repetition"}, {"kind": "personal_data"}, {"kind": "harmful_words"}]
    run_tiny(tmp_path, clean={"steps": steps})
    again = Scores(find_artifact("tiny/clean", tmp_path / "artifacts"))
    kept_then, kept_now = again.reasons < 0, scores.reasons < 0
    assert told.goes == int((kept_now & ~kept_then).sum())
    passed = np.isfinite(again.values(again.rules["gopher_repetition.lines"]))
    passed_before = np.isfinite(scores.values(scores.rules["gopher_repetition.lines"]))
    assert told.returns == int((passed & ~passed_before).sum())
    assert told.unknown == told.returns


def test_scores_are_found_by_full_name_rule_or_step(scores: Scores) -> None:
    assert [r.full_name for r in scores.rule("words")] == [WORDS]
    assert len(scores.rule("gopher_quality")) == 8
    with pytest.raises(RecipeError, match="Did you mean 'words'"):
        scores.rule("word")


def test_a_stage_without_scores_says_so(tiny) -> None:
    with pytest.raises(RecipeError, match="stores no scores"):
        Scores(find_artifact("tiny/deduplicate", tiny))


def test_a_step_that_cannot_be_built_any_more_is_told_and_its_scores_are_shown(tiny) -> None:
    artifact = find_artifact("tiny/clean", tiny)
    steps = artifact.manifest["ingredients"]["configuration"]["steps"]
    changed = [step | ({"kind": "my_lab.gone:Filter"} if step["kind"] == "language" else {}) for step in steps]
    artifact.manifest["ingredients"]["configuration"]["steps"] = changed
    scores = Scores(artifact)
    assert "language: bounds are not known" in scores.notes[0]
    rule = scores.rules["language.language"]
    assert rule.bounds is None
    assert scores.distribution(rule).scored == 7
