# Two commands are enough to know: `make demo` and `make test`. Both start from nothing but
# Python 3.11 or later; `make` alone lists the rest. Everything lives in .venv and js/node_modules.
#
# All paths are relative: make cannot handle spaces in targets, and the checkout may be in a
# folder that has some.

PYTHON ?= python3
PORT ?= 8888
FLAGS ?=

VENV := .venv
PY := $(VENV)/bin/python
PYTEST := $(PY) -m pytest
NPM := $(PY) hatch_build.py npm
INSTALLED := $(VENV)/.installed
CHROMIUM := $(or $(CHROMIUM),$(shell \
	for name in chromium chromium-browser google-chrome google-chrome-stable; do \
		command -v $$name && break; \
	done))

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help demo test check build lint types vitest pytest nbval browser bench matrix lifecycles screenshot \
	servers chromium format clean distclean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

demo: build ## install everything, then open the first notebook in JupyterLab (PORT=, FLAGS=)
	@$(PY) -m jupyterlab --ServerApp.root_dir=. --port=$(PORT) --log-level=WARN \
		--LabApp.default_url=/lab/tree/notebooks/01_first_chat.ipynb \
		$$(test "$$(id -u)" != 0 || echo --allow-root) $(FLAGS)

test: lint types vitest pytest nbval browser ## install everything, then run every check and test

# What is ignored imports nbformat, which takes four seconds.
check: build lint types ## the inner loop: all that needs neither kernel, browser nor much time
	$(NPM) run test:quick
	$(PYTEST) -n 2 -m "not slow and not kernel and not browser and not bench and not realservers" \
		--ignore=tests/browser --ignore=tests/test_exports.py --ignore=tests/test_notebook_runs.py $(FLAGS)

build: $(INSTALLED) ## build the browser bundle, if its sources changed
	@$(PY) hatch_build.py

lint: $(INSTALLED) ## ruff; TypeScript's compiler and biome
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(NPM) run check

types: $(INSTALLED) ## mypy
	$(PY) -m mypy

vitest: $(INSTALLED) ## the tests of js/
	$(NPM) test

pytest: build servers ## the tests of Python, real kernels and package builds included
	$(PYTEST) -n 2 -m "not browser and not bench and not realservers" $(FLAGS)

nbval: build ## run every notebook twice in a copy, without network, and compare its outputs
	$(PY) tests/notebook_runs.py $(FLAGS)

browser: build servers chromium ## the tests in real JupyterLab and real Chromium (CHROMIUM=)
	CHROMIUM="$(CHROMIUM)" $(PYTEST) tests -m browser $(FLAGS)

bench: build chromium ## measure the drawing, a stream to the screen (FLAGS=--short), 200 streams at once
	CHROMIUM="$(CHROMIUM)" $(PY) tests/bench/render.py $(FLAGS)
	CHROMIUM="$(CHROMIUM)" $(PY) tests/bench/stream.py $(FLAGS)
	$(PY) tests/bench/serve.py

lifecycles: build chromium ## try twice all that can happen to a stream, and put the table into the README
	CHROMIUM="$(CHROMIUM)" $(PYTEST) tests --rows=2 --into=README.md $(FLAGS)

matrix: build chromium ## try Stop with ipykernel 6.31 to 7.4, and put the table into the README
	CHROMIUM="$(CHROMIUM)" $(PY) tests/matrix/stop.py $(FLAGS)

screenshot: build chromium ## take the pictures of the README
	CHROMIUM="$(CHROMIUM)" $(PY) tests/browser/screenshot.py $(FLAGS)

servers: $(INSTALLED) ## install the servers of others that the tests talk to
	@$(PY) hatch_build.py install tests/realservers/vercel

chromium:
	@test -n "$(CHROMIUM)" || { \
		echo "This needs Chromium or Chrome, and none is on PATH."; \
		echo "Debian:         apt-get install chromium"; \
		echo "Fedora:         dnf install chromium"; \
		echo "Anywhere else:  make $(MAKECMDGOALS) CHROMIUM=/path/to/chrome"; \
		exit 1; } >&2

format: $(INSTALLED) ## let ruff and biome format and mend what they can
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
	$(NPM) run format

clean: ## remove what was built and cached
	rm -rf build dist src/printer_widget/static .artifacts
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find src tests notebooks hatch_build.py -depth \
		\( -name __pycache__ -o -name .ipynb_checkpoints \) -exec rm -rf {} +

distclean: clean ## remove what was installed, too
	rm -rf $(VENV) .matrix js/node_modules tests/realservers/vercel/node_modules

# The stamp holds the folder that was installed from: in a copied or moved checkout, the editable
# install would still import the old one.
ifneq "$(shell cat $(INSTALLED) 2>/dev/null)" "$(CURDIR)"
.PHONY: $(INSTALLED)
endif

$(INSTALLED): pyproject.toml
	@command -v "$(PYTHON)" >/dev/null || { \
		echo "There is no $(PYTHON). Install Python 3.11 or later, or: make PYTHON=/path/to/python3"; \
		exit 1; } >&2
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "printer_widget needs Python 3.11 or later; $(PYTHON) is $$("$(PYTHON)" --version)."; \
		echo "Choose another one with: make PYTHON=/path/to/python3.11"; \
		exit 1; } >&2
	@test -x $(PY) || "$(PYTHON)" -m venv $(VENV)
	@echo "Installing into $(VENV) (the first time takes a minute or two) ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@node="$$($(PY) hatch_build.py requires)" && test -z "$$node" || \
		$(PY) -m pip install --quiet --disable-pip-version-check "$$node"
	@printf '%s' "$(CURDIR)" > $@
