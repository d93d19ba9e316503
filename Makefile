# Everything a newcomer needs: `make trial` runs the phase I trial, `make test` the checks. Both install into ./.venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: trial test check coverage figure bench dist clean

$(STAMP): pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'lag3ig needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)')"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.tested: $(STAMP)
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@

trial: $(STAMP)
	$(BIN)/lag3ig run experiments/protocols/imp321-rcc-phase1.toml --out results/imp321-rcc-phase1.h5

check: $(VENV)/.tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m lag3ig.model.symbolic.emit --check

test: check
	$(BIN)/pytest -n 2 --dist loadgroup

clean:
	rm -rf $(VENV) build dist *.egg-info results
