# Each target makes .venv and installs into it when needed, and again only when pyproject.toml changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
RUNS := $(VENV)/.runs
# Twice as many as two cores could do at once: much of a test is waiting for a real process.
WORKERS ?= 4
AT_ONCE := --numprocesses=$(WORKERS) --dist=worksteal

.PHONY: demo pictures test test-long test-httpx2 coverage check format bench truth soak reference man wheel clean

demo: $(RUNS)
	$(BIN)/nalssi demo

# The pictures of README and docs, from the demo; wants Chromium and Korean letters.
pictures: $(INSTALLED)
	$(BIN)/python -m tests.web.pictures

test: $(INSTALLED)
	$(BIN)/pytest $(AT_ONCE)

test-long: $(INSTALLED)
	$(BIN)/pytest $(AT_ONCE) -m slow

# What asks the network, on the other library with the same API.
test-httpx2: $(INSTALLED)
	$(BIN)/pytest $(AT_ONCE) -p tests.support.on_httpx2 tests/scraper/test_fetch*.py \
		tests/scraper/test_notify.py

coverage: $(INSTALLED)
	$(BIN)/pytest $(AT_ONCE) --cov --cov-report=term:skip-covered

check: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(INSTALLED)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(INSTALLED)
	$(BIN)/python benchmarks/parse.py
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python -m benchmarks.backfill
	$(BIN)/python -m benchmarks.database
	$(BIN)/python -m benchmarks.web

truth: $(INSTALLED)
	$(BIN)/python -m benchmarks.truth $(if $(LONG),--long)

soak: $(INSTALLED)
	$(BIN)/python -m benchmarks.soak $(if $(DAYS),--days $(DAYS))

# The part of docs/commands.md that the commands themselves say.
reference: $(INSTALLED)
	$(BIN)/python -m scraper.cli.reference docs/commands.md

man: $(INSTALLED)
	$(BIN)/python -m scraper.cli.reference man

# A wheel that brings the man pages.
wheel: man
	$(BIN)/python -m build --wheel .

clean:
	rm -rf $(VENV) build dist man *.egg-info

# What the demo needs, 80 MB; what the tests and the benchmarks need, 1.6 GB.
$(RUNS): EXTRAS := web
$(INSTALLED): EXTRAS := dev
$(RUNS) $(INSTALLED): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "nalssi needs Python 3.11 or newer, not " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[$(EXTRAS)]'
	touch $@
