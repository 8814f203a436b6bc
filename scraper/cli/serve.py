"""The command that serves the pages."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Final

import click

from db import query
from scraper.cli.options import Places, with_places
from scraper.web.missing import refuse_without_web

if TYPE_CHECKING:
    from pathlib import Path

_EVERYWHERE: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - refused without an address


@click.command(epilog="Example: nalssi serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8061,
    show_default=True,
    help="The port to listen on; 0 = any free one.",
)
@click.option("--base-url", default="", metavar="URL", help="The public address of these pages.")
@with_places
def serve(host: str, port: int, base_url: str, places: Places) -> None:
    """Serve pages and data of the database."""
    refuse_without_web()
    from scraper.cli.site import checked_url  # noqa: PLC0415 - it wants the extra, too

    base_url = checked_url(base_url)
    if host in _EVERYWHERE and not base_url:
        msg = f"--host {host} listens everywhere: name its address by --base-url"
        raise click.UsageError(msg)
    path = places.database()
    with query.Database(path):  # a fault of the file is reported now, in one line
        pass
    _serve(path, host, port, base_url)


def _serve(path: Path, host: str, port: int, base_url: str) -> None:
    import uvicorn  # noqa: PLC0415 - only where it serves

    from scraper.web.app import app  # noqa: PLC0415 - the same

    try:
        listening = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
    except OSError as exc:
        problem = os.strerror(exc.errno) if exc.errno and exc.errno > 0 else exc  # not of DNS
        msg = f"cannot listen on {host}, port {port}: {problem}; give another --host or --port"
        raise click.UsageError(msg) from exc
    with listening:
        shown = f"[{host}]" if ":" in host else host
        click.echo(f"http://{shown}:{listening.getsockname()[1]}/")
        config = uvicorn.Config(
            app(path, base_url=base_url, host=host),
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=3,
        )
        uvicorn.Server(config).run([listening])
