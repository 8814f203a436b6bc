"""docs/commands.md and the man pages agree with the commands."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from scraper.cli import reference
from scraper.demo.portal import CITIES
from tests.cli.test_cli import nalssi
from tests.support import demos, docs
from tests.support.make import START

if TYPE_CHECKING:
    from pathlib import Path

PAGE = "docs/commands.md"


def test_the_page_of_the_commands_is_up_to_date():
    assert docs.text(PAGE) == reference.renewed(docs.text(PAGE)), "run `make reference`"


def test_a_page_without_the_mark_is_refused():
    with pytest.raises(ValueError, match="make reference"):
        reference.renewed("# Commands")


def test_each_command_has_a_man_page_with_its_line_options_and_example(tmp_path):
    reference.write_man_pages(tmp_path)
    written = {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()}
    commands = reference.commands()
    assert set(written) == {"nalssi.1", *(f"nalssi-{name}.1" for name in commands)}
    for name, command in commands.items():
        page = written[f"nalssi-{name}.1"].replace("\\-", "-")
        line = str(command.help).strip().partition("\n")[0]
        assert f"nalssi-{name} - {line}\n" in page
        assert str(command.epilog) in page
        assert all(
            option in page for param in command.params for option in param.opts if "-" in option
        )


# ---- the keys of the JSON

ROWS = dict(re.findall(r"^\| `([a-z-]+)` \| ((?:as )?`.*) \|$", docs.text(PAGE), re.MULTILINE))
"""The table of keys that each command prints, such as ``portal`` or ``evidence`` (``digest``)."""

ASKED = {
    **{name: [name] for name in ("gaps", "freezes", "stations", "portals", "looks", "flags")},
    **{name: [name] for name in ("latest", "status", "check", "words", "reparse", "rebuild")},
    "latest --best": ["latest", "--best"],
    "drop-looks": ["drop-looks", "--since", "2024-01-01"],
    "parse": ["parse", "page.txt"],
    "parse --explain": ["parse", "page.txt", "--explain"],
    "series": ["series", "서울"],
    "hours": ["hours", "서울"],
    "stats": ["stats", "서울"],
    "compare": ["compare", "서울", "부산"],
    "at": ["at", "서울", "now"],
    "cite": ["cite", "서울", "now"],
    "merge": ["merge", "other.db"],
    "prune": ["prune", "--dry-run"],
    "backup": ["backup", "copy.db"],
}


def documented(row: str) -> dict[str, set[str]]:
    """The keys of a row: under ``""`` the outer ones, under a key those in brackets after it."""
    keys: dict[str, set[str]] = {"": set()}
    name = ""
    for before, inner in re.findall(r"([^()]*)(\([^()]*\))?", row):
        names = re.findall(r"`([a-z_0-9]+)`", before)
        keys[""] |= set(names)
        name = names[-1] if names else name
        if inner_names := re.findall(r"`([a-z_0-9]+)`", inner):
            keys[name] = set(inner_names)
    return keys


@pytest.fixture(scope="module")
def demo_folder(tmp_path_factory) -> Path:
    """The demo's history, and a page."""
    demo_folder: Path = tmp_path_factory.mktemp("demo")
    demos.copy(tmp_path_factory, START, demo_folder / "demo.db")
    demos.copy(tmp_path_factory, START, demo_folder / "other.db")
    (demo_folder / "page.txt").write_text(
        "\n".join(f"맑음 {city} 1.{nth}℃" for nth, city in enumerate(CITIES[:10]))
        + "\n기상청 제공\n",
        encoding="utf-8",
    )
    return demo_folder


@pytest.mark.parametrize("asked", ASKED)
def test_the_json_of_a_command_has_the_keys_that_the_page_names(demo_folder, asked):
    run = nalssi(*ASKED[asked], "--json", cwd=demo_folder, NALSSI_DB="demo.db")
    assert run.returncode in (0, 3, 7), run.stderr
    result = json.loads(run.stdout)
    answer = result[0] if isinstance(result, list) else result
    name, _, option = asked.partition(" ")
    row = ROWS[name].partition("; with")[0] if not option else ROWS[name]
    keys = documented(row)
    assert set(answer) == keys.pop("")
    for key, inner in keys.items():
        value = answer[key][0] if isinstance(answer[key], list) and answer[key] else answer[key]
        if value:
            assert set(value) == inner, key


def test_every_command_with_json_is_in_the_table_of_keys():
    answering = {
        name
        for name, command in reference.commands().items()
        if any(param.name == "as_json" for param in command.params)
    }
    named = {name.partition(" ")[0] for name in ROWS} & set(reference.commands())
    assert answering == named
