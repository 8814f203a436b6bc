"""The command that shows the help of another command."""

from __future__ import annotations

import click


@click.command(name="help", epilog="Example: nalssi help stats")
@click.argument("command", required=False, metavar="[COMMAND]")
def help(command: str | None) -> None:  # noqa: A001 - its name on the command line
    """Show what a command is for and how it is used."""
    root = click.get_current_context().find_root()
    if command is None:
        click.echo(root.get_help())
        return
    group = root.command
    found = group.get_command(root, command) if isinstance(group, click.Group) else None
    if found is None:
        msg = f"no such command {command!r}; `nalssi help` lists them"
        raise click.UsageError(msg)
    with click.Context(found, info_name=command, parent=root) as context:
        click.echo(found.get_help(context))
