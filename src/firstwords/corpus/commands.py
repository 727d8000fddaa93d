"""What `firstwords show --scores` and `--document` print; results go to standard output, notes to standard error."""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from firstwords.artifact import Artifact
from firstwords.console import printable
from firstwords.corpus import score_table
from firstwords.corpus.histogram import NUM_BINS
from firstwords.corpus.journey import journeys, lines
from firstwords.corpus.lineage import way
from firstwords.corpus.scores import Scores
from firstwords.errors import RecipeError


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=1, ensure_ascii=False))


def show_scores(artifact: Artifact, rules: tuple[str, ...], at: tuple[str, ...], json_output: bool) -> None:
    """Print how scores are distributed, and with `at` what other bounds of one rule would do.

    Raises:
        RecipeError: If `at` is given without exactly one rule.
    """
    scores = Scores(artifact)
    chosen = [r for name in rules for r in scores.rule(name)] if rules else list(scores.rules.values())
    if at and len(chosen) != 1:
        raise RecipeError("--at needs one rule: name it with --rule, for example --rule gopher_quality.words")
    width = shutil.get_terminal_size().columns
    num_bins = NUM_BINS if rules else score_table.bins_for(width)
    found = []
    for rule in dict.fromkeys(chosen):
        bounds = [score_table.read_bounds(text, rule.bounds) for text in at]
        now = [rule.bounds] if at and rule.bounds is not None else []
        found.append((scores.distribution(rule, num_bins), [scores.change(rule, each) for each in [*now, *bounds]]))
    for note in scores.notes:
        print(note, file=sys.stderr)
    if json_output:
        _print_json(score_table.as_json(found, scores))
        return
    signs = score_table.signs_for(sys.stdout, os.environ.get("TERM", ""))
    print(f"{artifact.name}   {artifact.identity}   {artifact.manifest['summary'].partition('   ')[0]}")
    if not rules:
        print()
        for line in score_table.table([each for each, _ in found], signs):
            print(line)
        print(f"\n{signs.mark} threshold   one rule in full: --rule RULE   another threshold: --at NUMBER")
        return
    for each, changes in found:
        print()
        for line in score_table.details(each, changes, signs, width):
            print(line)


def show_document(target: str, key: str, limit: int, json_output: bool, root: Path) -> None:
    """Print the way of every document of an id or address."""
    found = journeys(way(target, root), key, limit)
    if json_output:
        _print_json([each.as_json() for each in found])
        return
    for number, each in enumerate(found):
        if number:
            print("\n" + "-" * 80)
        for line in lines(each):
            print(printable(line))
