# The commands of this project; `make help` lists them. Each prepares what it needs first.
.DEFAULT_GOAL := help
.NOTPARALLEL:
PY := .venv/bin/python
ARGS ?=

.PHONY: help venv system demo test lint format lock bundle deb check-deb bench clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' $(MAKEFILE_LIST)

venv: ## .venv from requirements-dev.lock, every hash checked
	@packaging/prepare-venv.sh

system: ## the Debian packages for everything below (root or passwordless sudo, else prints the line)
	@packaging/prepare-system.sh test team bundle deb

demo: ## the window on a practice server; without a display, pictures of it in build/screens/
	@packaging/demo.sh $(ARGS)

test: ## all tests, with a real keyring and a virtual screen (ARGS="tests/ui -k name" for some)
	@packaging/prepare-system.sh test team
	@packaging/prepare-venv.sh
	@packaging/with-keyring.sh $(PY) -m pytest $(ARGS)

lint: venv ## style, types, who may import whom
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@.venv/bin/lint-imports --no-cache --no-logo

format: venv ## let ruff mend what it can
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

# uv is a maintainer's tool (pip install uv); nobody else needs it.
LOCK := uv pip compile pyproject.toml --extra team --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet
lock: ## pin the newest versions that pyproject.toml allows
	@$(LOCK) --upgrade --output-file requirements.lock
	@$(LOCK) --upgrade --group dev --constraint requirements.lock --output-file requirements-dev.lock

bundle: ## the program as a folder that needs no Python: dist/
	@packaging/bundle.sh

deb: bundle ## a Debian package of the bundle: build/ (DEB_COMPRESSION=xz for a release)
	@packaging/prepare-system.sh deb
	@packaging/deb.sh

check-deb: deb ## install the package in a machine root without Python and run its self-test there (root)
	@packaging/check-deb.sh

bench: ## start-up, CPU and list figures as ratios
	@packaging/prepare-system.sh display
	@packaging/prepare-venv.sh
	@packaging/with-display.sh $(PY) -m benchmarks $(ARGS)

clean: ## everything that was made here, .venv included
	@rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
