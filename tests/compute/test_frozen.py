import subprocess
import sys


def test_what_was_loaded_is_not_looked_at_any_more() -> None:
    code = "import gc, json\nimport firstwords.compute.frozen\nprint(gc.get_freeze_count(), len(gc.get_objects()))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    frozen, looked_at = map(int, done.stdout.split())
    assert frozen > 1000 > looked_at
