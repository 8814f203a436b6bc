"""config.toml is read, or refused with the key, its value and the expected form."""

from __future__ import annotations

import codecs
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from scraper import __version__, config, keys, places
from scraper.broker import Mqtt
from scraper.config import Config, Fetch, Log, Metrics, Notify, Portal, Site, Taught
from scraper.errors import ConfigError
from scraper.reader import FINDERS

ROOT = Path(__file__).parents[2]
PORTAL = '[[portals]]\nname = "koya"\nurl = "https://koya.example/"\n'


def load(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return config.load(path)


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert caught.value.exit_code == 3
    assert str(tmp_path / "config.toml") in str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value.problem


TABLES = (Config, Fetch, Notify, Metrics, Site, Log, Mqtt, Taught, Portal)
NAMES = ("path", "fetch", "notify", "metrics", "site", "log", "mqtt", "words", "portals")
"""Fields without a row of their own in the docs: the tables, and the path of the file."""


def test_the_config_beside_the_readme_has_every_key_at_its_default():
    raw = tomllib.loads((ROOT / "config.toml").read_text(encoding="utf-8"))
    assert set(raw) == set(Config.__struct_fields__) - {"path"}
    tables = {"fetch": Fetch, "notify": Notify, "metrics": Metrics, "mqtt": Mqtt, "words": Taught}
    for name, table in tables.items():
        assert set(raw[name]) == set(table.__struct_fields__)
    (portal,) = raw.pop("portals")
    assert portal == {"name": "koya-culture", "url": "https://www.koya-culture.com/"}
    assert msgspec.convert(raw, Config) == Config()


def test_every_file_has_the_same_version():
    raw = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert raw["project"]["version"] == __version__
    for file, line in (
        ("CITATION.cff", f"version: {__version__}\n"),
        ("CHANGELOG.md", f"## [{__version__}] - "),
        ("config.toml", f'user_agent = "nalssi/{__version__} ('),
    ):
        assert line in (ROOT / file).read_text(encoding="utf-8")


def documented() -> dict[str, str]:
    """Each key of docs/configuration.md, with the default printed there."""
    page = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `(\w+)` \|[^|]*\| ?(.*?) ?\|", page, re.MULTILINE))


def test_the_docs_explain_every_key_and_no_other():
    keys = {key for table in TABLES for key in table.__struct_fields__} - set(NAMES)
    assert set(documented()) == keys


def test_the_docs_name_every_default():
    defaults = documented()
    for table in TABLES:
        for key in msgspec.structs.fields(table):
            if key.name in NAMES or key.required:
                continue
            default = key.default_factory() if key.default is msgspec.NODEFAULT else key.default
            shown = defaults[key.name].strip("`")
            if not default:
                assert shown in ("none", "empty", "0", "false")
            else:
                assert str(default).startswith(shown.removesuffix("(...)")), key.name


def test_the_pages_of_every_kind_of_portal_have_a_reader():
    (kinds,) = (key.type for key in msgspec.structs.fields(Portal) if key.name == "kind")
    assert set(get_args(get_args(kinds)[0])) == set(FINDERS)
    message = f"one of: {', '.join(FINDERS)}"
    assert keys.expected(kinds) == message


def test_every_key_describes_its_expected_values():
    for table in (Config, Fetch, Notify, Metrics, Taught, Portal):
        for key in msgspec.structs.fields(table):
            assert keys.expected(key.type) or key.name == "path"


def test_the_path_of_the_config_is_not_a_key(tmp_path):
    assert load(tmp_path, "").path == tmp_path / "config.toml"
    assert "unknown key 'path'" in refusal(tmp_path, 'path = "elsewhere.toml"')


def test_finding_the_database_loads_no_table_of_words(tmp_path):
    (tmp_path / "config.toml").touch()
    code = (
        "import sys, pathlib\nfrom scraper import config\n"
        "print(config.load(pathlib.Path('config.toml')).database)\n"
        "print('scraper.vocabulary' in sys.modules)"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, check=True
    )
    assert run.stdout == b"weather.db\nFalse\n"


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ("65,25,45 * * * *", "bad minute"),
        ("0 9 * * 8", "bad day-of-week"),
        ("0 9 * *", "4 fields in place of 5"),
        ("0 0 9 * * 1", "6 fields in place of 5"),
        ("0 0 31 2 *", "bad day-of-month"),
    ],
)
def test_a_schedule_is_checked_with_the_rest_of_the_config(tmp_path, schedule, message):
    problem = refusal(tmp_path, f'schedule = "{schedule}"')
    assert problem == f"schedule {schedule!r}: {message}, expected such as '5,25,45 * * * *'"


def test_an_empty_config_is_all_defaults(tmp_path):
    path = tmp_path / "config.toml"
    assert load(tmp_path, "") == Config(path=path, database=str(tmp_path / "weather.db"))


def test_a_relative_database_counts_from_the_folder_of_the_config(tmp_path):
    assert load(tmp_path, 'database = "kept/w.db"').database == str(tmp_path / "kept/w.db")
    assert load(tmp_path, 'database = "/kept/w.db"').database == "/kept/w.db"


@pytest.mark.parametrize("name", ["config.toml", "weather.db"])
def test_a_textfile_cannot_replace_our_files(tmp_path, name):
    path = tmp_path / "config.toml"
    path.write_text(f'[metrics]\ntextfile = "{name}"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="is the config or the database itself"):
        config.load(path)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('[metrics]\ntextfile = "a\\u0000b"', id="no path"),
        pytest.param("a = " + "[" * 20_000, id="too deep"),
        pytest.param("interval_minutes = " + "1" * 5000, id="too long"),
    ],
)
def test_an_impossible_value_is_reported_in_one_line(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError):
        config.load(path)


def test_a_textfile_that_node_exporter_would_not_read_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"ends in \.prom"):
        load(tmp_path, '[metrics]\ntextfile = "nalssi.txt"\n')


def test_a_relative_textfile_counts_from_the_folder_of_the_config(tmp_path):
    text = '[metrics]\ntextfile = "{}"'.format
    assert load(tmp_path, text("n.prom")).metrics.textfile == str(tmp_path / "n.prom")
    assert load(tmp_path, text("/kept/n.prom")).metrics.textfile == "/kept/n.prom"
    assert load(tmp_path, text("")).metrics.textfile == ""


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('webhook = "s3cr3t"', "notify.webhook"),
        ('webhook = "ftp://s3cr3t/"', "notify.webhook"),
        ('webhook = "https:///s3cr3t"', "notify.webhook"),
        ('ping = "https://x:0/s3cr3t"', "notify.ping"),
        ('ping = "https://hc.example/s3cr3t x"', "notify.ping"),
        ('apprise = "tgram://s3cr3t/chat"', "notify.apprise"),
        ('apprise = [["s3cr3t"]]', "notify.apprise[1]"),
        ('web_hook = "https://x/s3cr3t"', "'notify.web_hook'"),
    ],
)
def test_a_wrong_channel_is_reported_without_its_secret(tmp_path, line, key):
    problem = refusal(tmp_path, f"[notify]\n{line}")
    assert key in problem
    assert "s3cr3t" not in problem


def test_addresses_of_channels_are_read_unchanged(tmp_path):
    notify = load(tmp_path, '[notify]\nwebhook = "https://x/?a=b"\nping = "http://y/uuid"').notify
    assert (notify.webhook, notify.ping) == ("https://x/?a=b", "http://y/uuid")


PEM = "-----BEGIN CERTIFICATE-----\n"


def test_a_file_of_certificates_counts_from_the_folder_of_the_config(tmp_path):
    (tmp_path / "office.pem").write_text(PEM, encoding="utf-8")
    loaded = load(tmp_path, '[fetch]\nca_file = "office.pem"')
    assert loaded.fetch.ca_file == str(tmp_path / "office.pem")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("gone.pem", "No such file or directory"),
        (".", "Is a directory"),
        ("config.toml", "no certificate in it: expected PEM"),
        ("a\\u0000b", "expected a path"),
    ],
)
def test_a_file_without_certificates_is_refused(tmp_path, name, problem):
    message = refusal(tmp_path, f'[fetch]\nca_file = "{name}"')
    assert message.startswith("fetch.ca_file = ")
    assert problem in message


@pytest.mark.parametrize(
    "proxy", ["", "environment", "http://10.0.0.1:3128", "https://me:p%40ss@proxy.example"]
)
def test_a_proxy_is_an_address_or_that_of_the_environment(tmp_path, proxy):
    assert load(tmp_path, f'[fetch]\nproxy = "{proxy}"').fetch.proxy == proxy


@pytest.mark.parametrize(
    "proxy",
    ['"socks5://me:secret@10.0.0.1"', '"secret:3128"', '"http://"', '["http://me:secret@a"]', "1"],
)
def test_an_invalid_proxy_is_refused_without_its_secret(tmp_path, proxy):
    message = refusal(tmp_path, f"[fetch]\nproxy = {proxy}")
    assert message == "fetch.proxy: expected an http:// or https:// address, or 'environment'"


def test_an_interval_is_also_in_seconds(tmp_path):
    assert load(tmp_path, "interval_minutes = 2.5").interval_s == 150


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("intervall_minutes = 10", ["intervall_minutes", "= 10", "interval_minutes"]),
        ("[fetch]\ntimeout = 5", ["fetch.timeout", "= 5", "timeout_s"]),
        (PORTAL + "color = 'red'", ["portals[1].color", "'red'", "ignore_robots"]),
        ("interval_minutes = 0.5", ["interval_minutes", "0.5", "from 1 to 1440"]),
        ("interval_minutes = 0", ["interval_minutes", "= 0", "from 1"]),
        ("interval_minutes = -10", ["interval_minutes", "-10"]),
        ("interval_minutes = nan", ["interval_minutes", "nan"]),
        ("interval_minutes = 1441", ["interval_minutes", "1441", "1440"]),
        ("interval_minutes = '10m'", ["interval_minutes", "'10m'"]),
        ("interval_minutes = true", ["interval_minutes", "True"]),
        ("database = ''", ["database", "''"]),
        ("database = 7", ["database", "7"]),
        ("journal = 'off'", ["journal", "'off'", "auto, wal, persist, delete"]),
        ('database = "~nobody.at.all/w.db"', ["~nobody.at.all", "no such user"]),
        ('database = "a\\u0000b"', ["database", "a path"]),
        ('[fetch]\nuser_agent = "x\\n"', ["fetch.user_agent"]),
        ('[[portals]]\nname = "x\\n"\nurl = "http://x/"', ["portals[1].name"]),
        (PORTAL.replace("koya.example", "me@koya.example"), ["portals[1].url"]),
        ("[fetch]\ntimeout_s = 0", ["fetch.timeout_s", "= 0"]),
        ("[fetch]\nmax_bytes = 1.5", ["fetch.max_bytes", "1.5"]),
        ('[fetch]\nuser_agent = "a\\nb: c"', ["fetch.user_agent"]),
        ('[fetch]\nuser_agent = "날씨"', ["fetch.user_agent", "날씨"]),
        ("fetch = 3", ["fetch = 3"]),
        ("portals = 3", ["portals = 3"]),
        ("[words]\ncolors = {}", ["words.colors", "labels, cities"]),
        ('[words.labels]\n"눈보라" = 11', ["words.labels", "'눈보라': 11"]),
        ('[words.labels]\n"눈보라" = "snowstorm"', ["'눈보라' = 'snowstorm'", "snow, "]),
        ('[words.labels]\n"" = "clear"', ["words.labels.''", "a printed word for the sky"]),
        ('[words.labels]\n"-" = "clear"', ["words.labels.'-'", "a printed word for the sky"]),
        ('[words.labels]\n"서울" = "clear"', ["words.labels.'서울'", "no city"]),
        ('[words.cities]\n"서울시" = 1', ["'서울시' = 1", "the number or name of a station"]),
        ('[words.cities]\n"서울시" = "Seul"', ["'서울시' = 'Seul'", "the number or name"]),
        ('[words.cities]\n"흐림" = 108', ["words.cities.'흐림'", "no word for the sky"]),
        (PORTAL + PORTAL, ["portals[2].name", "'koya'"]),
        ("[[portals]]\nname = 'x'", ["portals[1]", "'url'", "missing"]),
        ("[[portals]]\nname = 'a b'\nurl = 'http://x/'", ["portals[1].name", "'a b'"]),
        (PORTAL.replace("https", "ftp"), ["portals[1].url", "'ftp://koya.example/'", "http"]),
        (PORTAL.replace("https://koya.example/", "koya.example"), ["portals[1].url", "http"]),
        (PORTAL.replace("https://koya.example/", "/etc/hosts"), ["portals[1].url", "/etc/hosts"]),
        (PORTAL.replace("koya.example", ""), ["portals[1].url", "'https:///'"]),
        (PORTAL.replace("koya.example", "koya.example:99999"), ["portals[1].url", "99999"]),
    ],
)
def test_an_error_names_key_and_value(tmp_path, text, message):
    problem = refusal(tmp_path, text)
    for part in message:
        assert part in problem


@pytest.mark.parametrize("text", ["interval_minutes = ", "a = 1\na = 2", "\x00"], ids=repr)
def test_a_file_that_is_not_toml_is_refused(tmp_path, text):
    assert "cannot be read" in refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("saved", "cause"),
    [
        pytest.param("# 날씨\n".encode("cp949"), "0xB3 in line 2 is not UTF-8 but EUC", id="CP949"),
        pytest.param("# 날씨\n".encode("utf-16"), "not UTF-8 but UTF-16", id="UTF-16"),
        pytest.param(b"\xff\xff", "0xFF in line 2 is not UTF-8: save it as", id="neither"),
    ],
)
def test_a_file_that_is_not_utf_8_is_refused_with_its_cause(tmp_path, saved, cause):
    path = tmp_path / "config.toml"
    path.write_bytes(saved if saved.startswith(codecs.BOM_UTF16) else b"\n" + saved)
    with pytest.raises(ConfigError, match="save it as UTF-8") as caught:
        config.load(path)
    assert cause in caught.value.problem


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_byte_order_mark_before_the_config_is_ignored(tmp_path, ends):
    path = tmp_path / "config.toml"
    text = f'database = "marked.db"\n{PORTAL}'.replace("\n", ends)
    path.write_text(text, encoding="utf-8-sig", newline="")
    assert config.load(path) == load(tmp_path, f'database = "marked.db"\n{PORTAL}')


def test_the_config_is_found_by_option_then_variable_then_here(tmp_path, monkeypatch):
    option, variable = tmp_path / "option.toml", tmp_path / "variable.toml"
    for path in (option, variable, tmp_path / "config.toml"):
        path.touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NALSSI_CONFIG", raising=False)
    assert places.find() == Path("config.toml")
    monkeypatch.setenv("NALSSI_CONFIG", str(variable))
    assert places.find() == variable
    assert places.find(option) == option


def test_a_missing_config_is_an_error_and_not_a_default(tmp_path, monkeypatch):
    monkeypatch.setenv("NALSSI_CONFIG", str(tmp_path / "nowhere.toml"))
    with pytest.raises(ConfigError, match="no such file"):
        places.find()


def test_the_folder_of_the_site_counts_from_the_folder_of_the_config(tmp_path):
    text = '[site]\nfolder = "pages"\nbase_url = "https://weather.example.kr/below"\nmonths = 0\n'
    site = load(tmp_path, text).site
    assert (site.folder, site.months) == (str(tmp_path / "pages"), 0)


@pytest.mark.parametrize(
    "url", ["weather.example.kr", "ftp://x.example", "https://", "http://a@b", "http://[::1"]
)
def test_the_site_is_found_at_an_address(tmp_path, url):
    with pytest.raises(ConfigError, match=r"site\.base_url"):
        load(tmp_path, f'[site]\nbase_url = "{url}"\n')
