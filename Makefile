# `make run` and `make test` need Python 3.11 or newer and nothing else: each step makes what it needs.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SECONDS ?= 600
PROCESSES ?= auto
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
STAMPS := $(VENV)/.stamps

.DEFAULT_GOAL := help
.PHONY: help run test test-compiled check check-static compiled format fuzz mutate bench clean

help:
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

run: $(STAMPS)/run ## start an MCP server and the gateway in front of it
	@exec $(BIN)/python examples/run.py

test: $(STAMPS)/test $(STAMPS)/node ## run every test
	$(BIN)/python -m pytest --numprocesses $(PROCESSES) --maxprocesses 8 --dist worksteal $(ARGS)

test-compiled: compiled $(STAMPS)/node ## run every test of what the gateway does against that wheel
	cd build/compiled && PYTHONPATH="$$PWD" $(CURDIR)/$(BIN)/python -m pytest --numprocesses $(PROCESSES) --maxprocesses 8 \
		--dist worksteal $(or $(ARGS),tests/unit tests/attacks tests/integration tests/differential tests/conformance)

check: check-static test ## everything that CI runs

check-static: $(STAMPS)/test ## formatting, lint, types and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

compiled: $(STAMPS)/test ## build a wheel whose path of a call is compiled, for this Python, into dist
	$(PIP) install --constraint constraints.txt --group compile
	$(BIN)/python -m tools.compile

format: $(STAMPS)/test ## format the code and apply safe fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

fuzz: $(STAMPS)/test ## search for differences between parsers, for SECONDS each way
	$(PIP) install --constraint constraints.txt --group fuzz
	$(BIN)/python -m tests.fuzz.message -max_total_time=$(SECONDS)
	$(BIN)/python -m tests.fuzz.answers -max_total_time=$(SECONDS)
	$(BIN)/python -m pytest --hypothesis-profile=long tests/differential -k put_together

mutate: $(STAMPS)/test $(STAMPS)/node ## change the security core bit by bit, for SECONDS: which test notices?
	$(BIN)/python -m tools.mutate --seconds $(SECONDS) $(ARGS)

bench: $(STAMPS)/test ## compare with HAProxy, Envoy and a plain aiohttp proxy
	$(PIP) install --constraint constraints.txt --group bench
	$(BIN)/python -m benchmarks $(ARGS)

clean: ## forget the environment, the caches and the state of `make run`
	rm -rf $(VENV) .mcpgw .mutation .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache \
		tests/idp/node_modules tests/clients/node_modules build dist *.egg-info

$(STAMPS)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.11 ..." >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP) install --upgrade --constraint constraints.txt pip
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/run: $(STAMPS)/venv pyproject.toml constraints.txt
	$(PIP) install --constraint constraints.txt --editable '.[uvloop]' --group example
	@touch $@

$(STAMPS)/test: $(STAMPS)/venv pyproject.toml constraints.txt
	$(PIP) install --constraint constraints.txt --editable '.[uvloop]' --group test --group check
	@touch $@ $(STAMPS)/run

$(STAMPS)/node: $(STAMPS)/test tests/idp/package-lock.json tests/clients/package-lock.json
	$(BIN)/python -m tests.support.node
	@touch $@
