"""The first minutes of a user: init, help, the search for a config, the place of options."""

from __future__ import annotations

import datetime as dt
import shlex
import subprocess
import time

import pytest

from db.moments import KST
from scraper import config
from scraper.cli.init import cron_line, name_of
from tests.cli.test_cli import BOX, ROOT, answered, nalssi, polled, portal, refused  # noqa: F401
from tests.support.servers import Server, answer


def test_the_config_of_the_package_is_the_one_of_the_checkout():
    assert (ROOT / "scraper" / "config.toml").read_bytes() == (ROOT / "config.toml").read_bytes()


def test_init_writes_a_config_with_comments_and_tries_its_portal(tmp_path):
    with Server({"/": answer(BOX)}) as server:
        run = nalssi("init", "here", "--url", server.url(host="127.0.0.1"), cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    written = tmp_path / "here" / "config.toml"
    assert config.load(written).portals[0].name == "127.0.0.1"
    assert "# Seconds for a whole look" in written.read_text()
    assert "2 readings" in run.stdout
    assert cron_line(written) in run.stdout
    assert f"ReadWritePaths={written.parent}" in run.stdout
    assert [path.name for path in written.parent.iterdir()] == ["config.toml"]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.koya-culture.com/", "koya-culture"),
        ("https://www.our-paper.example/news", "our-paper.example"),
        ("http://127.0.0.1:8000/", "127.0.0.1"),
    ],
)
def test_a_portal_without_a_name_is_named_by_its_host(url, name):
    """Another paper under the name of the default one would mislead every table and notice."""
    assert name_of(url) == name


def test_the_cron_line_of_init_keeps_a_look(tmp_path):
    folder = tmp_path / "100 % 'odd'"
    with Server({"/": answer(BOX)}) as server:
        run = nalssi("init", folder, "--url", server.url(host="127.0.0.1"), cwd=tmp_path)
        (line,) = [line for line in run.stdout.splitlines() if line.startswith("*/10 ")]
        command = line.removeprefix("*/10 * * * * ").replace(r"\%", "%")  # cron reads "\%" as "%"
        shell = ["sh", "-c", command]
        done = subprocess.run(
            shell, cwd="/", env={"PATH": "/bin", "PYTHONPATH": str(ROOT)}, check=False
        )
    assert done.returncode == 0
    assert len(answered("looks", "--config", folder / "config.toml", cwd=tmp_path)) == 1


def test_init_changes_no_config_and_refuses_a_wrong_name(tmp_path):
    (tmp_path / "config.toml").write_text("# mine\n")
    assert "exists already" in refused(2, "init", cwd=tmp_path)
    assert (tmp_path / "config.toml").read_text() == "# mine\n"
    error = refused(2, "init", "b", "--name", "a b", cwd=tmp_path)
    assert "--name 'a b': expected 1 to 64" in error
    error = refused(2, "init", "b", "--url", "our-paper.example", cwd=tmp_path)
    assert "--url 'our-paper.example': expected an http://" in error
    assert not (tmp_path / "b").exists()


def test_an_unreadable_portal_is_reported_and_the_config_stays(tmp_path):
    with Server({"/": answer("<title>공사 중</title>")}) as server:
        run = nalssi("init", "--url", server.url(host="127.0.0.1"), cwd=tmp_path)
    assert (run.returncode, "공사 중" in run.stderr) == (5, True)
    assert "The config stays: correct its url, and try `nalssi check --live" in run.stderr
    assert "cron" not in run.stdout
    assert (tmp_path / "config.toml").exists()


# ---- the place of the config


def test_a_config_is_found_in_the_folder_of_the_user(polled, tmp_path):  # noqa: F811 - a fixture
    home = polled / "xdg" / "nalssi"
    home.mkdir(parents=True)
    text = (polled / "config.toml").read_text()
    (home / "config.toml").write_text(f'database = "{polled / "weather.db"}"\n{text}')
    (polled / "elsewhere").mkdir()
    status = answered(
        "status", cwd=polled / "elsewhere", code=7, XDG_CONFIG_HOME=str(polled / "xdg")
    )
    assert status["portals"][0]["portal"] == "koya"


def test_without_a_config_the_searched_places_are_listed(tmp_path):
    error = refused(3, "scrape", cwd=tmp_path, XDG_CONFIG_HOME=str(tmp_path))
    for place in (str(tmp_path / "nalssi" / "config.toml"), "/etc/nalssi", "`nalssi init`"):
        assert place in error


# ---- the place of options and stations


def test_config_and_db_may_precede_or_follow_the_command(polled):  # noqa: F811 - a fixture
    for words in (
        ("--db", "weather.db", "stations"),
        ("stations", "--db", "weather.db"),
        ("--config", "config.toml", "stations"),
    ):
        assert "서울" in nalssi(*words, cwd=polled).stdout
    assert "서울" in nalssi("--db", "weather.db", "stations", cwd=polled, NALSSI_DB="x").stdout
    error = refused(2, "--db", "a.db", "stations", "--db", "b.db", cwd=polled)
    assert "before the command and after it" in error
    assert "takes neither" in refused(2, "--db", "a.db", "help", cwd=polled)


def test_the_language_may_precede_or_follow_the_command(polled):  # noqa: F811 - a fixture
    before, after = ("--lang", "ko", "stations"), ("stations", "--lang", "ko")
    printed = [nalssi(*words, cwd=polled).stdout for words in (before, after)]
    assert printed[0] == printed[1]
    assert printed[0].startswith("지점")
    error = refused(2, "--lang", "en", *after, cwd=polled)
    assert "before the command and after it" in error
    assert "has no --lang" in refused(2, "--lang", "ko", "scrape", cwd=polled)


NO_END = ("latest", "at", "plot")


@pytest.mark.parametrize(
    ("argument", "option"),
    [
        ("latest 서울", "latest --station 서울"),
        ("flags 서울", "flags --station 서울"),
        ("series 서울", "series --station 서울"),
        ("hours 서울", "hours --station 서울"),
        ("stats 서울", "stats --station 서울"),
        ("compare 서울 부산", "compare --station 서울 --station 부산"),
        ("at 서울 2026-11-01", "at 2026-11-01 --station 서울"),
        ("plot 서울 --map", "plot --map --station 서울"),
        ("export 서울", "export --station 서울"),
    ],
)
def test_a_station_is_an_argument_or_an_option(polled, argument, option):  # noqa: F811 - a fixture
    time.sleep(1)
    until = dt.datetime.now(KST)  # a span until now would grow between the two commands
    ends = [] if argument.split()[0] in NO_END else ["--until", until.isoformat()]
    first, second = (nalssi(*shlex.split(line), *ends, cwd=polled) for line in (argument, option))
    assert (first.returncode, first.stderr) == (second.returncode, second.stderr)
    assert first.returncode == 0, first.stderr
    assert first.stdout.split() == second.stdout.split()


def test_a_required_station_must_be_given():
    assert "Missing argument 'STATION...'" in refused(2, "stats")
    assert "expected one station, not 2" in refused(2, "series", "서울", "부산", "--db", "x")
    assert "expected a station and a time" in refused(2, "at", "서울", "--db", "x")


# ---- help


def test_help_shows_the_help_of_a_command(tmp_path):
    assert nalssi("help", "scrape").stdout == nalssi("scrape", "--help").stdout.replace(
        " -m scraper", ""
    )
    assert nalssi("help").stdout == nalssi("--help").stdout
    assert "no such command 'scrap'" in refused(2, "help", "scrap")
