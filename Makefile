# `make simulate` runs the main study, `make test` the tests; each sets up what it needs in .venv.
SUPPORTED := import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))
PYTHON ?= $(firstword $(foreach p,python3 python3.12 python3.11 python3.10,\
	$(shell $(p) -c '$(SUPPORTED)' 2>/dev/null && echo $(p))))
VENV := .venv
BIN := $(VENV)/bin

.PHONY: simulate test slow coverage lint docs bench lowest newest clean

simulate: $(VENV)/run
	$(BIN)/sionna-semcom run link_sims/centroid.yaml

test: $(VENV)/dev
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

slow: $(VENV)/dev
	$(BIN)/python -m pytest -m slow

coverage: $(VENV)/dev
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n auto --dist loadfile --no-loadscope-reorder
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --config setup.cfg

docs: $(VENV)/dev
	$(BIN)/pip install --quiet -e '.[docs]'
	$(BIN)/sphinx-build -W -b html docs docs/_build/html

bench: $(VENV)/dev
	$(BIN)/python benchmarks/run.py
	$(BIN)/python docs/make_speed.py

lowest: $(VENV)/dev
	.ci/wheel 3.10 lowest-direct

newest: $(VENV)/dev
	.ci/wheel 3.12 highest

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.10, 3.11 or 3.12 is needed (set PYTHON=...)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/run: pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/run

clean:
	rm -rf $(VENV) docs/_build results
