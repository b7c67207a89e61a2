# A fresh machine needs Python 3.11 or later and make; `make live`, `make bench` and `make tapes` need Go as well.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
SIMULATOR := build/simulator
GOVC := build/govc
AZURITE := build/azurite/node_modules/.bin/azurite-table

.DEFAULT_GOAL := help
.PHONY: help demo test live bench tapes docs site clean

help:  ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1 - /p' $(MAKEFILE_LIST)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or later is needed; name one with: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable ".[all]" --group dev
	@touch $@

demo: $(READY)  ## show a made-up estate; no account and no endpoint is needed
	$(BIN)/hybridinv demo

test: $(READY)  ## lint, types, layers, and all tests that need no endpoint
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto -m "not live"

live: $(READY)  ## tests against a vCenter simulator (needs Go), a storage emulator (needs Node) and a browser (Chromium)
	@for tool in go npm chromium; do command -v $$tool >/dev/null || { \
	  [ -z "$${CI:-}" ] || { echo "make live: $$tool is needed, and this is CI"; exit 1; }; \
	  echo "make live: there is no $$tool; the tests that need it are skipped"; }; done
	@! command -v go >/dev/null || $(MAKE) --no-print-directory $(SIMULATOR) $(GOVC)
	@! command -v npm >/dev/null || $(MAKE) --no-print-directory $(AZURITE)
	$(BIN)/pytest -n auto -m live --live

# The newest that runs on Node 20.
$(AZURITE):
	npm install --prefix build/azurite --no-audit --no-fund --loglevel error azurite@3.35.0

$(SIMULATOR): $(wildcard tests/simulator/*.go) tests/simulator/go.mod tests/simulator/go.sum
	cd tests/simulator && go build -o ../../$@ .

bench: $(READY) $(SIMULATOR) $(GOVC)  ## measure speed and memory, and write docs/benchmarks.md; needs Go and ten minutes
	$(BIN)/python benchmarks/report.py

$(GOVC): tests/simulator/govc/main.go tests/simulator/go.mod tests/simulator/go.sum
	cd tests/simulator && go build -o ../../$@ ./govc

tapes: $(READY) $(SIMULATOR)  ## make the demo's tapes anew
	$(BIN)/python tests/seeding/make_tapes.py --simulator $(SIMULATOR)

docs: $(READY)  ## make the generated pages anew
	for page in docs/generate_*.py; do $(BIN)/python $$page || exit 1; done

site: $(READY)  ## build the documentation site into build/site; a warning is an error
	$(BIN)/mkdocs build --strict --quiet --site-dir build/site

clean:  ## remove what these commands have made
	rm -rf .venv build dist .cache .hypothesis .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find src tests docs -name __pycache__ -prune -exec rm -rf {} +
