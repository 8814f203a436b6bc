"""The group of all commands: the file of each, what all have, and the handling of errors."""

from __future__ import annotations

import contextlib
import errno
import gc
import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click
from click.exceptions import NoArgsIsHelpError

from db.errors import NalssiError
from scraper import __version__
from scraper.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from click.shell_completion import CompletionItem


INTERRUPTED: Final = 130
"""A shell's exit code for Ctrl-C: 128 and the number of SIGINT."""

OUTPUT_LOST: Final = 74
"""``EX_IOERR`` of sysexits.h."""

READER_LEFT: Final = 141
"""A shell's exit code for a reader that left: 128 and the number of SIGPIPE."""

COMMANDS: Final = {
    "at": ("at", "Show the value known at one moment, and its evidence."),
    "backfill": ("backfill", "Read years of history from archives of the web."),
    "backup": ("backup", "Copy the database while it is in use, and verify the copy."),
    "check": ("check", "Check config, database, disk, clock and lock."),
    "cite": ("cite", "Cite one value, with its state, source and a line to check it."),
    "compare": ("stats", "Show stations side by side: differences and correlation."),
    "dataset": ("dataset", "Make a folder to publish and cite: files, codebook, provenance."),
    "demo": ("demo", "Poll a demo portal on this machine; the first thing to try."),
    "drop-looks": ("drop_looks", "Drop looks that a wrong clock dated; a copy is kept."),
    "export": ("export", "Write a table as CSV, NDJSON, Parquet or Excel."),
    "flags": ("query", "List temperatures that may be wrong, and why."),
    "freezes": ("hours", "List when a portal stood still for 3 hours or more."),
    "gaps": ("status", "List stretches without a successful look, and their cause."),
    "help": ("help", "Show what a command is for and how it is used."),
    "hours": ("hours", "Show the live value and the mean of each full hour."),
    "init": ("init", "Write a config, poll its portal, and print the next steps."),
    "latest": ("query", "Show the newest reading of each station, and its state."),
    "look-now": ("look_now", "Ask the running daemon for a look at once."),
    "looks": ("query", "List the requests to portals, and how each ended."),
    "merge": ("merge", "Join the databases of other collectors into this one."),
    "notify": ("notify", "Send a test notice to each channel of the config."),
    "parse": ("parse", "Show what the reader sees in a page, without a database."),
    "plot": ("plot", "Draw stations over time, or a map."),
    "portals": ("query", "List the portals that were polled."),
    "prune": ("prune", "Drop old looks that showed no change."),
    "rebuild": ("rebuild", "Derive spells and counts again from the looks."),
    "reparse": ("reparse", "Read stored pages again, and show what differs."),
    "run": ("run", "Run the daemon."),
    "scrape": ("scrape", "Poll the portals of the config once; for cron."),
    "series": ("query", "Show what the portals printed for a station over time."),
    "serve": ("serve", "Serve pages and data of the database."),
    "ship": ("ship", "Keep a copy of the history in Postgres or DuckDB up to date."),
    "site": ("site", "Write pages and data as files, only those that changed."),
    "stations": ("query", "List the stations that a portal printed."),
    "stats": ("stats", "Show means, extremes and coverage by hour, day, month or year."),
    "status": ("status", "Show each portal's state; exit 7 if stale, frozen or down."),
    "words": ("words", "List every printed word and its meaning."),
}
"""
Each command: the module in this package that defines it, and its line in the help.

The line is here, so that ``nalssi --help`` need not load the modules.
"""

GROUPS: Final = {
    "Collect": "init demo scrape run look-now parse backfill merge",
    "Ask": "latest series hours at cite stats compare plot freezes flags stations words",
    "Files": "serve site export dataset ship backup",
    "Care": "status gaps looks portals check notify prune reparse rebuild drop-looks help",
}
"""The commands by purpose, in the order of first use."""


class Commands(click.Group):
    """Loads a command when it is run; an expected error prints one line on stderr."""

    def make_context(self, *args: Any, **more: Any) -> click.Context:
        """Read the options that stand before the command."""
        with _in_one_line():
            return super().make_context(*args, **more)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with _in_one_line():
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """Load a command."""
        if cmd_name not in COMMANDS:
            return None
        gc.disable()  # the collector would walk imported modules again and again: 5 % of a start
        try:
            module = importlib.import_module(f"scraper.cli.{COMMANDS[cmd_name][0]}")
        finally:
            gc.enable()
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        if command.add_help_option:
            command.add_help_option = False
            command.params.append(_HELP)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """List the commands by their groups, without loading them."""
        widest = max(map(len, COMMANDS))
        for title, names in GROUPS.items():
            with formatter.section(title):
                lines = [(f"{name:{widest}}", COMMANDS[name][1]) for name in names.split()]
                formatter.write_dl(lines)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the name of a command, without loading any."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only a shell asks

        found = [
            CompletionItem(name, help=line)
            for name, (_, line) in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)


@contextlib.contextmanager
def _in_one_line() -> Iterator[None]:
    try:
        yield
    except NalssiError as exc:
        _end(str(exc), exc.exit_code)
    except NoArgsIsHelpError:  # this is the help, not an error
        raise
    except click.UsageError as exc:
        message = exc.format_message().removesuffix(".")
        see = " See" if message.endswith("?") else "; see"  # "Did you mean 'latest'?"
        more = f"{see} `{exc.ctx.command_path} --help`" if exc.ctx else ""
        _end(f"{message}{more}", exc.exit_code)
    except KeyboardInterrupt:
        _end("interrupted", INTERRUPTED)
    except OSError as exc:  # os._exit, or Python would try to write the rest again
        if exc.errno == errno.EPIPE:
            os._exit(READER_LEFT)
        problem = exc.strerror or "it is closed"
        click.echo(f"nalssi: the output cannot be written: {problem}", err=True)
        os._exit(OUTPUT_LOST)


def interrupt_on_sigterm() -> None:
    """Handle a stop like Ctrl-C: running work is given up, and a half-written file removed."""
    import signal  # noqa: PLC0415 - a question does not need it

    signal.signal(signal.SIGTERM, signal.default_int_handler)


def _end(message: str, exit_code: int) -> NoReturn:
    click.echo(f"nalssi: {printable(message)}", err=True)
    raise click.exceptions.Exit(exit_code) from None


LANG: Final = "nalssi.lang"
"""The key of ``--lang`` in the context of a command."""

LANGUAGES: Final = click.Choice(["en", "ko"])


class File(click.ParamType["Path"]):
    """The path of a file; an empty one is refused, as it would mean this folder."""

    name = "FILE"

    def __init__(self, *, dir_okay: bool = True) -> None:
        self._dir_okay = dir_okay

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path."""
        if not value:
            self.fail("the name of the file is empty", param, ctx)
        # os.path: it takes a path that cannot be examined for a missing one; the error is that of
        # opening it.
        if not self._dir_okay and os.path.isdir(value):  # noqa: PTH112
            self.fail(f"{value!r} is a folder, expected a file", param, ctx)
        if os.path.exists(value) and not os.access(value, os.R_OK):  # noqa: PTH110
            self.fail(f"{value!r} may not be read", param, ctx)
        return Path(value)

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem]:
        """Let the shell complete the name of a file."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only a shell asks

        return [CompletionItem(incomplete, type="file")]


FILE: Final = File(dir_okay=False)


def _option(*names: str, text: Callable[[click.Context], str], about: str) -> click.Option:
    """
    An option that prints a text and ends.

    Like ``File``, it is not click's own, because that looks up a translation for each of its words:
    this takes two milliseconds of a start.
    """

    def show(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        if value and not ctx.resilient_parsing:
            click.echo(text(ctx))
            ctx.exit()

    settings = {"is_flag": True, "expose_value": False, "is_eager": True}
    return click.Option(names, callback=show, help=about, **settings)


_HELP: Final = _option(
    "-h", "--help", text=lambda ctx: ctx.get_help(), about="Show this message and exit."
)
_VERSION: Final = _option(
    "--version", text=lambda _: f"nalssi, version {__version__}", about="Show the version and exit."
)


@click.group(
    cls=Commands,
    commands=[click.Command(name) for name in COMMANDS],  # only the names, to list and to suggest
    params=[
        click.Option(["--config"], type=FILE, hidden=True),
        click.Option(["--db"], type=FILE, hidden=True),
        click.Option(["--lang"], type=LANGUAGES, hidden=True),
        _VERSION,
        _HELP,
    ],
    add_help_option=False,
)
def main(config: Path | None, db: Path | None, lang: str | None) -> None:
    """Record the weather box on Korean newspaper sites, and ask about it."""
    _refuse_unused("config", config or db, "takes neither --config nor --db")
    _refuse_unused("lang", lang, "has no --lang")
    # The caller may have closed stdout or stderr: writing to a closed stdout is an error, to a
    # closed stderr it is not. Each gets its number back, or the next opened file would take it.
    for name, mode in (("stdin", "r"), ("stdout", "r"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr] # a terminal without Korean


def _refuse_unused(option: str, early: Path | str | None, lacks: str) -> None:
    """Refuse an option before a command that does not take it."""
    context = click.get_current_context()
    name = context.invoked_subcommand
    if early is None or name is None or not isinstance(context.command, Commands):
        return
    command = context.command.get_command(context, name)
    if command is not None and option not in {param.name for param in command.params}:
        msg = f"{name!r} {lacks}"
        raise click.UsageError(msg)
