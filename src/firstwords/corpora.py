"""Several corpora in one recipe: which text and which tokenizer a stage works with.

`[collect.legal]` begins a corpus called legal; its other data stages need not be written. A plain section such as
`[clean]` then speaks for all corpora. A stage named like a corpus works on it, others say `corpus = "legal"`.

Tokens are made of a corpus and a tokenizer: `tokenize.legal` with the corpus's own, `tokenize.legal-general` with that
of another.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from firstwords.errors import RecipeError
from firstwords.find import nearest
from firstwords.model.base import Base, BaseStage
from firstwords.recipe import Count, runtime
from firstwords.stage import Stage

if TYPE_CHECKING:
    from firstwords.graph import Graph

Weights = Mapping[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]]
TEXT_FIELDS = ("base", "corpus", "mixture", "final_mixture", "final_share", "replay", "remember", "extend_vocabulary")


@dataclass(frozen=True, kw_only=True)
class OnCorpora(Stage):
    """What a stage that learns from tokens says about its texts.

    Attributes:
        base: A model to go on from: a stage (`"pretrain.general"`), or a Hugging Face folder in one of our layouts
            (Qwen3, Llama, EuroBERT), with its tokenizer.
        corpus: The corpus that is learnt; by default the one of the stage's own name.
        mixture: Corpora and their weights, instead of one: `{ books = 3, web = 1 }`. The first one's held-out text is
            what training is judged by.
        final_mixture: The weights of the last tokens of the run, where they are others: the best texts last, while the
            rate falls. What is left out here, or there, has a weight of 0.
        final_share: Share of all tokens that are read by them.
        replay: Share of all tokens that come from the corpus `remember`, so that less of it is forgotten.
        remember: The corpus on whose held-out text forgetting is measured; by default the one that the base learnt.
        extend_vocabulary: So many entries are learnt on the corpus and added to the base's tokenizer.
    """

    base: Base | None = None
    corpus: str | None = runtime(None)
    mixture: Weights = field(default_factory=dict)
    final_mixture: Weights = field(default_factory=dict)
    final_share: Annotated[float, Field(gt=0, lt=1)] = 0.2
    replay: Annotated[float, Field(ge=0, lt=1)] = 0.0
    remember: str | None = None
    extend_vocabulary: Annotated[Count, Field(ge=0)] = 0

    def __post_init__(self) -> None:
        if self.replay and self.mixture:
            raise RecipeError("replay is a weight of a mixture: give one of the two")
        if self.final_mixture and not (self.mixture or self.replay):
            raise RecipeError("final_mixture changes the weights of a mixture: there is none")
        if self.extend_vocabulary and self.base is None:
            raise RecipeError("extend_vocabulary adds to the tokenizer of a base: there is none")

    def weights(self, graph: "Graph") -> dict[str, float]:
        """Corpus to weight where several are read, the judged one first; else nothing.

        Raises:
            RecipeError: If general text is to be replayed and nothing says which.
        """
        if not self.replay:
            return dict(self.mixture)
        general, own = self.general_corpus(graph), graph.corpus_of(graph.name)
        if general is None or own is None:
            raise RecipeError('replay needs the corpus that is read again: say remember = "..."')
        return {own: round(1 - self.replay, 12), general: self.replay}

    def general_corpus(self, graph: "Graph") -> str | None:
        """The corpus on which forgetting is measured, if it is another than the one that is learnt."""
        general = self.remember
        if general is None and isinstance(self.base, BaseStage) and graph.stage(self.base.name) is not None:
            general = graph.corpus_of(self.base.name)
        if general is not None and general not in graph.corpora:
            there = ", ".join(graph.corpora) or "none"
            raise RecipeError(f"remember: no corpus '{general}'.{nearest(general, graph.corpora)} There: {there}")
        return None if general == graph.corpus_of(graph.name) else general

    def text_inputs(self, graph: "Graph") -> dict[str, str]:
        """Roles of the texts: `tokens`, `tokenizer`, where there is a base `base`, and `tokens.<corpus>` of others."""
        tokenizer = self._tokenizer(graph)
        found = {"tokens": tokens(graph, graph.corpus_of(graph.name), tokenizer), "tokenizer": tokenizer}
        general = self.general_corpus(graph)
        others = [*self.weights(graph), *self.final_mixture, *([general] if general else [])]
        for name in dict.fromkeys(others):
            if name not in graph.corpora:
                there = ", ".join(graph.corpora) or "none"
                where = "final_mixture" if name in self.final_mixture else "mixture"
                raise RecipeError(f"{where}: no corpus '{name}'.{nearest(name, graph.corpora)} There: {there}")
            if name != graph.corpus_of(graph.name):
                found[f"tokens.{name}"] = tokens(graph, name, tokenizer)
        return found | (self.base.inputs(graph) if self.base is not None else {})

    def _tokenizer(self, graph: "Graph") -> str:
        if not isinstance(self.base, BaseStage):
            return graph.require("train_tokenizer")
        inherited = graph.input_of(self.base.name, "tokenizer", "train_tokenizer")
        if not self.extend_vocabulary:
            return inherited
        from firstwords.stages.train_tokenizer import TrainTokenizer

        name = f"train_tokenizer.{graph.name.partition('.')[2] or 'extended'}"
        made = TrainTokenizer(
            extends=inherited, extend_vocabulary=self.extend_vocabulary, corpus=graph.corpus_of(graph.name)
        )
        if graph.stage(name) not in (None, made):
            raise RecipeError(f"extend_vocabulary makes the tokenizer of this stage: leave [{name}] out")
        return graph.require(name, lambda: made)


def tokens(graph: "Graph", corpus: str | None, tokenizer: str) -> str:
    """The stage that encodes a corpus with a tokenizer, added where the recipe does not name it.

    Args:
        graph: Of the recipe.
        corpus: None where the recipe has only one.
        tokenizer: Full name of its stage.
    """
    part = tokenizer.partition(".")[2]
    if corpus is None and not part:
        return graph.require("tokenize")
    from firstwords.stages.tokenize import Tokenize

    name = "tokenize." + (part if corpus is None else corpus if part in ("", corpus) else f"{corpus}-{part}")
    return graph.require(name, lambda: Tokenize(corpus=corpus, tokenizer=tokenizer))


def with_texts_of(stage: OnCorpora, other: Stage | None) -> OnCorpora:
    """A stage with what it leaves open about its texts taken from another."""
    if not isinstance(other, OnCorpora):
        return stage
    defaults = {each.name: each for each in dataclasses.fields(OnCorpora)}
    open_ones = {name: getattr(other, name) for name in TEXT_FIELDS if _is_default(stage, defaults[name])}
    return dataclasses.replace(stage, **open_ones)


def _is_default(stage: OnCorpora, of: "dataclasses.Field[object]") -> bool:
    default = of.default if of.default_factory is dataclasses.MISSING else of.default_factory()
    return bool(getattr(stage, of.name) == default)
