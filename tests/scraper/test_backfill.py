"""Backfill from archives: stopped, killed, repeated or split, it gives the same database."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from db import query
from db.write.store import Store
from scraper import lock
from tests.support import archives
from tests.support.archives import NOON, json_lines, record, saved, warc, without_box
from tests.support.make import make_look, see
from tests.support.stores import contents

if TYPE_CHECKING:
    from collections.abc import Sequence

pytest.importorskip("fastwarc")

ROOT = Path(__file__).parents[2]
PORTALS = ("koya", "sanmaeul")
HOSTS = ("koya.kr", "other.kr", "third.co.kr")
NALSSI = [sys.executable, "-m", "scraper", "backfill"]


@pytest.fixture(autouse=True)
def database(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of an empty database; to make one takes longer than most of these tests."""
    return empty_database(tmp_path, tmp_path_factory.getbasetemp() / "empty.db")


def empty_database(folder: Path, template: Path) -> Path:
    if not template.exists():
        Store.open(template).close()
    return Path(shutil.copy(template, folder / "weather.db"))


def nalssi(folder: Path, *arguments: object, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run ``nalssi backfill`` in a folder, on the database there."""
    run: subprocess.CompletedProcess[str] = subprocess.run(
        [*NALSSI, *map(str, arguments)],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        **more,
    )
    return run


def environment(folder: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "NALSSI_DB": str(folder / "weather.db")}


def backfilled(folder: Path, *arguments: object, **more: Any) -> dict[str, Any]:
    run = nalssi(folder, "--json", *arguments, **more)
    assert run.returncode == 0, run.stderr
    answer: dict[str, Any] = json.loads(run.stdout)
    return answer


COMPARED = (
    *("captures", "spells", "sidebars", "readings", "conditions", "stations"),
    *("portal_stations", "pauses", "flagged"),
)
"""The tables that must be the same however archives are split or repeated."""


def stored(folder: Path) -> dict[str, list[str]]:
    with query.Database(folder / "weather.db") as db:
        assert db.faults() == []
    tables = contents(folder / "weather.db")
    return {name: tables[name] for name in COMPARED}


def month() -> list[list[archives.Saved]]:
    """
    Four weeks of three portals, an archive a week: live in the first, frozen from then on.

    A week has a page every three hours; the frozen values are the same on all portals.
    """
    weeks = []
    for week in range(4):
        pages = [
            saved(host, (week * 7 * 24 + hour) * 60 + nth, hour if week == 0 else 300, size=3000)
            for hour in range(0, 7 * 24, 3)
            for nth, host in enumerate(HOSTS)
        ]
        weeks.append(pages)
    return weeks


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("archives")
    paths = [folder / f"week-{nth}.warc.gz" for nth in range(4)]
    for path, pages in zip(paths, month(), strict=True):
        path.write_bytes(warc(pages))
    return paths


@pytest.fixture(scope="module")
def expected(weeks: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("undisturbed")
    backfilled(folder, "--workers", 1, *weeks)
    return stored(folder)


def test_order_parts_and_workers_make_no_difference(tmp_path, weeks, expected):
    backfilled(tmp_path, "--workers", 1, weeks[3], weeks[1])
    backfilled(tmp_path, "--workers", 2, *weeks[:3])
    assert stored(tmp_path) == expected


def test_the_same_archive_again_adds_no_row(tmp_path, weeks):
    first = backfilled(tmp_path, weeks[0])
    assert (first["looks"], first["contents"], first["files"]) == (168, 56, 1)
    before = stored(tmp_path)
    skipped = backfilled(tmp_path, weeks[0])
    assert (skipped["files"], skipped["files_skipped"], skipped["pages"]) == (0, 1, 0)
    again = backfilled(tmp_path, "--again", weeks[0])
    assert (again["files"], again["pages"], again["looks"], again["contents"]) == (1, 168, 0, 0)
    assert stored(tmp_path) == before


def test_an_archive_that_changed_is_read_again(tmp_path, weeks):
    path = tmp_path / "a.warc.gz"
    path.write_bytes(weeks[0].read_bytes()[:-2000])
    assert nalssi(tmp_path, path).returncode == 0
    path.write_bytes(weeks[0].read_bytes())
    assert backfilled(tmp_path, path)["looks"] > 0


def test_a_freeze_on_several_portals_is_one_content_and_never_live(tmp_path, weeks):
    answer = backfilled(tmp_path, *weeks[1:])
    assert (answer["sidebars"], answer["contents"], answer["spells"]) == (504, 1, 3)
    with query.Database(tmp_path / "weather.db") as db:
        assert {spell.state for spell in db.series("서울")} <= {"frozen", "unconfirmed"}


def test_every_form_of_archive_gives_the_same_database(tmp_path):
    pages = [saved("koya.kr", 10 * nth, nth) for nth in range(6)]
    forms = {
        "a.warc.gz": warc(pages),
        "a.warc": b"".join(map(record, pages)),
        "a.jsonl": json_lines(pages),
    }
    found = []
    for name, body in forms.items():
        folder = tmp_path / name
        folder.mkdir()
        shutil.copy(tmp_path / "weather.db", folder)
        (folder / name).write_bytes(body)
        backfilled(folder, folder / name)
        found.append(stored(folder))
    assert found[0] == found[1] == found[2]
    assert len(found[0]["captures"]) == 6


@pytest.mark.parametrize("form", ["warc", "json lines"])
def test_standard_input_is_read_to_its_end(tmp_path, database, form):
    database.unlink()  # backfill creates a missing database
    pages = [saved("koya.kr", 10 * nth, nth) for nth in range(6)]
    body = warc(pages) if form == "warc" else json_lines(pages)
    run = subprocess.run(
        [*NALSSI, "--json", "-"],
        input=body,
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert json.loads(run.stdout)["looks"] == 6


def test_a_known_portal_keeps_its_name_and_address(tmp_path):
    with Store.open(tmp_path / "weather.db") as store:
        store.portal("koya", "https://www.koya.kr/front", 300)
    (tmp_path / "a.warc.gz").write_bytes(warc([saved("koya.kr", 0, 0), saved("new.kr", 0, 0)]))
    backfilled(tmp_path, tmp_path / "a.warc.gz")
    with closing(sqlite3.connect(tmp_path / "weather.db")) as conn:
        rows = conn.execute("SELECT name, url, interval_s FROM portals ORDER BY name").fetchall()
    assert rows == [
        ("koya", "https://www.koya.kr/front", 300),
        ("new.kr", "https://new.kr/", 3600),
    ]


def test_the_config_knows_portals_too_and_others_can_be_refused(tmp_path):
    config = '[[portals]]\nname = "koya"\nurl = "https://koya.kr/"\n'
    (tmp_path / "config.toml").write_text(config, encoding="utf-8")
    (tmp_path / "a.warc.gz").write_bytes(warc([saved("koya.kr", 0, 0), saved("new.kr", 0, 0)]))
    answer = backfilled(tmp_path, "--only-portals", "a.warc.gz")
    assert (answer["looks"], answer["rejected"]) == (1, {"other portal": 1})
    # With other options the archive is read again.
    assert backfilled(tmp_path, "a.warc.gz")["looks"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param([], "koya, sanmaeul, a host such as koya-culture.com;", id="a host will do"),
        pytest.param(["--only-portals"], "koya, sanmaeul;", id="no host will do"),
    ],
)
def test_an_unknown_portal_is_reported_with_known_ones(tmp_path, arguments, message):
    tables = (f'[[portals]]\nname = "{name}"\nurl = "https://{name}.kr/"\n' for name in PORTALS)
    (tmp_path / "config.toml").write_text("".join(tables), encoding="utf-8")
    (tmp_path / "page.html").write_bytes(saved("koya.kr", 0, 0).body)
    run = nalssi(tmp_path, "--portal", "koja", *arguments, "page.html")
    assert run.returncode == 2
    assert f"no portal 'koja', expected one of: {message}" in run.stderr


def test_a_rejected_page_is_reported_with_a_remedy(tmp_path):
    page = saved("koya.kr", 0, 0)
    undated = page.body.decode().replace(archives.printed_date(page.at), "")
    (tmp_path / "page.html").write_text(undated, encoding="utf-8")
    assert "1: no portal; name their portal by --portal" in nalssi(tmp_path, "page.html").stdout
    options = ["--portal", "koya.kr", "page.html"]
    assert "1: no time; give their day by --date" in nalssi(tmp_path, *options).stdout
    assert backfilled(tmp_path, *options, "--date", "2024-04-01")["rejected"] == {}


def test_a_page_without_a_box_is_named(tmp_path):
    (tmp_path / "page.html").write_bytes(archives.without_box("koya.kr", 1).body)
    run = nalssi(tmp_path, "page.html")
    assert (run.returncode, "boxes           0" in run.stdout) == (0, True)
    assert "no page has a weather box; `nalssi parse FILE`" in run.stderr


def test_a_dry_run_stores_no_row(tmp_path, database, weeks):
    database.unlink()
    answer = backfilled(tmp_path, "--dry-run", weeks[0])
    assert (answer["sidebars"], answer["contents"]) == (168, 56)
    assert list(tmp_path.iterdir()) == []


def test_an_extract_needs_no_database_and_has_every_reading(tmp_path, database, weeks):
    database.unlink()
    answer = backfilled(tmp_path, "--extract", "out.ndjson", weeks[0])
    rows = [json.loads(line) for line in (tmp_path / "out.ndjson").read_text("utf-8").splitlines()]
    assert len(rows) == answer["readings"] == 168 * 16
    assert {row["portal"] for row in rows} == set(HOSTS)
    assert [path.name for path in tmp_path.iterdir()] == ["out.ndjson"]


def test_an_unwritable_extract_keeps_the_old_file(tmp_path, weeks):
    run = nalssi(tmp_path, "--extract", "nowhere/out.ndjson", weeks[0])
    assert run.returncode == 74
    assert run.stderr.count("\n") == 1


def test_an_extract_never_replaces_its_archive(tmp_path):
    before = json_lines([saved("koya.kr", 0, 0)])
    (tmp_path / "a.jsonl").write_bytes(before)
    run = nalssi(tmp_path, "--extract", "a.jsonl", "a.jsonl")
    assert (run.returncode, run.stderr.count("\n")) == (74, 1)
    assert (tmp_path / "a.jsonl").read_bytes() == before


def test_a_file_without_a_line_of_json_is_unreadable_and_read_again(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b"[" + json_lines([saved("koya.kr", 0, 0)]).strip() + b"]")
    for _ in range(2):
        run = nalssi(tmp_path, "a.jsonl", "--json")
        assert run.returncode == 5
        assert (json.loads(run.stdout)["unreadable"], run.stderr.count("\n")) == (1, 1)


def test_a_byte_order_mark_before_lines_is_ignored(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b"\xef\xbb\xbf" + json_lines([saved("koya.kr", 0, 0)]))
    assert backfilled(tmp_path, "a.jsonl")["looks"] == 1


def test_a_pattern_skips_pipes(tmp_path):
    os.mkfifo(tmp_path / "a.pipe")
    (tmp_path / "a.jsonl").write_bytes(json_lines([saved("koya.kr", 0, 0)]))
    assert backfilled(tmp_path, "a.*")["files"] == 1


@pytest.mark.parametrize("end", ["", "-wal", "-journal"])
def test_an_extract_never_replaces_a_database(tmp_path, database, weeks, end):
    before = database.read_bytes()
    run = nalssi(tmp_path, "--extract", f"{database.name}{end}", weeks[0])
    assert (run.returncode, run.stdout) == (74, "")
    assert "is a database, or belongs to one" in run.stderr
    assert database.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [database.name]


def test_unknown_words_are_reported(tmp_path):
    body = saved("koya.kr", 0, 0).body.decode().replace("맑음</span>서울", "안맑음</span>북서울")
    lines = json_lines([archives.Saved(url="http://koya.kr/", at=NOON, body=body.encode())])
    (tmp_path / "a.jsonl").write_bytes(lines)
    words = backfilled(tmp_path, "a.jsonl")["unknown_words"]
    assert words == ["city '북서울'", "label '안맑음'"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        pytest.param(["nowhere.warc.gz"], 2, "no such file", id="no such file"),
        pytest.param(["*.wet"], 2, "no such file", id="a pattern that means none"),
        pytest.param(["a.warc.gz"], 5, "empty", id="nothing in it"),
        pytest.param(["--portal", "nobody", "a.warc.gz"], 2, "no portal", id="no portal"),
        pytest.param(["--date", "May", "a.warc.gz"], 2, "--date", id="no date"),
        pytest.param([], 2, "PATH", id="no path"),
    ],
)
def test_impossible_requests_are_reported(tmp_path, arguments, code, says):
    (tmp_path / "a.warc.gz").touch()
    run = nalssi(tmp_path, *arguments)
    assert run.returncode == code
    assert says in run.stderr
    assert "Traceback" not in run.stderr


def test_a_damaged_archive_is_reported_in_one_line_and_the_others_are_read(tmp_path, weeks):
    (tmp_path / "cut.warc.gz").write_bytes(weeks[0].read_bytes()[:50_000])
    run = nalssi(tmp_path, "--json", "cut.warc.gz", weeks[1])
    assert run.returncode == 0
    assert "cut.warc.gz: cut short after" in run.stderr
    assert run.stderr.count("\n") == 1
    assert json.loads(run.stdout)["sidebars"] > 168


def test_two_backfills_do_not_run_at_once_but_a_pass_may(tmp_path, weeks):
    path = tmp_path / "weather.db"
    with lock.held(path):
        assert backfilled(tmp_path, weeks[0])["looks"] == 168
    with lock.held(path.with_name("weather.db.backfill")):
        assert nalssi(tmp_path, weeks[1]).returncode == 75


def test_a_daemon_beside_a_backfill_loses_no_look(tmp_path, weeks, expected):
    with Store.open(tmp_path / "weather.db") as store, _started(tmp_path, *weeks) as running:
        looks = 0
        while running.poll() is None and looks < 200:
            look = make_look(looks, portal="mine", fetched_at=NOON + dt.timedelta(minutes=looks))
            see(store, look, _content(looks))
            looks += 1
        assert running.wait(60) == 0
    with closing(sqlite3.connect(tmp_path / "weather.db")) as conn:
        assert conn.execute("SELECT count(*) FROM fetches").fetchone() == (looks,)
    mine = [row for row in stored(tmp_path)["captures"] if row.startswith("('mine'")]
    assert mine == []
    assert stored(tmp_path)["captures"] == expected["captures"]


def _content(nth: int) -> Any:
    from tests.support.make import make_content, make_reading  # noqa: PLC0415

    return make_content(make_reading(temperature_c=nth / 10))


def _started(folder: Path, *arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*NALSSI, *map(str, arguments)],
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def killed_at_random(folder: Path, paths: Sequence[Path], kills: int, *, seed: int) -> None:
    """Kill backfills at random moments, then let one finish."""
    chance = random.Random(seed)
    for _ in range(kills):
        with _started(folder, "--workers", 2, *paths) as running:
            time.sleep(chance.uniform(0.1, 1.2))
            running.kill()
    time.sleep(0.2)
    backfilled(folder, "--workers", 2, *paths)


def test_a_killed_backfill_continues_and_gives_the_same_database(tmp_path, weeks, expected):
    killed_at_random(tmp_path, weeks, 4, seed=1)
    assert stored(tmp_path) == expected


@pytest.mark.slow
def test_a_backfill_killed_twenty_times_gives_the_same_database(tmp_path, weeks, expected):
    killed_at_random(tmp_path, weeks, 20, seed=2)
    assert stored(tmp_path) == expected


def test_the_readers_of_a_killed_backfill_end_too(tmp_path, weeks):
    with _started(tmp_path, "--workers", 2, *weeks) as running:
        until = time.monotonic() + 60
        children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
        readers: list[str] = []
        while len(readers) < 2 and time.monotonic() < until and running.poll() is None:
            readers = [pid for pid in children.read_text().split() if _is_reader(pid)]
        running.kill()
    while any(map(_is_reader, readers)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(_is_reader, readers))


def _is_reader(pid: str) -> bool:
    try:
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _until_it_reads(running: subprocess.Popen[bytes]) -> int:
    """Wait for the first process that reads; gives its pid."""
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
    until = time.monotonic() + 60
    while time.monotonic() < until and running.poll() is None:
        for pid in children.read_text().split():
            if _is_reader(pid):
                return int(pid)
    raise AssertionError(running.poll())


def test_ctrl_c_ends_a_backfill_without_a_traceback(tmp_path, weeks, expected):
    with _started(tmp_path, *weeks) as running:
        _until_it_reads(running)
        os.killpg(running.pid, signal.SIGINT)
        _, stderr = running.communicate(timeout=60)
    assert running.returncode in (130, 0)
    assert b"Traceback" not in stderr
    backfilled(tmp_path, *weeks)
    assert stored(tmp_path) == expected


def test_a_reader_that_dies_loses_only_its_file(tmp_path, weeks):
    with _started(tmp_path, "--workers", 1, "--json", *weeks) as running:
        os.kill(_until_it_reads(running), signal.SIGKILL)
        _, stderr = running.communicate(timeout=60)
    assert running.returncode == 5
    assert b"its reader ended with code -9" in stderr
    assert b"Traceback" not in stderr
    assert backfilled(tmp_path, *weeks)["files_skipped"] == 3


def test_memory_does_not_grow_with_an_archive(tmp_path):
    peaks = []
    for count in (300, 3000):
        path = tmp_path / f"{count}.warc.gz"
        pages = [without_box("x.kr", nth) for nth in range(count)]
        path.write_bytes(
            warc([*pages, *(saved("koya.kr", nth, nth) for nth in range(count // 10))])
        )
        code = (
            "import resource, subprocess, sys\n"
            f"subprocess.run({[*NALSSI, str(path)]!r}, check=True, capture_output=True)\n"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)\n"
        )
        run = subprocess.run(
            [sys.executable, "-c", code],
            env=environment(tmp_path),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        peaks.append(int(run.stdout))
    assert max(peaks) < 150
    assert abs(peaks[1] - peaks[0]) < 25
