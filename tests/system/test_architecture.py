"""The rules of imports: which room may import which, and where each library is used."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from scraper.cli.group import COMMANDS

ROOT = Path(__file__).parents[2]
MODULES = sorted(path for top in ("nalssi", "scraper", "db") for path in (ROOT / top).rglob("*.py"))
TABLES = [path.parent for path in MODULES if "\n| file | " in path.read_text("utf-8")]
"""The folders whose docstring has a table of their files."""

HOME = {
    "adbc_driver_duckdb": {"db/ship/targets.py"},
    "adbc_driver_manager": {"db/ship/targets.py"},
    "adbc_driver_postgresql": {"db/ship/targets.py"},
    "click_man": {"scraper/cli/reference.py"},
    "apprise": {"scraper/notify/by_apprise.py"},
    "apscheduler": {"scraper/daemon/scheduler.py"},
    "click": {"scraper/cli"},
    "cronsim": {"scraper/schedule.py"},
    "defusedxml": {"scraper/sidebar/kma_xml.py"},
    "fastwarc": {"scraper/archive"},
    "httpcore": {"scraper/http.py"},
    "httpx": {"scraper/http.py"},
    "matplotlib": {"scraper/plot"},
    "h5netcdf": {"db/dataset/netcdf.py"},
    "h5py": {"db/dataset/netcdf.py"},
    "jinja2": {"scraper/web/render.py"},
    "markupsafe": {"scraper/web/render.py"},
    "msgspec": {
        "scraper/broker.py",
        "scraper/config.py",
        "scraper/keys.py",
        "scraper/web/openapi.py",
    },
    "isal": {"scraper/archive/streams.py"},
    "numpy": {"db/dataset"},
    "paho": {"scraper/mqtt.py"},
    "pandas": {"db/frames.py"},
    "polars": {"db/frames.py"},
    "plotext": {"scraper/plot/terminal.py"},
    "prometheus_client": {"scraper/metrics/exposition.py"},
    "protego": {"scraper/fetch"},
    "pyarrow": {"db/export/parquet.py", "db/ship/targets.py"},
    "rich": {"scraper/cli", "scraper/plot"},
    "selectolax": {"scraper/sidebar"},
    "sqlite_utils": {"db/file/migrations.py", "db/file/upgrade.py"},
    "stamina": {"scraper/fetch"},
    "starlette": {"scraper/web/app.py"},
    "stringzilla": {"scraper/sidebar/search.py"},
    "structlog": {"scraper/daemon/log.py", "scraper/daemon/service.py"},
    "uvicorn": {"scraper/cli/serve.py"},
    "w3lib": {"scraper/fetch"},
    "xarray": {"db/dataset/netcdf.py", "db/frames.py"},
    "xlsxwriter": {"db/export/workbook.py"},
}
"""Each third-party library and the files that may import it."""

READER = {"scraper.vocabulary", "scraper.reader"}

STAGES = {
    "scraper": set(),
    "scraper.errors": set(),
    "scraper.printable": set(),
    "scraper.records": {"scraper.printable"},
    "scraper.threads": set(),
    "scraper.attempts": set(),
    "scraper.lock": set(),
    "scraper.look_request": set(),
    "scraper.writing": {"scraper.lock"},
    "scraper.troubles": {
        *("scraper.attempts", "scraper.config", "scraper.lock", "scraper.notify"),
        "scraper.printable",
        "scraper.schedule",
    },
    "scraper.schedule": set(),
    "scraper.vocabulary": set(),
    "scraper.sidebar": {"scraper.vocabulary"},
    "scraper.normalize": {"scraper.vocabulary", "scraper.sidebar"},
    "scraper.reader": {
        *("scraper.vocabulary", "scraper.sidebar", "scraper.normalize"),
    },
    "scraper.http": set(),
    "scraper.fetch": {"scraper.config", "scraper.http", "scraper.threads"},
    "scraper.toml": set(),
    "scraper.broker": {"scraper.keys", "scraper.urls"},
    "scraper.keys": set(),
    "scraper.places": set(),
    "scraper.urls": set(),
    "scraper.config": {
        "scraper.broker",
        "scraper.keys",
        "scraper.places",
        "scraper.schedule",
        "scraper.toml",
        "scraper.urls",
        "scraper.vocabulary",
    },
    "scraper.metrics": set(),
    "scraper.notify": {
        *("scraper.attempts", "scraper.config", "scraper.http", "scraper.printable"),
        "scraper.urls",
    },
    "scraper.mqtt": {"scraper.broker", "scraper.printable", "scraper.records"},
    "scraper.plot": {"scraper.printable"},
    "scraper.collect": {
        *("scraper.clock", "scraper.config", "scraper.fetch", "scraper.reader"),
        "scraper.vocabulary",
    },
    "scraper.clock": {"scraper.fetch", *READER},
    "scraper.archive": {"scraper.vocabulary", "scraper.sidebar", "scraper.reader", "scraper.fetch"},
    "scraper.reparse": {"scraper.vocabulary", "scraper.reader"},
    "scraper.check": {
        *READER,
        *("scraper.clock", "scraper.config", "scraper.fetch", "scraper.lock"),
        "scraper.troubles",
    },
    "scraper.demo": {
        *("scraper.collect", "scraper.config", "scraper.fetch", "scraper.lock"),
        "scraper.vocabulary",
    },
    "scraper.monitor": {
        *("scraper.attempts", "scraper.collect", "scraper.config", "scraper.metrics"),
        *("scraper.notify", "scraper.mqtt", "scraper.reader", "scraper.troubles", "scraper.web"),
    },
    "scraper.daemon": {
        *("scraper.clock", "scraper.collect", "scraper.config", "scraper.metrics"),
        *("scraper.monitor", "scraper.printable", "scraper.schedule", "scraper.threads"),
        *("scraper.mqtt", "scraper.troubles", "scraper.look_request"),
    },
    "scraper.cli": {
        *READER,
        *("scraper.archive", "scraper.check", "scraper.clock"),
        *("scraper.collect", "scraper.config"),
        *("scraper.daemon", "scraper.demo", "scraper.fetch", "scraper.lock", "scraper.monitor"),
        *("scraper.notify", "scraper.places", "scraper.plot", "scraper.printable"),
        *(
            "scraper.records",
            "scraper.reparse",
            "scraper.threads",
            "scraper.troubles",
        ),
        *("scraper.urls", "scraper.web", "scraper.look_request", "scraper.writing"),
    },
    "scraper.web": {
        *("scraper.http", "scraper.plot", "scraper.printable", "scraper.records"),
        *("scraper.schedule", "scraper.vocabulary"),
    },
    "scraper.__main__": {"scraper.cli"},
}
"""Each stage and the other stages that it may import; all may import the errors."""

TRUTH = {
    "bands": {"db.validity"},
    "dates": {"seen"},
    "doubts": {"db.derived", "db.validity", "parts"},
    "flagging": {"db.qartod", "db.records", "flags", "printed", "runs"},
    "flags": {"db.qartod", "db.records"},
    "labels": {"printed", "same"},
    "late_days": {"db.validity", "lateness", "printed"},
    "lateness": set(),
    "memory": {"printed", "runs"},
    "parts": {"db.validity", "printed"},
    "pauses": {"db.validity"},
    "printed": set(),
    "runs": {"db.qartod", "flags"},
    "same": {"bands", "db.rows", "db.validity", "printed", "short"},
    "seen": set(),
    "sets": {"printed", "same", "short"},
    "short": {"db.validity", "printed"},
    "spells": {
        *("dates", "db.rows", "doubts", "flagging", "labels", "late_days", "memory", "parts"),
        *("pauses", "printed", "same", "seen", "sets", "short", "standing", "stations"),
    },
    "standing": {"parts"},
    "stations": set(),
}
"""The files of ``db.truth``, and what each may import of that room and of others."""

FACTS = {
    *("db.asked", "db.counts", "db.derived", "db.frozen", "db.qartod", "db.packing"),
    *("db.problems", "db.reading", "db.read.rows", "db.truth.flags", "db.validity"),
}

ROOMS = {
    "db": set(),
    "db.errors": set(),
    "db.validity": set(),
    "db.moments": set(),
    "db.reading": set(),
    "db.asked": set(),
    "db.counts": set(),
    "db.packing": set(),
    "db.problems": {"db.read.rows", "db.reading"},
    "db.answers": set(),
    "db.frames": {"db.answers"},
    "db.frozen": set(),
    "db.read.rows": set(),
    "db.derived": {"db.qartod"},
    "db.rows": set(),
    "db.truth": set(),
    **{
        f"db.truth.{name}": {f"db.truth.{one}" if one in TRUTH else one for one in known}
        for name, known in TRUTH.items()
    },
    "db.records": set(),
    "db.qartod": set(),
    "db.file": set(),
    "db.read": {*FACTS, "db.file", "db.truth.flagging", "db.truth.spells"},
    "db.contract": {"db.problems", "db.read", "db.read.rows"},
    "db.file.tables": {"db.counts", "db.read.rows", "db.validity"},
    "db.file.sentences": {"db.reading"},
    "db.file.migrations": {
        *("db.file", "db.file.sentences", "db.file.tables", "db.packing", "db.problems"),
        *("db.truth.flagging", "db.truth.labels", "db.truth.spells"),
    },
    "db.file.upgrade": {"db.contract", "db.file", "db.file.migrations"},
    "db.measures": {*FACTS, "db.read"},
    "db.opened": {*FACTS, "db.file", "db.read"},
    "db.query": {*FACTS, "db.answers", "db.measures", "db.opened", "db.read"},
    "db.write": {
        *FACTS,
        *("db.truth.dates", "db.file", "db.file.upgrade", "db.truth.flagging", "db.truth.pauses"),
        *("db.truth.memory", "db.read", "db.rows", "db.truth.spells"),
    },
    "db.korean": set(),
    "db.export": {*FACTS, "db.file", "db.korean", "db.measures", "db.query", "db.read"},
    "db.merge": {
        *FACTS,
        *("db.file", "db.opened", "db.read", "db.truth.dates", "db.truth.pauses"),
        *("db.truth.spells", "db.write"),
    },
    "db.ship": {"db.export", "db.file", "db.read.rows"},
    "db.dataset": {
        *FACTS,
        *("db.export", "db.file", "db.measures", "db.read"),
        *("db.truth.bands", "db.truth.dates", "db.truth.lateness", "db.truth.short"),
    },
    "db.backup": {"db.file", "db.read"},
}
"""
Each room of the database and the others that it may import; all may import its errors.

The code that opens the file imports no table; the code that makes the tables imports the contract.
"""

DOOR = {"nalssi": set(), "nalssi.__main__": {"nalssi.command"}}
"""The public package may import every room; no room imports it."""

ALLOWED = {**STAGES, **ROOMS, **DOOR}


class _AtRunTime(ast.NodeTransformer):
    """Removes the imports for a type checker."""

    def visit_If(self, node: ast.If) -> ast.AST:
        is_for_types = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        return ast.Pass() if is_for_types else node


def imports(path: Path, *, at_run_time: bool = False) -> set[str]:
    names: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(_AtRunTime().visit(tree) if at_run_time else tree):
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
def test_no_module_of_the_database_imports_the_scraper(path):
    assert not [name for name in imports(path) if name.startswith("scraper")]


def room(name: str) -> str:
    """``db.read`` for ``db.read.gaps.Gap``; ``db.file.tables`` is a room of its own."""
    parts = name.split(".")
    apart = ".".join(parts[:3])
    return apart if apart in ALLOWED else ".".join(parts[:2])


def rooms_known(path: Path) -> set[str]:
    """The other rooms of the same package that a module imports."""
    package, *_ = place(path).split("/")
    names = {name.removesuffix(".__version__") for name in imports(path)}
    return {room(name) for name in names if name.partition(".")[0] == package} - {
        room(module(path))
    }


def module(path: Path) -> str:
    return place(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_a_stage_or_a_room_imports_only_allowed_rooms(path):
    assert room(module(path)) in ALLOWED, "a new room: list the rooms that it may import"
    common = {"scraper", "scraper.errors", "db.errors", "db.moments"}
    assert rooms_known(path) <= ALLOWED[room(module(path))] | common


def test_the_rooms_with_rules_are_the_existing_ones():
    assert {room(module(path)) for path in MODULES} == set(ALLOWED)


def test_stages_and_rooms_import_each_other_in_one_direction():
    TopologicalSorter(ALLOWED).prepare()


def test_no_file_needs_itself_in_a_circle_even_by_late_imports():
    files = {module(path) for path in MODULES}

    def file(name: str) -> str:
        """The file of an imported name, such as ``db.rows`` of ``db.rows.insert``."""
        while name not in files:
            name = name.rpartition(".")[0]
        return name

    TopologicalSorter(
        {
            module(path): {
                needed
                for name in imports(path, at_run_time=True)
                if name.partition(".")[0] in {"nalssi", "scraper", "db"}
                and (needed := file(name)) != module(path)
            }
            for path in MODULES
        }
    ).prepare()


def test_a_page_becomes_content_in_the_reader_alone():
    importing = {
        place(path)
        for path in MODULES
        if any("normalize" in imported for imported in imports(path))
    }
    assert importing == {"scraper/reader.py"}


@pytest.mark.parametrize(
    "command",
    [
        *("latest", "series 서울", "stations", "portals", "looks", "words"),
        *("stats 서울", "compare 서울 부산", "at 서울 1h"),
    ],
)
def test_queries_import_no_module_for_collecting(command):
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


@pytest.mark.parametrize("name", ["db.export.spreadsheet", "db.export.tables"])
def test_a_row_of_csv_and_a_credit_load_no_export(name):
    code = f"import sys, {name}; print(*sorted(one for one in sys.modules if 'db.' in one))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["db.export", name]


@pytest.mark.parametrize("folder", TABLES, ids=place)
def test_the_table_of_a_room_has_its_files(folder):
    """The file of a command is in ``COMMANDS``, and need not be in the table as well."""
    cells = re.findall(r"^\| ([^|]+) \|", (folder / "__init__.py").read_text("utf-8"), re.MULTILINE)
    listed = {name for cell in cells for name in re.findall(r"\w+\.py", cell)}
    files = {path.name for path in folder.glob("*.py")} - {"__init__.py"}
    if folder.name == "cli":
        files -= {f"{name}.py" for name, _ in COMMANDS.values()} - listed
    assert listed == files


def test_no_module_is_much_over_three_hundred_lines():
    long = [place(path) for path in MODULES if len(path.read_text("utf-8").splitlines()) > 350]
    assert not long
