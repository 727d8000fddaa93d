"""Learn to answer: predict the assistant's messages of conversations, and where each ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from firstwords.data.conversation import ChatRecord, as_messages
from firstwords.training.batch import IGNORED, Draws, Example, flat_batch
from firstwords.training.objective import Objective

if TYPE_CHECKING:
    from torch import Tensor, nn

    from firstwords.model.batch import Batch
    from firstwords.model.config import ModelConfig, Reason
    from firstwords.tokenizer.tokenizer import Tokenizer


@dataclass(frozen=True, kw_only=True)
class Instruction(Objective):
    """Supervised fine-tuning on conversations, written in the model's chat template.

    Only the tokens of answers and the mark that ends each are learnt; everything else is read. A conversation longer
    than the context is cut between an answer and the next question. Conversations stand one after another in a batch,
    and none sees another.

    Attributes:
        z_loss: Weight of the squared log-partition, as in pre-training.
    """

    record: ClassVar[type | None] = ChatRecord
    has_labels: ClassVar[bool] = False

    z_loss: float = 0.0

    def encode(self, record: Any, tokenizer: "Tokenizer", labels: Sequence[str], context: int, row: int = 0) -> Example:
        """Each piece of the conversation is a document; labels are the next tokens where these belong to answers."""
        from firstwords.tokenizer.conversation import encode_pieces

        try:
            pieces, left_out = encode_pieces(tokenizer, as_messages(record.messages), context)
        except ValueError as error:
            raise type(error)(f"{record.id}: {error}") from None
        documents = [(piece.ids[:-1], following(piece.ids, piece.learnt)) for piece in pieces]
        ends = np.cumsum([0] + [len(ids) for ids, _ in documents])
        return Example(
            np.concatenate([ids for ids, _ in documents]),
            np.concatenate([targets for _, targets in documents]),
            ends.astype(np.int64),
            row,
            num_left_out=left_out,
            num_bytes=sum(len(content.encode()) for role, content in record.messages if role == "assistant"),
        )

    def settle(
        self, rows: Sequence[Example], labels: Sequence[str], config: "ModelConfig"
    ) -> "tuple[Instruction, list[Reason]]":
        """How much is learnt of what is read."""
        from firstwords.model.config import Reason

        learnt = sum(int((np.asarray(row.labels) != IGNORED).sum()) for row in rows)
        read = sum(map(len, rows))
        return self, [Reason("learnt tokens", learnt, f"answers and their end marks, of {read:,} tokens that are read")]

    def collate(self, examples: Sequence[Example], draws: Draws, config: "ModelConfig") -> "Batch":
        """Conversations one after another."""
        return flat_batch(examples, labels=np.concatenate([np.asarray(example.labels) for example in examples]))

    def head(self, config: "ModelConfig", labels: Sequence[str] | None) -> "nn.Module":
        """Logits over the vocabulary."""
        from firstwords.model.heads import LanguageModelHead

        return LanguageModelHead(config)

    def loss(self, model: Any, batch: "Batch", draws: Draws) -> "tuple[Tensor, Tensor]":
        """Summed cross-entropy of the answers' tokens and their number."""
        from firstwords.training.objectives.causal_lm import token_loss

        return token_loss(model, batch, z_loss=0.0 if draws.evaluating else self.z_loss)


def following(ids: np.ndarray, learnt: np.ndarray) -> np.ndarray:
    """(T - 1,) the token behind each of the first T - 1 where it is learnt, else -100."""
    return np.where(learnt[1:], ids[1:], IGNORED).astype(np.int64)
