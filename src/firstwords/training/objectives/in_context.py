"""Learn to learn from examples in the prompt (MetaICL, Min et al. 2022)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from firstwords.data.dataset import TaskRecord
from firstwords.training.batch import IGNORED, Draws, Example
from firstwords.training.episodes import Episode, Question, draw_episode, related
from firstwords.training.objective import Objective

if TYPE_CHECKING:
    from torch import Tensor, nn

    from firstwords.model.batch import Batch
    from firstwords.model.config import ModelConfig
    from firstwords.tokenizer.tokenizer import Tokenizer


@dataclass(frozen=True, kw_only=True)
class InContext(Objective):
    """Some examples of one of many tasks, then a question of that task; the loss is that of the answers.

    Every record is the question of one episode an epoch; its examples, their order, the classes among which it chooses
    and, in a share of the episodes, what the classes are called, are drawn anew each time. A model that meets the same
    names with the same meanings learns the tasks instead of learning from the prompt; names that change cannot be
    known by heart (Wei et al. 2023, symbol tuning).

    Attributes:
        direction: `direct`: the label follows from the text; `channel`: the text from the label (Min et al. 2022).
        num_examples: Before the question, balanced over the classes.
        ways: Fewest and most classes of an episode.
        permuted_share: Of the training episodes, in which the classes' names change places.
        arbitrary_share: Of the training episodes, in which names are borrowed from other tasks or words at random.
        repeated_share: Of the training episodes, in which each class is a single text, misremembered anew each time:
            what belongs together shares words and nothing else, so that looking is learnt before meanings are.
        begin: `base`: go on from the base's weights; `recall`: from new weights that look for the example most like the
            question and repeat its name (`model.recall`); the base then gives tokenizer and sizes only.
        every_answer: Whether the examples' own answers are learnt too, each from those before it: many times the
            signal at no cost. An answer that nothing before it can tell is left out.
        max_words: Of a text; what is behind is left out.
        z_loss: As of `causal_lm`.
    """

    record: ClassVar[type | None] = TaskRecord
    keeps_head: ClassVar[bool] = True

    direction: Literal["direct", "channel"] = "direct"
    num_examples: Annotated[int, Field(ge=1)] = 8
    ways: tuple[Annotated[int, Field(ge=2)], Annotated[int, Field(ge=2)]] = (2, 6)
    permuted_share: Annotated[float, Field(ge=0, le=1)] = 0.25
    arbitrary_share: Annotated[float, Field(ge=0, le=1)] = 0.5
    repeated_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    begin: Literal["base", "recall"] = "base"
    every_answer: bool = True
    max_words: Annotated[int, Field(ge=1)] = 48
    z_loss: float = 1e-4

    def __post_init__(self) -> None:
        if self.ways[0] > self.ways[1]:
            raise ValueError(f"ways {list(self.ways)}: the fewest classes come first")
        if self.permuted_share + self.arbitrary_share > 1:
            raise ValueError("permuted_share and arbitrary_share exceed 1 together")

    def encode(self, record: Any, tokenizer: "Tokenizer", labels: Sequence[str], context: int, row: int = 0) -> Example:
        """The pieces of a prompt that the text and its label are."""
        from firstwords.inference import demonstration

        text, label = demonstration.tidy(record.text, self.max_words), demonstration.label_words(record.label)
        if not text or not label:
            raise ValueError(f"{record.id}: an empty {'label' if text else 'text'} cannot stand in a prompt")
        direct = self.direction == "direct"
        written = demonstration.question(text) if direct else demonstration.announced(text)
        named = demonstration.answer(label) if direct else demonstration.announcement(label)
        ids, answer = (np.array(tokenizer.encode(piece), dtype=np.int32) for piece in (written, named))
        if len(ids) + len(answer) > context // 2:
            raise ValueError(
                f"{record.id}: {len(ids)} tokens leave no room for an example in {context}: lower max_words"
            )
        return Question(ids, 0, None, row, task_name=record.task, answer=answer)

    def relate(self, rows: Sequence[Example]) -> Sequence[Example]:
        """See `episodes.related`."""
        return related(rows, self.num_examples) if len(rows) else rows

    def arrange(self, model: Any, seed: int) -> None:
        """See `Objective.arrange`."""
        if self.begin == "recall":
            from firstwords.model.recall import arrange_for_recall

            arrange_for_recall(model, seed)

    def collate(self, examples: Sequence[Example], draws: Draws, config: "ModelConfig") -> "Batch":
        """An episode a document; while evaluating, a document for each label that the question might have."""
        import torch

        from firstwords.training.candidates import Candidates

        documents: list[tuple[np.ndarray, np.ndarray]] = []
        counts, is_gold, numbers = [0], [], []
        for index, example in enumerate(examples):
            assert isinstance(example, Question)
            if example.task is None:
                continue
            episode = draw_episode(
                example,
                draws.generator(index, "episode"),
                num_examples=self.num_examples,
                ways=self.ways,
                permuted_share=0.0 if draws.evaluating else self.permuted_share,
                arbitrary_share=0.0 if draws.evaluating else self.arbitrary_share,
                repeated_share=0.0 if draws.evaluating else self.repeated_share,
            )
            gold = int(episode.classes[-1])
            for way in range(len(episode.candidates)) if draws.evaluating else [gold]:
                documents.append(self._document(episode, way, draws.evaluating, config.context))
                is_gold.append(way == gold)
                numbers.append(int(episode.numbers[way]))
            counts.append(len(documents))
        ids = np.concatenate([ids for ids, _ in documents]).astype(np.int64)
        labels = np.concatenate([labels for _, labels in documents]).astype(np.int64)
        lengths = [len(ids) for ids, _ in documents]
        return Candidates(
            input_ids=torch.from_numpy(ids),
            bounds=torch.from_numpy(np.cumsum([0, *lengths])),
            labels=torch.from_numpy(labels),
            max_length=max(lengths),
            examples=torch.from_numpy(np.array(counts)),
            is_gold=tuple(is_gold),
            numbers=tuple(numbers),
        )

    def _document(self, episode: Episode, way: int, evaluating: bool, context: int) -> tuple[np.ndarray, np.ndarray]:
        """Token ids and, at each, the token to be predicted; the question is asked with the name `way`."""
        pieces: list[np.ndarray] = []
        learnt: list[bool] = []
        seen: set[int] = set()
        last = len(episode.texts) - 1
        ways = [*episode.classes[:-1].tolist(), way]
        for place, (text, each) in enumerate(zip(episode.texts, ways, strict=True)):
            name = episode.candidates[each]
            known = episode.is_told or each in seen or place == last
            learns = place == last or (self.every_answer and not evaluating and known)
            direct = self.direction == "direct"
            pieces += [text, name] if direct else [name, text]
            learnt += [False, learns]
            seen.add(each)
        # Too long for the context: the first examples are left out.
        sizes = [len(piece) for piece in pieces]
        first = 0
        while sum(sizes[first:]) > context + 1:
            first += 2
        whole = np.concatenate(pieces[first:])
        marked = np.repeat(learnt[first:], sizes[first:])
        return whole[:-1], np.where(marked[1:], whole[1:], IGNORED)

    def head(self, config: "ModelConfig", labels: Sequence[str] | None) -> "nn.Module":
        """Logits over the vocabulary."""
        from firstwords.model.heads import LanguageModelHead

        return LanguageModelHead(config)

    def loss(self, model: Any, batch: "Batch", draws: Draws) -> "tuple[Tensor, Tensor]":
        """Summed cross-entropy of the answers' tokens and their number; while evaluating, of the right answers."""
        from firstwords.training.objectives.causal_lm import token_loss

        if not draws.evaluating:
            return token_loss(model, batch, z_loss=self.z_loss)
        from firstwords.training.candidates import answer_nats

        nats, tokens = answer_nats(model, batch)
        gold = nats.new_tensor(batch.is_gold)  # type: ignore[attr-defined]
        return (nats * gold).sum(), (tokens * gold).sum()

    def decode(self, model: Any, batch: "Batch") -> list[int]:
        """The likeliest class of every question, by the sum over its name's tokens (channel: the text's)."""
        import torch

        from firstwords.training.candidates import answer_nats

        with torch.no_grad():
            nats, _ = answer_nats(model, batch)
        bounds = batch.examples.tolist()  # type: ignore[union-attr]
        best = [start + int(nats[start:end].argmin()) for start, end in pairwise(bounds)]
        return [batch.numbers[place] for place in best]  # type: ignore[attr-defined]

    def metrics(self, gold: list[Any], predicted: list[Any]) -> dict[str, float]:
        """Share of the questions that were answered rightly."""
        from firstwords.metrics.classification import accuracy

        return {"accuracy": accuracy([str(g) for g in gold], [str(p) for p in predicted])}
