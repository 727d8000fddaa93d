"""The table in the terminal and the file of results."""

import datetime
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.line import Judged

RESULTS = Path(__file__).parent / "results"


def row(judged: Judged) -> str:
    """One figure as a line: name, figure, bar, verdict."""
    verdict = {None: "", True: "met", False: "NOT MET"}[judged.met]
    sign = ">=" if judged.at_least else "<="
    bar = "" if judged.bar is None else f"{sign} {judged.bar:g}"
    peer = f"against {judged.peer} {judged.peer_version or ''}".rstrip() if judged.peer else ""
    shown = f"{judged.figure:,.4g}" if abs(judged.figure) < 1000 else f"{judged.figure:,.0f}"
    parts = [f"{judged.name:<38}", f"{shown:>9} {judged.unit:<11}", f"{bar:<9}", f"{verdict:<8}", peer, judged.note]
    return " ".join(part for part in parts if part.strip() or part is parts[2]).rstrip()


def table(all_judged: Sequence[Judged]) -> str:
    """All figures, one a line."""
    return "\n".join(row(judged) for judged in all_judged)


def write(area: str, all_judged: Sequence[Judged], *, whole: bool) -> None:
    """`benchmarks/results/AREA.json`: figures of this run; those of lines that were not run are kept if `whole` is not.

    Args:
        area: Its name.
        all_judged: What this run has found so far.
        whole: Whether all lines are being run on all data, so that older figures are out of date.
    """
    place = RESULTS / f"{area}.json"
    place.parent.mkdir(exist_ok=True)
    now, commit = datetime.date.today().isoformat(), _commit()
    entries = [
        {
            "name": each.name,
            "figure": each.figure,
            "unit": each.unit,
            "bar": each.bar,
            "met": each.met,
            "peer": each.peer,
            "peer_version": each.peer_version,
            "commit": commit,
            "date": now,
            "note": each.note,
        }
        for each in all_judged
    ]
    names = {entry["name"] for entry in entries}
    older = [] if whole or not place.exists() else json.loads(place.read_text(encoding="utf-8"))
    kept = [entry for entry in older if entry["name"] not in names]
    temporary = place.with_suffix(".tmp")
    temporary.write_text(json.dumps(kept + entries, indent=1) + "\n", encoding="utf-8")
    temporary.replace(place)


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent,
        check=False,
    )
    return done.stdout.strip() or "unknown"
