"""The group of all commands: where each stands, and how its errors end."""

from __future__ import annotations

import contextlib
import errno
import gc
import importlib
import os
import sys
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click
from click.exceptions import NoArgsIsHelpError

from db.errors import NalssiError
from scraper import __version__
from scraper.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

INTERRUPTED: Final = 130
"""What a shell gives a command that ended by Ctrl-C: 128 and the number of SIGINT."""

OUTPUT_LOST: Final = 74
"""``EX_IOERR`` of sysexits.h."""

READER_LEFT: Final = 141
"""What a shell gives a command whose reader left: 128 and the number of SIGPIPE."""

COMMANDS: Final = {
    "at": ("at", "Show what was known at a moment, and the evidence."),
    "backfill": (
        "backfill",
        "Keep what saved pages showed: years of history from archives of the web.",
    ),
    "backup": ("export", "Make a verified copy of the database while it is in use."),
    "check": ("check", "Check config, database, disk, clock and lock; change nothing."),
    "cite": (
        "cite",
        "Cite one value: what, when, how far to trust it, where it stood and how to check it.",
    ),
    "compare": ("stats", "Show stations side by side: differences and correlation."),
    "demo": ("demo", "Poll a portal of our own on this machine, and show it all."),
    "drop-looks": ("drop_looks", "Drop looks that a wrong clock dated; a copy is kept."),
    "export": ("export", "Write a table as CSV, NDJSON or Parquet."),
    "flags": ("query", "List the temperatures that may be wrong, and why."),
    "freezes": (
        "hours",
        "List the stretches in which a portal showed the same for 3 hours or more.",
    ),
    "gaps": ("status", "List the stretches without a successful look, and why."),
    "hours": ("hours", "Show what was live at each full hour, and the mean of the hour."),
    "latest": ("query", "Show the newest readings, and whether to trust them."),
    "looks": ("query", "List the looks at portals and how each ended."),
    "merge": (
        "merge",
        "Join the looks of other collectors to ours; their databases stay as they are.",
    ),
    "notify": ("notify", "Try the channels of the config with a test notice."),
    "parse": ("parse", "Show what the reader sees in a page; keep nothing."),
    "plot": ("plot", "Draw stations over time, or a map of them at one moment."),
    "portals": ("query", "List the portals that were polled."),
    "prune": ("export", "Drop old looks that say nothing new; no value, state or gap changes."),
    "rebuild": ("export", "Derive the spells again from the looks."),
    "reparse": ("reparse", "Read what was kept again, and show what is otherwise."),
    "run": ("run", "Run the daemon, which polls the portals day and night."),
    "scrape": ("scrape", "Poll the portals of the config once, or the named; for cron."),
    "series": ("query", "Show what was printed of one station over time."),
    "stations": ("query", "List the stations that a portal printed."),
    "stats": ("stats", "Show means, extremes and coverage by hour, day, week, month or year."),
    "status": (
        "status",
        "Show each portal's state; exit 7 where one is stale, frozen or down.",
    ),
    "words": ("words", "List every word ever printed, and what it is taken for."),
}
"""
Each command: the module in this package that has it under its name, and its line in the help.

The line stands here, so that ``nalssi --help`` need not load the modules either.
"""


class Commands(click.Group):
    """Commands that are loaded when they are run; an expected error ends in one line on stderr."""

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
        gc.disable()  # it would walk, again and again, what is imported and stays: 5 % of a start
        try:
            module = importlib.import_module(f"scraper.cli.{COMMANDS[cmd_name][0]}")
        finally:
            gc.enable()
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """List the commands, without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@contextlib.contextmanager
def _in_one_line() -> Iterator[None]:
    try:
        yield
    except NalssiError as exc:
        _end(str(exc), exc.exit_code)
    except NoArgsIsHelpError:  # it is the help, not an error
        raise
    except click.UsageError as exc:
        more = f"; see `{exc.ctx.command_path} --help`" if exc.ctx else ""
        _end(f"{exc.format_message().removesuffix('.')}{more}", exc.exit_code)
    except KeyboardInterrupt:
        _end("interrupted", INTERRUPTED)
    except OSError as exc:  # os._exit, or Python would try to write the rest once more
        if exc.errno == errno.EPIPE:
            os._exit(READER_LEFT)
        click.echo(f"nalssi: the output cannot be written: {exc.strerror}", err=True)
        os._exit(OUTPUT_LOST)


def _end(message: str, exit_code: int) -> NoReturn:
    click.echo(f"nalssi: {printable(message)}", err=True)
    raise click.exceptions.Exit(exit_code) from None


@click.group(
    cls=Commands,
    commands=[click.Command(name) for name in COMMANDS],  # names alone, to list and to suggest
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="nalssi")
def main() -> None:
    """Keep what the KMA weather box of Korean newspaper portals shows, and ask about it."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # whoever started us has closed it
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr] # a terminal without Korean
