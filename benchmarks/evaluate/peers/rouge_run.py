"""ROUGE by rouge-score, in the environment of lm-evaluation-harness: reads pairs of texts as JSON, writes F1s."""

import json
import sys

from rouge_score.rouge_scorer import RougeScorer


def main() -> None:
    kinds = ["rouge1", "rouge2", "rougeL"]
    scorer = RougeScorer(kinds, use_stemmer=False)
    found = []
    for wanted, given in json.load(sys.stdin):
        scores = scorer.score(wanted, given)
        found.append([scores[kind].fmeasure for kind in kinds])
    print(json.dumps(found))


if __name__ == "__main__":
    main()
