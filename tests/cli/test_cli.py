"""The commands as a user runs them: output, stderr and exit codes."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import pty
import re
import select
import shlex
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len

from db.write.store import Store
from scraper import lock
from scraper.cli import show
from scraper.demo.portal import CITIES, Entry, page, text
from scraper.printable import printable
from tests.support.servers import Server, answer, silent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers import Reply

NALSSI = [sys.executable, "-m", "scraper"]
ROOT = Path(__file__).parents[2]

SEOUL = Entry(label="흐림", icon="04", city="서울", temperature="4.9")
BUSAN = Entry(label="비", icon="08", city="부산", temperature="")
BOX = page([SEOUL, BUSAN], "2018.03.20 (화)", size=8000)
A_DAY = ["--since", "2026-03-01", "--until", "2026-03-02"]


def nalssi(
    *arguments: str | Path, cwd: Path | None = None, given: str | bytes = b"", **env: str
) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("NALSSI_")}
    run = subprocess.run(
        [*NALSSI, *map(str, arguments)],
        cwd=cwd or ROOT,
        input=given.encode() if isinstance(given, str) else given,
        capture_output=True,
        env={**clean, "PYTHONPATH": str(ROOT), **env},
        timeout=60,
        check=False,
    )
    assert b"Traceback" not in run.stderr, run.stderr.decode()
    return subprocess.CompletedProcess(
        run.args, run.returncode, run.stdout.decode(), run.stderr.decode()
    )


def refused(code: int, *arguments: str | Path, **more: Any) -> str:
    """Run a command; check its exit code and empty stdout; give its one line on stderr."""
    run = nalssi(*arguments, **more)
    assert (run.returncode, run.stdout) == (code, "")
    assert run.stderr.startswith("nalssi: ")
    assert run.stderr.count("\n") == 1
    return run.stderr


def answered(*arguments: str | Path, code: int = 0, **more: Any) -> Any:
    """The answer of a command with ``--json``."""
    run = nalssi(*arguments, "--json", **more)
    assert run.returncode == code, run.stderr
    return json.loads(run.stdout)


@contextlib.contextmanager
def portal(tmp_path: Path, **replies: Reply | list[Reply]) -> Iterator[Server]:
    """A server with a portal for each reply, and a config with these portals."""
    paths: dict[str, Any] = {f"/{name}": reply for name, reply in replies.items()}
    with Server({"/robots.txt": answer(status="404 Not Found"), **paths}) as server:
        tables = [
            f'[[portals]]\nname = "{name}"\nurl = "{server.url(f"/{name}", host="127.0.0.1")}"\n'
            for name in replies
        ]
        (tmp_path / "config.toml").write_text("\n".join(tables), encoding="utf-8")
        yield server


@pytest.fixture
def polled(tmp_path: Path) -> Path:
    """A folder with a config and a database with one look."""
    with portal(tmp_path, koya=answer(BOX)):
        assert nalssi("scrape", cwd=tmp_path).returncode == 0
    return tmp_path


# ---- parse


def test_parse_prints_date_readings_and_problems_as_json(tmp_path):
    (tmp_path / "page.html").write_text(BOX, encoding="utf-8")
    result = answered("parse", tmp_path / "page.html")
    assert result == {
        "page_date": "2018-03-20",
        "observed_at": None,
        "readings": [
            {
                "city": "서울",
                "kma_id": 108,
                "label": "흐림",
                "icon": "04",
                "condition": "overcast",
                "temperature_c": 4.9,
            },
            {
                "city": "부산",
                "kma_id": 159,
                "label": "비",
                "icon": "08",
                "condition": "rain",
                "temperature_c": None,
            },
        ],
        "problems": ["no temperature printed: 부산"],
    }


@pytest.mark.parametrize("how", ["-", "nothing", "path", "file URL", "http"])
def test_parse_takes_a_page_from_anywhere(tmp_path, how):
    file = tmp_path / "보관 #1.html"
    file.write_bytes(BOX.replace("utf-8", "euc-kr").encode("cp949"))
    sources = {"-": ["-"], "nothing": [], "path": [file], "file URL": [file.as_uri()]}
    with portal(tmp_path, koya=answer(BOX)) as server:
        source = sources.get(how, [server.url("/koya", host="127.0.0.1")])
        result = answered("parse", *source, given=file.read_bytes())
    assert [reading["city"] for reading in result["readings"]] == ["서울", "부산"]


def test_parse_reads_text_and_an_unknown_date_is_null():
    result = answered("parse", given=text([SEOUL, BUSAN], ""))
    assert result["page_date"] is None
    assert result["readings"][0]["icon"] is None


def test_parse_without_json_is_a_table_and_its_problems():
    lines = nalssi("parse", given=BOX).stdout.splitlines()
    assert lines[0] == "page date 2018-03-20"
    assert re.fullmatch(r"서울 +108 +흐림 +04 +overcast +4\.9", lines[2])
    assert lines[-1] == "problem: no temperature printed: 부산"


def test_parse_explains_the_choice_of_a_list():
    table = "".join(f"<tr><td>{city}<td>{n + 20}℃" for n, city in enumerate(CITIES))
    forecast = f"<h3>내일 최고기온</h3><table>{table}</table>"
    page = f"<body>{forecast}{BOX}"
    lines = nalssi("parse", "--explain", given=page).stdout.splitlines()
    chosen, *_ = [line for line in lines if line.startswith("list:")]
    assert chosen.startswith("list: 2 entries")
    assert chosen.endswith("points of 4, taken")
    assert "  +2 KMA's credit, a text of its own" in lines
    assert "  -100 a heading of a forecast, or of another day or value" in lines
    result = answered("parse", "--explain", given=page)
    assert [candidate["taken"] for candidate in result["lists"]] == [True, False]
    assert answered("parse", given=page)["readings"] == result["readings"]


def test_parse_explains_why_no_list_was_chosen():
    run = nalssi("parse", "--explain", given="<p>서울 3.2℃, 대전 4.5℃로 평년보다 낮았다</p>")
    assert run.returncode == 5
    assert "not taken" in run.stdout


CLEAR = [Entry(label="맑음", city=city, temperature="1.0") for city in CITIES]
PIPED = text(CLEAR, "2024.04.28 (일)")


def test_a_pipe_with_a_name_is_read_like_a_file(tmp_path):
    os.mkfifo(tmp_path / "page")
    written = threading.Thread(target=(tmp_path / "page").write_text, args=[PIPED])
    written.start()
    run = nalssi("parse", tmp_path / "page")
    written.join()
    assert (run.returncode, run.stdout.splitlines()[0]) == (0, "page date 2024-04-28")


@pytest.mark.parametrize(
    ("source", "code", "message"),
    [
        ("nowhere.html", 4, "nowhere.html"),
        (".", 4, "a folder, expected a file"),
        ("http://127.0.0.1:1/", 4, "no connection"),
        ("http://[", 4, "not a host"),
        ("-", 5, "no weather box"),
    ],
)
def test_parse_reports_the_reason_of_a_failure(source, code, message):
    assert message in refused(code, "parse", source)


# ---- scrape


def test_scrape_is_silent_on_success_without_verbose(tmp_path):
    with portal(tmp_path, koya=answer(BOX)):
        run = nalssi("scrape", cwd=tmp_path)
        assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
        run = nalssi("scrape", "-v", cwd=tmp_path)
    assert run.stdout.splitlines() == [
        "koya: unchanged, 2 readings",
        "koya: no temperature printed: 부산",
    ]


def test_scrape_reports_every_outcome_and_exits_with_the_worst(tmp_path):
    with portal(
        tmp_path,
        koya=answer(BOX),
        none=answer("<title>공사 중</title>"),
        gone=answer(status="404 Not Found"),
    ):
        run = nalssi("scrape", "--json", cwd=tmp_path)
    assert run.returncode == 5
    koya, without_box, unreachable = json.loads(run.stdout)
    assert set(koya) == {"portal", "outcome", "readings", "problems", "error", "milliseconds"}
    assert (koya["outcome"], koya["readings"], koya["error"]) == ("new", 2, None)
    assert koya["problems"] == ["no temperature printed: 부산"]
    assert (without_box["outcome"], without_box["readings"]) == ("no_sidebar", 0)
    assert "HTTP 404" in unreachable["error"]
    assert [line.split(": ")[:3] for line in run.stderr.splitlines()] == [
        ["nalssi", "none", "no_sidebar"],
        ["nalssi", "gone", "fetch_failed"],
    ]
    with portal(tmp_path, gone=answer(status="404 Not Found")):
        assert nalssi("scrape", cwd=tmp_path).returncode == 4


def test_scrape_polls_only_the_named_portals(tmp_path):
    with portal(tmp_path, one=answer(BOX), two=answer(BOX)) as server:
        assert [row["portal"] for row in answered("scrape", "two", cwd=tmp_path)] == ["two"]
        assert server.paths == ["/robots.txt", "/two"]
        assert "'three'" in nalssi("scrape", "three", cwd=tmp_path).stderr
        assert nalssi("scrape", "three", cwd=tmp_path).returncode == 2


def test_scrape_keeps_robots_txt_for_the_next_process(tmp_path):
    with portal(tmp_path, koya=answer(BOX)) as server:
        for _ in range(2):
            assert nalssi("scrape", cwd=tmp_path).returncode == 0
        assert server.paths == ["/robots.txt", "/koya", "/koya"]


def test_a_second_pass_exits_at_once(tmp_path):
    with portal(tmp_path, koya=answer(BOX)), lock.held(tmp_path / "weather.db"):
        for command, hint in (("scrape", "`nalssi look-now`"), ("run", "stop it first")):
            error = refused(75, command, cwd=tmp_path)
            assert "another pass is running" in error
            assert hint in error
        assert not (tmp_path / "weather.db").exists()


def test_the_lock_ends_with_its_process(tmp_path):
    code = (
        "import os, signal, pathlib\nfrom scraper import lock\n"
        "with lock.held(pathlib.Path('weather.db')): os.kill(os.getpid(), signal.SIGKILL)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert run.returncode == -signal.SIGKILL
    with portal(tmp_path, koya=answer(BOX)):
        assert nalssi("scrape", cwd=tmp_path).returncode == 0


def test_a_config_without_portals_cannot_be_scraped(tmp_path):
    (tmp_path / "config.toml").touch()
    assert "[[portals]]" in refused(3, "scrape", cwd=tmp_path)


# ---- questions


def test_latest_has_its_keys_and_finds_a_station_by_any_name(polled):
    for name in ("서울", "\u1109\u1165\u110b\u116e\u11af", "Seoul", "SEOUL", "108"):
        (row,) = answered("latest", "--station", name, cwd=polled)
        seen = dt.datetime.fromisoformat(row.pop("seen_from"))
        assert seen.utcoffset() == dt.timedelta(hours=9)
        assert row.pop("seen_until") == seen.isoformat()
        # The page has a date of 2018: its values were published by the end of that day.
        assert row.pop("age_minutes") > 365 * 24 * 60
        assert re.fullmatch("[0-9a-f]{32}", row.pop("digest"))
        assert row == {
            "station": "서울",
            "station_en": "Seoul",
            "kma_id": 108,
            "latitude": 37.57142,
            "longitude": 126.9658,
            "temperature_c": 4.9,
            "condition": "overcast",
            "wmo_4677": 3,
            "label": "흐림",
            "portal": "koya",
            "page_date": "2018-03-20",
            "state": "stale",
            "changed_after": None,
            "published_by": "2018-03-21T00:00:00+09:00",
            "valid_until": None,
            "why": "the page is of 2018-03-20",
            "learned_condition": None,
            "learned_from": None,
            "flag": 2,
            "observed_at": None,
        }


def test_series_has_its_keys(polled):
    (spell,) = answered("series", "부산", "--since", "1h", "--portal", "koya", cwd=polled)
    assert set(spell) == {
        "station",
        "station_en",
        "kma_id",
        "seen_from",
        "seen_until",
        "changed_after",
        "temperature_c",
        "condition",
        "label",
        "portal",
        "state",
        "published_by",
        "valid_until",
        "why",
        "learned_condition",
        "learned_from",
        "flag",
        "observed_at",
        "digest",
    }
    assert (spell["temperature_c"], spell["changed_after"]) == (None, None)
    assert answered("series", "부산", "--until", "2h", cwd=polled) == []


def test_lists_have_their_rows(polled):
    assert [row["kma_id"] for row in answered("stations", cwd=polled)] == [108, 159]
    (row,) = answered("portals", cwd=polled)
    assert (row["portal"], row["looks"], row["interval_minutes"]) == ("koya", 1, 10)
    (look,) = answered("looks", cwd=polled)
    assert (look["outcome"], look["status"], look["problems"]) == (
        "new",
        200,
        ["no temperature printed: 부산"],
    )
    assert answered("looks", "--failed", "--last", "5", cwd=polled) == []


def test_numbers_in_lists_are_flush_right(polled):
    headings, *rows = nalssi("stations", cwd=polled).stdout.splitlines()
    for name in ("kma id", "latitude °", "elevation m"):
        end = headings.index(name) + len(name)
        # A Korean letter takes two columns: a row has fewer characters than columns.
        ends = [end - sum(letter >= "가" for letter in row[:end]) for row in rows]
        assert all(
            row[at - 1] != " " and row[at] == " " for row, at in zip(rows, ends, strict=True)
        )


@pytest.mark.parametrize(
    "command",
    [
        "latest",
        "stations",
        "portals",
        "looks",
        "looks --failed",
        "words",
        "words --unknown",
        "gaps",
    ],
)
def test_an_empty_list_prints_one_sentence(tmp_path, command):
    with Store.open(tmp_path / "weather.db"):
        pass
    assert refused(0, *command.split(), "--db", tmp_path / "weather.db").count(" ") > 2
    assert answered(*command.split(), "--db", tmp_path / "weather.db") == []


@pytest.mark.parametrize(
    "command", ["series 서울", "stats 서울", "compare 서울 부산", "plot 서울", "looks", "gaps"]
)
def test_a_time_without_looks_prints_one_sentence(polled, command):
    assert refused(0, *command.split(), "--until", "2h", cwd=polled).count(" ") > 2


def test_an_empty_export_has_its_headings_and_a_sentence(polled):
    run = nalssi("export", "--until", "2h", cwd=polled)
    assert (run.returncode, run.stdout.count("\n")) == (0, 1)
    assert run.stderr == "nalssi: no row was found\n"


def test_a_portal_without_values_is_named(polled):
    with Store.open(polled / "weather.db") as store:
        store.portal("young", "https://young.example/", 600)
    message = refused(0, "latest", "--portal", "young", cwd=polled)
    assert message == "nalssi: young has not shown that yet\n"


def test_a_database_without_portals_is_reported_as_stale(tmp_path):
    with Store.open(tmp_path / "weather.db"):
        pass
    run = nalssi("status", "--db", tmp_path / "weather.db")
    assert run.returncode == 7
    assert run.stderr.startswith("nalssi: no portal is known")


def test_rebuild_prints_the_number_of_spells(polled):
    assert nalssi("rebuild", cwd=polled).stdout == "1 spell\n"
    with lock.held(polled / "weather.db", what="daemon"):
        assert "stop the daemon, and start it again" in refused(75, "rebuild", cwd=polled)


def journal(folder: Path) -> str:
    with contextlib.closing(sqlite3.connect(folder / "weather.db")) as conn:
        return str(conn.execute("PRAGMA journal_mode").fetchone()[0])


COMMANDS = [["scrape"], ["rebuild"], ["reparse", "--write"]]


@pytest.mark.parametrize("wanted", ["wal", "delete"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_writer_uses_the_journal_of_the_config(tmp_path, command, wanted):
    with portal(tmp_path, koya=answer(BOX)):
        config = tmp_path / "config.toml"
        config.write_text(f'journal = "{wanted}"\n{config.read_text("utf-8")}', encoding="utf-8")
        Store.open(tmp_path / "weather.db", journal="delete").close()
        for _ in range(2):
            assert nalssi(*command, "--config", config).returncode == 0
            assert journal(tmp_path) == wanted


@pytest.mark.parametrize("there", ["wal", "delete"])
@pytest.mark.parametrize("command", COMMANDS[1:], ids=" ".join)
def test_without_a_config_the_journal_is_unchanged(tmp_path, command, there):
    Store.open(tmp_path / "weather.db", journal=there).close()
    assert nalssi(*command, "--db", "weather.db", cwd=tmp_path).returncode == 0
    assert journal(tmp_path) == there


@pytest.mark.parametrize("there", ["wal", "delete"])
def test_backfill_keeps_the_journal_of_a_running_daemon(tmp_path, there):
    pytest.importorskip("fastwarc")
    configured = {"wal": "delete", "delete": "wal"}[there]
    (tmp_path / "config.toml").write_text(f'journal = "{configured}"\n', encoding="utf-8")
    (tmp_path / "page.html").write_text(BOX, encoding="utf-8")
    command = ["backfill", "page.html", "--portal", "koya.kr"]
    with lock.held(tmp_path / "weather.db"), Store.open(tmp_path / "weather.db", journal=there):
        assert nalssi(*command, cwd=tmp_path).returncode == 0
        assert journal(tmp_path) == there
    assert nalssi(*command, cwd=tmp_path).returncode == 0
    assert journal(tmp_path) == configured


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["series", "서을"], "서울 (Seoul, 108)"),
        (["series", "Soul"], "서울 (Seoul, 108)"),
        (["latest", "--station", "9999"], "9999"),
        (["series", "서울", "--portal", "nobody"], "koya"),
        (["latest", "--portal", "nobody"], "koya"),
        (["looks", "--portal", "nobody"], "koya"),
        (["gaps", "--portal", "nobody"], "koya"),
    ],
)
def test_an_unknown_name_is_reported_with_the_known_ones(polled, arguments, message):
    assert message in refused(2, *arguments, cwd=polled)


@pytest.mark.parametrize(
    "arguments",
    [
        ["series", "서울", "--since", "last week"],
        ["series", "서울", "--since", "2026-02-30"],
        ["series", "서울", "--since", "999999w"],
        ["series", "서울", "--since", "2026-03-02", "--until", "2026-03-01"],
        ["looks", "--last", "-1"],
        ["looks", "--since", "2026-03-02", "--until", "2026-03-01"],
        ["gaps", "--since", "2026-03-02", "--until", "2026-03-01"],
        ["latest", "--colour"],
        ["nonsense"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_is_refused(polled, arguments):
    assert "--help`" in refused(2, *arguments, cwd=polled)


@pytest.mark.parametrize(
    ("arguments", "end"),
    [
        (["latests"], "Did you mean 'latest'? See `nalssi --help`\n"),
        (["series"], "Missing argument 'STATION...'; see `nalssi series --help`\n"),
    ],
)
def test_a_wrong_command_line_is_reported_as_one_sentence(tmp_path, arguments, end):
    assert refused(2, *arguments, cwd=tmp_path).endswith(end)


@pytest.mark.parametrize("command", [["latest"], ["series", "서울"], ["looks"], ["rebuild"]])
def test_a_missing_database_is_not_created(tmp_path, command):
    assert "no such file" in refused(6, *command, "--db", tmp_path / "none.db")
    assert not list(tmp_path.iterdir())


def test_a_foreign_file_is_not_changed(tmp_path):
    foreign = tmp_path / "other.db"
    with contextlib.closing(sqlite3.connect(foreign)) as conn:
        conn.execute("CREATE TABLE theirs (x)")
    before = foreign.read_bytes()
    for command in (["latest"], ["rebuild"], ["demo"]):
        assert "not" in refused(6, *command, "--db", foreign)
    assert foreign.read_bytes() == before
    foreign.write_text("a,b\n")
    assert refused(6, "latest", "--db", foreign) == (
        f"nalssi: database '{foreign}': not a database of nalssi; it is left as it is\n"
    )


@pytest.mark.parametrize("command", ["scrape", "run"])
def test_a_config_without_a_portal_is_refused_by_commands_that_poll(tmp_path, command):
    (tmp_path / "config.toml").write_text("interval_minutes = 10\n", encoding="utf-8")
    error = refused(3, command, cwd=tmp_path)
    assert error == "nalssi: config 'config.toml': no [[portals]], expected one at least\n"
    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]
    assert "no [[portals]], expected" in nalssi("check", cwd=tmp_path).stdout


@pytest.mark.parametrize(
    "command",
    [["status"], ["scrape"], ["run"], ["reparse", "--write"], ["backfill", "config.toml"]],
    ids=" ".join,
)
def test_a_database_path_without_a_file_name_is_refused(tmp_path, command):
    if command[0] == "backfill":
        pytest.importorskip("fastwarc")
    table = '[[portals]]\nname = "koya"\nurl = "http://127.0.0.1:9/"\n'
    (tmp_path / "config.toml").write_text(f'database = "/"\n{table}', encoding="utf-8")
    error = refused(6, *command, cwd=tmp_path)
    assert error == "nalssi: database '/': neither a file nor a link to one\n"
    found = nalssi("check", cwd=tmp_path)
    assert (found.returncode, found.stdout.count("neither a file nor")) == (6, 2)


def test_the_database_comes_from_option_then_variable_then_config(polled):
    other = polled / "other.db"
    Store.open(other).close()
    assert answered("latest", "--db", other, cwd=polled, NALSSI_DB=str(polled / "weather.db")) == []
    assert answered("latest", cwd=polled, NALSSI_DB=str(other)) == []
    assert len(answered("latest", cwd=polled)) == 2
    config = polled / "config.toml"
    assert len(answered("latest", cwd=Path("/"), NALSSI_CONFIG=str(config))) == 2


def test_a_wrong_config_is_reported_if_it_is_named(polled):
    (polled / "wrong.toml").write_text("interval = 10")
    for command in (["latest"], ["scrape"], ["rebuild"]):
        arguments = [*command, "--config", "wrong.toml", "--db", polled / "weather.db"]
        assert "'interval' = 10" in refused(3, *arguments, cwd=polled)


# ---- terminals, pipes and warnings


HOSTILE = "\x1b]0;gone\x07\x1b[31m흐\u202e림\u2066\x9b2J"


def test_portal_text_cannot_control_the_terminal(tmp_path):
    box = page([SEOUL, Entry(label=HOSTILE, city="부\u202e산\x1b[2K", temperature="1.0")], "")
    with portal(tmp_path, koya=answer(box), none=answer(f"<title>{HOSTILE}</title>")):
        shown = [nalssi("scrape", "-v", cwd=tmp_path)]
    for command in (["latest"], ["looks"], ["stations"], ["series", "서울"]):
        shown += [nalssi(*command, cwd=tmp_path), nalssi(*command, "--json", cwd=tmp_path)]
    shown += [nalssi("parse", given=box), nalssi("parse", "--json", given=box)]
    for run in shown:
        for stream in (run.stdout, run.stderr):
            assert printable(stream.replace("\n", "")) == stream.replace("\n", "")
    assert "부산" in shown[1].stdout


def in_a_terminal(*arguments: str | Path, cwd: Path, code: int = 0, **env: str) -> str:
    """The output of a command in a terminal of 150 columns."""
    our_end, child_end = pty.openpty()
    env = {"COLUMNS": "150", "TERM": "xterm-256color", "PYTHONPATH": str(ROOT), **env}
    with os.fdopen(child_end, "wb") as terminal:
        process = subprocess.Popen(
            [*NALSSI, *map(str, arguments)], cwd=cwd, env={**os.environ, **env}, stdout=terminal
        )
    shown = b""
    with process, os.fdopen(our_end, "rb", buffering=0) as stream:
        while select.select([stream], [], [], 30)[0]:
            try:
                piece = stream.read(65536)
            except OSError:  # on Linux: the other end is closed
                break
            if not piece:
                break
            shown += piece
    assert process.returncode == code
    return shown.decode()


def test_a_terminal_gets_lines_and_colours_unless_disabled(polled):
    shown = in_a_terminal("latest", cwd=polled)
    assert "───" in shown
    assert "\x1b[" in shown
    assert "\x1b[3" not in in_a_terminal("latest", cwd=polled, NO_COLOR="1")


@pytest.mark.parametrize(
    "command",
    [
        *(["latest"], ["looks"], ["status"], ["stats", "서울", *A_DAY]),
        *(["latest", "--wide"], ["status", "--wide"], ["stats", "서울", *A_DAY, "--wide"]),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("columns", [80, 40])
def test_a_narrow_terminal_shows_every_value_complete(polled, command, columns):
    """Words as long as a state are not cut; columns without room move to a second table."""
    wide = nalssi(*command, cwd=polled)
    lines = [line for line in wide.stdout.splitlines() if "free, journal" not in line]
    words = {word for word in " ".join(lines).split() if len(word) <= 13}
    shown = in_a_terminal(
        *command, cwd=polled, code=wide.returncode, COLUMNS=str(columns), NO_COLOR="1"
    )
    shown = re.sub(r"\x1b\[[\d;]*m", "", shown)
    assert words - set(shown.split()) == set()
    if columns == 80:
        tables = [line for line in shown.splitlines() if "weather.db" not in line]
        assert max(cell_len(line.rstrip()) for line in tables) <= columns


def test_a_pipe_gets_one_plain_line_a_row(polled):
    warning, heading, *rows = nalssi("latest", cwd=polled).stdout.splitlines()
    assert warning.startswith("STALE: koya shows values that are ")
    assert heading.split()[:3] == ["station", "°C", "sky"]
    assert len(rows) == 2
    assert all(row == row.rstrip() for row in rows)


def test_a_pipe_gets_every_value_complete(capsys):
    show.table(["problems", "portal"], [("x" * 5000, "koya")])
    assert capsys.readouterr().out.splitlines()[1].split() == ["x" * 5000, "koya"]


def test_a_frozen_sidebar_prints_a_warning(polled):
    with contextlib.closing(sqlite3.connect(polled / "weather.db")) as conn:
        conn.execute(
            "UPDATE spells SET seen_from = seen_from - :days, standing_since = seen_from - :days, "
            "published_by = seen_from - :days",
            {"days": 30 * 86400},
        )
        conn.commit()
    warning, _, *rows = nalssi("latest", cwd=polled).stdout.splitlines()
    assert warning.startswith("FROZEN: koya has shown the same values for 30 days, since ")
    assert all("FROZEN" in row for row in rows)
    assert "FROZEN" in in_a_terminal("latest", cwd=polled)


def test_a_portal_that_is_down_prints_a_warning(polled):
    with contextlib.closing(sqlite3.connect(polled / "weather.db")) as conn:
        for table, column in (
            ("spells", "seen_from"),
            ("spells", "seen_until"),
            ("fetches", "fetched_at"),
        ):
            conn.execute(f"UPDATE {table} SET {column} = {column} - 7200")
        conn.commit()
    warning, _, *rows = nalssi("latest", cwd=polled).stdout.splitlines()
    assert warning.startswith("DOWN: koya was last seen to show these values at ")
    assert all("DOWN" in row for row in rows)


@pytest.mark.parametrize("command", [["latest", "--json"], ["latest"], ["plot", "--map"]])
def test_a_closed_pipe_is_not_an_error(polled, command):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        run = subprocess.run(
            [*NALSSI, *command],
            cwd=polled,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=closed,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (run.returncode, run.stderr) == (141, b"")


def test_a_terminal_without_korean_is_not_an_error(polled):
    run = nalssi("latest", cwd=polled, PYTHONIOENCODING="ascii")
    assert run.returncode == 0
    assert "Seoul" in run.stdout


def test_an_unwritable_output_is_reported(polled):
    with Path("/dev/full").open("wb") as full:
        run = subprocess.run(
            [*NALSSI, "latest", "--json"],
            cwd=polled,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert run.returncode == 74
    assert run.stderr.decode() == "nalssi: the output cannot be written: No space left on device\n"


@pytest.mark.parametrize(
    "arguments", [["--help"], ["latest", "--help"], ["--version"]], ids=" ".join
)
def test_unwritable_help_is_reported(arguments):
    with Path("/dev/full").open("wb") as full:
        run = subprocess.run(
            [*NALSSI, *arguments], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert run.returncode == 74
    assert run.stderr.decode() == "nalssi: the output cannot be written: No space left on device\n"


@pytest.mark.parametrize(
    ("closed", "command", "code"),
    [("1>&-", "latest", 74), ("2>&-", "latest", 0), ("0<&-", "parse", 5)],
)
def test_a_closed_stream_gives_no_traceback(polled, closed, command, code):
    shell = f"exec {shlex.quote(sys.executable)} -m scraper {command} {closed}"
    run = subprocess.run(
        ["/bin/sh", "-c", shell],
        cwd=polled,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    assert run.returncode == code
    assert b"Traceback" not in run.stderr


def test_a_name_that_is_too_long_is_an_error_of_the_file(tmp_path):
    assert "File name too long" in refused(6, "latest", "--db", "a" * 300, cwd=tmp_path)
    assert "File name too long" in refused(3, "latest", "--config", "a" * 300, cwd=tmp_path)
    assert refused(2, "latest", "--db", tmp_path) == (
        f"nalssi: Invalid value for '--db': {str(tmp_path)!r} is a folder, expected a file; "
        "see `nalssi latest --help`\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [["backup", ""], ["export", "-o", ""], ["latest", "--db", ""], ["latest", "--config", ""]],
    ids=" ".join,
)
def test_an_empty_name_of_a_file_is_refused(polled, arguments):
    assert "the name of the file is empty" in refused(2, *arguments, cwd=polled)


def test_a_time_beyond_the_calendar_is_not_damage(polled):
    assert "is not a time" in refused(2, "at", "서울", "0001-01-01T00:00", cwd=polled)
    assert "is not a time" in refused(
        2, "series", "서울", "--since", "9999-12-31T23:59Z", cwd=polled
    )


def test_a_time_is_printed_to_the_minute(polled):
    error = refused(2, "series", "서울", "--since", "1d", "--until", "2d", cwd=polled)
    assert re.search(r"--since \S+ \d\d:\d\d is not before --until \S+ \d\d:\d\d;", error)


def test_days_side_by_side_have_no_hours(polled):
    run = nalssi("compare", "서울", "부산", "--by", "day", "--since", "yesterday", cwd=polled)
    assert re.match(r"\d{4}-\d\d-\d\d +–", run.stdout.splitlines()[1])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_pass_that_is_stopped_leaves_a_row_for_each_look(tmp_path, number):
    with portal(tmp_path, slow=silent) as server:
        process = subprocess.Popen(
            [*NALSSI, "scrape"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stderr=subprocess.PIPE,
        )
        for _ in range(1200):
            if "/slow" in server.paths:
                break
            time.sleep(0.05)
        process.send_signal(number)
        assert process.communicate(timeout=60)[1].decode() == "nalssi: interrupted\n"
    assert process.returncode == 130
    (look,) = answered("looks", cwd=tmp_path)
    assert look["outcome"] == "fetch_failed"
    assert "given up" in look["reason"]


STOPPED_WITHIN_A_LOOK = """
import asyncio, os, signal, sys, nalssi
from scraper.fetch import Fetcher

async def stopped(*_, **__):
    os.kill(os.getpid(), signal.{number})
    await asyncio.sleep(60)

Fetcher.ask = stopped
{before}
sys.argv = ["nalssi", "scrape"]
nalssi.command()
"""


@pytest.mark.parametrize(
    ("number", "before"),
    [
        ("SIGINT", ""),
        ("SIGTERM", ""),
        ("SIGTERM", "signal.signal(signal.SIGINT, signal.SIG_IGN)  # a job in the background"),
    ],
)
def test_a_stop_in_the_code_of_a_look_leaves_its_row(tmp_path, number, before):
    """There an exception of the signal would end the look before it is recorded."""
    with portal(tmp_path, slow=silent):
        script = STOPPED_WITHIN_A_LOOK.format(number=number, before=before)
        run = subprocess.run(
            [sys.executable, "-c", script],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=False,
            timeout=60,
        )
    assert (run.returncode, run.stderr.decode()) == (130, "nalssi: interrupted\n")
    (look,) = answered("looks", cwd=tmp_path)
    assert "given up" in look["reason"]


def test_the_demo_ignores_the_variable_of_the_real_history(polled):
    real = polled / "weather.db"
    before = real.read_bytes()
    assert nalssi("demo", cwd=polled, NALSSI_DB=str(real)).returncode == 0
    assert real.read_bytes() == before
    assert (polled / "demo.db").exists()


# ---- the demo


def test_the_demo_shows_a_freeze_and_a_failure_and_leaves_a_database(tmp_path):
    run = nalssi("demo", cwd=tmp_path)
    assert run.returncode == 0
    lines = run.stdout.splitlines()
    looks = [line.split()[2:4] for line in lines if re.match(r"\d\d-\d\d \d\d:\d\d ", line)]
    assert ["unchanged", "frozen"] in looks
    assert ["fetch_failed", "frozen"] in looks
    assert looks[-1] == ["unchanged", "live"]
    *asking, serving = [
        line.split()[1:] for line in lines if line.startswith("  ") and "--db" in line
    ]
    assert (len(asking), serving[0]) == (3, "serve")
    for command in asking:
        assert nalssi(*command, cwd=tmp_path).returncode == 0
    rows = answered("latest", "--portal", "demo", "--db", "demo.db", cwd=tmp_path)
    assert len(rows) == 16
    assert {row["state"] for row in rows} == {"live"}


def test_the_demo_replaces_only_its_own_database(tmp_path):
    for _ in range(2):
        assert len(answered("demo", cwd=tmp_path)) == 32  # of two portals
    with portal(tmp_path, koya=answer(BOX)):
        nalssi("scrape", "--db", "mine.db", cwd=tmp_path)
    assert "not made by the demo" in refused(6, "demo", "--db", "mine.db", cwd=tmp_path)
    os.mkfifo(tmp_path / "pipe.db")
    assert "neither a file" in refused(6, "demo", "--db", "pipe.db", cwd=tmp_path)


def test_a_killed_demo_can_be_run_again(tmp_path):
    Store.open(tmp_path / "demo.db").close()
    assert len(answered("demo", cwd=tmp_path)) == 32  # of two portals


# ---- the exit codes


def test_the_docs_and_the_code_have_one_table_of_exit_codes():
    from scraper import errors  # noqa: PLC0415 - for its docstring

    rows = re.findall(r"^\| \d.*$", str(errors.__doc__), re.MULTILINE)
    assert len(rows) == 12
    page = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| \d.*$", page, re.MULTILINE) == [row.replace("``", "`") for row in rows]


def test_every_exit_code_of_the_code_is_in_the_table_and_no_other():
    from scraper import errors  # noqa: PLC0415 - likewise
    from scraper.cli import group  # noqa: PLC0415

    sources = [
        path.read_text("utf-8") for top in ("db", "scraper") for path in (ROOT / top).rglob("*.py")
    ]
    of_errors = {int(code) for text in sources for code in re.findall(r"exit_code = (\d+)", text)}
    constants = {errors.FETCH_FAILED, errors.NO_SIDEBAR, errors.STALE}
    of_the_group = {group.INTERRUPTED, group.OUTPUT_LOST, group.READER_LEFT}
    of_click = {0, 2}
    documented = set(map(int, re.findall(r"^\| (\d+)", str(errors.__doc__), re.MULTILINE)))
    assert documented == of_errors | constants | of_the_group | of_click
