import pytest

from firstwords.console import SilentConsole
from firstwords.stage import Work
from firstwords.training.seeds import SeedRun, choose, median, one_of_several


def make_work(folder) -> Work:
    return Work(name="finetune.x", folder=folder, inputs={}, pool=None, console=SilentConsole())


def test_the_median_is_in_the_middle_and_never_the_better_of_two() -> None:
    runs = [SeedRun(seed, {"accuracy": value}) for seed, value in enumerate([0.7, 0.9, 0.8])]
    assert median(runs).seed == 2
    assert median(runs[:2]).seed == 0
    assert median([SeedRun(0, {"validation_loss": 1.0}), SeedRun(1, {"validation_loss": 2.0})]).seed == 1


def train(work, seed) -> bool:
    """Write a model; whether it had to be trained."""
    with one_of_several(work, seed, 3) as place:
        trained = place.run is None
        if trained:
            work.path(place.folder, "model", "weights").write_text(str(seed))
            work.path(place.folder, "curve.parquet").write_text(str(seed))
            work.path(place.folder, "adapter", "weights").write_text(str(seed))
            place.work.scratch("checkpoints", "x").write_text("")
            place.run = SeedRun(seed, {"accuracy": seed / 10}, [("a", "b", "c")])
    return trained


def test_finished_seeds_are_not_trained_again_and_leave_no_checkpoints(tmp_path) -> None:
    work = make_work(tmp_path)
    assert train(work, 0) and train(work, 1)
    with pytest.raises(KeyboardInterrupt), one_of_several(work, 2, 3) as place:
        place.work.scratch("checkpoints", "x").write_text("")
        raise KeyboardInterrupt
    again = make_work(tmp_path)
    assert not train(again, 0) and not train(again, 1) and train(again, 2)
    assert not list((tmp_path / "scratch").rglob("x"))
    (tmp_path / "seeds" / "1" / "model" / "weights").write_text("damaged")
    assert train(make_work(tmp_path), 1)


def test_the_median_model_is_the_stages_model(tmp_path) -> None:
    work = make_work(tmp_path)
    for seed in range(3):
        train(work, seed)
    runs = []
    for seed in range(3):
        with one_of_several(work, seed, 3) as place:
            runs.append(place.run)
    assert choose(work, runs).seed == 1
    assert (tmp_path / "model" / "weights").read_text() == "1"
    assert (tmp_path / "adapter" / "weights").read_text() == (tmp_path / "curve.parquet").read_text() == "1"
    assert '"median": 1' in (tmp_path / "seeds.json").read_text()


def test_one_seed_works_where_the_stage_does(tmp_path) -> None:
    with one_of_several(make_work(tmp_path), 5, 1) as place:
        assert place.folder == "" and place.run is None
    assert choose(make_work(tmp_path), [SeedRun(5)]).seed == 5
    assert not (tmp_path / "seeds.json").exists()
