# Works on any machine with make and Python 3.11 or newer. Settings pass through:
#   ORCHESTRATOR_PORT=8001 make run        make run PYTHON=python3.13

PYTHON ?= python3
UPGRADE ?=
PYTEST_ARGS ?=

CHECKS := lint types contracts
TESTS := tests/browser tests/contract tests/fuzz tests/unit tests/conformance tests/integration

# What runs beside the tests speaks after them, and how each part ended stands together at the end. Whole services
# wait more than they work, so they fill the gaps; the tests of one file share a service and stay together.
PARTS = beside=$$(mktemp); ended=$$(mktemp); trap 'rm -f "$$beside" "$$ended"' EXIT; \
	part() { name=$$1; shift; began=$$(date +%s); if "$$@"; then how=passed; else how=FAILED; fi; \
		echo "$$name: $$how after $$(($$(date +%s) - began)) s" >>"$$ended"; }

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PYTEST := $(BIN)/pytest --numprocesses 2
# By another name, for "make -n" runs every line that has make's own.
SUBMAKE := $(MAKE) --no-print-directory
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header $(UPGRADE)

.DEFAULT_GOAL := help
.PHONY: help setup run test test-all lint format types contracts demo rehearse bench lock clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(INSTALLED) ## Install everything into .venv, with the pinned versions
	@:

$(INSTALLED): requirements-dev.lock pyproject.toml
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
			echo "This needs Python 3.11 or newer, and '$(PYTHON)' is not: $$($(PYTHON) --version 2>&1)." >&2; \
			echo "Install one, and name it if it is not python3: make setup PYTHON=python3.12" >&2; \
			exit 1; \
		}; \
		echo "1/3 Making $(VENV) with $$($(PYTHON) --version)"; \
		$(PYTHON) -m venv --clear $(VENV); \
	}
	@echo "2/3 Installing $$(grep -c == requirements-dev.lock) pinned packages; the first time this takes about a minute"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@echo "3/3 Installing the orchestrator"
	@$(PIP) install --no-build-isolation --no-deps -e .
	@touch $@

run: setup ## Run everything on this machine, with the example meetings; Ctrl-C stops it
	@exec $(BIN)/orchestrator up --example

test: setup ## Run all checks and the tests: enough for every change
	@$(PARTS); \
	{ for check in $(CHECKS); do part "$$check" $(SUBMAKE) "$$check"; done; \
		part acceptance $(PYTEST) --dist loadfile $(PYTEST_ARGS) tests/acceptance; } >"$$beside" 2>&1 & \
	part tests $(PYTEST) --dist worksteal $(PYTEST_ARGS) $(TESTS); \
	wait; cat "$$beside" "$$ended"; ! grep -q FAILED "$$ended"

test-all: test ## Then what that left out: the second database, all examples of property tests, real servers
	@$(PARTS); \
	part real-servers $(BIN)/pytest --rest $(PYTEST_ARGS) tests/acceptance >"$$beside" 2>&1 & \
	part rest $(PYTEST) --dist worksteal --rest $(PYTEST_ARGS) $(TESTS); \
	wait; cat "$$beside" "$$ended"; ! grep -q FAILED "$$ended"

lint: setup ## Check style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: setup ## Put everything into the common style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: setup ## Check types
	@$(BIN)/mypy

contracts: setup ## Check who may import whom
	@$(BIN)/lint-imports

demo: setup ## Take the example meetings through their whole life in a minute
	@exec $(BIN)/orchestrator demo

rehearse: demo # Its former name, for one more version
	@echo "Hint: 'make rehearse' is spelled 'make demo' now; the old spelling works until the next version." >&2

bench: setup ## Measure
	@$(BIN)/python tests/benchmarks/run.py
	@$(BIN)/python tests/benchmarks/mails.py
	@$(BIN)/python tests/benchmarks/replies.py
	@$(BIN)/python tests/benchmarks/fair_starts.py

lock: setup ## Write the lock files anew; UPGRADE=--upgrade takes the newest versions
	@$(PIP) install uv
	@$(COMPILE) pyproject.toml -o requirements.lock
	@$(COMPILE) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' \
		| $(COMPILE) - -c requirements-dev.lock -o requirements-build.lock

clean: ## Remove what was installed and built; the data in var/ stays
	@rm -rf $(VENV) build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
