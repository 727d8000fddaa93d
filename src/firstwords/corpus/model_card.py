"""The card of a model, `README.md` in its folder as Hugging Face reads it: data, licences, training, scores, limits.

Like the card of a data set it is a description, no payload: it says what the artifacts say at the time, and is written
again when more is known. No clock is read, so equal artifacts give equal cards.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from firstwords.artifact import MANIFEST, MODEL_CARD, Artifact, atomic_write
from firstwords.corpus.card import (
    Given,
    common_values,
    front_licence,
    licences_told,
    one_line,
    personal_told,
    quoted,
)
from firstwords.corpus.description import Description, describe
from firstwords.corpus.lineage import beside, holds_data, upstream
from firstwords.corpus.run import Run, cost, scored_tasks
from firstwords.errors import RecipeError
from firstwords.evaluation.table import figure_text, score_text
from firstwords.overview import find_artifact

NUM_VALUES = 8
# Hub name of a task by the end of a model's class.
TASKS = {
    "ForCausalLM": "text-generation",
    "ForMaskedLM": "fill-mask",
    "ForTokenClassification": "token-classification",
    "ForSequenceClassification": "text-classification",
}


def model_of(target: str, root: Path) -> Artifact | None:
    """The artifact with a model that a target names, or None when it names something else."""
    if "/" not in target.removesuffix("/") and not (Path(target) / MANIFEST).is_file():
        return None
    artifact = find_artifact(target, root)
    return artifact if artifact.path("model", "config.json").is_file() else None


def write_model_cards(run: Run) -> list[Path]:
    """Write the cards of all models of a run whose cards do not tell of its evaluations yet."""
    models = [a for a in run.artifacts if a.path("model", "config.json").is_file()]
    return [write_model_card(model, run) for model in models if not _is_told(model, run) and _may_write(model)]


def write_model_card(model: Artifact, run: Run, given: Given | None = None) -> Path:
    """Write the card of a model into its folder.

    Args:
        model: Of a training stage.
        run: Where the corpus and the evaluations are found.
        given: What the maker says of it.

    Raises:
        RecipeError: If the artifact is of an earlier version, in which the card counts as payload.
    """
    if not _may_write(model):
        raise RecipeError(f"{model.path(MODEL_CARD)} belongs to the payload of an older artifact and stays as it is")
    given = given or Given()
    origins = list(_origins(model, run))
    corpus = next((a for a in origins if holds_data(a) and a.path("documents").is_dir()), None)
    found = describe(upstream(corpus, origins), examples=False) if corpus is not None else None
    with atomic_write(model.path(MODEL_CARD)) as temporary:
        temporary.write_text(model_card(model, run, origins, found, given), encoding="utf-8")
    return model.path(MODEL_CARD)


def model_card(model: Artifact, run: Run, origins: list[Artifact], found: Description | None, given: Given) -> str:
    """The text, its front matter first.

    Args:
        model: Described.
        run: With evaluations.
        origins: Everything that the model was made from.
        found: The corpus, if there is one.
        given: What the maker says.
    """
    config = json.loads(model.path("model", "config.json").read_text("utf-8"))
    name = given.name or f"{run.name} {model.name}"
    scored = list(_scored(model, run))
    front = ["---", *_front(config, found, given), *_model_index(name, scored, config), "---"]
    lines = ["", f"# {one_line(name)}", ""]
    lines += [one_line(given.description), ""] if given.description else []
    lines += [*_about(model, config), *_loading(model, config), *_data(found, given), *_training(model, origins)]
    lines += [*_scores(scored), *_limits(model, found, scored), *_identity(model, origins)]
    if given.cite_as:
        lines += ["", "## Citation", "", *(f"    {line}" for line in given.cite_as.splitlines())]
    return "\n".join([*front, *lines]) + "\n"


def _origins(model: Artifact, run: Run) -> Iterator[Artifact]:
    """What a model was made from, the nearest first."""
    known = {a.identity: a for a in run.artifacts}
    waiting, seen = [model], {model.identity}
    while waiting:
        current = waiting.pop(0)
        for entry in current.manifest["inputs"].values():
            before = known.get(entry["identity"]) or beside(current, entry)
            if before is not None and before.identity not in seen:
                seen.add(before.identity)
                waiting.append(before)
                yield before


def _may_write(model: Artifact) -> bool:
    return MODEL_CARD not in model.manifest["files"]


def _is_told(model: Artifact, run: Run) -> bool:
    place = model.path(MODEL_CARD)
    text = place.read_text("utf-8") if place.is_file() else ""
    return model.identity in text and all(evaluation in text for evaluation, _ in _scored(model, run))


def _scored(model: Artifact, run: Run) -> Iterator[tuple[str, dict[str, Any]]]:
    """Identity of the evaluation and record of every task that scored the model."""
    for evaluation in run.of("evaluate"):
        for task in scored_tasks(evaluation):
            if task["inputs"].get("model", {}).get("identity") == model.identity:
                yield evaluation.identity, task


def _task(config: Mapping[str, Any]) -> str | None:
    architecture = (config.get("architectures") or [""])[0]
    return next((task for ending, task in TASKS.items() if architecture.endswith(ending)), None)


def _front(config: Mapping[str, Any], found: Description | None, given: Given) -> list[str]:
    lines = ["library_name: transformers", 'tags: ["firstwords"]']
    if (task := _task(config)) is not None:
        lines.append(f"pipeline_tag: {task}")
    if found is not None:
        lines += front_licence(found, given)
        languages = [value for value, _ in common_values(found, "language")]
        lines += [f"language: [{', '.join(map(quoted, languages))}]"] if languages else []
    else:
        lines += [f"license: {quoted(given.licence.lower())}"] if given.licence else ["license: unknown"]
    return lines


def _model_index(name: str, scored: list[tuple[str, dict[str, Any]]], config: Mapping[str, Any]) -> list[str]:
    """The scores as Hugging Face's `model-index`."""
    if not scored:
        return []
    lines = ["model-index:", f"- name: {quoted(name)}", "  results:"]
    for _, task in scored:
        lines += ["  - task:", f"      type: {quoted(_task(config) or 'other')}"]
        lines += ["    dataset:", f"      name: {quoted(task['name'])}", f"      type: {quoted(task['task']['kind'])}"]
        lines.append("    metrics:")
        for metric, entry in task["results"].items():
            lines += [f"    - type: {quoted(metric)}", f"      value: {json.dumps(entry['value'])}"]
    return lines


def _about(model: Artifact, config: Mapping[str, Any]) -> list[str]:
    objective = model.manifest["ingredients"]["configuration"].get("objective", {}).get("kind", "")
    sizes = [
        f"{config[key]:,} {told}"
        for key, told in (
            ("num_hidden_layers", "layers"),
            ("hidden_size", "wide"),
            ("num_attention_heads", "heads"),
            ("vocab_size", "tokens in the vocabulary"),
        )
        if isinstance(config.get(key), int)
    ]
    text = f"{(config.get('architectures') or ['a model'])[0]}: {', '.join(sizes)}."
    taught = f" Taught with the objective `{one_line(objective)}`." if objective else ""
    lines = [text + taught, "", "Written by firstwords from stored artifacts."]
    labels = config.get("id2label")
    if isinstance(labels, dict) and _task(config) in ("token-classification", "text-classification"):
        lines += ["", f"Labels: {', '.join(one_line(str(each)) for each in labels.values())}."]
    return lines


def _loading(model: Artifact, config: Mapping[str, Any]) -> list[str]:
    architecture = (config.get("architectures") or ["AutoModel"])[0]
    lines = ["", "## How to load it", "", "In the folder of this file:", "", "```python"]
    lines += ["import firstwords", "", 'model = firstwords.LanguageModel.load(".")', "```", ""]
    lines += ["or without firstwords:", "", "```python", f"from transformers import AutoTokenizer, {architecture}", ""]
    lines += ['tokenizer = AutoTokenizer.from_pretrained(".")', f'model = {architecture}.from_pretrained(".")', "```"]
    if model.path("encoder").is_dir():
        from firstwords.model.hugging_face import HYBRID_CARD

        lines += ["", *HYBRID_CARD.splitlines()[2:]]
    return lines


def _data(found: Description | None, given: Given) -> list[str]:
    lines = ["", "## Data", ""]
    if found is None:
        return [*lines, "The documents that it learnt from are not among the artifacts any more."]
    parts = dict(common_values(found, "split"))
    lines.append(f"{found.documents:,} documents, {found.characters:,} characters; learnt from: the part `train`")
    lines[-1] += f" ({parts['train']:,} documents)." if "train" in parts else "."
    for column, title in (("source", "Sources"), ("language", "Languages")):
        values = found.columns.get(column)
        if values is not None:
            told = ", ".join(
                f"{one_line(value)} {_share(n, found.documents)}" for value, n in values.first(NUM_VALUES).common
            )
            lines += ["", f"{title}: {told}."]
    lines += ["", f"Licences. {licences_told(found, given)}", "", f"Personal data. {personal_told(found)}"]
    taken = [f"{stage.name} {sum(stage.lost.values()):,}" for stage in found.stages if stage.lost]
    return [*lines, "", f"Taken out on the way: {', '.join(taken)}."] if taken else lines


def _training(model: Artifact, origins: list[Artifact]) -> list[str]:
    lines = ["", "## Training", "", one_line(model.manifest["summary"]) + "."]
    # Of a model that was fine-tuned, the card of its base tells the rest.
    sources = [model, *(a for a in origins if a.stage == "configure")]
    reasons: list[list[str]] = next((found for a in sources if (found := a.manifest.get("reasons"))), [])
    if reasons:
        lines += ["", "| setting | value | because |", "|---|---|---|"]
        lines += [f"| {one_line(n)} | {one_line(v)} | {one_line(why)} |" for n, v, why in reasons]
    took = cost(model)
    lines += [
        "",
        f"It took {took.seconds:,.0f} s on {took.cores} cores: {took.low:.2g} to {took.high:.2g} Wh, estimated",
    ]
    lines[-1] += " from time and cores, not measured."
    return lines


def _scores(scored: list[tuple[str, dict[str, Any]]]) -> list[str]:
    lines = ["", "## Scores", ""]
    if not scored:
        return [*lines, "It was not evaluated yet."]
    lines += ["With 95% intervals over whole units; baselines saw the same items.", ""]
    lines += ["| task | items | score | beside |", "|---|---:|---|---|"]
    for _, task in scored:
        for metric, entry in task["results"].items():
            told = score_text(task["metrics"][metric]["label"], entry)
            others = ", ".join(f"{one_line(name)} {figure_text(value)}" for name, value in entry["baseline"].items())
            lines.append(f"| {one_line(task['name'])} | {task['items']:,} | {one_line(told)} | {others} |")
    identities = ", ".join(dict.fromkeys(evaluation for evaluation, _ in scored))
    return [*lines, "", f"Evaluation {identities}."]


def _limits(model: Artifact, found: Description | None, scored: list[tuple[str, dict[str, Any]]]) -> list[str]:
    limits = []
    if model.stage == "pretrain":
        limits.append("What it writes is likely text, not checked facts; it may repeat passages of its training text.")
    if found is not None:
        languages = [one_line(value) for value, _ in common_values(found, "language")[:NUM_VALUES]]
        known = f"It knows only what {found.documents:,} documents"
        limits.append(f"{known}{' in ' + ', '.join(languages) if languages else ''} could teach it.")
        if not found.personal_data:
            limits.append("No step removed personal data from its training text.")
    memory = [t for _, t in scored if t["task"]["kind"] in ("memorisation", "canary_exposure")]
    limits.append("What it memorised was measured, see above." if memory else "What it memorised was not measured.")
    few = [t["name"] for _, t in scored if t["units"] < 30]
    if few:
        limits.append(f"Scores of {', '.join(map(one_line, few))} rest on fewer than 30 units: see their intervals.")
    return ["", "## Limits", "", *(f"- {each}" for each in limits)]


def _identity(model: Artifact, origins: list[Artifact]) -> list[str]:
    made = ", ".join(f"{a.name} {a.identity}" for a in origins)
    lines = ["", "## Origin", "", f"Artifact {model.name} {model.identity}, digest of its files {model.digest}."]
    return [*lines, f"Made from {made}."] if made else lines


def _share(number: int, whole: int) -> str:
    return f"{100 * number / max(1, whole):.1f}%"
