# Needs Python 3.11 to 3.13 and make, nothing else.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# Most tests wait for a broker, a browser or a process: twice the cores is quickest. 0 runs them one by one.
JOBS ?= 4
# Campaigns of faults, and the seed of all their choices.
NAMES ?= kill zombies storm brokers proxy disk
SEED ?= 1
# Changes of each format's sample that fuzzing tries.
TRIES ?= 1000000
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && echo $$p && break; done)

.DEFAULT_GOAL := help
.PHONY: help demo test campaign fuzz lint format lock bench bench-peers clean

help: ## Say what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.run ## Run everything on this machine with an invented region; Ctrl-C stops it
	@exec $(BIN)/beffroi demo

test: $(VENV)/.dev ## Run every test, with a real broker and a real browser
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal $(ARGS)

campaign: $(VENV)/.dev ## Kill, pause, cut and fill in earnest; about an hour, writes docs/evidence (NAMES='kill disk' for some)
	@failed=; for name in $(NAMES); do \
		$(BIN)/python -m tests.faults.campaign $$name --seed $(SEED) --evidence docs/evidence || failed="$$failed $$name"; \
	done; test -z "$$failed" || { echo "error: figures do not hold in:$$failed" >&2; exit 1; }

fuzz: $(VENV)/.dev ## Cut at every byte, try a million changes of each sample; an hour or two, goes on where it was left
	BEFFROI_TEST_STRIDE=1 $(BIN)/python -m pytest -q tests/hostile/test_cuts.py --timeout 3600
	$(BIN)/python -m tests.hostile.fuzz $(FORMATS) --tries $(TRIES) --seed $(SEED) $(ARGS)

lint: $(VENV)/.dev ## Check style, types, imports and what is generated
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/beffroi contracts generate --check
	$(BIN)/beffroi contracts lint
	$(BIN)/beffroi contracts check

format: $(VENV)/.dev ## Put code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## Resolve the requirements anew
	@rm -rf $(VENV)-lock && $(PYTHON) -m venv $(VENV)-lock && $(VENV)-lock/bin/python -m pip install -q uv==0.9.9
	$(VENV)-lock/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
		--extra checkout pyproject.toml -o requirements/run.lock
	$(VENV)-lock/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
		--extra checkout --extra dev -c requirements/run.lock pyproject.toml -o requirements/dev.lock
	@rm -rf $(VENV)-lock

bench: $(VENV)/.dev ## Measure; ARGS=--evidence keeps the figures in docs/evidence
	$(BIN)/python -m bench.intake $(ARGS)
	$(BIN)/python -m bench.release $(ARGS)
	$(BIN)/python bench/codec.py
	$(BIN)/python -m bench.throughput $(ARGS)
	$(BIN)/python -m bench.growth $(ARGS)
	$(BIN)/python -m bench.restore $(ARGS)
	$(BIN)/python -m bench.latency $(ARGS)
	$(BIN)/python -m bench.partitions $(ARGS)
	$(BIN)/python -m bench.poison $(ARGS)

bench-peers: $(VENV)/.dev ## Measure beside Quix Streams, Kafka Streams and stock Faust
	$(BIN)/python -m bench.throughput --peers $(ARGS)

clean: ## Remove what was installed here; data are removed by `beffroi down --wipe`
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11, 3.12 or 3.13 with the modules venv and ensurepip is on the path" >&2; \
		echo "  fix: install one (on Debian: apt install python3 python3-venv), or say which: make PYTHON=/path/to/python3.11" >&2; exit 69; }
	@echo "1/3 making an environment in $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.lock pyproject.toml | $(BIN)/python
	@echo "2/3 installing the locked requirements (about 15 s)"
	@$(PIP) install -q --require-hashes --no-deps -r requirements/run.lock
	@echo "3/3 installing Beffroi from this folder"
	@$(PIP) install -q --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements/dev.lock pyproject.toml | $(BIN)/python
	@echo "2/3 installing the locked requirements for development (about 30 s)"
	@$(PIP) install -q --require-hashes --no-deps -r requirements/dev.lock
	@echo "3/3 installing Beffroi from this folder"
	@$(PIP) install -q --no-build-isolation --no-deps -e .
	@touch $@ $(VENV)/.run
