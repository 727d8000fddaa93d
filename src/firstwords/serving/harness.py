"""Models of firstwords in lm-evaluation-harness, which knows them as `firstwords`.

    python -m firstwords.serving.harness run --model firstwords --model_args folder=artifacts/.../model --tasks ...

is lm-evaluation-harness's own command with this one model more; from Python, call `register()` first. It needs
`pip install "firstwords[harness]"`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from typing import Any

from firstwords.errors import RecipeError


@cache
def register() -> type:
    """Make the harness know `firstwords`; the class it is.

    Raises:
        RecipeError: If the harness is not installed.
    """
    try:
        from lm_eval.api.model import LM
        from lm_eval.api.registry import register_model
    except ImportError:
        raise RecipeError('lm-evaluation-harness is not installed: pip install "firstwords[harness]"') from None

    @register_model("firstwords")
    class FirstwordsLM(LM):  # type: ignore[misc, no-any-unimported]
        """A checkpoint folder, asked in the harness's three ways."""

        def __init__(self, folder: str, device: str = "cpu", **ignored: Any) -> None:
            """Args: folder: A checkpoint; device: Where it runs; ignored: What the harness gives every model."""
            super().__init__()
            from firstwords.inference.language_model import LanguageModel

            self._model = LanguageModel.load(folder, device)

        def loglikelihood(self, requests: Sequence[Any]) -> list[tuple[float, bool]]:
            """Of continuations; requests that follow each other with one context share it."""
            return log_likelihoods(self._model, [request.args for request in requests])

        def loglikelihood_rolling(self, requests: Sequence[Any]) -> list[float]:
            """Of whole texts, in windows that do not overlap."""
            documents = self._model.tokenizer.encode_batch(request.args[0] for request in requests)
            found = self._model.token_log_likelihoods(documents, stride=self._model.config.context)
            return [float(each.sum()) for each in found]

        def generate_until(self, requests: Sequence[Any]) -> list[str]:
            """Continuations up to a stop string."""
            return continuations(self._model, [request.args for request in requests])

    return FirstwordsLM


def log_likelihoods(model: Any, pairs: Sequence[tuple[str, str]]) -> list[tuple[float, bool]]:
    """For each pair of context and continuation its log-likelihood in nats, and whether the model would say just this.

    White space at the end of a context belongs to the continuation, as the harness has it for its own models.
    """
    questions: list[list[tuple[str, str]]] = []
    for context, continuation in pairs:
        kept = context.rstrip()
        moved = (kept, context[len(kept) :] + continuation)
        if questions and questions[-1][0][0] == kept:
            questions[-1].append(moved)
        else:
            questions.append([moved])
    judged = model.judge_choices(questions)
    return [(each.log_likelihood, each.is_greedy) for question in judged for each in question]


def continuations(model: Any, asked: Sequence[tuple[str, dict[str, Any]]]) -> list[str]:
    """Continuations of contexts, each by its `until`, `max_gen_toks`, `do_sample`, `temperature`, `top_p`."""
    from firstwords.inference.sampling import GREEDY, Sampling

    groups: dict[tuple[Any, ...], list[int]] = {}
    for number, (_, settings) in enumerate(asked):
        until = settings.get("until") or []
        stops = (until,) if isinstance(until, str) else tuple(until)
        drawn = bool(settings.get("do_sample", False)) and float(settings.get("temperature", 1.0)) > 0
        sampling = (
            Sampling(temperature=float(settings.get("temperature", 1.0)), top_p=float(settings.get("top_p", 1.0)))
            if drawn
            else GREEDY
        )
        # An empty stop string ends nothing.
        key = (tuple(stop for stop in stops if stop), int(settings.get("max_gen_toks", 256)), sampling)
        groups.setdefault(key, []).append(number)
    found = [""] * len(asked)
    for (stops, max_tokens, sampling), numbers in groups.items():
        for start in range(0, len(numbers), _AT_ONCE):
            chosen = numbers[start : start + _AT_ONCE]
            texts = model.generate_batch([asked[n][0] for n in chosen], max_tokens, sampling, stop=stops)
            for number, text in zip(chosen, texts, strict=True):
                found[number] = text
    return found


_AT_ONCE = 32


def main() -> None:
    """The harness's command line, with our models."""
    try:
        register()
    except RecipeError as error:
        sys.exit(str(error))
    from lm_eval.__main__ import cli_evaluate

    cli_evaluate()


if __name__ == "__main__":
    main()
