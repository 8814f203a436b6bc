"""
README and docs/: every example is run as the page shows it.

The output of a command with fixed times is compared exactly; of a command about the present, only
the form of the first line and the keys of JSON are.
"""

from __future__ import annotations

import datetime as dt
import re
import shlex
import sqlite3
import tomllib
from contextlib import closing
from typing import TYPE_CHECKING

import click
import pytest

from db import validity
from db.moments import KST
from db.reading import Condition
from db.truth import lateness, short
from db.write.store import Store
from scraper import config, demo
from scraper.cli import main
from scraper.collect import ingest
from scraper.demo.portal import text
from tests.cli.test_cli import nalssi
from tests.support import archives, demos, docs, pages
from tests.support.demos import PLAYED
from tests.support.make import BUSAN, make_content, make_look, make_page, make_reading, see

if TYPE_CHECKING:
    from pathlib import Path

    from db.reading import Content

QUESTIONS = re.findall(
    r"^\*\*(.+?)\*\*.*?^```sql\n(.*?)^```", docs.text("docs/sql.md"), re.MULTILINE | re.DOTALL
)
CLEAR = Condition(label="맑음", condition="clear", label_en="clear", wmo_4677=0)


def box(seoul: float, busan: float) -> Content:
    return make_content(
        make_reading(temperature_c=seoul, condition=CLEAR),
        make_reading(station=BUSAN, temperature_c=busan),
    )


@pytest.fixture(scope="module")
def history(tmp_path_factory) -> Path:
    """
    A made-up history for the questions in SQL.

    On the first of March two portals agree from 08:00, the values stand still from 10:00 to 14:00,
    and a look fails at 15:00; in the last hour before now they disagree.
    """
    path: Path = tmp_path_factory.mktemp("history") / "weather.db"
    march = dt.datetime(2026, 3, 1, 8, tzinfo=KST)
    with Store.open(path) as store:
        for portal, offset_c in (("demo", 0.0), ("other", 0.5)):
            shown = [(0, 1.0), (50, 1.0), (60, 2.0), (110, 2.0), (120, 4.0), (360, 4.0)]
            for minute, seoul in shown:
                at = march + dt.timedelta(minutes=minute)
                see(store, make_look(portal=portal, fetched_at=at), box(seoul, seoul + 3))
            failed = make_look(portal=portal, fetched_at=march + dt.timedelta(hours=7))
            store.keep_failure(failed, "fetch_failed", "HTTP 502")
            now = dt.datetime.now(dt.UTC)
            for minute, seoul in ((-15, 7.0), (-5, 9.0 + offset_c)):
                at = now + dt.timedelta(minutes=minute)
                see(store, make_look(portal=portal, fetched_at=at), box(seoul, 1.0))
    return path


@pytest.fixture(scope="module")
def answers(history) -> dict[str, list[sqlite3.Row]]:
    """The answers to the questions of docs/sql.md."""
    with closing(sqlite3.connect(history)) as conn:
        conn.row_factory = sqlite3.Row
        return {question: conn.execute(sql).fetchall() for question, sql in QUESTIONS}


def test_each_of_the_ten_questions_has_an_answer(answers):
    assert len(answers) == 10
    assert [question for question, rows in answers.items() if not rows] == []


def rows(answers: dict[str, list[sqlite3.Row]], begins: str) -> list[tuple[object, ...]]:
    (found,) = (rows for question, rows in answers.items() if question.startswith(begins))
    return [tuple(row) for row in found]


def test_the_answers_are_those_of_the_history(answers):
    assert ("서울", 9.5, "clear", 5, "other") in rows(answers, "What is the weather now")
    assert ("서울", 2.0, "맑음", "demo", "live") in rows(answers, "What did the portals show")
    assert rows(answers, "How warm and how cold")[0] == ("2026-03-01", 2.0, 2.0)
    assert rows(answers, "What was the mean")[0] == ("2026-03-01", 2.0, 0.04)
    assert {row[3] for row in rows(answers, "When did each portal")} == {4.0}
    assert ("맑음", "clear", 10) in rows(answers, "How often was each sky")
    assert rows(answers, "How much warmer")[0][1:] == (2.0, 5.0, 3.0)
    assert rows(answers, "Where do portals disagree") == [("서울", 2, 9.0, 9.5)]
    assert ("demo", "2026-03-01", 7, 1, 120.0) in rows(answers, "How many looks")
    assert rows(answers, "Why did looks fail")[0][:4] == ("demo", "fetch_failed", "HTTP 502", 1)


# ---- the commands


PRESENT = {"status", "gaps", "check", "latest", "words", "reparse", "backup", "prune"}
"""Commands whose output depends on the present or on the machine."""

TAUGHT = '[words.labels]\n"눈보라" = "snow"\n[words.cities]\n"경주군" = 283\n'


EXAMPLES = list(dict.fromkeys(example for page in docs.PAGES for example in docs.examples(page)))


@pytest.fixture(scope="module")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all files that the commands of the pages need."""
    folder = tmp_path_factory.mktemp("demo")
    demos.copy(tmp_path_factory, PLAYED, folder / "demo.db")
    demo.run(folder / "new" / "demo.db", now=dt.datetime.now(dt.UTC), say=len)
    parsed = next(example for example in EXAMPLES if example.command == "parse page.txt")
    lines = [line.split() for line in parsed.printed.splitlines()[2:5]]
    boxes = [
        pages.entry(label, city, "" if celsius == "–" else celsius)
        for city, _, label, _, _, celsius in lines
    ]
    (folder / "page.txt").write_text(text(boxes, "2024.04.28 (일)"), encoding="utf-8")
    fill(folder / "weather.db")
    crawl(folder / "crawl")
    return folder


def crawl(folder: Path) -> None:
    """Write ten days of a crawl: a page an hour of two portals, and pages without a box."""
    folder.mkdir()
    pages_of = [
        archives.saved(host, 60 * hour, hour)
        for hour in range(24 * 10)
        for host in ("kgnews.example", "m.hangyo.example")
    ]
    without_box = [archives.without_box("kgnews.example", nth) for nth in range(40)]
    (folder / "2024-05.warc.gz").write_bytes(archives.warc([*pages_of, *without_box]))


def fill(path: Path) -> None:
    """Store two portals: one shows unknown words, one fails; some looks are old."""
    now = dt.datetime.now(dt.UTC)
    with Store.open(path) as store:
        for nth in range(3):
            old = make_look(portal="sanmaeul", fetched_at=now - dt.timedelta(days=100, minutes=nth))
            see(store, old, box(1.0, 2.0))
        store.portal("koya-culture", "https://koya.example/", 600)
        entries = [pages.entry("눈보라", "서울", "-3.5"), pages.entry("흐림", "경주군", "4.9")]
        for page in (text([*entries, *pages.plain()[3:7]], ""), pages.box(pages.plain())):
            look = make_look(portal="koya-culture", fetched_at=now - dt.timedelta(minutes=5))
            stored = store.keep_page(look, make_page(portal=look.portal, body=page.encode()))
            assert ingest.read(store, stored).error is None
        failed = make_look(portal="sanmaeul", fetched_at=now - dt.timedelta(minutes=1))
        store.keep_failure(failed, "fetch_failed", "HTTP 502")


def write_config(folder: Path, words: str) -> None:
    tables = [
        f'[[portals]]\nname = "{name}"\nurl = "https://{name}.example/"\n'
        for name in ("koya-culture", "sanmaeul")
    ]
    (folder / "config.toml").write_text(words + "".join(tables), encoding="utf-8")


def played(command: str) -> str:
    """A question for the last hours, as of a minute after the demo's last look."""
    return re.sub(r"(?<=^series Seoul --since )(\d+)h", _hours_before, command)


def _hours_before(age: re.Match[str]) -> str:
    at = PLAYED + dt.timedelta(minutes=1) - dt.timedelta(hours=int(age[1]))
    return f"{at:%Y-%m-%dT%H:%M:%S}"


def masked(printed: str) -> str:
    """The output without the parts that vary: the port and the milliseconds of a look."""
    printed = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:0", printed)
    return re.sub(r"(fetch_failed +500) +\d+ *", r"\1 ", printed)


def form(printed: str) -> str:
    """The first line without its numbers; of JSON, the keys."""
    if printed.startswith("["):
        return " ".join(re.findall(r'"(\w+)":', printed.partition("}")[0]))
    first = printed.splitlines()[0]
    return " ".join(re.sub(r"\d[\d.,:-]*", "0", first).split())


def test_each_answering_command_has_an_example():
    shown = {example.command.split()[0] for example in EXAMPLES}
    commands = {"series", "looks", "stats", "compare", "at", "plot", "export", "backfill"}
    assert shown >= PRESENT | commands


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.command)
def test_a_command_prints_the_output_shown_on_the_pages(demo_folder, example):
    arguments = shlex.split(played(example.command))
    if example.command == "prune":
        (demo_folder / "weather.db").unlink()
        fill(demo_folder / "weather.db")
    write_config(demo_folder, TAUGHT if arguments[0] == "reparse" else "")
    folder = demo_folder / "new" if arguments[0] == "latest" else demo_folder
    if "--vacuum" in arguments:  # this command follows the other example
        nalssi("prune", cwd=folder)
    run = nalssi(*arguments, cwd=folder)
    assert run.returncode == (7 if arguments[0] == "status" else 0), run.stderr
    printed = (run.stdout or run.stderr).strip("\n")
    if arguments[0] in PRESENT:
        assert form(printed) == form(example.printed)
    elif example.printed.endswith("\n..."):
        assert masked(printed).startswith(masked(example.printed.removesuffix("...")))
    else:
        assert masked(printed) == masked(example.printed)


def test_the_first_example_of_the_readme_is_that_of_a_new_demo(tmp_path):
    """
    With other times, numbers and skies: the states are those of the story, whenever it plays.

    A minute lies between the demo and the command: in the same second, ``--since 7h`` would include
    the look of seven hours before.
    """
    ended = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)
    demo.run(tmp_path / "demo.db", now=ended, say=len)
    first = docs.examples("README.md")[0]
    printed = nalssi(*shlex.split(first.command), cwd=tmp_path).stdout
    states = [[line.split()[-1] for line in text.splitlines()] for text in (printed, first.printed)]
    assert states[0] == states[1]


# ---- the page of the states

_UNITS = {
    "minutes": 60,
    "hours": 1,
    "days": 86400,
    **dict.fromkeys(("intervals", "stations", "sets", "sets in 3 hours"), 1),
}


def test_the_states_and_their_constants_are_those_of_the_code():
    page = docs.text("docs/states.md")
    table = page.partition("## The five states")[2].partition("\n\n## ")[0]
    assert tuple(re.findall(r"^\| `([a-z]+)` \|", table, re.MULTILINE)) == validity.STATES
    constants = re.findall(r"^\| `([A-Z_]+)` \| (\d+) ([a-z0-9 ]+) \|", page, re.MULTILINE)
    assert len(constants) == 11
    for name, number, unit in constants:
        value = getattr(next(one for one in (validity, lateness, short) if name in vars(one)), name)
        assert value == int(number) * _UNITS[unit], name


# ---- the other languages, the links, the two READMEs


@pytest.mark.parametrize("page", docs.PAGES)
def test_the_sql_of_a_page_has_an_answer(history, page):
    with closing(sqlite3.connect(history)) as conn:
        for block in docs.blocks(page, "sql"):
            for statement in filter(str.strip, block.split(";\n")):
                assert conn.execute(statement).fetchall(), statement


@pytest.mark.parametrize("page", docs.PAGES)
def test_the_python_of_a_page_runs(demo_folder, page, monkeypatch):
    monkeypatch.chdir(demo_folder)
    for block in docs.blocks(page, "python"):
        exec(block, {})  # noqa: S102 - a page of this repository


@pytest.mark.parametrize("page", docs.PAGES)
def test_the_config_of_a_page_is_valid(page, tmp_path):
    for block in docs.blocks(page, "toml"):
        (tmp_path / "config.toml").write_text(block, encoding="utf-8")
        config.load(tmp_path / "config.toml")


@pytest.mark.parametrize("page", docs.PAGES)
def test_every_command_line_of_a_page_is_valid(page):
    for name, arguments in docs.shown_commands(page):
        command = main.get_command(click.Context(main), name)
        assert command is not None, name
        with command.make_context(name, arguments):
            pass


@pytest.mark.parametrize("page", docs.PAGES)
def test_every_command_named_on_a_page_exists(page):
    for name, arguments in re.findall(r"`nalssi ([a-z][a-z-]*)([^`]*)`", docs.text(page)):
        command = main.get_command(click.Context(main), name)
        assert command is not None, name
        options = {option for param in command.params for option in param.opts} | {"--help"}
        assert set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", arguments)) <= options


@pytest.mark.parametrize("page", docs.PAGES)
def test_every_extra_that_a_page_names_can_be_installed(page):
    project = tomllib.loads((docs.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for extras in re.findall(r"pip install (?:-e )?'([^']*)\[([\w,]+)\]'", docs.text(page)):
        assert extras[0] == "."
        assert set(extras[1].split(",")) <= set(project["optional-dependencies"])


def test_no_message_and_no_config_names_an_extra_of_an_index():
    """On PyPI there is no nalssi: ``pip install 'nalssi[plot]'`` could install a stranger's."""
    written = [path for top in ("db", "scraper", "nalssi") for path in (docs.ROOT / top).rglob("*")]
    texts = [path for path in written if path.suffix in (".py", ".toml")]
    texts.append(docs.ROOT / "config.toml")
    assert [path for path in texts if "pip install 'nalssi" in path.read_text("utf-8")] == []


@pytest.mark.parametrize("page", docs.PAGES)
def test_every_link_of_a_page_has_a_target(page):
    for link in docs.links(page):
        path, _, anchor = link.partition("#")
        if "://" in path:
            continue
        target = ((docs.ROOT / page).parent / path).resolve() if path else docs.ROOT / page
        assert target.exists(), link
        assert not anchor or anchor in docs.anchors(str(target.relative_to(docs.ROOT))), link


@pytest.mark.parametrize("readme", ["README.md", "README.ko.md"])
def test_a_readme_leads_to_every_page(readme):
    linked = {link.partition("#")[0] for link in docs.links(readme)}
    assert {page for page in docs.PAGES if page.startswith("docs/")} <= linked


@pytest.mark.parametrize("readme", ["README.md", "README.ko.md"])
def test_a_readme_is_short_and_begins_with_output_of_nalssi(readme):
    lines = docs.text(readme).splitlines()
    assert 120 <= len(lines) <= 150
    assert "```console" in lines[:15]


def test_the_korean_readme_shows_the_same_code():
    def code(page: str) -> list[str]:
        fences = [token.content for token in docs.tokens(page) if token.type == "fence"]
        return [re.sub(r" *# .*", "", fence) for fence in fences]

    assert code("README.ko.md") == code("README.md")
