from made_run import made, whole_run

from firstwords.corpus.run import Run, cost
from firstwords.web import lineage_sections as sections
from firstwords.web.html import tag


def text(content) -> str:
    return str(tag("div", content))


def test_every_artifact_stands_with_its_identity_inputs_and_settings(tmp_path) -> None:
    run = Run("r", whole_run(tmp_path, "x"))
    shown = text(sections.lineage(run))
    for artifact in run.artifacts:
        assert artifact.identity in shown and f"<bdi>{artifact.name}</bdi>" in shown
    assert "pretrain.a from configure.a" in shown and shown.count('class="edge"') == 3
    assert "&quot;said&quot;: &quot;x&quot;" in shown
    assert text(sections.path(run)).count("<li>") == 4


def test_energy_is_an_estimate_and_says_how(tmp_path) -> None:
    run = Run("r", (made(tmp_path, "tokenize", "x", seconds=3600.0),))
    shown = text(sections.costs(run))
    assert "8 to 30 Wh" in shown and "not" in shown and "2 cores" in shown
    assert "firstwords 0" in shown
    assert sections.total([cost(run.artifacts[0])] * 2) == (16.0, 60.0)
    assert sections.energy(500, 2000) == "0.5 to 2 kWh"
