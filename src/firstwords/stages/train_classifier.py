"""Train a classifier that the filter `classifier` can use, from any labelled texts."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from firstwords.data.dataset import PARTS, Dataset, TextRecord
from firstwords.errors import RecipeError
from firstwords.recipe import Kind, kind_of
from firstwords.stage import Outcome, Stage, Work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from firstwords.data.ngram_classifier import NgramClassifier
    from firstwords.graph import Graph

# The first of equally good ones is taken, as where there is no text to choose on.
STRENGTHS = (4.0, 8.0, 2.0, 16.0, 1.0, 32.0, 0.5)


@dataclass(frozen=True, kw_only=True)
class TrainClassifier(Stage):
    """Logistic regression over hashed words, word pairs and characters; see `firstwords.data.ngram_classifier`.

    What is fitted to is the part `train`; the strength of the regularisation is the one with the best sum of macro-F1
    and AUC on `validation`; the part `test` is scored once, beside logistic regression over TF-IDF weights. Payload:
    `weights.npz`, `classifier.json` (labels and settings), `card.md` (what it learnt from, its scores) and
    `report.json`.
    """

    libraries: ClassVar[tuple[str, ...]] = ("numpy", "scipy", "scikit-learn")

    data: Annotated[Dataset, Kind("data.datasets")]
    """Labelled texts, for example `{ kind = "table", path = "...", text = "tweet", label = "class" }`."""
    description: str = ""
    """What it tells apart, for its card."""
    balanced: bool = True
    """Count a rare label as much as a frequent one. Probabilities are then those of a world in which all labels are
    equally frequent."""
    characters: bool = True
    """Count runs of 3 to 5 characters inside words too: half as fast, and better where spelling varies."""
    bits: Annotated[int, Field(ge=10, le=24)] = 18
    """2 ** bits buckets; a file has about 3 + 2 x labels bytes for each that is used."""
    min_texts: Annotated[int, Field(ge=1)] = 2
    """N-grams in fewer training texts count nothing."""
    min_probability: dict[str, float] | None = None
    """Lowest probability of a label that a filter accepts unless told otherwise, by label."""
    max_probability: dict[str, float] | None = None
    """Highest probability of a label that a filter accepts unless told otherwise, by label."""

    def __post_init__(self) -> None:
        if self.data.record is not TextRecord:
            raise RecipeError(f"data: '{kind_of(type(self.data))}' does not give texts with one label each")

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """The corpus, where labels are made from it."""
        return {"documents": graph.require("deduplicate")} if self.data.needs_documents else {}

    def run(self, work: Work) -> Outcome:
        """Fit, choose, score, save."""
        from dataclasses import replace

        from firstwords.artifact import write_json
        from firstwords.evaluation.classifier_report import card, report

        documents = work.inputs["documents"].path("documents") if "documents" in work.inputs else None
        parts: Any = self.data.parts(documents)
        train, validation, test = (list(parts[part]) for part in PARTS)
        if len({each.label for each in train}) < 2:
            raise RecipeError(f"{work.name}.data: the training part has fewer than two labels")
        work.progress(f"fitting {len(train):,} texts")
        model, strength = self.fit(train, validation)
        limits = {
            label: ((self.min_probability or {}).get(label), (self.max_probability or {}).get(label))
            for label in sorted({*(self.min_probability or {}), *(self.max_probability or {})})
        }
        unknown = sorted(set(limits) - set(model.labels))
        if unknown:
            raise RecipeError(f"{work.name}: no text is labelled '{unknown[0]}'. Labels: {', '.join(model.labels)}")
        work.progress(f"scoring {len(test):,} texts")
        figures = report(model, train, validation, test) | {"strength": strength}
        write_json(work.path("report.json"), figures)
        replace(model, limits=limits, card=card(self.description, figures)).save(work.folder)
        scored = figures.get("scores", {})
        summary = [f"{len(train):,} texts, {len(model.labels)} labels"]
        if scored:
            own, baseline = scored["macro_f1"], figures["baseline"]["macro_f1"]["value"]
            summary += [
                f"macro-F1 {own['value']:.3f} [{own['low']:.3f}, {own['high']:.3f}]",
                f"AUC {scored['auc']['value']:.3f}",
                f"TF-IDF {baseline:.3f}, {figures['baseline']['auc']['value']:.3f}",
            ]
        return Outcome(summary="   ".join(summary), counts={"train": len(train), "test": len(test)})

    def fit(self, train: "Sequence[TextRecord]", validation: "Sequence[TextRecord]") -> tuple["NgramClassifier", float]:
        """The classifier of the strength that is best on the validation part, and that strength.

        Args:
            train: Of at least two labels.
            validation: May be empty: then the strength is 4.
        """
        from firstwords.data.ngram_classifier import NgramSettings, probabilities_of
        from firstwords.data.ngram_classifier import train as fitted
        from firstwords.metrics.classification import macro_f1
        from firstwords.metrics.ranking import mean_auc

        shortest, longest = (3, 5) if self.characters else (0, 0)
        settings = NgramSettings(
            shortest_characters=shortest, longest_characters=longest, bits=self.bits, min_texts=self.min_texts
        )
        strengths = STRENGTHS if validation else STRENGTHS[:1]
        texts, labels = [each.whole for each in train], [each.label for each in train]
        models = fitted(texts, labels, settings, strengths, self.balanced)
        if not validation:
            return models[0], strengths[0]
        gold, held_out = [each.label for each in validation], [each.whole for each in validation]
        figures = []
        for model in models:
            chances = probabilities_of(model, held_out)
            labels_given = [model.labels[index] for index in chances.argmax(axis=1)]
            # Both: where few texts are wrong, macro-F1 is chance and the order of the probabilities tells more.
            ordered = mean_auc(gold, chances, model.labels) if len(set(gold)) > 1 else 0.0
            figures.append(macro_f1(gold, labels_given) + ordered)
        best = max(range(len(models)), key=figures.__getitem__)
        return models[best], strengths[best]
