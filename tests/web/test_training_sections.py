from made_run import made, trained

from firstwords.corpus.run import Run
from firstwords.web import training_sections as sections
from firstwords.web.html import tag


def text(content) -> str:
    return str(tag("div", content))


def test_every_derived_number_stands_with_its_reason(tmp_path) -> None:
    artifact = made(tmp_path, "configure.a", "x", reasons=[["width", "128", "64 per layer"]])
    shown = text(sections.configuration(Run("r", (artifact,))))
    assert all(word in shown for word in ("width", "128", "64 per layer", "because"))
    assert sections.configuration(Run("r", (made(tmp_path, "tokenize", "x", reasons=[]),))) is None


def test_curves_of_other_runs_are_drawn_where_the_stage_has_the_same_name(tmp_path) -> None:
    here = Run("here", (trained(tmp_path / "a", "pretrain.a", "x"),))
    other = Run("there", (trained(tmp_path / "b", "pretrain.a", "x"), trained(tmp_path / "b", "pretrain.b", "x")))
    shown = text(sections.curves(here, [other]))
    assert shown.count("<polyline") == 2 and "there" in shown
    assert "bits per byte" in shown and "accuracy on validation: 1.000 at the end" in shown
    # The table says what the dots show: five measurements with loss and accuracy.
    assert shown.count('<th scope="row">') == 5
    assert sections.curves(Run("r", (made(tmp_path, "tokenize", "x"),)), [other]) is None


def test_samples_stand_in_the_order_of_training_without_personal_data(tmp_path) -> None:
    artifact = trained(tmp_path, "pretrain.a", "ask boss@short.example now")
    shown = text(sections.written(Run("r", (artifact,))))
    assert "boss@short.example" not in shown and "&lt;EMAIL&gt;" in shown
    assert shown.index("after 2,000 tokens") < shown.index("after 4,000 tokens") < shown.index(", the end")
