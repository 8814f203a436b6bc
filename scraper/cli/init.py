"""The command for the first minutes: a config, a test look, and lines for cron and systemd."""

from __future__ import annotations

import getpass
import os
import shlex
import sys
import tempfile
from importlib import resources
from pathlib import Path
from typing import Final

import click

from db.file import atomic
from db.moments import now
from scraper import check, config, places
from scraper.errors import ConfigError
from scraper.printable import printable

NAME: Final = "koya-culture"
URL: Final = "https://www.koya-culture.com/"
"""The portal of a config without ``--url``."""

_PORTAL: Final = '[[portals]]\nname = "{}"\nurl = "{}"\n'

_UNIT: Final = """\
[Unit]
Description=Records the KMA weather box of newspaper portals
Wants=network-online.target
After=network-online.target time-sync.target

[Service]
Type=notify
User={user}
ExecStart={program} run --config {config}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=30
RestartPreventExitStatus=2 3
WatchdogSec=5min
TimeoutStartSec=infinity
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ReadWritePaths={folder}

[Install]
WantedBy=multi-user.target
"""


@click.command(epilog="Example: nalssi init weather")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
@click.option("--name", help=f"The name of the portal.  [the host of --url; else {NAME}]")
@click.option(
    "--url", default=URL, show_default=True, help="A page of the portal that shows the box."
)
def init(folder: Path, name: str | None, url: str) -> None:
    """
    Write a config, poll its portal, and print the next steps.

    An existing config is left unchanged, with exit code 2. The portal is polled once, and that look
    is not stored. If the portal cannot be read, the config stays for you to edit.
    """
    path = _written(folder.absolute(), name or name_of(url), url)
    settings = config.load(path)
    click.echo(f"{printable(str(path))}: written")
    (found,) = check.of_portals(settings, now)
    fault = "" if found.well else "FAULT: "
    click.echo(printable(f"{found.check}: {fault}{found.text}"), err=not found.well)
    if not found.well:
        again = f"nalssi check --live --config {shlex.quote(str(path))}"
        click.echo(f"The config stays: correct its url, and try `{printable(again)}`.", err=True)
        click.get_current_context().exit(found.exit_code)
    click.echo(f"\nFor cron, a line of `crontab -e`:\n\n{cron_line(path)}\n")
    click.echo("Or for systemd, as root, /etc/systemd/system/nalssi.service:\n")
    click.echo(unit(path))


def name_of(url: str) -> str:
    """The name that ``nalssi backfill`` would give this portal; that of our own for its address."""
    from scraper.archive.portals import host_of  # noqa: PLC0415 - no other command needs it

    return NAME if url == URL else host_of(url) or NAME


def _written(folder: Path, name: str, url: str) -> Path:
    path = folder / places.DEFAULT_NAME
    template = resources.files("scraper").joinpath(places.DEFAULT_NAME).read_text(encoding="utf-8")
    comments, _, _ = template.partition("[[portals]]\n")
    quoted = (one.replace("\\", "\\\\").replace('"', '\\"') for one in (name, url))
    text = comments + _PORTAL.format(*quoted)
    _refuse_wrong(text)
    with atomic.naming(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with atomic.of_file(path, mode=0o644, replace=False) as draft:
        draft.write_text(text, encoding="utf-8")
    return path


def _refuse_wrong(text: str) -> None:
    """Refuse a wrong --name or --url, before anything is written."""
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder, places.DEFAULT_NAME)
        draft.write_text(text, encoding="utf-8")
        try:
            config.load(draft)
        except ConfigError as exc:
            option = exc.problem.replace("portals[1].", "--").replace(" = ", " ", 1)
            raise click.UsageError(option) from None


def cron_line(path: Path) -> str:
    """The crontab line that polls every ten minutes; cron reads a bare % as the end of a line."""
    command = f"{_program()} scrape --if-idle --config {shlex.quote(str(path))}"
    return "*/10 * * * * " + command.replace("%", r"\%")


def unit(path: Path) -> str:
    """The systemd unit of a daemon for this user, on this machine."""
    return _UNIT.format(
        user=getpass.getuser(),
        program=_program(),
        config=_of_unit(path),
        folder=_of_unit(path.parent),
    )


def _of_unit(path: Path) -> str:
    """Escape a path for a unit, in which % and quotes are special."""
    plain = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{plain}"' if " " in plain or '"' in plain else plain


def _program() -> str:
    """The command line that starts this nalssi from anywhere."""
    beside = Path(sys.executable).absolute().with_name("nalssi")
    if os.access(beside, os.X_OK):
        return shlex.quote(str(beside))
    return f"{shlex.quote(sys.executable)} -m nalssi"
