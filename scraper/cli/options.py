"""Options that commands share: config and database, station and portal, output."""

from __future__ import annotations

import contextlib
import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias, TypeVar

import click
from click.core import ParameterSource

from scraper.cli.group import FILE, LANG, LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from click.shell_completion import CompletionItem

    from scraper.config import Config, Portal


_T = TypeVar("_T")


class Places(NamedTuple):
    """
    The places that the command line names.

    Attributes:
        config: The config; None = the usual places.
        db: The database; None = the one of the config.
    """

    config: Path | None
    db: Path | None

    def required(self, *, portals: bool = False) -> Config:
        """
        Load the config.

        Args:
            portals: Whether it must name at least one portal.

        Raises:
            ConfigError: It is missing or wrong, or names no portal although it must.
        """
        from scraper import config, places  # noqa: PLC0415 - only where it is asked for

        settings = config.load(places.find(self.config))
        if portals:
            settings.refuse_without_portals()
        return settings

    def optional(self, *, beside_db: bool = True) -> Config | None:
        """
        Load the config; None if the command names no config and the usual places have none.

        Args:
            beside_db: Whether a config in a usual place counts although a database was named: it
                has the meanings of words, but its portals may not be those of that database.

        Raises:
            ConfigError: It is named but missing, or it is wrong.
        """
        from scraper import places  # noqa: PLC0415 - only where it is asked for

        named = self.config or os.environ.get("NALSSI_CONFIG")
        usual = (beside_db or self.db is None) and places.usual()
        return self.required() if named or usual else None

    def database(self) -> Path:
        """
        The database; the config is read only if it must name the database, or was named itself.

        Raises:
            ConfigError: It is missing or wrong.
        """
        if self.db is not None and self.config is None:
            return self.db
        settings = self.required()
        return self.db or Path(settings.database)


def chosen(settings: Config, names: tuple[str, ...]) -> tuple[Portal, ...]:
    """
    The portals of the config that are named, or all.

    Raises:
        UsageError: The config has no portal of that name.
    """
    by_name = {portal.name: portal for portal in settings.portals}
    for name in names:
        if name not in by_name:
            msg = f"no portal {name!r} in the config, expected one of: {', '.join(by_name)}"
            raise click.UsageError(msg)
    return tuple(by_name[name] for name in dict.fromkeys(names)) or settings.portals


def with_places(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command ``--config`` and ``--db``, as its argument ``places``."""

    @click.option(
        "--config",
        type=FILE,
        help="The config.  [NALSSI_CONFIG, ./config.toml, ~/.config/nalssi/, /etc/nalssi/]",
    )
    @click.option(
        "--db",
        type=FILE,
        envvar="NALSSI_DB",
        help="The database.  [NALSSI_DB or the config's]",
    )
    @functools.wraps(command)
    def placed(*args: Any, config: Path | None, db: Path | None, **options: Any) -> None:
        command(*args, places=Places(config=_one("config", config), db=_one("db", db)), **options)

    return placed


create = click.option(
    "--create",
    is_flag=True,
    help="Make a new database, and its folder, if the old one is missing.",
)


def _one(option: str, after: _T | None) -> _T | None:
    """The value of an option, before or after the command; a variable counts less."""
    context = click.get_current_context()
    before: _T | None = context.find_root().params.get(option)
    source = context.get_parameter_source(option)
    if before is not None and after is not None and source is ParameterSource.COMMANDLINE:
        msg = f"--{option} stands before the command and after it"
        raise click.UsageError(msg)
    return before or after


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

as_excel = click.option(
    "--excel",
    is_flag=True,
    help="Print CSV with Korean times that spreadsheets read: 2026-03-01 09:00:00.",
)

wide = click.option("--wide", is_flag=True, help="Print all columns, even beyond 80 characters.")


def _choose(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    """Keep the language; the option may also stand before the command."""
    ctx.meta[LANG] = _one("lang", value)


with_lang = click.option(
    "--lang",
    type=LANGUAGES,
    expose_value=False,
    callback=_choose,
    help="Tables in English or Korean; messages stay English.  [LANG]",
)

Form: TypeAlias = Literal["table", "json", "csv"]

_FORMS: Final[dict[str, Form]] = {".json": "json", ".csv": "csv"}

_ELSEWHERE: Final = {
    **dict.fromkeys((".xlsx", ".parquet", ".ndjson"), "export"),
    **dict.fromkeys((".png", ".svg", ".pdf"), "plot"),
    **dict.fromkeys((".html", ".htm"), "latest"),
}
"""The command that writes files with these endings; a table of text in one would be a mistake."""


def to_a_file(_: click.Context, __: click.Parameter, output: Path | None) -> Path | None:
    """The file of ``-o``; None for ``-``, standard output, as without the option."""
    return None if output == Path("-") else output


def with_output(command: Callable[..., None]) -> Callable[..., None]:
    """
    Give a command ``--json``, ``--csv`` and ``-o``, and the chosen form as ``form``.

    With ``-o`` its output goes to a file, which appears complete or not at all.
    """

    @with_lang
    @as_json
    @click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
    @as_excel
    @click.option(
        "-o",
        "--output",
        type=FILE,
        callback=to_a_file,
        help="Write to a file; the endings .json and .csv choose the form.",
    )
    @functools.wraps(command)
    def with_form(
        *args: Any, as_json: bool, as_csv: bool, excel: bool, output: Path | None, **options: Any
    ) -> None:
        if as_json and (as_csv or excel):
            msg = f"--json and {'--csv' if as_csv else '--excel'} exclude each other"
            raise click.UsageError(msg)
        form = _form(output, "json" if as_json else "csv" if as_csv or excel else None)
        ended = None
        with _into(output, form):
            try:
                command(*args, form=form, **options)
            except click.exceptions.Exit as exc:  # with an exit code other than that of a fault
                ended = exc
        if ended is not None:
            raise ended

    return with_form


def _form(output: Path | None, wanted: Form | None) -> Form:
    """The form that an option names, or the ending of the file; they may not contradict."""
    ending = output.suffix.lower() if output else ""
    writer = _ELSEWHERE.get(ending)
    if writer is not None and (wanted or writer != click.get_current_context().info_name):
        msg = f"-o {output}: expected .csv, .json or .txt; `nalssi {writer} -o` writes {ending}"
        raise click.UsageError(msg)
    of_ending = _FORMS.get(ending)
    if wanted is not None and of_ending not in (None, wanted):
        msg = f"-o {output}: {ending} is not the form that the options ask for, {wanted}"
        raise click.UsageError(msg)
    return wanted or of_ending or "table"


@contextlib.contextmanager
def _into(output: Path | None, form: Form) -> Iterator[None]:
    """Redirect the output to a file, if one is named; CSV gets the mark that Excel needs."""
    if output is None:
        yield
        return
    from db.file import atomic  # noqa: PLC0415 - only where a file is named

    encoding = "utf-8-sig" if form == "csv" else "utf-8"
    with (
        atomic.of_file(output) as draft,
        draft.open("w", encoding=encoding, newline="") as file,
        contextlib.redirect_stdout(file),
    ):
        yield


only_portal = click.option("--portal", metavar="PORTAL", help="Only this portal.")


class Station(click.ParamType["str"]):
    """A station's name or number, which the database looks up; shells complete the names."""

    name = "STATION"

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's
        param: click.Parameter,  # noqa: ARG002 - click's
        incomplete: str,
    ) -> list[CompletionItem]:
        """KMA's names with this beginning, Korean and English."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only a shell asks

        from scraper.vocabulary import KNOWN  # noqa: PLC0415 - the same

        stations = KNOWN.stations.values()
        names = {station.name_ko for station in stations}
        names |= {station.name_en.lower() for station in stations if station.name_en}
        return [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]


STATION: Final = Station()


def with_stations(least: int = 0) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """
    Give a command stations, as arguments or by ``--station``, as its argument ``stations``.

    Args:
        least: The least number; 0 = all stations unless some are named.
    """
    metavar = "STATION..." if least else "[STATION]..."

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @click.argument("stations", nargs=-1, metavar=metavar, type=STATION)
        @click.option(
            "--station",
            "named",
            type=STATION,
            multiple=True,
            help="A station: 서울, seoul or 108. Repeatable.",
        )
        @functools.wraps(command)
        def with_both(
            *args: Any, stations: tuple[str, ...], named: tuple[str, ...], **options: Any
        ) -> None:
            both = (*stations, *named)
            if len(both) < least:
                raise click.MissingParameter(param_hint="'STATION...'", param_type="argument")
            command(*args, stations=both, **options)

        return with_both

    return decorate
