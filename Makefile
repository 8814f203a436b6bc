# Targets create .venv and install into it when needed, and again after a change of pyproject.toml.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
RUNS := $(VENV)/.runs
# Twice the number of cores on a machine with two: tests often wait for a real process.
WORKERS ?= 4
AT_ONCE := --numprocesses=$(WORKERS) --dist=worksteal

# With it, each process that a test starts would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo pictures test test-long test-httpx2 coverage check format bench truth soak reference man wheel clean

demo: $(RUNS)
	$(BIN)/nalssi demo

# The pictures of README and docs, made from the demo; needs Chromium and a Korean font.
pictures: $(INSTALLED)
	$(BIN)/python -m tests.web.pictures

test: $(INSTALLED)
	$(BIN)/pytest $(AT_ONCE)

test-long: $(INSTALLED)
	$(BIN)/pytest $(AT_ONCE) -m slow

# The tests of fetching and notices, on the other library with the same API.
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
	$(BIN)/python -m benchmarks.parse
	$(BIN)/python -m benchmarks.startup
	$(BIN)/python -m benchmarks.backfill
	$(BIN)/python -m benchmarks.database
	$(BIN)/python -m benchmarks.web

truth: $(INSTALLED)
	$(BIN)/python -m benchmarks.truth $(if $(LONG),--long)

soak: $(INSTALLED)
	$(BIN)/python -m benchmarks.soak $(if $(DAYS),--days $(DAYS))

# The part of docs/commands.md that is made from the help of the commands.
reference: $(INSTALLED)
	$(BIN)/python -m scraper.cli.reference docs/commands.md

man: $(INSTALLED)
	$(BIN)/python -m scraper.cli.reference man

# A wheel with the man pages.
wheel: man
	$(BIN)/python -m build --wheel .

clean:
	rm -rf $(VENV) build dist man *.egg-info

# The demo needs 80 MB of packages; the tests and benchmarks need 1.6 GB.
$(RUNS): EXTRAS := web
$(INSTALLED): EXTRAS := dev
$(RUNS) $(INSTALLED): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "nalssi needs Python 3.11 or newer, not " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[$(EXTRAS)]'
	touch $@
