import subprocess
import sys


def test_the_collector_rests_until_all_is_loaded() -> None:
    code = (
        "import gc\nimport firstwords.compute.uncollected\nprint(gc.isenabled())\n"
        "import firstwords.compute.frozen\nprint(gc.isenabled())"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "True"]
