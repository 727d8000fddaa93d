"""Commands that look at what is there: `show`, `report`, `card`, `compare`."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from firstwords.errors import RecipeError

if TYPE_CHECKING:
    from firstwords.artifact import Artifact

Root = Annotated[Path, Parameter(name="--artifacts", help="Folder of all artifacts.")]
Json = Annotated[bool, Parameter(name="--json", negative="", help="Print a JSON object instead of text.")]
ROOT = Path("artifacts")


def print_json(value: Any) -> None:
    """Print a value as JSON that people can read."""
    print(json.dumps(value, indent=1, ensure_ascii=False))


def show(
    target: str,
    *,
    dropped: Annotated[bool, Parameter(negative="")] = False,
    scores: Annotated[bool, Parameter(negative="")] = False,
    document: str | None = None,
    curve: Annotated[bool, Parameter(negative="")] = False,
    examples: str | None = None,
    rule: tuple[str, ...] = (),
    at: tuple[str, ...] = (),
    limit: int | None = None,
    json_output: Json = False,
    artifacts: Root = ROOT,
) -> None:
    """Show a recipe's artifacts and results, one artifact, what it dropped, its scores, or the way of one document.

    Parameters
    ----------
    target
        A recipe's name (quickstart), an artifact (quickstart/clean) or a folder.
    dropped
        List dropped documents with rule, score and excerpt.
    scores
        Show how the scores of each rule are distributed and where its threshold lies.
    document
        Tell what became of the document of this id or address, with its whole text.
    curve
        Draw the learning curve of a pre-training, and what the model wrote on the way.
    examples
        Show what a fine-tuning (finetune.NAME) would learn from, as tokens with their labels; TARGET is a recipe file.
    rule
        Only this rule or step (may be given several times).
    at
        With --scores and one --rule: what another threshold would drop (50, or LOW:HIGH); may be given several times.
    limit
        At most so many documents (with --examples: of each part; default 3); 0 means all.
    """
    from firstwords import overview

    if sum([dropped, scores, curve, document is not None, examples is not None]) > 1:
        raise RecipeError("choose one of --dropped, --scores, --curve, --document and --examples")
    if at and not scores:
        raise RecipeError("--at asks about a threshold: it needs --scores and --rule")
    if examples is not None:
        _show_examples(target, examples, 3 if limit is None else limit, json_output, artifacts)
        return
    limit = 50 if limit is None else limit
    if document is not None:
        from firstwords.corpus.commands import show_document

        show_document(target, document, limit, json_output, artifacts)
    elif scores:
        from firstwords.corpus.commands import show_scores

        show_scores(overview.find_artifact(target, artifacts), rule, at, json_output)
    elif curve:
        for line in overview.learning_curves(target, artifacts):
            print(line)
    elif dropped:
        _show_dropped(overview.find_artifact(target, artifacts), rule, limit, json_output)
    elif "/" in target and not target.endswith(".toml"):
        _show_artifact(overview.find_artifact(target, artifacts), json_output)
    elif json_output:
        print_json(overview.show(target, root=artifacts))
    else:
        _show_recipe(overview.load_record(target, artifacts))


def _show_examples(recipe: str, stage: str, limit: int, json_output: bool, root: Path) -> None:
    from firstwords.example_view import examples_of, lines

    view = examples_of(recipe, stage, root, limit)
    if json_output:
        print_json(view.as_json())
        return
    for line in lines(view):
        print(line)


def _show_recipe(found: "dict[str, Artifact]") -> None:
    from firstwords import overview

    for line in overview.table(found):
        print(line)
    for artifact in found.values():
        for line in artifact.manifest["tables"]:
            print(line)


def _show_artifact(artifact: Any, json_output: bool) -> None:
    from firstwords import overview

    reasons = list(overview.explanation(artifact))
    if reasons and not json_output:
        print(f"{artifact.name}   {artifact.identity}   {artifact.manifest['summary']}\n")
        print("\n".join(reasons))
        return
    fields = ["name", "identity", "summary", "counts", "reasons", "seconds", "inputs"]
    fields += ["machine", "versions", "ingredients"]
    print_json({key: artifact.manifest.get(key) for key in fields} | {"folder": str(artifact.folder)})


def _show_dropped(artifact: Any, rules: tuple[str, ...], limit: int, json_output: bool) -> None:
    from itertools import islice

    from firstwords.console import printable
    from firstwords.overview import dropped as all_dropped

    rows = list(islice(all_dropped(artifact, rules), limit or None))
    if json_output:
        print_json([vars(row) for row in rows])
        return
    for row in rows:
        score = "" if row.score is None else f"{row.score:.4g}"
        kept = f"   like {row.kept_id}" if row.kept_id else ""
        print(printable(f"{row.step}.{row.rule:<20} {score:>8}   {row.url or row.id}{kept}"))
        if row.excerpt:
            print(printable(f"    {row.excerpt}"))
    total = sum(sum(rules.values()) for rules in [artifact.manifest["counts"].get("dropped", {})])
    if not rules and len(rows) < total:
        print(f"{len(rows)} of {total} shown; --limit 0 shows all, --rule RULE selects", file=sys.stderr)


def report(target: str, *, beside: tuple[str, ...] = (), output: Path | None = None, artifacts: Root = ROOT) -> None:
    """Write a page that tells a run from its pages to its scores: one file that opens in any browser and loads nothing.

    Parameters
    ----------
    target
        A recipe's name (quickstart), or an artifact (quickstart/clean) or folder with all that it was made from.
    beside
        Another run whose curves and scores are shown beside (may be given several times).
    output
        The file (default: reports/NAME.html beside the artifacts).
    """
    from firstwords.corpus.run import find_run
    from firstwords.web.report import write_report

    run = find_run(target, artifacts)
    place = output or artifacts / "reports" / f"{run.name}.html"
    print(write_report(run, place, [find_run(each, artifacts) for each in beside]))


def card(
    target: str,
    *,
    name: str = "",
    description: str = "",
    url: str = "",
    creator: str = "",
    date_published: str = "",
    cite_as: str = "",
    licence: str = "",
    artifacts: Root = ROOT,
) -> None:
    """Write the card of a data set (README.md and croissant.json) or of a model (README.md), from facts alone.

    Parameters
    ----------
    target
        A recipe's name (quickstart: its data), an artifact (quickstart/deduplicate, quickstart/pretrain.causal) or a
        folder.
    name, description, url, creator, date_published, cite_as, licence
        What only you can say; left out when not given.
    """
    from firstwords.corpus.card import Given, write_card
    from firstwords.corpus.lineage import run_name, way
    from firstwords.corpus.model_card import model_of, write_model_card
    from firstwords.corpus.run import find_run

    given = Given(
        name=name,
        description=description,
        url=url,
        creator=creator,
        date_published=date_published,
        cite_as=cite_as,
        licence=licence,
    )
    if (model := model_of(target, artifacts)) is not None:
        print(write_model_card(model, find_run(target.rpartition("/")[0] or target, artifacts), given))
        return
    artifacts_on_the_way = way(target, artifacts)
    for place in write_card(artifacts_on_the_way, run_name(target, artifacts_on_the_way), given):
        print(place)


def compare(*runs: str, json_output: Json = False, artifacts: Root = ROOT) -> None:
    """Compare the scores of the first run with those of the others, item by item where they scored the same items.

    Parameters
    ----------
    runs
        Two or more: a recipe's name, an artifact such as quickstart/evaluate, or a folder.
    """
    from firstwords.evaluation.compare import compare_all
    from firstwords.evaluation.compared_table import comparison_lines
    from firstwords.overview import find_artifact

    folders = [find_artifact(t if "/" in t else f"{t}/evaluate", artifacts).folder for t in runs]
    comparisons = compare_all(folders)
    if json_output:
        print_json({"runs": list(map(str, folders)), "comparisons": [each.as_json() for each in comparisons]})
        return
    for line in comparison_lines(comparisons):
        print(line)
