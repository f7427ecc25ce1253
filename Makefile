.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000

help: ## Show what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	@echo "== Making the virtual environment in $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11"; exit 1; }
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "The venv module is incomplete. On Debian: apt-get install python3-venv"; exit 1; }

# A stamp is made only after everything is installed, so an interrupted run starts again.
$(VENV)/.run: $(BIN)/python requirements.txt
	@echo "== Installing what the bot runs on"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	@echo "== Installing what the tests need"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

demo: $(VENV)/.run ## Run everything on this machine, with a LINE in the browser
	@echo "== Starting the demo on port $(PORT)"
	@$(BIN)/flask --app app demo --port $(PORT)

run: $(VENV)/.run ## Run the web process with the settings of the environment
	@$(BIN)/flask --app app db-upgrade
	@PORT=$(PORT) exec $(BIN)/python -m handlers.server

# Python may keep what it compiled, whatever the shell says: three processes read all tests.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 2 --dist loadgroup

test: $(VENV)/.dev ## Run what a change needs (SQLite and PostgreSQL; a browser where one is installed)
	@echo "== Running the tests"
	@$(PYTEST) -m "not long"

test-long: $(VENV)/.dev ## Run what make test leaves out because it takes long; the two are all tests
	@echo "== Running the long tests"
	@$(PYTEST) -m long

lint: $(VENV)/.dev ## Check style, types and the import rule
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fmt: $(VENV)/.dev ## Put the code into shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/.dev ## Measure beside the SDK's own example, as ratios in one run
	@$(BIN)/python -m benchmarks

migration: $(VENV)/.dev ## Draft a migration from the models: make migration NAME="what it does"
	@$(BIN)/python -m models.migrations "$(NAME)"

# The lock keeps what it has: `make lock UPGRADE="--upgrade-package flask"` lets go of one.
LOCK := UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate

lock: $(VENV)/.dev ## Write requirements*.txt from requirements*.in: every package, its version, its hashes
	@$(LOCK) $(UPGRADE) requirements.in -o requirements.txt
	@$(LOCK) $(UPGRADE) -c requirements.txt requirements-dev.in -o requirements-dev.txt

licences: $(VENV)/.dev ## List the licence of every package that is installed
	@$(BIN)/pip-licenses --order=license

.PHONY: help demo run test test-long lint fmt bench migration lock licences
