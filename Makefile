# Two commands do everything on a machine that has Python 3.11+ and make: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
# One thread in each of two test processes: more would fight for the same cores.
TEST_THREADS := OMP_NUM_THREADS=1

.PHONY: demo test test-slow lint web clean

demo: .venv/installed
	$(BIN)/firstwords run recipes/quickstart.toml

web: .venv/installed
	$(BIN)/firstwords run recipes/web.toml

test: .venv/installed-dev lint
	$(TEST_THREADS) $(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow" tests

# The second line: property tests again, with draws that differ from run to run.
test-slow: .venv/installed-dev
	$(TEST_THREADS) $(BIN)/python -m pytest -m slow tests
	$(TEST_THREADS) FIRSTWORDS_TEST_DRAWS=random $(BIN)/python -m pytest -n 2 -m "hypothesis and not slow" tests

lint: .venv/installed-dev
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/mypy

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make demo PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv .venv
	@touch $@

# torch first and by constraint: asked for later, as somebody's dependency, pip might take another build.
.venv/torch: .venv/python constraints.txt
	$(BIN)/pip install -qq --disable-pip-version-check -c constraints.txt torch
	@touch $@

.venv/installed: .venv/torch pyproject.toml
	$(BIN)/pip install -qq --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/pip install -qq --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@

# `make bench-data`, `make bench-data LINE=chain`, `make bench-data QUICK=1`: figures beside the best other tools.
bench-%: .venv/installed-dev
	$(BIN)/python -m benchmarks $* $(if $(LINE),--line $(LINE)) $(if $(QUICK),--quick)

clean:
	rm -rf .venv .bench artifacts build .pytest_cache .mypy_cache .ruff_cache .hypothesis
