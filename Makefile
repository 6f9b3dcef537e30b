# What a developer and a newcomer say to this repository. `make demo` and `make test` are all a newcomer needs.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
WHICH  := import sys; print(sys.base_prefix, sys.version)
T      ?= tests
ONCE   ?=
MINUTES ?= 60
RATE   ?= 80
TARGET ?=
SECONDS ?= 60
PAGES  := README.md CONTRIBUTING.md $(wildcard docs/*.md docs/*.svg)
WORKERS ?= 3

.DEFAULT_GOAL := help
.PHONY: help demo test check lint unit test-long fuzz laws soak sbom audit bench fetch docs lock clean debian-packages

help: ## what can be said here
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

demo: $(VENV)/ready ## a real call finds its interaction: Asterisk 22, the service, a SIP call
	@$(BIN)/python -m testbed.demo $(if $(ONCE),--once)

test: $(VENV)/ready ## the whole suite, with everything it needs (T=tests/edge for a part)
	@$(BIN)/python -m testbed.fetch
	$(BIN)/pytest -q -n $(WORKERS) --dist worksteal $(T) -m "not long"

check: lint unit ## lint and unit tests

lint: $(VENV)/ready ## format, lint, types, imports
	@$(BIN)/ruff format --check -q . || { echo "ruff format: run '$(BIN)/ruff format .'"; exit 1; }
	@$(BIN)/ruff check -q .
	@$(BIN)/mypy
	@$(BIN)/cog --check -c $(PAGES) || { echo "cog: run 'make docs'"; exit 1; }
	@out=$$($(BIN)/lint-imports 2>&1) || { echo "$$out"; exit 1; }

unit: $(VENV)/ready
	$(BIN)/pytest -q tests/unit

test-long: $(VENV)/ready ## the suite with its slow runs, every law tried a hundred times harder
	@$(BIN)/python -m testbed.fetch
	HYPOTHESIS_PROFILE=long $(BIN)/pytest -q -n $(WORKERS) --dist worksteal $(T) -m "long or not long"

fuzz: $(VENV)/fuzz-ready ## search for inputs that break what reads strangers' bytes (TARGET=agi, SECONDS=600)
	$(BIN)/python -m fuzzing $(TARGET) --seconds $(SECONDS)
	@$(BIN)/cog -r -c docs/fuzzing.md

laws: $(VENV)/ready ## the laws that hold for any input, a hundred times harder
	HYPOTHESIS_PROFILE=long $(BIN)/pytest -q -n $(WORKERS) --dist worksteal tests/unit --timeout 3600

soak: $(VENV)/ready ## calls at RATE, programs, people, failures for MINUTES; nothing may grow or be lost
	@$(BIN)/python -m testbed.fetch
	@$(BIN)/python -m testbed.soak $(MINUTES) $(RATE)

sbom: $(VENV)/ready ## what the service is made of (CycloneDX), into dist
	@$(BIN)/python -m testbed.materials

audit: $(VENV)/ready ## known advisories against what is locked; exit status 2: they could not be asked for
	@$(BIN)/python -m testbed.audit

bench: $(VENV)/ready ## ratios measured side by side, in one run
	@$(BIN)/python -m bench

fetch: $(VENV)/ready ## warm the caches (Asterisk, SIPp, PostgreSQL, Chromium)
	@$(BIN)/python -m testbed.fetch

docs: $(VENV)/ready ## write the parts of the documentation that the code knows
	@$(BIN)/cog -r -c $(PAGES)

lock: $(VENV)/ready ## write the hash-locked requirements anew
	$(BIN)/uv pip compile -q pyproject.toml --generate-hashes --universal --no-emit-index-url --no-header --no-annotate -o requirements/run.txt
	$(BIN)/uv pip compile -q pyproject.toml --extra dev --generate-hashes --universal --no-emit-index-url --no-header --no-annotate -o requirements/dev.txt
	$(BIN)/uv pip compile -q --group fuzz --generate-hashes --universal --no-emit-index-url --no-header --no-annotate -o requirements/fuzz.txt

clean: ## forget the environment (the cache outside the checkout stays)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist

debian-packages: ## what Debian must have; the one place that may ask for sudo
	@missing="$$($(PYTHON) -c 'import ensurepip' 2>/dev/null || echo python3-venv) $$(command -v strace >/dev/null || echo strace)"; \
	test -z "$${missing# }" || { \
	  echo "missing, and installed now:" $$missing; \
	  $(if $(filter 0,$(shell id -u)),,sudo) sh -c "apt-get update -qq && apt-get install -y -qq $$missing"; }

# A PYTHON that is named, and is not the one that the environment was built with, builds it anew.
ifneq ($(origin PYTHON),file)
ifneq ($(shell $(PYTHON) -c '$(WHICH)'),$(shell test -e $(BIN)/python && $(BIN)/python -c '$(WHICH)'))
.PHONY: other-python
$(VENV)/ready: other-python
endif
endif

$(VENV)/ready: requirements/dev.txt pyproject.toml | debian-packages
	@echo "building the Python environment in $(VENV) (once)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; PYTHON=... names another"; exit 1; }
	@$(PYTHON) -m venv $(if $(filter other-python,$^),--clear) $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/fuzz-ready: requirements/fuzz.txt $(VENV)/ready
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/fuzz.txt
	@touch $@
