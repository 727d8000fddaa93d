import runpy
from pathlib import Path
from types import SimpleNamespace

from firstwords.data.canaries import make_canaries
from firstwords.evaluation.training_documents import configured_steps, documents_stage, occurrences, training_texts

TINY = runpy.run_path(str(Path(__file__).parent / "tiny_artifacts.py"))


def test_only_the_training_part_is_read(tmp_path) -> None:
    documents = TINY["planted_documents"](tmp_path / "documents", 8)
    texts = list(training_texts(documents))
    assert len(texts) == 7
    canaries = make_canaries([0, 2], 2, 0)
    found = occurrences(documents, [canary.text for canary in canaries])
    assert [found[canary.text] for canary in canaries] == [0, 0, 2, 2]
    assert occurrences(documents, []) == {}
    assert [step["kind"] for step in configured_steps(documents)] == ["unicode", "canaries"]


def test_what_was_learnt_from_is_the_last_stage_of_the_data() -> None:
    def graph(*decontaminated):
        return SimpleNamespace(require=lambda name: name, names=lambda stage: list(decontaminated))

    assert documents_stage(graph(), None) == "deduplicate"
    assert documents_stage(graph("decontaminate"), None) == "decontaminate"
    assert documents_stage(graph(), "deduplicate.law") == "deduplicate.law"
