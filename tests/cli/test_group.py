"""The group of all commands loads the one that is run."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from scraper.cli import main
from scraper.cli.group import COMMANDS

SHARED = {"group", "options", "progress", "show"}
"""What every command may load of the command line."""


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


def test_the_help_of_all_loads_no_command():
    assert loaded("--help") == {"group"}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_of_a_command_what_its_own_help_says(name):
    context = click.Context(main)
    command = main.get_command(context, name)
    assert command is not None
    assert command.name == name
    assert str(command.help).strip().split("\n")[0] == COMMANDS[name][1]


def test_commands_are_listed_by_their_names():
    assert list(COMMANDS) == sorted(COMMANDS)
    assert main.list_commands(click.Context(main)) == list(COMMANDS)


def test_a_misspelt_command_is_told_with_a_near_one():
    with pytest.raises(click.UsageError) as caught:
        main.resolve_command(click.Context(main), ["latst"])
    assert "'latest'" in caught.value.format_message()
