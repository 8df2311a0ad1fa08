# Two commands: `make app` opens the explorer, `make test` runs the tests. Both set up .venv first, once.

# The first Python that is new enough and has venv; else python3, which then says what is amiss.
CANDIDATES = .venv/bin/python python3.13 python3.12 python3.11 python3
FIND_PYTHON = for p in $(CANDIDATES); do \
  "$$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
  && { echo "$$p"; exit; }; done; echo python3
ifdef PYTHON
export IAFF_PYTHON_ASKED = 1
else
PYTHON = $(shell $(FIND_PYTHON))
endif

ifdef TORCH# which build of torch: cpu is small, and enough for the explorer
export IAFF_TORCH = $(TORCH)
endif

SETUP = @python="$(PYTHON)"; command -v "$$python" >/dev/null || { \
  echo "No $$python here, but iaff needs Python 3.11 or newer: install it, or name one with" \
  "make $(MAKECMDGOALS) PYTHON=/path/to/python3." >&2; exit 1; }; "$$python" tools/setup.py
RUN = .venv/bin/python
NPM_RECORD = node_modules/.package-lock.json# what npm has installed

.PHONY: help app test test-slow test-data test-gpu test-attack test-oldest lint docs docs-serve lock setup setup-dev clean

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' Makefile | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'
	@echo '  Options of a command go into ARGS, e.g. make app ARGS="--port 7861".'
	@echo '  TORCH=cpu takes the small build of torch for machines without a GPU (docs/install.md).'

app: setup ## Serve the explorer on http://127.0.0.1:7860
	@$(RUN) app.py $(ARGS)

test: setup-dev ## Run the tests (without slow, data and gpu)
	OMP_NUM_THREADS=1 $(RUN) -m pytest -n 2 --dist loadfile $(ARGS) # two at a time, one thread each

test-slow: setup-dev ## Run the tests that take long
	$(RUN) -m pytest -m slow $(ARGS)

test-data: setup-dev ## Run the tests on the photos in ../shared/data
	$(RUN) -m pytest -m data $(ARGS)

test-gpu: setup-dev ## Run the tests that need a CUDA device
	$(RUN) -m pytest -m gpu $(ARGS)

test-attack: setup-dev ## Attack a server as strangers would
	$(RUN) -m pytest -m attack $(ARGS)

test-oldest: ## Run the quick tests with the oldest versions in pyproject.toml, in .venv-oldest (needs uv, 6 GB)
	uv venv --clear --python 3.11 .venv-oldest
	uv pip install --python .venv-oldest --resolution lowest-direct -e ".[dev]"
	OMP_NUM_THREADS=1 .venv-oldest/bin/python -m pytest tests/unit tests/explorer tests/training $(ARGS)

lint: setup-dev $(NPM_RECORD) ## Check format, style and types, of Python and of the scripts
	$(RUN) -m ruff check .
	$(RUN) -m ruff check --preview --select PLW1514 . # text files name their encoding: on Windows it is not UTF-8
	$(RUN) -m ruff format --check .
	npx pyright
	npx biome ci .
	npx tsc -p jsconfig.json

$(NPM_RECORD): package-lock.json
	@command -v npm >/dev/null || { echo "No npm here, but the linters of the scripts need Node 18.20 or newer with npm:" \
	  "apt-get install nodejs npm, or https://nodejs.org." >&2; exit 1; }
	npm ci --no-fund --no-audit

docs: setup-dev ## Build the docs as a site, into site/
	NO_MKDOCS_2_WARNING=1 $(RUN) -m mkdocs build $(ARGS)

docs-serve: setup-dev ## Show the docs while you write them, on http://127.0.0.1:8000
	NO_MKDOCS_2_WARNING=1 $(RUN) -m mkdocs serve $(ARGS)

setup: ## Create or update .venv
	$(SETUP) requirements-train.txt

setup-dev: ## Create or update .venv, with the tools for tests
	$(SETUP) requirements-train.txt requirements-dev.txt

# Exact versions for all systems. What torch brings along for CUDA is left to torch, which names it exactly: its CPU build
# and other systems go without.
LOCK = uv pip compile pyproject.toml --universal --python-version 3.11 --no-annotate --quiet \
  --custom-compile-command "make lock" $(ARGS)
PLAIN = sed -i.part -E '/^(nvidia|cuda|triton)/d'

lock: ## Renew requirements*.txt, the exact versions; newer ones: make lock ARGS=--upgrade (needs uv)
	$(LOCK) -o requirements.txt && $(PLAIN) requirements.txt # what the explorer needs; a Space reads this file
	$(LOCK) --extra train -c requirements.txt -o requirements-train.txt && $(PLAIN) requirements-train.txt
	$(LOCK) --extra dev -c requirements.txt -o requirements-dev.txt && $(PLAIN) requirements-dev.txt
	rm requirements*.part

clean: ## Remove caches and build folders (.venv, runs and photos stay)
	rm -rf .pytest_cache .ruff_cache .gradio build dist site *.egg-info node_modules
	find . -path ./.venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
