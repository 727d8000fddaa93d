"""The parts of a report about where everything comes from and what it took: artifacts, machine, time, energy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from firstwords.artifact import Artifact
from firstwords.console import duration
from firstwords.corpus.run import CORE_WATTS, Cost, Run, cost
from firstwords.web import charts, plots
from firstwords.web.html import Child, Element, foreign, tag
from firstwords.web.tables import cell, folded, head_cell, table


def path(run: Run) -> Element:
    """Every stage behind the documents: what came of it and how long it took."""
    rows = [
        tag(
            "li",
            tag("b", foreign(artifact.name)),
            tag("span", foreign(artifact.manifest["summary"]), class_="summary"),
            tag("small", duration(artifact.manifest["seconds"])),
        )
        for artifact in run.artifacts
    ]
    return tag("ol", rows, class_="path")


def lineage(run: Run) -> Child:
    """The graph of artifacts, their identities and digests, and every setting."""
    artifacts = run.artifacts
    names = {artifact.identity: artifact.name for artifact in artifacts}
    edges = [
        (entry["identity"], artifact.identity)
        for artifact in artifacts
        for entry in artifact.manifest["inputs"].values()
    ]
    edges = list(dict.fromkeys(edges))
    told = "; ".join(f"{names[end]} from {names[start]}" for start, end in edges if start in names)
    rows = [
        [
            head_cell(foreign(artifact.name)),
            cell(tag("span", artifact.identity, class_="code")),
            cell(tag("span", artifact.digest[:16], class_="code")),
            cell(foreign(_inputs(artifact))),
        ]
        for artifact in artifacts
    ]
    settings = [
        folded(
            ["Settings of ", tag("span", foreign(artifact.name), class_="code")],
            tag("pre", _settings(artifact), tabindex=0),
        )
        for artifact in artifacts
    ]
    picture = plots.graph([(a.identity, a.name) for a in artifacts], edges, f"Artifacts: {told or 'one alone'}.")
    text = "An identity is a hash of everything that made an artifact; equal digests of files mean equal results."
    return [
        tag("p", text),
        tag("div", picture, class_="scroll", role="region", tabindex=0, aria_label="Graph of artifacts"),
        table(None, ["artifact", "identity", "digest of its files", "made from"], rows),
        settings,
    ]


def _inputs(artifact: Artifact) -> str:
    return ", ".join(f"{entry['name']} {entry['identity']}" for entry in artifact.manifest["inputs"].values())


def _settings(artifact: Artifact) -> str:
    found = artifact.manifest.get("ingredients", {}).get("configuration", {})
    return json.dumps(found, indent=1, ensure_ascii=False)


def costs(run: Run) -> Child:
    """Machine, time and an estimate of energy."""
    found = [cost(artifact) for artifact in run.artifacts]
    longest = max((each.seconds for each in found), default=0.0) or 1.0
    rows = [
        [
            head_cell(foreign(each.name)),
            cell(duration(each.seconds), True),
            cell(str(each.cores), True),
            cell(energy(each.low, each.high), True),
            tag("td", charts.bar([("kept", each.seconds / longest)], duration(each.seconds)), class_="picture"),
        ]
        for each in found
    ]
    low, high = CORE_WATTS
    text = (
        f"All together {duration(sum(each.seconds for each in found))} and {energy(*total(found))}. Nothing was "
        f"measured with a meter: energy is the time of each stage, times the cores that it was given, times {low:g} to "
        f"{high:g} W for a core at work with its share of memory and board. Cooling, and accelerators, are not in it; "
        "an artifact that was made in an earlier run counts with what it took then."
    )
    heads = ["stage", "time", "cores", "energy", ""]
    return [_machine(run), tag("p", text), table(None, heads, rows)]


def _machine(run: Run) -> Element:
    """Machines and versions; artifacts of one run may come from several."""
    machines = {json.dumps(a.manifest.get("machine", {}), sort_keys=True) for a in run.artifacts}
    versions: dict[str, set[str]] = {}
    for artifact in run.artifacts:
        for name, version in artifact.manifest.get("versions", {}).items():
            versions.setdefault(name, set()).add(version)
    lines = [tag("li", _machine_told(json.loads(each))) for each in sorted(machines)]
    told = ", ".join(f"{name} {' and '.join(sorted(each))}" for name, each in versions.items())
    return tag("div", tag("ul", lines), tag("p", foreign(told), class_="faint"))


def _machine_told(machine: dict[str, Any]) -> Element:
    parts = [f"{machine['cores']} cores"] if "cores" in machine else []
    parts += [f"{machine[name]} {name}" for name in ("workers", "threads") if name in machine]
    parts += [" ".join(machine["instruction_set"])] if "instruction_set" in machine else []
    return foreign(", ".join(parts) or "nothing is known of the machine")


def total(found: Sequence[Cost]) -> tuple[float, float]:
    """The whole range of energy, in watt-hours."""
    return sum(each.low for each in found), sum(each.high for each in found)


def energy(low: float, high: float) -> str:
    """A range of watt-hours for people."""
    unit, scale = ("kWh", 1000.0) if high >= 1000 else ("Wh", 1.0)
    return f"{low / scale:.2g} to {high / scale:.2g} {unit}"
