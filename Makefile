# make help: what can be made. Every target makes its own .venv when there is none.
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTEST_ARGS ?=
UPGRADE ?=
COMPILE = uv pip compile $(UPGRADE) --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links

.PHONY: help demo ui test bench lint format lock clean
.DEFAULT_GOAL := help

help: ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(READY) ## a store, Segment and Airflow on this machine: two runs and what became of every order
	@$(BIN)/commerce-events demo

ui: $(READY) ## the same with the Airflow pages, until Ctrl-C
	@$(BIN)/commerce-events ui

test: $(READY) ## all tests, on two cores
	$(BIN)/python -m pytest -n 2 --dist loadfile $(PYTEST_ARGS)

lint: $(READY) ## style, formatting, types, import directions
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY) ## how fast it is here, question by question
	$(BIN)/python -m benchmarks

format: $(READY) ## repair style and formatting
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: ## pin what pyproject.toml asks for, with hashes; UPGRADE=--upgrade for newer versions (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: https://docs.astral.sh/uv/" >&2; exit 1; }
	$(COMPILE) --extra fast --extra sqs --group dev pyproject.toml -o requirements-dev.txt
	$(COMPILE) --extra fast --group build --constraint requirements-dev.txt pyproject.toml -o requirements.txt

clean: ## remove what was made: the .venv and the demo's files
	rm -rf $(VENV) .demo

$(READY): requirements-dev.txt pyproject.toml scripts/venv
	@scripts/venv $(VENV) requirements-dev.txt
	@touch $@
