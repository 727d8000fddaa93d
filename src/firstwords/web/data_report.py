"""The data report: one page that tells what happened to the data, in one file that loads and runs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from firstwords.artifact import Artifact, atomic_write
from firstwords.corpus.description import Description, StageFacts, describe
from firstwords.web import data_sections as sections
from firstwords.web.html import Child, Element, document, foreign, tag
from firstwords.web.style import STYLE


def write_data_report(way: Sequence[Artifact], name: str, place: Path) -> Path:
    """Write the report of a way (see `corpus.lineage.way`) atomically; equal artifacts give equal bytes.

    Args:
        way: Artifacts in the order in which documents pass through them.
        name: What the run is called.
        place: The file.
    """
    page = data_report(describe(way), name)
    with atomic_write(place) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return place


def data_report(found: Description, name: str) -> str:
    """The page."""
    parts = [(anchor, title, body) for anchor, title, body in data_parts(found) if body is not None]
    contents = [tag("li", tag("a", title, href=f"#{anchor}")) for anchor, title, _ in parts]
    return document(
        f"The data of {name}",
        STYLE,
        tag(
            "header",
            tag("p", "Data report", class_="kicker"),
            tag("h1", "What happened to the data of ", foreign(name, 80)),
            lead(found),
            sections.figures(found),
            sections.flow(found.stages),
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


def data_parts(found: Description) -> list[tuple[str, str, Child]]:
    """Anchor, title and content of every part; a report on a whole run shows them too. None where there is nothing."""
    return [
        ("removed", "What was taken out, and why", sections.removed(found)),
        ("corpus", "What is in the corpus", sections.corpus(found)),
        ("scores", "How the rules judged", sections.scores(found)),
        ("duplicates", "Duplicates", sections.duplicates(found)),
        ("personal", "Personal data", sections.personal(found)),
        ("lineage", "Lineage and configuration", sections.lineage(found)),
    ]


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
        f" {'is' if left == 1 else 'are'} in the corpus: {sections.size_of(found.characters)}. ",
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
    first = sections.document_stages(stages)[0]
    return first.kept + sum(first.lost.values())
