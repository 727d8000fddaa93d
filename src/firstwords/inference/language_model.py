"""What evaluation, serving and people know of a model: it says how likely a text is, continues it, or labels it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from firstwords.compute.devices import best_device
from firstwords.errors import RecipeError
from firstwords.inference import scoring
from firstwords.inference.answering import answer_nats, end_ids, prompt_for
from firstwords.inference.choice_texts import encode_choices
from firstwords.inference.choices import Judged, judge_choices
from firstwords.inference.generate import generate
from firstwords.inference.infilling import fill_between, fill_masks
from firstwords.inference.labelling import TextEntity, find_text_entities, label_texts, tag_sentences
from firstwords.inference.prompt_scoring import continuation_log_likelihoods, mean_states
from firstwords.inference.pseudo_likelihood import masked_scorer, pseudo_log_likelihoods
from firstwords.inference.sampling import Sampling
from firstwords.inference.stop_strings import StopStrings
from firstwords.inference.text_stream import stream_text
from firstwords.model.config import ModelConfig
from firstwords.model.hugging_face import load_folder
from firstwords.model.transformer import Model
from firstwords.tokenizer.chat_template import Message
from firstwords.tokenizer.tokenizer import Tokenizer
from firstwords.tokenizer.word_joints import word_joints

__all__ = ["LanguageModel", "TextEntity"]

Task = Literal["language_model", "masked", "tokens", "sequence"]


@dataclass(frozen=True)
class LanguageModel:
    """A model with its tokenizer.

    Attributes:
        model: In evaluation mode.
        tokenizer: The one it was trained with.
        labels: Names of its classes or tags; empty for language models.
    """

    model: Model
    tokenizer: Tokenizer
    labels: tuple[str, ...] = ()

    @classmethod
    def load(cls, folder: Path | str, device: str | None = None) -> LanguageModel:
        """Read a checkpoint folder.

        Args:
            folder: Of the checkpoint.
            device: Where it is to compute; by default on a GPU where there is one.

        Raises:
            RecipeError: If it is none, or one whose tokenizer does not belong to the model.
            IntegrityError: If the weights are damaged.
        """
        model, config, labels = load_folder(Path(folder))
        tokenizer = Tokenizer.load(folder)
        if tokenizer.vocab_size > config.vocab_size:
            raise RecipeError(
                f"{folder}: the tokenizer has {tokenizer.vocab_size:,} entries, the model only {config.vocab_size:,}"
            )
        return cls(model.to(device or best_device()), tokenizer, labels)

    @property
    def config(self) -> ModelConfig:
        """Sizes of the model."""
        return self.model.config

    @property
    def task(self) -> Task:
        """What its head is for: `language_model`, `masked`, `tokens` or `sequence`; a hybrid is a `language_model`."""
        kind = self.model.head.kind
        if kind != "language_model":
            return kind
        return "language_model" if self.config.causal else "masked"

    @property
    def fills_masks(self) -> bool:
        """Whether it predicts masked tokens: a masked or a hybrid language model."""
        return self.model.head.kind == "language_model" and self.config.fills_masks

    def generate(
        self,
        prompt: str,
        max_tokens: int = 128,
        temperature: float = 0.8,
        top_k: int = 0,
        top_p: float = 0.95,
        min_p: float = 0.0,
        repetition_penalty: float = 1.0,
        seed: int = 0,
        stop: Sequence[str] = (),
    ) -> str:
        """A continuation of a text that begins with the prompt; the prompt is not part of it.

        Args:
            prompt: May be empty.
            max_tokens: Longest continuation; it ends earlier where the model ends the text.
            temperature: 0 always takes the likeliest token.
            top_k: Only so many of the likeliest tokens; 0 = all.
            top_p: Only the likeliest tokens that together reach this probability.
            min_p: Only tokens at least this share as probable as the likeliest one.
            repetition_penalty: See `inference.sampling.Sampling`.
            seed: Of the draws. The same seed and prompt give the same text, alone or among others.
            stop: The text ends before the first of these strings.

        Raises:
            RecipeError: If the model is not a causal language model.
        """
        sampling = Sampling(
            temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p, repetition_penalty=repetition_penalty
        )
        return self.generate_batch([prompt], max_tokens, sampling, seed, stop)[0]

    def generate_batch(
        self, prompts: Sequence[str], max_tokens: int, sampling: Sampling, seed: int = 0, stop: Sequence[str] = ()
    ) -> list[str]:
        """Continuations of several prompts at once; as `generate`."""
        stops = StopStrings(tuple(stop), self.tokenizer)
        found = generate(
            self.model,
            [self._prompt(prompt) for prompt in prompts],
            max_tokens=max_tokens,
            sampling=sampling,
            seed=seed,
            stop={self.tokenizer.end_of_text},
            ended=stops if stop else None,
        )
        return [stops.cut(self.tokenizer.decode(tokens)) for tokens in found]

    def continue_tokens(
        self, prompts: Sequence[Sequence[int]], max_tokens: int, sampling: Sampling, seed: int = 0
    ) -> list[list[int]]:
        """New token ids after each of several prompts given as token ids; an empty one is the beginning of a text."""
        self._needs("language_model", "continues texts")
        end = self.tokenizer.end_of_text
        marked = [[end, *map(int, prompt)] for prompt in prompts]
        return generate(self.model, marked, max_tokens=max_tokens, sampling=sampling, seed=seed, stop={end})

    def stream(
        self,
        prompt: str,
        max_tokens: int = 128,
        temperature: float = 0.8,
        top_k: int = 0,
        top_p: float = 0.95,
        min_p: float = 0.0,
        repetition_penalty: float = 1.0,
        seed: int = 0,
        stop: Sequence[str] = (),
    ) -> Iterator[str]:
        """The text of `generate` in pieces, as it is made.

        A character whose bytes are not all there waits, and so does what may become a stop string.
        """
        sampling = Sampling(
            temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p, repetition_penalty=repetition_penalty
        )
        ends = {self.tokenizer.end_of_text}
        return stream_text(self.model, self.tokenizer, self._prompt(prompt), max_tokens, sampling, seed, stop, ends)

    def reply(
        self,
        messages: Sequence[Message],
        max_tokens: int = 128,
        seed: int = 0,
        stop: Sequence[str] = (),
        **sampling: float,
    ) -> tuple[Iterator[str], int]:
        """The answer to the last message of a conversation in pieces, by a model with a chat template.

        Args:
            messages: Of `role` and `content`.
            max_tokens: Longest answer.
            seed: Of the draws.
            stop: The answer ends before the first of these strings.
            sampling: Fields of `inference.sampling.Sampling`.

        Returns:
            The pieces, and the number of messages at the front that the context has no room for.

        Raises:
            RecipeError: If the model was not taught to answer.
            ValueError: If the template refuses the messages.
        """
        self._needs("language_model", "answers")
        room = max(1, self.config.context - min(max_tokens, self.config.context // 2))
        prompt = prompt_for(self.tokenizer, messages, room)
        chosen = Sampling(**sampling)  # type: ignore[arg-type]
        ends = end_ids(self.tokenizer)
        pieces = stream_text(self.model, self.tokenizer, prompt.ids, max_tokens, chosen, seed, stop, ends)
        return pieces, prompt.num_forgotten

    def answer_nats(
        self, conversations: Sequence[Sequence[Message]], progress: Callable[[int, int], None] | None = None
    ) -> list[float]:
        """What the text of all answers of each conversation costs, in nats (`inference.answering`)."""
        self._needs("language_model", "tells how likely an answer is")
        return answer_nats(self.model, self.tokenizer, conversations, progress)

    def _prompt(self, text: str) -> list[int]:
        self._needs("language_model", "continues texts")
        # Every document was trained behind an end-of-text mark.
        return [self.tokenizer.end_of_text, *self.tokenizer.encode(text)]

    def log_likelihood(self, context: str, continuation: str) -> float:
        """How likely a text goes on like this: the sum over the continuation's tokens, in nats.

        Both are encoded together; the continuation's tokens are those after `len(encode(context))`. An empty context
        stands for the beginning of a text.
        """
        return self.log_likelihoods([(context, continuation)])[0]

    def log_likelihoods(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """`log_likelihood` of several pairs of context and continuation at once."""
        self._needs("language_model", "tells how likely a text is")
        documents = [self.tokenizer.encode(context + continuation) for context, continuation in pairs]
        given = [len(self.tokenizer.encode(context)) for context, _ in pairs]
        results = []
        for ids, num_given in zip(documents, given, strict=True):
            document, first = (ids, num_given) if num_given else ([self.tokenizer.end_of_text, *ids], 1)
            scores = scoring.token_log_likelihoods(self.model, [document], num_given=first)
            results.append(float(scores[0].sum()))
        return results

    def continuation_log_likelihoods(self, pairs: Sequence[tuple[str, str]]) -> list[np.ndarray]:
        """Log-likelihood of each token of continuations; the sums are `log_likelihoods`, but for rounding.

        What all pairs begin with is read once, so pairs that share a long beginning belong in one call.

        Args:
            pairs: Context and continuation, encoded as for `log_likelihood`.
        """
        self._needs("language_model", "tells how likely a text is")
        documents = self.tokenizer.encode_batch([context + continuation for context, continuation in pairs])
        given = [len(ids) for ids in self.tokenizer.encode_batch([context for context, _ in pairs])]
        marked = [
            (ids, first) if first else ([self.tokenizer.end_of_text, *ids], 1)
            for ids, first in zip(documents, given, strict=True)
        ]
        return continuation_log_likelihoods(self.model, marked)

    def mean_states(self, texts: Sequence[str]) -> np.ndarray:
        """(E, width) mean state of each text's tokens, by which texts can be compared."""
        encoded = self.tokenizer.encode_batch(texts)
        return mean_states(self.model, [ids or [self.tokenizer.end_of_text] for ids in encoded])

    def judge_choices(
        self,
        questions: Sequence[Sequence[tuple[str, str]]],
        *,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[list[Judged]]:
        """`log_likelihood` of several pairs of context and continuation a question, with more to it and much faster.

        Args:
            questions: For each its pairs. What their texts have in common at the front is read once.
            progress: Told judged questions so far and in all.

        Returns:
            For each pair its log-likelihood, tokens, and whether the model would say just this. A text beyond the
            model's context is forgotten from its front, as little as possible.
        """
        self._needs("language_model", "tells how likely a text is")
        return judge_choices(self.model, encode_choices(self.tokenizer, questions), progress=progress)

    def token_log_likelihoods(
        self,
        documents: Sequence[Sequence[int]],
        *,
        stride: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[np.ndarray]:
        """Log-likelihood of every token of documents, in nats (never above 0).

        Args:
            documents: Token ids without a leading mark: each document is put behind end-of-text, as in training, so its
                first token is scored too.
            stride: New tokens of every window of a long document; half the context by default.
            progress: Told scored tokens so far and in all.

        Returns:
            For each document as many float64 numbers as it has tokens; each token is scored exactly once.
        """
        self._needs("language_model", "tells how likely a text is")
        marked = [[self.tokenizer.end_of_text, *map(int, document)] for document in documents]
        return scoring.token_log_likelihoods(self.model, marked, stride=stride, progress=progress)

    def pseudo_log_likelihoods(
        self,
        documents: Sequence[Sequence[int]],
        *,
        whole_words: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[np.ndarray]:
        """Log-likelihood of every token given all others of its document, in nats (`inference.pseudo_likelihood`).

        Args:
            documents: Token ids without a leading mark: each document is put behind end-of-text, as in training.
            whole_words: Whether what follows a token in its word is hidden with it.
            progress: Told judged tokens so far and in all.

        Returns:
            For each document as many float64 numbers as it has tokens.

        Raises:
            RecipeError: If the model does not predict masked tokens.
        """
        self._needs_masks("tells how well a text fits together")
        marked = [np.array([self.tokenizer.end_of_text, *map(int, document)]) for document in documents]
        starts = None
        if whole_words:
            joints = word_joints(self.tokenizer)
            starts = [joints.word_starts(ids, np.array([0, 1, len(ids)])[: 2 + (len(ids) > 1)]) for ids in marked]
        return pseudo_log_likelihoods(
            masked_scorer(self.model),
            marked,
            mask=self.tokenizer.mask,
            context=self.config.context,
            word_starts=starts,
            progress=progress,
        )

    def fill_between(
        self, before: str, after: str, max_tokens: int = 128, temperature: float = 0.0, seed: int = 0
    ) -> str:
        """What could stand between two pieces of text, by a model that learnt it (`inference.infilling`).

        Raises:
            RecipeError: If the model did not.
        """
        self._needs("language_model", "fills in the middle of texts")
        sampling = Sampling(temperature=temperature, top_p=0.95)
        return fill_between(
            self.model, self.tokenizer, before, after, max_tokens=max_tokens, sampling=sampling, seed=seed
        )

    def predict(self, texts: Sequence[str]) -> list[str] | list[list[TextEntity]]:
        """What the head says about texts: a label each, the entities in each, or the text with its masks filled in.

        Raises:
            RecipeError: If the model is a causal language model alone, which continues texts instead.
        """
        if self.task == "sequence":
            return label_texts(self.model, self.tokenizer, texts).labels
        if self.task == "tokens":
            return self.entities(texts)
        self._needs_masks("predicts labels, entities or hidden words")
        return [fill_masks(self.model, self.tokenizer, text) for text in texts]

    def label_sets(self, texts: Sequence[str | tuple[str, str]]) -> list[tuple[str, ...]]:
        """The labels of each text or pair of texts: exactly one, or as many as the model was taught to give."""
        found = label_texts(self.model, self.tokenizer, texts)
        return [(label,) for label in found.labels] if found.sets is None else found.sets

    def label_log_probabilities(self, texts: Sequence[str | tuple[str, str]]) -> np.ndarray:
        """(E, K) log-probability, in nats, of each of `labels` for every text."""
        return label_texts(self.model, self.tokenizer, texts).log_probabilities

    def entities(self, texts: Sequence[str]) -> list[list[TextEntity]]:
        """The entities of each text with their places in characters."""
        return find_text_entities(self.model, self.tokenizer, texts)

    def tags(self, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        """A tag of `labels` for every word of every sentence."""
        return tag_sentences(self.model, self.tokenizer, sentences)

    def _needs_masks(self, what: str) -> None:
        if not self.fills_masks:
            self._needs("masked", what)

    def _needs(self, task: Task, what: str) -> None:
        if self.task != task:
            raise RecipeError(f"a model with the task '{task}' {what}; this one has the task '{self.task}'")
