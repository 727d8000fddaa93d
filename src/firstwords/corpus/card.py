"""The card of a data set, beside its shards: `README.md` as Hugging Face reads it, and `croissant.json`.

Both are descriptions, not payload: they are made from the manifests and the shards, may be written again at any time,
and say nothing that is not in them. No clock is read, so equal artifacts give equal cards.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from firstwords.artifact import CARD, CROISSANT, Artifact, atomic_write, write_json
from firstwords.corpus.croissant import croissant, data_type
from firstwords.corpus.description import Description, StageFacts, Values, describe
from firstwords.corpus.score_table import figure, told_bounds
from firstwords.data.shards import shard_files
from firstwords.data.split import SPLITS
from firstwords.errors import RecipeError

# The names that Hugging Face gives licences, by SPDX identifier; any other is `other` with its name.
NUM_VALUES = 20
_HUB_NAMES = """apache-2.0 mit bsd-2-clause bsd-3-clause cc0-1.0 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0
cc-by-nc-4.0 cc-by-nc-sa-4.0 cc-by-nd-4.0 gpl-2.0 gpl-3.0 lgpl-2.1 lgpl-3.0 agpl-3.0 mpl-2.0 isc unlicense
odc-by pddl"""
HUB_LICENCES = {name.upper(): name for name in _HUB_NAMES.split()}
SIZES = (
    (10**3, "n<1K"),
    (10**4, "1K<n<10K"),
    (10**5, "10K<n<100K"),
    (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"),
    (10**8, "10M<n<100M"),
    (10**9, "100M<n<1B"),
    (10**10, "1B<n<10B"),
    (10**11, "10B<n<100B"),
    (10**12, "100B<n<1T"),
)
_MARKUP = {"<": "&lt;", ">": "&gt;", "&": "&amp;"} | {sign: f"\\{sign}" for sign in "\\`*_{}[]()#+!|~$"}


@dataclass(frozen=True, kw_only=True)
class Given:
    """What only its maker can say of a data set; nothing is written for what is empty."""

    name: str = ""
    description: str = ""
    url: str = ""
    creator: str = ""
    date_published: str = ""
    cite_as: str = ""
    licence: str = ""


def write_card(way: Sequence[Artifact], name: str, given: Given | None = None) -> list[Path]:
    """Write the card of the last artifact of a way (see `corpus.lineage.way`) into its folder.

    Args:
        way: Artifacts in the order in which documents pass through them.
        name: What the run is called.
        given: What the maker says of it.

    Raises:
        RecipeError: If the last artifact holds no documents.
    """
    given = given or Given()
    last = way[-1]
    if not last.path("documents").is_dir():
        raise RecipeError(f"{last.name} holds no documents to describe; look at deduplicate")
    found = describe(way, examples=False)
    files = {path: entry for path, entry in last.manifest["files"].items() if path.startswith("documents/")}
    schema = pq.read_schema(next(iter(shard_files(last.path("documents")).values())))
    parts = _parts(found)
    metadata = croissant(facts=_facts(found, last, name, given), files=files, schema=schema, parts=parts)
    places = [last.path(CARD), last.path(CROISSANT)]
    with atomic_write(places[0]) as temporary:
        temporary.write_text(card(found, last, name, given, schema), encoding="utf-8")
    write_json(places[1], metadata)
    return places


def card(found: Description, last: Artifact, name: str, given: Given, schema: Any) -> str:
    """The text of `README.md`, its front matter first. JSON strings are YAML strings, so every value is written so."""
    front = [
        "---",
        f"pretty_name: {quoted(given.name or name)}",
        f"size_categories: [{quoted(_size(found.documents))}]",
    ]
    languages = [value for value, _ in common_values(found, "language")]
    if languages:
        front.append(f"language: [{', '.join(map(quoted, languages))}]")
    front += front_licence(found, given)
    columns = [column.name for column in schema if data_type(column.type)]
    types = {"sc:Text": "string", "sc:Boolean": "bool", "sc:Integer": "int64", "sc:Float": "float64"}
    front += ["configs:", "- config_name: default", f"  columns: [{', '.join(map(quoted, columns))}]", "  data_files:"]
    front += ["  - split: documents", '    path: "documents/**/*.parquet"', "dataset_info:", "  config_name: default"]
    front.append("  features:")
    for column in schema:
        if kind := data_type(column.type):
            front += [f"  - name: {quoted(column.name)}", f"    dtype: {types[kind]}"]
    front.append("---")
    return "\n".join([*front, "", f"# {one_line(given.name or name)}", "", *_body(found, last, given)]) + "\n"


def _body(found: Description, last: Artifact, given: Given) -> list[str]:
    lines = [one_line(given.description), ""] if given.description else []
    lines += [_summary(found), "", "Written by firstwords from stored artifacts; nothing here was added by hand"]
    lines[-1] += " but what its maker said." if any(asdict(given).values()) else "."
    lines += _part_table(found) + _columns_told(found)
    for stage in found.stages:
        lines += _stage_told(stage, found)
    lines += ["", "## Personal data", "", personal_told(found)]
    lines += ["", "## Licences", "", licences_told(found, given)]
    lines += ["", "## Files", ""]
    lines.append("`documents/*.parquet` hold the texts. `croissant.json` has the SHA-256 of each file (Croissant 1.0).")
    lines.append("The column `metadata` (a map of strings) is left out by loaders that know no maps.")
    lines.append(f"Artifact {last.identity}, digest of all its files {last.digest}.")
    if given.cite_as:
        lines += ["", "## Citation", "", *(f"    {line}" for line in given.cite_as.splitlines())]
    return lines


def _summary(found: Description) -> str:
    text = f"{found.documents:,} documents, {found.characters:,} characters"
    if found.length_quantiles:
        text += f"; the median document has {figure(found.length_quantiles['0.5'])} characters"
    return text + "."


def _part_table(found: Description) -> list[str]:
    parts = dict(common_values(found, "split"))
    if not parts:
        return []
    lines = ["", "## Parts", "", "Parts are drawn by keyed hashes of addresses before any model sees a text; see the"]
    lines += ["column `split`. Learn from `train` only.", "", "| part | documents |", "|---|---:|"]
    return lines + [f"| {part} | {parts[part]:,} |" for part in _parts(found)]


def _columns_told(found: Description) -> list[str]:
    lines = []
    for name, title in (("language", "Languages"), ("source", "Sources"), ("site", "Sites"), ("year", "Years")):
        values = found.columns.get(name)
        if values is not None:
            lines += ["", f"## {title}", "", *_value_table(name, values.first(NUM_VALUES))]
    return lines


def _value_table(name: str, values: Values) -> list[str]:
    lines = [f"| {name} | documents |", "|---|---:|"]
    lines += [f"| {one_line(value)} | {number:,} |" for value, number in values.common]
    if values.others:
        lines.append(f"| {values.num_others:,} others | {values.others:,} |")
    if values.missing:
        lines.append(f"| not known | {values.missing:,} |")
    return lines


def _stage_told(stage: StageFacts, found: Description) -> list[str]:
    """What a stage took out, and the bounds it went by."""
    total = stage.kept + sum(stage.lost.values())
    lines = ["", f"## What `{stage.name}` did", "", f"Kept {stage.kept:,} of {total:,}."]
    bounds = {each.rule.full_name: each.rule for each in found.distributions if each.rule.full_name in stage.rules}
    asked = [name for name, rule in bounds.items() if rule.judges]
    if stage.lost or asked:
        lines += ["", "| rule or reason | keeps | taken out |", "|---|---|---:|"]
        for name in dict.fromkeys([*asked, *stage.lost]):
            told = told_bounds(bounds[name].bounds) if name in bounds else ""
            lines.append(f"| {one_line(name)} | {told} | {stage.lost.get(name, 0):,} |")
    changes = {name: number for name, number in stage.changed.items() if number}
    if changes:
        lines += ["", "Changed: " + ", ".join(f"{name} {number:,}" for name, number in changes.items()) + "."]
    return lines


def personal_told(found: Description) -> str:
    """How much personal data of which type was replaced."""
    types = found.personal_data
    if not types:
        return "No step of the recipe removes personal data."
    told = ", ".join(f"{kind.replace('_', ' ')} {number:,}" for kind, number in sorted(types.items()))
    return f"Replaced by its type while cleaning, counted over all documents that were read: {told}."


def licences_told(found: Description, given: Given) -> str:
    """The licences that documents state, with their numbers."""
    told = [f"{one_line(value)} ({number:,} documents)" for value, number in common_values(found, "licence")]
    values = found.columns.get("licence")
    missing = values.missing if values else found.documents
    if missing:
        told.append(f"not known ({missing:,} documents)")
    text = "As the documents and their sources state: " + ", ".join(told) + "."
    return f"The maker states: {one_line(given.licence)}. {text}" if given.licence else text


def front_licence(found: Description, given: Given) -> list[str]:
    """The lines of a front matter about the licence."""
    values = found.columns.get("licence")
    names = [given.licence] if given.licence else [value for value, _ in common_values(found, "licence")]
    if not names:
        return ["license: unknown"]
    whole = given.licence or (values is not None and not values.missing and not values.others)
    if len(names) == 1 and whole:
        known = HUB_LICENCES.get(names[0].upper())
        return [f"license: {known}"] if known else ["license: other", f"license_name: {quoted(names[0])}"]
    return ["license: other", 'license_name: "mixed"']


def _facts(found: Description, last: Artifact, name: str, given: Given) -> dict[str, Any]:
    licences = [given.licence] if given.licence else [value for value, _ in common_values(found, "licence")]
    return {
        "name": given.name or name,
        "description": given.description or _summary(found),
        "license": licences,
        "url": given.url,
        "creator": {"@type": "sc:Organization", "name": given.creator} if given.creator else None,
        "datePublished": given.date_published,
        "citeAs": given.cite_as,
        "version": f"1.0.0+{last.identity}",
        "inLanguage": [value for value, _ in common_values(found, "language")],
    }


def common_values(found: Description, column: str) -> list[tuple[str, int]]:
    """The commonest values of a column with their numbers; none where it is not there."""
    values = found.columns.get(column)
    return values.common if values else []


def _parts(found: Description) -> list[str]:
    order = {part: number for number, part in enumerate(SPLITS)}
    return sorted(
        (value for value, _ in common_values(found, "split")), key=lambda part: (order.get(part, len(order)), part)
    )


def _size(number: int) -> str:
    return next((name for limit, name in SIZES if number < limit), "n>1T")


def quoted(text: str) -> str:
    """A string for YAML: JSON's are YAML's too."""
    return json.dumps(text, ensure_ascii=True)


def one_line(text: str) -> str:
    """Text of others in Markdown: on one line, and nothing in it is markup."""
    return "".join(_MARKUP.get(sign, sign) for sign in " ".join(text.split()))
