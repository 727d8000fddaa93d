from firstwords import machine


def test_facts_are_plausible() -> None:
    assert machine.num_cores() >= 1
    assert 2**28 < machine.available_memory_bytes() <= machine.memory_bytes()
    assert machine.instruction_set()[0]


def test_waiting_threads_sleep_unless_somebody_decided(monkeypatch) -> None:
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(name, raising=False)
    machine.let_threads_sleep()
    assert machine.os.environ["GOMP_SPINCOUNT"] == str(machine.SPIN_COUNT)
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    machine.let_threads_sleep()
    assert machine.os.environ["GOMP_SPINCOUNT"] == "7"


def test_sizes_read_well() -> None:
    assert machine.gibibytes(23.4 * 2**30) == "23 GiB"
    assert machine.gibibytes(1.5 * 2**30) == "1.5 GiB"
    assert machine.gibibytes(512 * 2**20) == "512 MiB"
