"""Talking to a model in the terminal."""

import sys
from pathlib import Path
from typing import TextIO

from firstwords.artifact import Artifact
from firstwords.errors import RecipeError
from firstwords.tokenizer.tokenizer import MASK


def model_folder(artifact: Artifact) -> Path:
    """The checkpoint folder inside an artifact.

    Raises:
        RecipeError: If the stage made no model.
    """
    folder = artifact.path("model")
    if not (folder / "config.json").is_file():
        raise RecipeError(f"{artifact.name} holds no model; name a pretrain or finetune stage")
    return folder


class Conversation:
    """Answers lines of text with one model: a continuation, a label, or the entities in it."""

    def __init__(self, folder: Path, *, max_tokens: int, temperature: float, seed: int) -> None:
        from firstwords.inference.language_model import LanguageModel

        self._model = LanguageModel.load(folder)
        self._max_tokens = max_tokens
        self._temperature = temperature
        self._seed = seed
        self._turn = 0

    @property
    def explanation(self) -> str:
        """What the model does with a line."""
        if self.task == "language_model" and self._model.fills_masks:
            return f"It continues what you type, or fills in every {MASK} in it."
        return {
            "language_model": "It continues what you type.",
            "tokens": "It marks the names in what you type.",
            "sequence": "It sorts what you type into a class.",
            "masked": f"It fills in every {MASK} in what you type.",
        }[self.task]

    @property
    def task(self) -> str:
        """What the checkpoint's head is for."""
        return self._model.task

    def answer(self, text: str, output: TextIO) -> None:
        """Write the model's answer to one line, as it is made."""
        if self.task == "language_model" and not (MASK in text and self._model.fills_masks):
            # A new seed for every turn, so that asking twice gives two answers; the first turn is reproducible.
            pieces = self._model.stream(
                text, max_tokens=self._max_tokens, temperature=self._temperature, seed=self._seed + self._turn
            )
            for piece in pieces:
                output.write(_printable(piece))
                output.flush()
            output.write("\n")
        elif self.task == "tokens":
            spans = self._model.entities([text])[0]
            for span in spans:
                output.write(f"{span.type:<12} {_printable(text[span.start : span.end])}\n")
            if not spans:
                output.write("no names found\n")
        else:
            output.write(f"{_printable(str(self._model.predict([text])[0]))}\n")
        output.flush()
        self._turn += 1


def _printable(text: str) -> str:
    """Text without control characters: a model's output must not drive the terminal."""
    return "".join(c if c in "\n\t" or c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def chat(folder: Path, *, once: str | None, max_tokens: int, temperature: float, seed: int) -> None:
    """Answer one text, or read lines until the end of input.

    Args:
        folder: A checkpoint folder.
        once: Answer this and return.
        max_tokens: Longest answer in tokens.
        temperature: 0 always takes the likeliest token.
        seed: Of the random draws.
    """
    conversation = Conversation(folder, max_tokens=max_tokens, temperature=temperature, seed=seed)
    if once is not None:
        conversation.answer(once, sys.stdout)
        return
    interactive = sys.stdin.isatty()
    if interactive:
        print(f"{conversation.explanation} An empty line or Ctrl-D ends.", file=sys.stderr)
    while True:
        try:
            line = input("> ") if interactive else sys.stdin.readline().rstrip("\n")
        except (EOFError, KeyboardInterrupt):
            break
        if not line.strip():
            break
        conversation.answer(line, sys.stdout)
