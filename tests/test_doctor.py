from firstwords.doctor import checks


def test_the_doctor_finds_what_is_installed(tmp_path) -> None:
    found = {check.name: check for check in checks(tmp_path / "not" / "there" / "yet")}
    assert found["torch"].good
    assert "free" in found["disk"].value
    assert "GFLOP/s" in found["matrix product"].value
    assert "gloo" in found["several ranks"].value
    assert "firstwords launch" in found["several ranks"].value
    assert {"accelerator", "slurm"} <= set(found)
