"""`python -m benchmarks AREA [--line NAME] [--quick]`."""

import argparse
import importlib
import os
import sys
import tempfile
import traceback
from pathlib import Path

from benchmarks import report
from benchmarks.line import Setting


def main() -> int:
    """Run the lines of one area, print the table, write the results; 1 if a line failed to run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("area", help="a folder of benchmarks/, such as data")
    parser.add_argument("--line", default="", help="run this line only")
    parser.add_argument("--quick", action="store_true", help="shares of the data; leaves out what needs all of it")
    chosen = parser.parse_args()
    lines = importlib.import_module(f"benchmarks.{chosen.area}.lines").LINES
    if chosen.line and chosen.line not in lines:
        parser.error(f"no line '{chosen.line}'. Lines: {', '.join(lines)}")
    data = Path(os.environ.get("FIRSTWORDS_DATA", ""))
    if not os.environ.get("FIRSTWORDS_DATA") or not data.is_dir():
        print("FIRSTWORDS_DATA names no folder: every line here needs real data", file=sys.stderr)
        return 2
    judged, failed = [], False
    for name in [chosen.line] if chosen.line else list(lines):
        print(f"\n{name}", flush=True)
        with tempfile.TemporaryDirectory(prefix=f"bench-{name}-") as folder:
            try:
                found = lines[name](Setting(data=data, work=Path(folder), quick=chosen.quick))
            except Exception:
                # One line that breaks must not take the others with it; it is left out of the results.
                traceback.print_exc()
                failed = True
                continue
        for each in found:
            print(f"  {report.row(each)}", flush=True)
        judged += found
        report.write(chosen.area, judged, whole=not chosen.line and not chosen.quick)
    print("\n" + report.table(judged))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
