# Everything that can be run here. `make demo` and `make test` set up all they need in .venv first.
SHELL := /bin/sh
PYTEST = .venv/bin/pytest
unexport PYTHONDONTWRITEBYTECODE
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help setup demo check fix test test-reference test-properties simulate benchmark docs lock clean

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 18

setup: ## Make .venv with everything to run and to test
	@sh scripts/bootstrap.sh requirements-dev.lock

demo: ## Set up and run a whole retrospective cycle on real and on synthetic data
	@if [ -f .venv/.made-from-requirements-dev.lock ]; then sh scripts/bootstrap.sh requirements-dev.lock; else sh scripts/bootstrap.sh requirements.lock; fi
	@ENGINEHOUSE_SHARED="$${ENGINEHOUSE_SHARED:-$(CURDIR)/../shared}" .venv/bin/enginehouse demo

check: setup ## What the build checks before the tests: style, types, import contract
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy && .venv/bin/lint-imports >/dev/null && echo "style, types and imports are in order"

fix: setup ## Mend style where it can be mended
	@.venv/bin/ruff check --fix . ; .venv/bin/ruff format .

test: check ## Set up and run the tests (about ten minutes; long simulations in a seeded subset)
	@$(PYTEST) -n 2 -m "not slow" $(ARGS)

test-reference: setup ## Only the comparisons with R, papers and published numbers
	@$(PYTEST) tests/reference $(ARGS)

test-properties: setup ## Only the property tests
	@$(PYTEST) tests/properties $(ARGS)

simulate: setup ## The long simulations and stress tests, whole
	@$(PYTEST) -n 2 -m slow $(ARGS)

benchmark: setup ## Speed as ratios against a named peer in the same run
	@for file in benchmarks/*.py; do echo "== $$file"; .venv/bin/python $$file || exit 1; done

docs: setup ## Write the generated pages of docs/ again
	@.venv/bin/python -m docs.generate

lock: setup ## Resolve the dependencies again, with hashes and without addresses
	@.venv/bin/python -m uv pip compile -q --universal --python-version 3.12 --generate-hashes --no-header --group bootstrap pyproject.toml -o requirements.lock
	@.venv/bin/python -m uv pip compile -q --universal --python-version 3.12 --generate-hashes --no-header --group bootstrap --group dev pyproject.toml -o requirements-dev.lock

clean: ## Remove .venv and caches
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
