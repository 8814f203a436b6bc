"""The command that tries the channels."""

from __future__ import annotations

import click

from scraper.cli.options import Places, with_places
from scraper.errors import ConfigError
from scraper.notify import Channels, Notice, deliver, ping


@click.command()
@click.option("--test", "test", is_flag=True, required=True, help="Send a test through each.")
@with_places
def notify(places: Places, *, test: bool) -> None:  # noqa: ARG001 - it is what the command is for
    """Try the channels of the config with a test notice."""
    settings = places.required()
    wanted = settings.notify
    channels = Channels(command=wanted.command, webhook=wanted.webhook, apprise=wanted.apprise)
    count = bool(wanted.command) + bool(wanted.webhook) + len(wanted.apprise) + bool(wanted.ping)
    if not count:
        raise ConfigError(settings.path, "[notify] names no channel")
    notice = Notice(portal="test", kind="test", well=True, text="nalssi: this is a test")
    failures = deliver(notice, channels)
    if wanted.ping and (failure := ping(wanted.ping, "success", notice.text)):
        failures.append(failure)
    if failures:
        raise ConfigError(settings.path, "; ".join(failures))
    click.echo(f"{count} delivered")
