"""
The reference of the command line, made from the commands themselves.

::

    python -m scraper.cli.reference docs/commands.md   # renews the part after the mark
    python -m scraper.cli.reference man                # nalssi.1, nalssi-latest.1 and so on

The man pages need click-man, which the extra ``dev`` brings.
"""

from __future__ import annotations

import copy
import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from scraper import __version__
from scraper.cli.group import GROUPS, main

if TYPE_CHECKING:
    from collections.abc import Iterable

MARK: Final = "<!-- What follows is made by `make reference`. -->\n"

SHARED: Final = ("config", "db", "as_json", "as_csv", "output", "lang")
"""The parameters that most commands have, explained once."""

_LISTING: Final = "gaps"
"""A command that has all of these."""


def commands() -> dict[str, click.Command]:
    """Every command by its name, in the order of the help."""
    context = click.Context(main, info_name="nalssi")
    names = " ".join(GROUPS.values()).split()
    found = {name: main.get_command(context, name) for name in names}
    return {name: command for name, command in found.items() if command is not None}


def markdown() -> str:
    """The chapter of docs/commands.md about each command."""
    known = commands()
    shared = [one for one in known[_LISTING].params if one.name in SHARED]
    parts = ["## Shared options\n", _table(known[_LISTING], shared)]
    for title, names in GROUPS.items():
        parts.append(f"## {title}\n")
        parts += [_section(name, known[name]) for name in names.split()]
    return "\n".join(parts)


def _section(name: str, command: click.Command) -> str:
    context = _context(name, command)
    line, *more = (" ".join(part.split()) for part in _help(command).split("\n\n"))
    own = [one for one in command.params if one.name not in {*SHARED, "help"}]
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    example = str(command.epilog).removeprefix("Example: ")
    parts = [
        f"### {name}\n",
        f"{line}\n",
        f"`{usage}`\n",
        *(f"{paragraph}\n" for paragraph in more),
        _table(command, own),
        f"```sh\n{example}\n```\n",
    ]
    return "\n".join(filter(None, parts))


def _help(command: click.Command) -> str:
    """The help of a command, without the indentation of its docstring."""
    return inspect.cleandoc(str(command.help))


def _context(name: str, command: click.Command) -> click.Context:
    parent = click.Context(main, info_name="nalssi")
    return click.Context(command, info_name=name, parent=parent)


def _table(command: click.Command, parameters: Iterable[click.Parameter]) -> str:
    """The table of the options of a command; empty if it has only shared ones."""
    context = _context(str(command.name), command)
    options = [one for one in parameters if isinstance(one, click.Option)]
    records = filter(None, (one.get_help_record(context) for one in options))
    rows = [f"| `{_cell(names)}` | {_cell(text)} |" for names, text in records]
    return "\n".join(["| option | meaning |", "|---|---|", *rows, ""]) if rows else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("  [", " [")


def renewed(page: str) -> str:
    """The page with its generated part made again."""
    written, mark, _ = page.partition(MARK)
    if not mark:
        raise ValueError(MARK)
    return f"{written}{mark}\n{markdown()}"


def write_man_pages(folder: Path) -> None:
    """Write a man page for nalssi and for each command."""
    from click_man.core import write_man_pages as write  # noqa: PLC0415 - it is an extra

    folder.mkdir(parents=True, exist_ok=True)
    pages = {name: _with_example(command) for name, command in commands().items()}
    group = click.Group("nalssi", pages, help=main.help, short_help=main.help, params=main.params)
    group.add_help_option = False  # the option is among the parameters
    write("nalssi", group, version=__version__, target_dir=str(folder))


def _with_example(command: click.Command) -> click.Command:
    """A copy with all text in its help: a man page has neither an epilog nor a long first line."""
    page = copy.copy(command)
    page.short_help = _help(command).partition("\n")[0]
    page.help = f"{_help(command)}\n\n{command.epilog}"
    return page


if __name__ == "__main__":
    target = Path(sys.argv[1])
    if target.suffix == ".md":
        target.write_text(renewed(target.read_text("utf-8")), encoding="utf-8")
    else:
        write_man_pages(target)
