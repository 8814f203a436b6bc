"""The house has one way through it: who may import whom, and which library lives where."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(path for top in ("nalssi", "scraper", "db") for path in (ROOT / top).rglob("*.py"))

HOME = {
    "apprise": {"scraper/notify/by_apprise.py"},
    "apscheduler": {"scraper/daemon/scheduler.py"},
    "click": {"scraper/cli"},
    "fastwarc": {"scraper/archive"},
    "filelock": {"scraper/lock.py"},
    "httpcore": {"scraper/http.py"},
    "httpx": {"scraper/http.py"},
    "matplotlib": {"scraper/plot"},
    "msgspec": {"scraper/config.py"},
    "pandas": {"db/frames.py"},
    "plotext": {"scraper/plot/terminal.py"},
    "prometheus_client": {"scraper/metrics/exposition.py"},
    "protego": {"scraper/fetch"},
    "pyarrow": {"db/export/parquet.py"},
    "rich": {"scraper/cli", "scraper/plot"},
    "selectolax": {"scraper/sidebar"},
    "sqlite_utils": {"db/file/migrations.py", "db/file/upgrade.py"},
    "stamina": {"scraper/fetch"},
    "stringzilla": {"scraper/archive/prefilter.py"},
    "structlog": {"scraper/daemon/log.py", "scraper/daemon/service.py"},
    "w3lib": {"scraper/fetch"},
}
"""Each third-party library and the one place for it."""

STAGES = {
    "scraper.vocabulary": set(),
    "scraper.sidebar": {"scraper.vocabulary"},
    "scraper.normalize": {"scraper.vocabulary", "scraper.sidebar"},
    "scraper.reader": {"scraper.vocabulary", "scraper.sidebar", "scraper.normalize"},
    "scraper.http": set(),
    "scraper.fetch": {"scraper.config", "scraper.http", "scraper.threads"},
    "scraper.toml": set(),
    "scraper.config": {"scraper.toml", "scraper.vocabulary"},
    "scraper.lock": set(),
    "scraper.metrics": set(),
    "scraper.threads": set(),
    "scraper.notify": {"scraper.http", "scraper.printable", "scraper.threads"},
    "scraper.plot": {"scraper.printable"},
    "scraper.schedule": set(),
    "scraper.collect": {
        "scraper.reader",
        "scraper.fetch",
        "scraper.config",
        "scraper.vocabulary",
    },
    "scraper.archive": {"scraper.vocabulary", "scraper.sidebar", "scraper.reader", "scraper.fetch"},
    "scraper.reparse": {"scraper.vocabulary", "scraper.reader"},
    "scraper.demo": {"scraper.collect", "scraper.config", "scraper.fetch", "scraper.lock"},
}
"""Each stage and the other stages that it may know; all may know the errors."""


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_a_third_party_library_stays_in_its_one_place(path):
    for name in imports(path):
        library = name.partition(".")[0]
        if library not in {*sys.stdlib_module_names, "nalssi", "scraper", "db"}:
            assert any(place(path).startswith(home) for home in HOME[library]), library


@pytest.mark.parametrize("path", sorted((ROOT / "db").rglob("*.py")), ids=place)
def test_the_database_knows_nothing_of_the_scraper(path):
    assert not [name for name in imports(path) if name.startswith("scraper")]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_knows_only_the_stages_before_it(stage):
    for path in MODULES:
        module = place(path).removesuffix(".py").replace("/", ".")
        if module == stage or module.startswith(f"{stage}."):
            known = {
                ".".join(name.split(".")[:2])
                for name in imports(path)
                if name.startswith("scraper.")
            }
            allowed = STAGES[stage] | {stage, "scraper.errors", "scraper.__version__"}
            assert known <= allowed, path


def test_a_page_becomes_content_in_the_reader_alone():
    knowing = {place(path) for path in MODULES if any("normalize" in one for one in imports(path))}
    assert knowing == {"scraper/reader.py"}


@pytest.mark.parametrize(
    "command",
    [
        *("latest", "series 서울", "stations", "portals", "looks", "words"),
        *("stats 서울", "compare 서울 부산", "at 서울 1h"),
    ],
)
def test_asking_imports_nothing_that_only_collecting_needs(command):
    code = (
        "import sys\n"
        "from scraper.cli import main\n"
        f"sys.argv = ['nalssi', *{command.split()}, '--db', 'nowhere.db']\n"
        "try: main()\n"
        "except SystemExit as end: print(end.code)\n"
        "heavy = {'httpx', 'apscheduler', 'sqlite_utils', 'selectolax', 'msgspec', 'asyncio'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == ["6", "[]"]


def test_no_module_is_much_over_three_hundred_lines():
    long = [place(path) for path in MODULES if len(path.read_text("utf-8").splitlines()) > 350]
    assert not long
