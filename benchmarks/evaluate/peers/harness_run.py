"""Three tasks in lm-evaluation-harness, given as local files: runs in the peer's environment.

`python harness_run.py MODEL FOLDER TASKS BATCH ROUNDS OUT`: MODEL is `hf` or `firstwords`. Writes the scores of every
sample and the least seconds of some rounds of each task (no imports, no loading of the model; the data has been read
before the first).
"""

import json
import sys
import time
from pathlib import Path

import datasets
import lm_eval
from lm_eval.api.registry import get_model
from lm_eval.tasks import TaskManager


def main() -> None:
    kind, folder, tasks, batch, rounds, out = sys.argv[1:7]
    datasets.disable_progress_bars()
    if kind == "firstwords":
        from firstwords.serving.harness import register

        register()
        model = get_model("firstwords")(folder=folder)
    else:
        model = get_model("hf")(pretrained=folder, batch_size=int(batch), device="cpu", dtype="float32")
    names = ["local_choice", "local_cloze", "local_text"]
    manager = TaskManager(include_path=tasks, include_defaults=False)
    seconds, samples = {}, {}
    for name in names:
        asked = {"model": model, "tasks": [name], "task_manager": manager, "bootstrap_iters": 0, "verbosity": "ERROR"}
        lm_eval.simple_evaluate(**asked, limit=1)  # reads and keeps the data
        seconds[name] = [float("inf"), float("inf")]
        for _ in range(int(rounds)):
            begin, used = time.perf_counter(), time.process_time()
            found = lm_eval.simple_evaluate(**asked, log_samples=True)
            spent = [time.perf_counter() - begin, time.process_time() - used]
            seconds[name] = [min(pair) for pair in zip(seconds[name], spent, strict=True)]
        samples[name] = [
            {"doc": each["doc_id"], "scores": each["resps"], "arguments": len(each["arguments"])}
            for each in sorted(found["samples"][name], key=lambda each: each["doc_id"])
        ]
        samples[name + " figures"] = {k: v for k, v in found["results"][name].items() if isinstance(v, float)}
    Path(out).write_text(json.dumps({"seconds": seconds, "samples": samples}))


if __name__ == "__main__":
    main()
