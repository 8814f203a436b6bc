"""The group of commands loads only the module of the command that runs."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from rich.cells import cell_len

from scraper.cli import main
from scraper.cli.group import COMMANDS, GROUPS

SHARED = {"excel", "group", "language", "options", "progress", "show", "times"}
"""The modules of the command line that every command may load."""


def loaded(*arguments: str) -> set[str]:
    """The modules of the command line that a command loads."""
    code = (
        "import sys\nfrom scraper.cli import main\n"
        f"try: main({list(arguments)!r})\nexcept SystemExit as end: assert end.code == 0\n"
        "print(*(name for name in sys.modules if name.startswith('scraper.cli.')), file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.removeprefix("scraper.cli.") for name in run.stderr.split()}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_loads_no_module_of_another(command):
    assert loaded(command, "--help") - SHARED == {COMMANDS[command][0]}


def test_the_main_help_loads_no_command():
    assert loaded("--help") == {"group"}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_has_the_first_line_of_each_help(name):
    context = click.Context(main)
    command = main.get_command(context, name)
    assert command is not None
    assert command.name == name
    assert str(command.help).strip().split("\n")[0] == COMMANDS[name][1]


def test_commands_are_listed_by_their_names():
    assert list(COMMANDS) == sorted(COMMANDS)
    assert main.list_commands(click.Context(main)) == list(COMMANDS)


def test_a_misspelt_command_is_reported_with_a_near_one():
    with pytest.raises(click.UsageError) as caught:
        main.resolve_command(click.Context(main), ["latst"])
    assert "'latest'" in caught.value.format_message()


def test_every_command_is_listed_in_one_group():
    assert sorted(name for names in GROUPS.values() for name in names.split()) == list(COMMANDS)


def test_the_main_help_is_one_screen_with_one_line_for_each_command():
    lines = main.get_help(click.Context(main, info_name="nalssi", max_content_width=80)).split("\n")
    assert len(lines) <= 52
    assert max(map(cell_len, lines)) <= 80
    for name, (_, line) in COMMANDS.items():
        assert f"  {name:10}  {line}" in lines


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_is_one_screen_and_ends_with_a_valid_example(name):
    command = main.get_command(click.Context(main), name)
    assert command is not None
    lines = command.get_help(click.Context(command, info_name=name, max_content_width=80))
    assert lines.count("\n") <= 50
    assert max(map(cell_len, lines.split("\n"))) <= 80
    program, called, *arguments = shlex.split(lines.rpartition("Example: ")[2])
    assert (program, called) == ("nalssi", name)
    with command.make_context(name, arguments):
        pass


def completed(line: str) -> list[str]:
    """The completions that a shell gets for a line."""
    words = line.split(" ")
    env = {
        **os.environ,
        "_NALSSI_COMPLETE": "bash_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    nalssi = str(Path(sys.executable).parent / "nalssi")
    run = subprocess.run([nalssi], env=env, capture_output=True, text=True, check=True)
    return [offered.partition(",")[2] for offered in run.stdout.splitlines()]


def test_a_shell_completes_commands_options_and_stations():
    assert completed("nalssi sta") == ["stations", "stats", "status"]
    assert completed("nalssi hours --si") == ["--since"]
    assert completed("nalssi series 서") == ["서귀포", "서산", "서울", "서청주"]
    assert completed("nalssi latest --station seo") == [
        *("seocheongju", "seogwipo", "seongsan", "seosan", "seoul"),
    ]
