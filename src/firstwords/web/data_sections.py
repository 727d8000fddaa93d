"""The parts of the data report."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from firstwords.corpus.description import Description, Example, StageFacts, Values
from firstwords.corpus.score_table import figure, told_bounds
from firstwords.corpus.scores import Distribution
from firstwords.web import charts
from firstwords.web.html import Child, Element, foreign, tag
from firstwords.web.tables import table

NUM_REASONS = 4
NUM_VALUES = 12
COLUMN_TITLES = {
    "split": "Parts",
    "language": "Languages",
    "licence": "Licences",
    "source": "Sources",
    "site": "Sites",
    "year": "Years",
}
VERBS = {
    "collect": "Collected",
    "extract": "Text extracted",
    "clean": "Cleaned",
    "deduplicate": "De-duplicated",
    "decontaminate": "Decontaminated",
}


def size_of(characters: int) -> str:
    """A length of text for people."""
    for unit, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if characters >= unit:
            return f"{characters / unit:.3g} {word} characters"
    return f"{characters:,} characters"


def document_stages(stages: Sequence[StageFacts]) -> list[StageFacts]:
    """The stages that count documents: a collection counts files or pages."""
    return [stage for stage in stages if stage.name.partition(".")[0] != "collect"] or list(stages)


def figures(found: Description) -> Element:
    """The few numbers a reader looks for first."""
    entries = [("documents", f"{found.stages[-1].kept:,}"), ("characters", f"{found.characters:,}")]
    if found.length_quantiles:
        entries.append(("characters in the median document", figure(found.length_quantiles["0.5"])))
    if "site" in found.columns:
        sites = len(found.columns["site"].common) + found.columns["site"].num_others
        entries += [("sites", f"{sites:,}")] if sites > 1 else []
    if found.personal_data:
        entries.append(("pieces of personal data removed", f"{sum(found.personal_data.values()):,}"))
    return tag("dl", [tag("div", tag("dt", name), tag("dd", value)) for name, value in entries], class_="figures")


def flow(stages: Sequence[StageFacts]) -> Element:
    """The path of the documents: a stream that narrows from stage to stage."""
    counted = document_stages(stages)
    whole = max(1, counted[0].kept + sum(counted[0].lost.values()))
    rows = []
    for stage in stages:
        name = VERBS.get(stage.name.partition(".")[0], stage.name)
        if stage not in counted:
            before = after = whole
            count, unit = f"{stage.kept:,}", stage.summary
        else:
            before, after = stage.kept + sum(stage.lost.values()), stage.kept
            count, unit = f"{after:,}", f"of {before:,} kept" if before != after else "all kept"
        label = f"{name}: {after:,} of {before:,}"
        rows.append(
            tag(
                "li",
                tag(
                    "div",
                    name,
                    tag("b", count, class_="count"),
                    tag("span", foreign(unit), class_="unit"),
                    class_="what",
                ),
                tag("div", charts.river(min(1.0, before / whole), min(1.0, after / whole), label), class_="stream"),
                _lost(stage),
            )
        )
    return tag("ol", rows, class_="flow")


def _lost(stage: StageFacts) -> Element:
    if not stage.lost:
        return tag("div", class_="lost")
    number = sum(stage.lost.values())
    shown = list(stage.lost.items())[:NUM_REASONS]
    lines = [tag("li", tag("span", foreign(reason), class_="code"), tag("span", f"{n:,}")) for reason, n in shown]
    rest = number - sum(n for _, n in shown)
    if rest:
        lines.append(tag("li", tag("span", f"{len(stage.lost) - len(shown)} more rules"), tag("span", f"{rest:,}")))
    return tag("div", tag("strong", f"{number:,} taken out"), tag("ul", lines), class_="lost")


def removed(found: Description) -> Child:
    """A table for every stage, and below it examples of what each rule took out."""
    bounds = {each.rule.full_name: told_bounds(each.rule.bounds) for each in found.distributions}
    parts: list[Child] = []
    for stage in found.stages:
        if not stage.lost:
            continue
        total = stage.kept + sum(stage.lost.values())
        rows = []
        for reason, number in stage.lost.items():
            meaning = found.meanings.get(reason)
            told = [tag("span", foreign(reason), class_="code"), _line(meaning)]
            rows.append(
                [
                    tag("th", told, scope="row"),
                    tag("td", f"{number:,}", class_="number"),
                    tag("td", _share(number, total), class_="number"),
                    tag("td", bounds.get(reason, ""), class_="nowrap"),
                    tag("td", charts.bar([("dropped", number / total)], f"{number:,} of {total:,}"), class_="picture"),
                ]
            )
        heads = ["taken out by", "documents", "share", "it keeps" if bounds.keys() & stage.lost else "", ""]
        parts.append(table(f"{VERBS.get(stage.name, stage.name)}: {total - stage.kept:,} of {total:,}", heads, rows))
        parts += [_examples(reason, stage) for reason in stage.lost if stage.examples.get(reason)]
    if not parts:
        return None
    return [tag("p", "Each document is counted at the first rule that it failed. Open a rule to see some."), parts]


def _examples(reason: str, stage: StageFacts) -> Element:
    shown = stage.examples[reason]
    word = "example" if len(shown) == 1 else "examples"
    return tag(
        "details",
        tag("summary", tag("span", foreign(reason), class_="code"), tag("small", f"   {len(shown)} {word}")),
        [_example(each) for each in shown],
    )


def _example(each: Example) -> Element:
    where: list[Child] = [foreign(each.name, 160)]
    if each.title:
        where += [" · ", foreign(each.title)]
    if each.detail:
        where += [" · ", foreign(each.detail, 160)]
    if each.like:
        where += [" · like ", tag("span", foreign(each.like), class_="code")]
    text = tag("p", foreign(each.excerpt), dir="auto") if each.excerpt else None
    return tag("div", tag("div", where, class_="where"), text, class_="example")


def corpus(found: Description) -> Child:
    """Lengths, and the commonest values of every column."""
    if not found.documents:
        return tag("p", "No document is left.")
    lengths = tag(
        "figure",
        tag("h3", "Length of documents"),
        charts.chart(found.lengths, (None, None), "characters in a document"),
        tag("figcaption", _quantiles(found.length_quantiles), " characters"),
        class_="card",
    )
    cards = [_values(name, found.columns[name].first(NUM_VALUES)) for name in COLUMN_TITLES if name in found.columns]
    return tag("div", lengths, cards, class_="cards")


def _values(name: str, values: Values) -> Element:
    whole = values.total + values.missing
    entries: list[tuple[Child, int, str]] = [(foreign(value, 60), number, "kept") for value, number in values.common]
    if values.others:
        entries.append((tag("span", f"{values.num_others:,} others", class_="faint"), values.others, "kept"))
    if values.missing:
        entries.append((tag("span", "not known", class_="faint"), values.missing, "dropped"))
    rows = [
        [
            tag("th", value, scope="row"),
            tag("td", f"{number:,}", class_="number"),
            tag("td", charts.bar([(kind, number / whole)], _share(number, whole)), class_="picture"),
        ]
        for value, number, kind in entries
    ]
    return tag("div", tag("h3", COLUMN_TITLES[name]), table(None, (), rows), class_="card small")


def scores(found: Description) -> Child:
    """A small histogram for every score, grouped by filter."""
    if not found.distributions:
        return None
    parts: list[Child] = [
        tag(
            "p",
            tag("span", class_="key kept"),
            "kept, ",
            tag("span", class_="key dropped"),
            "taken out by any rule of the stage; the dashed line is the threshold. Bins need not be equally wide. "
            "Documents that an earlier filter had taken out were not scored further.",
        ),
        [tag("p", foreign(note)) for note in found.notes],
    ]
    for step, group in groupby(found.distributions, key=lambda each: each.rule.step):
        parts += [tag("h3", foreign(step)), tag("div", [_score(each, found) for each in group], class_="cards")]
    return parts


def _score(each: Distribution, found: Description) -> Element:
    rule = each.rule
    caption: list[Child] = [f"keeps {told_bounds(rule.bounds)}"]
    caption.append(f" · took out {each.dropped:,} of {each.documents:,}" if rule.judges else "")
    if each.quantiles and each.quantiles["0"] == each.quantiles["1"]:
        drawn = tag("p", f"{figure(each.quantiles['0'])} in every document", class_="faint")
    else:
        drawn = charts.chart(each.histogram, rule.bounds or (None, None), rule.full_name)
        caption += [tag("br"), _quantiles(each.quantiles)]
    return tag(
        "figure",
        tag("h3", tag("span", foreign(rule.name), class_="code")),
        _line(found.meanings.get(rule.full_name)),
        drawn,
        tag("figcaption", caption),
        class_="card",
    )


def duplicates(found: Description) -> Child:
    """How large the groups are, and what stands for the largest."""
    if found.clusters is None:
        return None
    sizes = found.clusters.sizes
    parts = [
        f"{number:,} {name.partition('.')[2]}"
        for stage in found.stages
        for name, number in stage.changed.items()
        if name.startswith("removed.") and number
    ]
    shortened = tag("p", "Taken out of documents that stay, as others have them: ", ", ".join(parts), ".")
    if not sizes:
        return [tag("p", "No two documents were duplicates of each other."), shortened if parts else None]
    groups, members = sum(sizes.values()), sum(size * number for size, number in sizes.items())
    most = max(sizes.values())
    rows = [
        [
            tag("th", f"{size:,} documents", scope="row"),
            tag("td", f"{number:,}", class_="number"),
            tag("td", charts.bar([("kept", number / most)], f"{number:,} groups"), class_="picture"),
        ]
        for size, number in list(sizes.items())[:12]
    ]
    largest = [
        [tag("th", foreign(name, 160), scope="row"), tag("td", f"{size:,}", class_="number")]
        for name, size in found.clusters.largest
    ]
    text = (
        f"{members:,} documents form {groups:,} groups of duplicates; one of each group stays, the same on every run."
    )
    cards = [
        tag("div", tag("h3", "Size of groups"), table(None, ["size", "groups", ""], rows), class_="card small"),
        tag("div", tag("h3", "Largest"), table(None, ["kept document", "stands for"], largest), class_="card small"),
    ]
    return [tag("p", text), shortened if parts else None, tag("div", cards, class_="cards")]


def personal(found: Description) -> Child:
    """What was removed, by type; never what it was."""
    types = found.personal_data
    if not types:
        return tag("p", "No step of the recipe removes personal data. Excerpts on this page are shown without it.")
    most = max(1, *types.values())
    rows = [
        [
            tag("th", foreign(kind.replace("_", " ")), scope="row"),
            tag("td", f"{number:,}", class_="number"),
            tag("td", charts.bar([("kept", number / most)], f"{number:,}"), class_="picture"),
        ]
        for kind, number in sorted(types.items(), key=lambda item: (-item[1], item[0]))
    ]
    text = "Each piece was replaced by its type, also in what was taken out. The pages as they were collected still "
    text += "hold what they held; nothing that was made from the cleaned text does."
    card = tag("div", table(None, ["type", "replaced", ""], rows), class_="card small")
    return [tag("p", text), tag("div", card, class_="cards")]


def _line(text: str | None) -> Element | None:
    return tag("p", foreign(text), class_="meaning") if text else None


def _share(number: int, whole: int) -> str:
    return f"{100 * number / max(1, whole):.1f}%"


def _quantiles(found: dict[str, float]) -> str:
    if not found:
        return "nothing was scored"
    return f"5% below {figure(found['0.05'])}, half below {figure(found['0.5'])}, 95% below {figure(found['0.95'])}"
