"""The command that tests the channels."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from scraper import threads
from scraper.cli.options import Places, with_places
from scraper.errors import ConfigError
from scraper.notify import Notice, configured, deliver, ping

if TYPE_CHECKING:
    from scraper.config import Notify


@click.command(epilog="Example: nalssi notify")
@click.option("--test", is_flag=True, expose_value=False, help="The same as without this option.")
@with_places
def notify(places: Places) -> None:
    """Send a test notice to each channel of the config."""
    settings = places.required()
    count = len(configured(settings.notify)) + bool(settings.notify.ping)
    if not count:
        raise ConfigError(settings.path, "[notify] names no channel")
    if failures := asyncio.run(_send(settings.notify)):
        raise ConfigError(settings.path, "; ".join(failures))
    click.echo(f"{count} delivered")


async def _send(wanted: Notify) -> list[str]:
    """Send a test through each channel, and return the failures."""
    threads.use_daemon_threads()
    notice = Notice(portal="test", kind="test", well=True, text="nalssi: this is a test")
    failures = await deliver(notice, configured(wanted))
    failure = await ping(wanted.ping, "success", notice.text)
    return [*failures, *([failure] if failure else [])]
