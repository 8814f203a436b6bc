"""The public package: ``import nalssi``."""

from __future__ import annotations

import ast
import builtins
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

import nalssi
from db.errors import installing
from db.write.store import Store
from tests.support.make import BUSAN, START, make_content, make_look, make_reading, see

if TYPE_CHECKING:
    from subprocess import CompletedProcess

NALSSI = str(Path(sys.executable).parent / "nalssi")


def run(*command: str, cwd: Path, path: str = "") -> CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, env={"PYTHONPATH": path}, capture_output=True, text=True, check=False
    )


def test_one_import_runs_queries_and_makes_data_frames(tmp_path):
    with Store.open(tmp_path / "weather.db") as store:
        see(store, make_look(), make_content())
    with nalssi.open(tmp_path / "weather.db") as db:
        rows = db.latest("서울", now=START)
    assert [type(row) for row in rows] == [nalssi.Latest]
    assert list(nalssi.to_pandas(rows)["temperature_c"]) == [4.9]


def test_the_python_example_of_the_readme_runs(tmp_path, monkeypatch, capsys):
    _, _, page = (
        (Path(__file__).parents[2] / "README.md").read_text("utf-8").partition("From Python")
    )
    example = page.split("```python\n")[1].split("```")[0]
    with Store.open(tmp_path / "weather.db") as store:
        see(store, make_look(), make_content(make_reading(), make_reading(station=BUSAN)))
    monkeypatch.chdir(tmp_path)
    exec(example)  # noqa: S102 - the README of this repository
    assert capsys.readouterr().out.startswith("서울 4.9 down\n부산 4.9 down\n")


def test_every_public_name_exists():
    assert len(nalssi.__all__) == len(set(nalssi.__all__))
    assert all(getattr(nalssi, name) is not None for name in nalssi.__all__)


def test_a_type_checker_sees_each_public_name_in_the_room_that_it_comes_from():
    tree = ast.parse(Path(nalssi.__file__).read_text("utf-8"))
    (checked,) = (node for node in tree.body if ast.unparse(node).startswith("if TYPE_CHECKING:"))
    seen = {
        (node.module, alias.name, alias.asname)
        for node in ast.walk(checked)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == {
        (room, name, name) for room, names in nalssi._ROOMS.items() for name in names.split()
    }


def test_every_record_of_an_answer_is_public():
    tree = ast.parse((Path(__file__).parents[2] / "db/query.py").read_text("utf-8"))
    (questions,) = (node for node in tree.body if isinstance(node, ast.ClassDef))
    answers = [
        function.returns for function in questions.body if isinstance(function, ast.FunctionDef)
    ]
    named = {
        node.id
        for returned in answers
        if returned
        for node in ast.walk(returned)
        if isinstance(node, ast.Name)
    }
    assert "Latest" in named
    assert named - set(dir(builtins)) <= set(nalssi.__all__)


def test_every_error_of_a_question_is_of_one_kind():
    errors = (nalssi.DatabaseError, nalssi.UnknownPortal, nalssi.UnknownStation)
    assert all(issubclass(error, nalssi.NalssiError) for error in (*errors, nalssi.WrongQuestion))


@pytest.mark.parametrize(
    ("origin", "source"),
    [
        pytest.param(
            '{"url": "file:///srv/my%20nalssi", "dir_info": {}}',
            "'/srv/my nalssi[plot]'",
            id="copy",
        ),
        pytest.param(
            '{"url": "file:///srv/my%20nalssi", "dir_info": {"editable": true}}',
            "-e '/srv/my nalssi[plot]'",
            id="link",
        ),
        pytest.param(
            '{"url": "file:///srv/a.whl", "archive_info": {}}', "'/srv/a.whl[plot]'", id="wheel"
        ),
        pytest.param(None, "'.[plot]'", id="unknown"),
    ],
)
def test_a_missing_extra_is_installed_from_where_nalssi_came_from(monkeypatch, origin, source):
    # A checkout in the path, beside the installed package.
    checkout = SimpleNamespace(read_text=lambda _: None)
    installed = SimpleNamespace(read_text=lambda _: origin)
    monkeypatch.setattr(metadata, "distributions", lambda **_: [checkout, installed])
    monkeypatch.setattr(sys, "executable", "/opt/my nalssi/bin/python")
    python = "'/opt/my nalssi/bin/python'"
    assert installing("plot") == f"{python} -m pip install {source}"


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'weather'"):
        getattr(nalssi, "weather")  # noqa: B009 - mypy would refuse the attribute


def test_importing_nalssi_imports_no_other_module(tmp_path):
    code = (
        "import sys, nalssi; print(sorted({'db', 'scraper', 'sqlite3', 'click'} & {*sys.modules}))"
    )
    assert run(sys.executable, "-c", code, cwd=tmp_path).stdout == "[]\n"


@pytest.mark.parametrize("name", ["db", "scraper"])
@pytest.mark.parametrize("place", ["{}/__init__.py", "{}.py", "{}/weather.sql"])
def test_a_file_that_hides_a_package_is_named(tmp_path, name, place):
    hiding = tmp_path / place.format(name)
    hiding.parent.mkdir(exist_ok=True)
    hiding.write_text("raise SystemExit('it was run')\n", encoding="utf-8")
    library = run(sys.executable, "-c", "import nalssi", cwd=tmp_path)
    command = run(NALSSI, "stations", cwd=Path("/"), path=str(tmp_path))
    last = library.stderr.splitlines()[-1]
    named = hiding.parent if hiding.suffix == ".sql" else hiding
    if library.returncode == 0:  # a plain folder does not hide an installed package
        assert hiding.suffix == ".sql"
        return
    assert last.startswith(
        f"ImportError: '{named}' hides the package '{name}' of nalssi: rename it"
    )
    assert command.stderr.splitlines() == [last.replace("ImportError", "nalssi")]
    assert command.returncode == 1


def test_a_module_runs_the_command(tmp_path):
    version_run = run(sys.executable, "-m", "nalssi", "--version", cwd=tmp_path)
    assert version_run.stdout.split() == ["nalssi,", "version", nalssi.__version__]
