# Every command below needs Python 3.11 or newer and make; the first one to run makes .venv.
#   make test PYTHON=python3.13     uses that interpreter and rebuilds .venv when its version differs
#   make test VENV=/elsewhere/venv  keeps the environment outside the checkout
#   make test WORKERS=0             runs the tests in one process (for a debugger)

VENV ?= .venv
WORKERS ?= auto
MINUTES ?= 60
KINDS ?=

BIN := $(VENV)/bin
version_of = $(shell $(1) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)

VENV_VERSION := $(if $(wildcard $(VENV)/.ready),$(call version_of,$(BIN)/python))
ifdef PYTHON
PYTHON_VERSION := $(call version_of,$(PYTHON))
else
# The interpreters we test come first, a newer default python3 only when none of them is there.
# Each is tried by running it: a version manager's shim can be on the path and still refuse.
PYTHON := $(shell \
	try() { "$$1" -c "import sys; sys.exit(not $$2)" 2>/dev/null && echo "$$1"; }; \
	tested='(3, 11) <= sys.version_info < (3, 14)'; \
	try python3 "$$tested" || try python3.13 "$$tested" || try python3.12 "$$tested" || try python3.11 "$$tested" || \
	try python "$$tested" || try python3 'sys.version_info >= (3, 14)')
PYTHON_VERSION := $(or $(VENV_VERSION),$(if $(PYTHON),$(call version_of,$(PYTHON))))
endif

DEMO_EXTRAS := finance,chemistry,qec,plot
TEST_EXTRAS := ibm,google,braket,quantinuum,origin,tianyan,ionq,azure,smiles,pennylane,$(DEMO_EXTRAS)
DEMO_STAMP := $(VENV)/.installed-demo
TEST_STAMP := $(VENV)/.installed-test

# Parallel workers already fill the cores: a second level of threads in BLAS and OpenMP only makes them wait.
PYTEST := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest
# By file, because tests of one file share what is expensive to set up. A worker that crashes ends the run: another one
# in its place would wait for tests that never come.
PYTEST_WORKERS := --numprocesses=$(WORKERS) --maxprocesses=4 --dist=loadfile --max-worker-restart=0 \
	--durations=10 --durations-min=10

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test lint format types imports unit slow wheel bench fuzz venv clean distclean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1@\2/p' Makefile | awk -F@ '{ printf "%-18s%s\n", $$1, $$2 }'

demo: $(if $(wildcard $(TEST_STAMP)),$(TEST_STAMP),$(DEMO_STAMP)) ## set up .venv and run the three applications
	$(BIN)/qtoolkit demo

test: lint types imports unit slow wheel ## set up .venv and run everything CI runs, cheap checks first
	@echo "make test: all checks passed"

lint: $(TEST_STAMP) ## ruff: rules and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: $(TEST_STAMP) ## ruff: repair what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: $(TEST_STAMP) ## mypy, strict, on package and kernels
	$(BIN)/mypy

imports: $(TEST_STAMP) ## import-linter: which way imports may run
	$(BIN)/lint-imports

unit: $(TEST_STAMP) ## the fast tests
	$(PYTEST) $(PYTEST_WORKERS)

slow: $(TEST_STAMP) ## the slow tests, examples among them
	$(PYTEST) $(PYTEST_WORKERS) -m 'slow and not gpu and not cloud'

wheel: $(TEST_STAMP) ## build the wheel, install it into an empty environment, use it from there
	$(BIN)/python tests/packaging/check_wheel.py

bench: $(TEST_STAMP) ## time the kernels against their reference
	$(BIN)/python -m pytest benchmarks --benchmark-only

fuzz: $(TEST_STAMP) ## look for wrong answers and odd errors, for an hour: make fuzz MINUTES=10 KINDS=grammar
	PYTHONPATH=tests $(BIN)/python -m fuzz.campaign --minutes $(MINUTES) $(KINDS)

venv: $(TEST_STAMP) ## set up .venv and nothing else

clean: ## remove build products, caches and reports
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .benchmarks .import_linter_cache qtoolkit-report*.html
	find qtoolkit kernels tests benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## the same, and .venv
	@test ! -e $(VENV) || test -f $(VENV)/pyvenv.cfg || { echo "make: $(VENV) is not a virtual environment: not removed" >&2; exit 2; }
	rm -rf $(VENV)

# A virtual environment of another Python version, or one whose interpreter is gone, is made again.
ifneq ($(or $(VENV_VERSION),none),$(PYTHON_VERSION))
.PHONY: $(VENV)/.ready
endif

$(VENV)/.ready:
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or newer on the path: install one, or name it: make PYTHON=/path/to/python3" >&2; exit 2; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "make: Python 3.11 or newer is needed, and $(PYTHON) is older or does not run: name another one: make PYTHON=/path/to/python3" >&2; exit 2; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "make: $(PYTHON) lacks the venv module: install it (Debian, Ubuntu: apt install python$(PYTHON_VERSION)-venv)" >&2; exit 2; }
	@test ! -e $(VENV) || test -f $(VENV)/pyvenv.cfg || { echo "make: $(VENV) exists and is not a virtual environment: remove it or choose another VENV" >&2; exit 2; }
	@echo "Making $(VENV) with Python $(PYTHON_VERSION)"
	@"$(PYTHON)" -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade pip  # dependency groups need pip 25.1
	@touch $@

$(DEMO_STAMP): pyproject.toml $(VENV)/.ready
	@echo "Installing qtoolkit with its applications into $(VENV): a minute or two the first time"
	@$(BIN)/python -m pip install --quiet --editable '.[$(DEMO_EXTRAS)]'
	@touch $@

$(TEST_STAMP): pyproject.toml $(VENV)/.ready
	@echo "Installing qtoolkit with all that its tests need into $(VENV): two or three minutes the first time"
	@$(BIN)/python -m pip install --quiet --editable '.[$(TEST_EXTRAS)]' --group dev
	@touch $@ $(DEMO_STAMP)
