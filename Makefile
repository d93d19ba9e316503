# Everything a newcomer needs: `make trial` runs the phase I trial, `make test` the checks. Both install into ./.venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: trial test check figure docs dist matrix bench scale validate clean

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
	$(BIN)/lag3ig run experiments/protocols/imp321-rcc-phase1.toml --out results/imp321-rcc-phase1.h5 \
	  --parameters literature $(if $(wildcard fitting/fits/monotherapies.h5),--parameters fitted)

check: $(VENV)/.tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m lag3ig.model.symbolic.emit --check

# Lines of the engine are seen with the compiler off: two patients of the shipped model, both methods.
test: check
	$(BIN)/python -m coverage erase
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m coverage run tests/twin.py
	$(BIN)/pytest -n 2 --dist loadgroup --cov --cov-append --cov-report=
	$(BIN)/python -m coverage report --skip-covered --fail-under=90

# The README's figure, from a run with the defaults.
figure: trial
	$(BIN)/lag3ig report results/imp321-rcc-phase1.h5 --figures results/figures
	cp results/figures/stable.svg docs/phase1.svg

# The documentation as a site, in results/docs; warnings are errors.
docs: $(VENV)/.tested
	$(BIN)/python -m lag3ig.experiments.credibility --check
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs results/docs

# What takes longer: wheel and sdist; every Python with the lowest and the newest dependencies.
dist: $(VENV)/.tested
	rm -rf build dist
	$(BIN)/python -m build --outdir dist .

matrix: dist
	$(BIN)/python tests/matrix.py

# The engine beside its peers, about half an hour; BENCH=--quick takes some minutes. A peer that does not build here
# is left out, and the output says so.
bench: $(STAMP)
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	-$(BIN)/python -m pip install --quiet numbalsoda
	-$(BIN)/python -m pip install --quiet amici
	$(BIN)/python -m lag3ig.benchmarks --json results/benchmarks.json --figure results/benchmarks.svg $(BENCH)

# A million solves streamed to a file: peak memory, time against their number, two threads beside one.
scale: $(STAMP)
	$(BIN)/python benchmarks/scale.py --json results/scale.json $(SCALE)

# 200 synthetic data sets with known truths, fitted with one bank: an hour for the bank, half an hour for the rest.
# VALIDATE="--bank FILE" takes a bank that is there.
validate: $(VENV)/.tested
	$(BIN)/python tests/validate_recovery.py $(VALIDATE)
	$(BIN)/python tests/validate_structures.py

clean:
	rm -rf $(VENV) build dist *.egg-info results
