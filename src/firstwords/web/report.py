"""The report of a run: one page from its pages to its scores, in one file that loads and runs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from firstwords.artifact import atomic_write
from firstwords.console import duration
from firstwords.corpus.description import Description, StageFacts, describe
from firstwords.corpus.lineage import upstream
from firstwords.corpus.run import Run, cost, scored_tasks
from firstwords.evaluation.table import score_text
from firstwords.web import (
    data_sections,
    error_sections,
    lineage_sections,
    score_sections,
    spread_sections,
    training_sections,
)
from firstwords.web.html import Child, Element, document, foreign, tag
from firstwords.web.style import STYLE

Part = tuple[str, str, Child]
NUM_HEADLINES = 5


def write_report(run: Run, place: Path, beside: Sequence[Run] = ()) -> Path:
    """Write the report of a run atomically; equal artifacts give equal bytes.

    Args:
        run: It may be partial: what is not there is left out.
        place: The file.
        beside: Other runs, whose curves and scores are shown too.
    """
    page = report(run, beside)
    with atomic_write(place) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return place


def report(run: Run, beside: Sequence[Run] = ()) -> str:
    """The page."""
    found = [describe(upstream(end, run.artifacts)) for end in run.data_ends()]
    parts = [part for part in _parts(run, found, beside) if part[2] is not None]
    contents = [tag("li", tag("a", title, href=f"#{anchor}")) for anchor, title, _ in parts]
    return document(
        f"Report of {run.name}",
        STYLE,
        tag(
            "header",
            tag("p", "Report of a run", class_="kicker"),
            tag("h1", "From pages to scores: ", foreign(run.name, 80)),
            [lead(each) for each in found],
            figures(run, found),
        ),
        tag(
            "main",
            tag("nav", tag("ul", contents), aria_label="Contents"),
            [
                tag(
                    "section",
                    tag("h2", title, id=f"{anchor}-title"),
                    body,
                    id=anchor,
                    aria_labelledby=f"{anchor}-title",
                )
                for anchor, title, body in parts
            ],
        ),
        tag(
            "footer",
            tag(
                "p",
                "Made by firstwords from stored artifacts; the same artifacts give the same page. Excerpts are shown "
                "without personal data. This file loads nothing and runs nothing.",
            ),
        ),
    )


def _parts(run: Run, found: Sequence[Description], beside: Sequence[Run]) -> list[Part]:
    """Anchor, title and content of every part; None where there is nothing."""
    parts: list[Part] = []
    for number, each in enumerate(found):
        name = f" ({each.stages[-1].name})" if len(found) > 1 else ""
        ending = f"-{number}" if number else ""
        parts.append((f"flow{ending}", f"The way of the documents{name}", data_sections.flow(each.stages)))
    parts += [
        ("path", "Every stage", lineage_sections.path(run)),
        ("results", "Scores", score_sections.scores(run)),
        ("chance", "What chance decided", spread_sections.chance(run)),
        ("slices", "Scores of parts of the items", spread_sections.slices(run)),
        ("robustness", "Robustness", score_sections.robustness(run)),
        ("same", "The same items, different models", score_sections.same_items(run, beside)),
        ("confusion", "What was taken for what", score_sections.confusions(run)),
        ("errors", "Errors worth reading", error_sections.errors(run)),
        ("curves", "Learning curves", training_sections.curves(run, beside)),
        ("samples", "What the models wrote on the way", training_sections.written(run)),
        ("configuration", "Configuration, and why", training_sections.configuration(run)),
    ]
    for number, each in enumerate(found):
        name = f" ({each.stages[-1].name})" if len(found) > 1 else ""
        ending = f"-{number}" if number else ""
        parts += [(f"{anchor}{ending}", f"{title}{name}", body) for anchor, title, body in data_parts(each)]
    parts += [
        ("lineage", "Lineage", lineage_sections.lineage(run)),
        ("costs", "Machine, time and energy", lineage_sections.costs(run)),
    ]
    return parts


def data_parts(found: Description) -> list[Part]:
    """The parts about one corpus."""
    return [
        ("removed", "What was taken out, and why", data_sections.removed(found)),
        ("corpus", "What is in the corpus", data_sections.corpus(found)),
        ("scores", "How the rules judged", data_sections.scores(found)),
        ("duplicates", "Duplicates", data_sections.duplicates(found)),
        ("personal", "Personal data", data_sections.personal(found)),
    ]


def figures(run: Run, found: Sequence[Description]) -> Element:
    """The few numbers a reader looks for first: the main score of each task, the corpus, what it took."""
    entries: list[tuple[Child, str]] = []
    tasks = [task for artifact in run.of("evaluate") for task in scored_tasks(artifact)]
    for task in tasks[:NUM_HEADLINES]:
        name, entry = next(iter(task["results"].items()))
        entries.append((foreign(task["name"], 40), score_text(task["metrics"][name]["label"], entry)))
    for each in found:
        entries += [("documents", f"{each.documents:,}"), ("characters", f"{each.characters:,}")]
    for artifact in run.of("configure"):
        if parameters := artifact.manifest["counts"].get("parameters"):
            entries.append(
                (foreign(f"parameters of {artifact.name.partition('.')[2] or 'the model'}"), f"{parameters:,}")
            )
    costs = [cost(artifact) for artifact in run.artifacts]
    entries.append(("time of all stages", duration(sum(each.seconds for each in costs))))
    entries.append(("energy, estimated", lineage_sections.energy(*lineage_sections.total(costs))))
    return tag(
        "dl", [tag("div", tag("dt", name), tag("dd", foreign(value))) for name, value in entries], class_="figures"
    )


def lead(found: Description) -> Element:
    """Two sentences: how much of what was read is left, and what took the most."""
    entered = entering(found.stages)
    left = found.stages[-1].kept
    share = f"{100 * left / entered:.{0 if left > 0.1 * entered else 1}f}%" if entered else "none"
    are = f"{left:,} document{'' if left == 1 else 's'} ({share})"
    reasons = sorted(
        ((number, reason, stage.name) for stage in found.stages for reason, number in stage.lost.items()), reverse=True
    )
    text: list[Child] = [
        f"Of {entered:,} records that were read, ",
        tag("strong", are),
        f" {'is' if left == 1 else 'are'} in the corpus: {data_sections.size_of(found.characters)}. ",
    ]
    if reasons:
        number, reason, stage = reasons[0]
        text += [
            "The commonest reason to go was ",
            tag("span", foreign(reason), class_="code"),
            f" in {stage} ({number:,}).",
        ]
    return tag("p", text, class_="lead")


def entering(stages: Sequence[StageFacts]) -> int:
    """How many records came to the first stage that makes documents (or selects them)."""
    first = data_sections.document_stages(stages)[0]
    return first.kept + sum(first.lost.values())
