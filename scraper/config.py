"""
config.toml -> Config: read whole, or refused with the key, its value and the expected ones.

Each table is a Struct. The ``Meta`` beside a key defines its values: the limits for msgspec, and a
``description`` for the error.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from msgspec import Meta, Struct, field
from msgspec.structs import replace

from scraper import __version__, places, toml
from scraper.broker import Mqtt, check
from scraper.errors import ConfigError, UnteachableWord
from scraper.keys import WrongKey, require, table
from scraper.schedule import WrongSchedule, refuse_wrong_schedule
from scraper.urls import is_base, is_http

if TYPE_CHECKING:
    from scraper.vocabulary import Words

NO_PORTALS: Final = "no [[portals]], expected one at least"

USER_AGENT: Final = (
    f"nalssi/{__version__} (keeps a history of the KMA weather box; one page per look)"
)

_ADDRESS: Final = "an http:// or https:// address"
_TABLE: Final = Meta(description="a table")
_PATH: Final = Meta(pattern=r"\A[^\x00-\x1f]*\Z", description="a path")


def _from(least: int, most: int, what: str = "a whole number") -> Meta:
    return Meta(ge=least, le=most, description=f"{what} from {least} to {most}")


class Portal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    A portal to poll.

    Attributes:
        name: Its name in the database and on the command line.
        url: A page that shows the sidebar.
        kind: The form of its weather, which decides its reader; see ``scraper.reader``.
        ignore_robots: Why nalssi may ignore its robots.txt; empty = it may not.
    """

    name: Annotated[
        str,
        Meta(pattern=r"\A[\w.-]{1,64}\Z", description="1 to 64 letters, digits, '.', '-' or '_'"),
    ]
    url: Annotated[str, Meta(description=_ADDRESS)]
    kind: Annotated[Literal["box", "kma-xml"], Meta(description="one of: box, kma-xml")] = "box"
    ignore_robots: Annotated[str, Meta(description="a sentence")] = ""


class Fetch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    The settings of requests.

    Attributes:
        timeout_s: Seconds for a whole look, with redirects and retries.
        max_bytes: The size limit of a page, on the wire and inflated.
        user_agent: The header User-Agent.
        ca_file: Certificates to trust besides those of this machine, in PEM; a relative path
            starts at the folder of the config; empty = none.
        proxy: The address of a proxy; ``environment`` = from the variables; empty = none.
    """

    timeout_s: Annotated[float, _from(1, 300, "a number")] = 20
    max_bytes: Annotated[int, _from(1024, 64 * 2**20)] = 4 * 2**20
    user_agent: Annotated[
        str,
        Meta(
            pattern=r"\A[!-~]([ -~]{0,254}[!-~])?\Z",
            description="1 to 256 printable ASCII characters",
        ),
    ] = USER_AGENT
    ca_file: Annotated[str, _PATH] = ""
    proxy: Annotated[str, Meta(description=f"{_ADDRESS}, or 'environment'")] = ""


class Notify(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    The channels of notices about portals and nalssi itself.

    Attributes:
        command: A program with its arguments; it reads the text from standard input.
        webhook: An http(s) address to which JSON is posted.
        apprise: Addresses of services as Apprise writes them; needs the extra ``notify``.
        ping: A dead-man switch such as healthchecks.io, to which every pass reports.
        disk_mib: The least free space beside the database before a notice; 0 = no check.
    """

    command: Annotated[tuple[str, ...], Meta(description="a list of texts, the program first")] = ()
    webhook: Annotated[str, Meta(description=_ADDRESS)] = ""
    apprise: Annotated[tuple[str, ...], Meta(description="a list of addresses")] = ()
    ping: Annotated[str, Meta(description=_ADDRESS)] = ""
    disk_mib: Annotated[int, _from(0, 2**30)] = 200

    @property
    def channels(self) -> bool:
        """Whether any channel is set."""
        return bool(self.command or self.webhook or self.apprise)


class Metrics(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    The metrics for Prometheus.

    Attributes:
        textfile: A file for node_exporter's textfile collector, which only reads names that end in
            ``.prom``; a relative path starts at the folder of the config; empty = none.
        port: A port on loopback, for ``nalssi run``; 0 = none.
    """

    textfile: Annotated[str, _PATH] = ""
    port: Annotated[int, _from(0, 65535)] = 0


class Site(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    The pages written as files after each look.

    Attributes:
        folder: Their folder; a relative path starts at the folder of the config; empty = none.
        base_url: Their public address; empty = unknown.
        months: The number of months of each station.
    """

    folder: Annotated[str, _PATH] = ""
    base_url: Annotated[str, Meta(description=_ADDRESS)] = ""
    months: Annotated[int, _from(0, 1200)] = 2


class Log(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    The log of ``nalssi run``.

    Attributes:
        utc: Whether its times are UTC; else Korean, with the offset.
    """

    utc: Annotated[bool, Meta(description="true or false")] = False


class Taught(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Meanings of printed words that are not in the tables.

    Attributes:
        labels: Labels, each with our name of its condition.
        cities: Cities, each with the number or name of its KMA station.
    """

    labels: Annotated[dict[str, str], Meta(description="a table of texts")] = {}
    cities: Annotated[dict[str, int | str], Meta(description="a table of numbers and texts")] = {}

    def known(self) -> Words:
        """
        These words and those of the tables.

        Raises:
            UnteachableWord: One of these is not a word, or has a meaning that is not in the tables.
        """
        from scraper.vocabulary import taught  # noqa: PLC0415 - it reads KMA's tables

        return taught(self.labels, self.cities)


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    The whole config.

    Attributes:
        path: The file of the config; the only field that is not a key.
        database: The database; a relative path starts at the folder of the config.
        journal: ``auto``, ``wal``, ``persist`` or ``delete``.
        interval_minutes: The time between looks at a portal.
        schedule: A cron expression in Korean time, in place of the interval; empty = none.
        fetch: The settings of requests.
        notify: The channels of notices.
        metrics: The metrics for Prometheus.
        site: The pages written as files.
        log: The log of the daemon.
        mqtt: The MQTT broker.
        words: Meanings of printed words beside those of the tables.
        portals: The portals to poll.
    """

    path: Path = Path(places.DEFAULT_NAME)
    database: Annotated[str, Meta(pattern=r"\A[^\x00-\x1f]+\Z", description="a path")] = (
        "weather.db"
    )
    journal: Annotated[
        Literal["auto", "wal", "persist", "delete"],
        Meta(description="one of: auto, wal, persist, delete"),
    ] = "auto"
    interval_minutes: Annotated[float, _from(1, 1440, "a number")] = 10
    schedule: Annotated[str, Meta(description="a cron expression in quotes")] = ""
    fetch: Annotated[Fetch, _TABLE] = field(default_factory=Fetch)
    notify: Annotated[Notify, _TABLE] = field(default_factory=Notify)
    metrics: Annotated[Metrics, _TABLE] = field(default_factory=Metrics)
    site: Annotated[Site, _TABLE] = field(default_factory=Site)
    log: Annotated[Log, _TABLE] = field(default_factory=Log)
    mqtt: Annotated[Mqtt, _TABLE] = field(default_factory=Mqtt)
    words: Annotated[Taught, _TABLE] = field(default_factory=Taught)
    portals: Annotated[
        tuple[Portal, ...], Meta(description="a table [[portals]] for each portal")
    ] = ()

    @property
    def interval_s(self) -> int:
        """Seconds between looks at a portal."""
        return round(self.interval_minutes * 60)

    @property
    def kinds(self) -> dict[str, str]:
        """The kind of each portal, by its name."""
        return {portal.name: portal.kind for portal in self.portals}

    def refuse_without_portals(self) -> None:
        """
        Refuse a config without a portal.

        Raises:
            ConfigError: It names none.
        """
        if not self.portals:
            raise ConfigError(self.path, NO_PORTALS)


def load(path: Path) -> Config:
    """
    Load the config in this file, and complete its paths.

    Raises:
        ConfigError: It cannot be read, or a key in it is unknown or wrong.
    """
    raw = toml.read(path)
    try:
        config = _complete(replace(table(Config, raw), path=path))
        _check_metrics(config)
        _check_portals(config.portals)
        _check_notify(config.notify)
        _check_fetch(config.fetch)
        _check_site(config.site)
        check(config.mqtt)
        if config.words != Taught():
            config.words.known()
        if config.schedule:
            refuse_wrong_schedule(config.schedule)
    except (WrongKey, WrongSchedule, UnteachableWord) as exc:
        raise ConfigError(path, str(exc)) from exc
    return config


def _complete(config: Config) -> Config:
    """The config with its paths relative to its folder."""
    beside = functools.partial(_beside, config.path)
    return replace(
        config,
        database=beside(config.database),
        fetch=replace(config.fetch, ca_file=beside(config.fetch.ca_file)),
        metrics=replace(config.metrics, textfile=beside(config.metrics.textfile)),
        site=replace(config.site, folder=beside(config.site.folder)),
    )


def _beside(path: Path, name: str) -> str:
    """A path of the config, relative to its folder; an empty one stays empty."""
    try:
        return name and str(path.parent / Path(name).expanduser())
    except RuntimeError:
        msg = f"{name!r}: no such user"
        raise WrongKey(msg, "a path") from None


def _check_metrics(config: Config) -> None:
    if not (textfile := config.metrics.textfile):
        return
    others = {config.path.resolve(), Path(config.database).resolve()}
    what = "metrics.textfile is the config or the database itself"
    require(Path(textfile).resolve() not in others, what, "a file of its own")
    expected = "a name that ends in .prom, or node_exporter does not read it"
    require(textfile.endswith(".prom"), f"metrics.textfile = {textfile!r}", expected)


def _check_portals(portals: tuple[Portal, ...]) -> None:
    names: set[str] = set()
    for nth, portal in enumerate(portals, 1):
        name = f"portals[{nth}].name = {portal.name!r}"
        require(portal.name not in names, name, "a name of its own")
        names.add(portal.name)
        require(is_http(portal.url), f"portals[{nth}].url = {portal.url!r}", _ADDRESS)


def _check_fetch(fetch: Fetch) -> None:
    """Refuse a wrong address of a proxy, without showing it, and a file without certificates."""
    right = fetch.proxy in {"", "environment"} or is_http(fetch.proxy, user=True)
    require(right, "fetch.proxy", f"{_ADDRESS}, or 'environment'")
    if fetch.ca_file:
        name = f"fetch.ca_file = {fetch.ca_file!r}"
        try:
            known = b"-----BEGIN " in Path(fetch.ca_file).read_bytes()
        except OSError as exc:
            msg = f"{name}: {exc.strerror}"
            raise WrongKey(msg, "a file of certificates") from exc
        require(known, f"{name}: no certificate in it", "PEM")


def _check_site(site: Site) -> None:
    right = not site.base_url or is_base(site.base_url)
    require(right, f"site.base_url = {site.base_url!r}", _ADDRESS)


def _check_notify(notify: Notify) -> None:
    """Refuse wrong addresses, without showing them, as they may contain secrets."""
    for key, url in (("webhook", notify.webhook), ("ping", notify.ping)):
        require(not url or is_http(url), f"notify.{key}", _ADDRESS)
