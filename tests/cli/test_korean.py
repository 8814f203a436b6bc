"""Tables are in Korean where ``--lang`` or the environment asks, with one word for one thing."""

from __future__ import annotations

import ast
import itertools
import re
import shutil
from string import Formatter
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len

from db import qartod, validity
from db.export.tables import PUBLISHER
from db.korean import headings, lengths, lines, sentences, words
from db.measures.periods import LENGTHS
from db.reading import SENTENCES
from db.truth import flags
from db.write.store import Store
from scraper.cli import language
from scraper.cli.stats import skies_known
from tests.cli.test_cli import nalssi
from tests.support import demos, docs
from tests.support.make import START, make_content, make_look, make_reading, see

if TYPE_CHECKING:
    from pathlib import Path

TABLES = {
    **{name: [name] for name in ("freezes", "gaps", "looks", "portals", "stations", "words")},
    "flags": ["flags"],
    "series": ["series", "서울"],
    "hours": ["hours", "서울"],
    "latest": ["latest"],
    "latest --wide": ["latest", "--wide"],
    "status": ["status"],
    "status --wide": ["status", "--wide"],
    "stats": ["stats", "서울", "--by", "hour"],
    "stats --wide": ["stats", "서울", "--by", "hour", "--wide"],
    "compare": ["compare", "서울", "부산"],
}


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    """The demo's history, which has a freeze, a failure and flags."""
    return demos.played(tmp_path_factory, START)


def heading(*arguments: str | Path, **env: Any) -> str:
    lines = nalssi(*arguments, LC_ALL="", **env).stdout.splitlines()
    return next(line for line in lines if not line.startswith(("DOWN: ", "끊김: ", "STUCK ")))


@pytest.mark.parametrize("table", TABLES)
def test_every_heading_of_a_table_is_translated(path, table):
    printed = heading(*TABLES[table], "--lang", "ko", "--db", path)
    assert re.sub(r"°C|ID", "", printed).isascii() is False
    assert re.findall(r"[A-Za-z]{2,}", printed) == []


ENGLISH = {"demo", "late", "db", "MiB", "nalssi", "flags", "http", "HTTP", "delete"}
"""What is no word of ours in these tables, or the same in every language."""


@pytest.mark.parametrize("table", [*TABLES, "at"])
def test_every_word_of_ours_has_its_korean(path, table):
    asked = ["at", "서울", START.isoformat()] if table == "at" else TABLES[table]
    translated = nalssi(*asked, "--lang", "ko", "--db", path).stdout
    cells = re.sub(
        rf"{re.escape(str(path))}|[A-Z][a-z]+(-gun|-si)?\b|\d{{4}}-W\d\d|\dT\d|KMA|[0-9a-f]{{32}}",
        "",
        translated,
    )
    own = [line for line in cells.splitlines() if not line.startswith("STUCK ")]
    assert set(re.findall(r"[A-Za-z]{2,}", "\n".join(own))) <= ENGLISH


@pytest.mark.parametrize(
    ("table", "known"),
    [
        pytest.param(words.STATES, [*validity.STATES, "none"], id="states"),
        pytest.param(words.FLAGS, qartod.NAMES.values(), id="flags"),
        pytest.param(words.KINDS, [*flags.KINDS, "label", "icon", "city"], id="kinds"),
        pytest.param(words.CONDITIONS, skies_known(), id="skies"),
        pytest.param(words.PERIODS, LENGTHS, id="periods"),
    ],
)
def test_every_value_that_nalssi_knows_has_its_korean(table, known):
    assert set(table) == set(known)
    assert len(set(table.values())) == len(table)


@pytest.mark.parametrize(
    ("english", "translated"),
    [
        ("coverage 0.31 is below 0.75", "확보율 0.31, 기준 0.75 미만"),
        ("part of the day; no live value", "하루의 일부; 실시간 값 없음"),
        ("no extremes: no value for 4 h 07 min", "4시간 07분 동안 값이 없어 극값 없음"),
        (
            "no look ever succeeded; last look 2026-03-01 12:00: fetch_failed: HTTP 500",
            "아직 한 번도 읽지 못함, 마지막 확인 2026-03-01 12:00: 접속 실패: HTTP 500",
        ),
        ("a sentence of tomorrow; 3% failed", "a sentence of tomorrow; 오류 3%"),
    ],
)
def test_sentences_are_recognized(english, translated):
    assert sentences.each(english) == translated


def fields_of(template: str) -> set[str]:
    return {name for _, name, *_ in Formatter().parse(template) if name}


def test_a_korean_sentence_has_no_field_that_the_english_lacks():
    for english, translated in {**sentences.SENTENCES, **lines.LINES}.items():
        assert fields_of(translated) <= fields_of(english), english


def test_every_printed_line_is_translated_and_every_translation_is_printed():
    rooms = [docs.ROOT / "scraper" / room for room in ("cli", "plot")]
    sources = [path.read_text("utf-8") for room in rooms for path in room.rglob("*.py")]
    nodes = [node for source in sources for node in ast.walk(ast.parse(source))]
    texts = {node.value for node in nodes if isinstance(node, ast.Constant)}
    assert [line for line in lines.LINES if line not in texts and line != PUBLISHER] == []
    calls = [node for node in nodes if isinstance(node, ast.Call) and node.args]
    said = [node.args[0] for node in calls if ast.unparse(node.func).split(".")[-1] in SAYING]
    written = {one.value for one in said if isinstance(one, ast.Constant)}
    assert len(written) > 20
    assert written <= lines.LINES.keys()


SAYING = {"say", "said"}


def test_every_problem_sentence_of_the_reader_is_translated():
    for one in SENTENCES.values():
        plain = re.sub(r"!r", "", one)
        assert plain in sentences.SENTENCES or plain.startswith("{"), one


@pytest.mark.parametrize(
    ("minutes", "translated"), [(0, "0분"), (185, "3시간 5분"), (3000, "2일 2시간")]
)
def test_a_length_in_korean(minutes, translated):
    assert lengths.length(minutes) == translated


def test_the_readme_and_the_pages_use_the_same_words():
    table = re.findall(r"^\| `(\w+)` (\S[^|]*?) \|", docs.text("README.ko.md"), re.MULTILINE)
    assert dict(table) == {state: words.STATES[state] for state in validity.STATES}
    templates = (docs.ROOT / "scraper/web/templates").glob("*.html")
    pages = "".join(page.read_text("utf-8") for page in templates)
    shown = re.findall(r"<th[^>]*>\{\{ _\('([^']+)', '([^']+)'\)", pages)
    translated = {english.lower(): korean for korean, english in shown}
    common = translated.keys() & headings.HEADINGS.keys()
    assert len(common) > 8
    assert {name: translated[name] for name in common} == {
        name: headings.HEADINGS[name] for name in common
    }


def test_english_headings_have_no_korean_words(path):
    printed = [heading(*arguments, "--db", path) for arguments in TABLES.values()]
    for line in printed:
        assert re.findall(r"[가-힣]{2,}", re.sub("서울|부산", "", line)) == []


@pytest.mark.parametrize(
    ("env", "arguments", "first"),
    [
        pytest.param({"LANG": "ko_KR.UTF-8"}, [], "지점", id="the variable"),
        pytest.param({"LANG": "ko_KR.UTF-8"}, ["--lang", "en"], "station", id="the option first"),
        pytest.param({"LANG": "de_DE.UTF-8"}, [], "station", id="another language"),
        pytest.param(
            {"LANG": "ko_KR.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, [], "station", id="messages"
        ),
    ],
)
def test_the_language_option_overrides_the_environment(path, env, arguments, first):
    assert heading("latest", *arguments, "--db", path, **env).split()[0] == first


def test_a_short_korean_table_has_korean_names_alone(path):
    lines = nalssi("latest", "--station", "108", "--lang", "ko", "--db", path).stdout.splitlines()
    assert lines[-1].split()[:3] == ["서울", "6.0", "구름조금"]


def test_programs_get_the_same_keys_in_every_language(path):
    answers = [
        nalssi("series", "서울", "--csv", "--lang", lang, "--db", path).stdout
        for lang in ("en", "ko")
    ]
    assert answers[0] == answers[1]


SENTENCE = r"DOWN:|끊김:|지난 값:|STUCK |\S+: "
"""How a line begins that is no row of a table."""


def test_the_usual_tables_fit_eighty_columns(tmp_path, path):
    """Sixteen cities, the longest states, a portal whose name has fifteen letters."""
    shutil.copy(path, tmp_path / "demo.db")
    with Store.open(tmp_path / "weather.db") as store:
        for minute in (0, 10):
            content = make_content(make_reading(temperature_c=-10.1 - minute))
            see(store, make_look(minute, portal="jkyhnews-mirror"), content)
    commands = (["latest"], ["status"], ["latest", "--best"], ["stats", "서울"])
    for command, lang in itertools.product(commands, ("en", "ko")):
        for name in ("demo.db", "weather.db"):
            printed = nalssi(*command, "--lang", lang, "--db", tmp_path / name).stdout
            rows = [line for line in printed.splitlines() if not re.match(SENTENCE, line)]
            assert rows
            assert max(map(cell_len, rows)) <= 80


def test_a_heading_without_a_translation_is_unchanged(monkeypatch):
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    assert language.heading("unheard of") == "unheard of"
    assert language.heading("부산 − 서울") == "부산 − 서울"
    assert language.heading("mean − 서울") == "평균 차이(서울 기준)"
