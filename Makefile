# What can be done here. Everything happens in .venv, with the exact versions in requirements*.lock.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test faults chaos compose-test fast lint format docs lock bench fuzz audit clean

BIN := .venv/bin
# Kernels are compiled at their first use, and again when their source changes. Here nothing waits for it unawares.
WARM := $(BIN)/python .ci/warm.py
# The tests of one group run in one process, one after the other: those that share a stack of servers do.
PYTEST := $(BIN)/pytest -n auto --maxprocesses 8 --dist loadgroup

help: ## List what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/runtime.stamp ## Start the service, train the tutorial's network over HTTP, show it (EXIT=1: then stop)
	@$(WARM)
	@$(BIN)/python examples/demo.py $(if $(EXIT),--exit)

setup: .venv/dev.stamp ## Make .venv with everything needed for development

test: .venv/dev.stamp ## Run the tests; starts PostgreSQL and Redis for them where it can
	@$(WARM)
	@$(BIN)/python .ci/with_services.py $(PYTEST) --ignore=tests/compose $(ARGS)

faults: .venv/dev.stamp ## Run only the tests that kill, freeze and cut real processes, databases and brokers
	@$(WARM)
	@$(BIN)/python .ci/with_services.py $(PYTEST) tests/faults $(ARGS)

chaos: .venv/dev.stamp ## Break things at random for MINUTES=30 on each database (SEED=… repeats a campaign)
	@$(WARM)
	@GRADQUEUE_TEST_CHAOS_MINUTES=$(or $(MINUTES),30) GRADQUEUE_TEST_CHAOS_SEED=$(SEED) $(BIN)/pytest -v tests/faults -k "test_chaos or stood_still" $(ARGS)

compose-test: .venv/dev.stamp ## Build the image, start the stack of docker-compose.yml, break it from outside (needs Docker)
	@.ci/engine
	@$(WARM)
	@GRADQUEUE_TEST_REQUIRE_SERVICES=1 $(BIN)/pytest -v --durations=0 --durations-min=1 tests/compose $(ARGS)

fast: .venv/dev.stamp ## Run the tests that need no processes, PostgreSQL or Redis
	@$(WARM)
	@$(PYTEST) -m "not service and not browser" $(ARGS)

lint: .venv/dev.stamp ## Check style, types, and who may import whom
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile
	$(BIN)/docker-compose --env-file .env.development --profile '*' config --quiet

format: .venv/dev.stamp ## Format the code and mend what ruff can mend
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

docs: .venv/dev.stamp ## Write the pages that are made from the code
	@$(BIN)/python docs/generate.py

bench: .venv/dev.stamp ## Measure the engine beside its peers
	@$(BIN)/python -m benchmarks

lock: .venv/dev.stamp ## Choose the newest allowed versions of everything and write the lock files
	$(BIN)/uv lock --quiet --upgrade
	$(BIN)/uv export --quiet --frozen --no-emit-project --no-header --no-annotate --no-dev -o requirements.lock
	$(BIN)/uv export --quiet --frozen --no-emit-project --no-header --no-annotate -o requirements-dev.lock
	$(BIN)/uv export --quiet --frozen --no-emit-project --no-header --no-annotate --only-group build -o requirements-build.lock

fuzz: .venv/dev.stamp ## Look for a body, or a CSV file, that the strict readers read wrongly (SECONDS=60, for each)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --group fuzz
	@$(BIN)/python -m tests.fuzz.fuzz_json var/fuzz/json $(or $(SECONDS),60)
	@$(BIN)/python -m tests.fuzz.fuzz_csv var/fuzz/csv $(or $(SECONDS),60)

audit: .venv/dev.stamp ## Ask for known weaknesses of the dependencies; needs the internet
	@$(BIN)/uv tool run pip-audit --strict --disable-pip --requirement requirements.lock

clean: ## Remove .venv, caches and demo data
	rm -rf .venv var build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/runtime.stamp: requirements.lock pyproject.toml
	@.ci/setup requirements.lock
	@touch $@

.venv/dev.stamp: requirements-dev.lock pyproject.toml
	@.ci/setup requirements-dev.lock
	@touch .venv/runtime.stamp $@
