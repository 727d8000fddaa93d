"""Any causal model that transformers knows, as what tasks know of a model.

It is for models whose layout this package does not compute itself, hence slower: texts are padded to batches of like
length. Nothing in the folder is run: remote code is refused, weights are safetensors, and nothing is fetched.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from firstwords.compute.devices import best_device
from firstwords.errors import RecipeError
from firstwords.inference.choice_texts import encode_choices
from firstwords.inference.choices import Judged
from firstwords.inference.sampling import GREEDY, Sampling
from firstwords.inference.scoring import Window, windows
from firstwords.inference.stop_strings import StopStrings
from firstwords.tokenizer.tokenizer import Tokenizer

BATCH_TOKENS = 2048
LONGEST_CONTEXT = 4096
"""Longer contexts are not used: attention over them takes memory that nobody planned for."""


@dataclass(frozen=True)
class TransformersModel:
    """A causal language model of transformers with its tokenizer.

    Attributes:
        model: In evaluation mode.
        tokenizer: Of its folder, read as ours are: nothing is added to a text.
        context: Tokens that it sees at once.
    """

    model: Any
    tokenizer: Tokenizer
    context: int

    @classmethod
    def load(cls, folder: Path | str, device: str | None = None) -> TransformersModel:
        """Read a folder.

        Args:
            folder: Of Hugging Face.
            device: Where it is to compute; by default on a GPU where there is one.

        Raises:
            RecipeError: If transformers is missing, or cannot read it without running code from it.
        """
        try:
            import transformers
        except ImportError:
            raise RecipeError(
                f"{folder} has a layout that firstwords does not compute itself, and transformers is not installed: "
                'pip install "firstwords[hf]"'
            ) from None
        transformers.logging.set_verbosity_error()
        tokenizer = Tokenizer.load(folder)
        try:
            model: Any = transformers.AutoModelForCausalLM.from_pretrained(
                str(folder),
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=torch.float32,
            )
        except Exception as error:  # whatever the library raises about a folder is a statement about the folder
            raise RecipeError(f"{folder}: transformers cannot read it as a causal language model: {error}") from error
        if tokenizer.vocab_size > model.config.vocab_size:
            raise RecipeError(
                f"{folder}: the tokenizer has {tokenizer.vocab_size:,} entries, the model only "
                f"{model.config.vocab_size:,}"
            )
        stated = getattr(model.config, "max_position_embeddings", None) or LONGEST_CONTEXT
        return cls(model.to(device or best_device()).eval(), tokenizer, min(int(stated), LONGEST_CONTEXT))

    @property
    def task(self) -> Literal["language_model"]:
        """It continues texts."""
        return "language_model"

    @property
    def fills_masks(self) -> bool:
        """It does not."""
        return False

    def log_likelihoods(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """See `LanguageModel.log_likelihoods`."""
        return [each.log_likelihood for (each,) in self.judge_choices([[pair] for pair in pairs])]

    def log_likelihood(self, context: str, continuation: str) -> float:
        """See `LanguageModel.log_likelihood`."""
        return self.log_likelihoods([(context, continuation)])[0]

    def judge_choices(
        self,
        questions: Sequence[Sequence[tuple[str, str]]],
        *,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[list[Judged]]:
        """See `LanguageModel.judge_choices`; what answers share is read for each of them."""
        documents: list[list[int]] = []
        parts: list[Window] = []
        owners: list[tuple[int, int]] = []
        encoded = encode_choices(self.tokenizer, questions)
        for number, question in enumerate(encoded):
            for answer, (tokens, given) in enumerate(zip(question.tokens, question.num_given, strict=True)):
                owners.append((number, answer))
                documents.append(list(tokens))
                wanted = len(tokens) - given
                if wanted <= self.context:
                    start = max(0, len(tokens) - 1 - self.context)
                    parts.append(Window(len(documents) - 1, start, given - 1, len(tokens) - 1))
                else:
                    cut = windows(len(tokens) - 1, self.context, max(1, self.context // 2), len(documents) - 1)
                    parts += [each for each in cut if each.end >= given]
        scores = [np.zeros(len(document) - 1) for document in documents]
        likeliest = [np.zeros(len(document) - 1, dtype=bool) for document in documents]
        self._fill(documents, parts, scores, likeliest, progress)
        found: list[list[Judged]] = [[] for _ in questions]
        for place, (number, answer) in enumerate(owners):
            first = encoded[number].num_given[answer] - 1
            values, best = scores[place][first:], likeliest[place][first:]
            found[number].append(Judged(float(values.sum()), len(values), bool(best.all())))
        return found

    def token_log_likelihoods(
        self,
        documents: Sequence[Sequence[int]],
        *,
        stride: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[np.ndarray]:
        """See `LanguageModel.token_log_likelihoods`."""
        marked = [[self.tokenizer.end_of_text, *map(int, document)] for document in documents]
        stride = min(self.context, stride or max(1, self.context // 2))
        parts = [w for n, each in enumerate(marked) for w in windows(len(each) - 1, self.context, stride, n)]
        scores = [np.zeros(len(document) - 1) for document in marked]
        self._fill(marked, parts, scores, None, progress)
        return scores

    def generate_batch(
        self, prompts: Sequence[str], max_tokens: int, sampling: Sampling, seed: int = 0, stop: Sequence[str] = ()
    ) -> list[str]:
        """See `LanguageModel.generate_batch`; greedy only, one prompt after another.

        Raises:
            RecipeError: If it is to be drawn from.
        """
        if sampling != GREEDY:
            raise RecipeError("models of transformers write greedily here: set temperature = 0")
        stops, found = StopStrings(tuple(stop), self.tokenizer), []
        for prompt in prompts:
            ids = [self.tokenizer.end_of_text, *self.tokenizer.encode(prompt)][-self.context + max_tokens :]
            found.append(stops.cut(self.tokenizer.decode(self._continued(ids, max_tokens, stops, bool(stop)))))
        return found

    @torch.inference_mode()
    def _continued(self, ids: Sequence[int], max_tokens: int, stops: StopStrings, has_stops: bool) -> list[int]:
        device = self.model.device
        new, past, read = [], None, list(ids)
        for _ in range(max_tokens):
            result = self.model(torch.tensor([read], device=device), past_key_values=past, use_cache=True)
            token, past = int(result.logits[0, -1].argmax()), result.past_key_values
            if token == self.tokenizer.end_of_text:
                break
            new.append(token)
            if has_stops and stops(new):
                break
            read = [token]
        return new

    @torch.inference_mode()
    def _fill(
        self,
        documents: Sequence[Sequence[int]],
        parts: Sequence[Window],
        scores: Sequence[np.ndarray],
        likeliest: Sequence[np.ndarray] | None,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        """Score windows of documents into arrays."""
        some_logits = "logits_to_keep" in inspect.signature(self.model.forward).parameters
        device, done = self.model.device, 0
        for group in _batches(parts):
            longest = max(part.end - part.start for part in group)
            ids = torch.zeros(len(group), longest, dtype=torch.int64)
            mask = torch.zeros(len(group), longest, dtype=torch.int64)
            for row, part in enumerate(group):
                read = documents[part.document][part.start : part.end]
                ids[row, : len(read)] = torch.tensor(read)
                mask[row, : len(read)] = 1
            first = min(part.first_scored - part.start for part in group)
            more: dict[str, Any] = (
                {"logits_to_keep": torch.arange(first, longest, device=device)} if some_logits else {}
            )
            result = self.model(ids.to(device), attention_mask=mask.to(device), use_cache=False, **more)
            logits = result.logits if some_logits else result.logits[:, first:]
            for row, part in enumerate(group):
                begin, end = part.first_scored - part.start - first, part.end - part.start - first
                targets = torch.tensor(documents[part.document][part.first_scored + 1 : part.end + 1], device=device)
                mine = logits[row, begin:end].float()
                chosen = mine.gather(1, targets[:, None]).flatten() - torch.logsumexp(mine, 1)
                place = slice(part.first_scored, part.end)
                scores[part.document][place] = chosen.double().cpu().numpy()
                if likeliest is not None:
                    likeliest[part.document][place] = (mine.argmax(1) == targets).cpu().numpy()
            done += len(group)
            if progress is not None:
                progress(done, len(parts))


def _batches(parts: Sequence[Window]) -> Iterator[list[Window]]:
    """Windows of like length together, the longest first."""
    group: list[Window] = []
    for part in sorted(parts, key=lambda part: part.start - part.end):
        longest = (group[0] if group else part).end - (group[0] if group else part).start
        if group and (len(group) + 1) * longest > BATCH_TOKENS:
            yield group
            group = []
        group.append(part)
    if group:
        yield group
