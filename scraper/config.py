"""config.toml -> Config: read whole, or refused with the key, its value, and what was expected."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct, field

from scraper import __version__, toml
from scraper.errors import ConfigError, UnteachableWord
from scraper.vocabulary import Words, taught

DEFAULT_NAME: Final = "config.toml"
NO_PORTALS: Final = "no [[portals]], expected one at least"

USER_AGENT: Final = (
    f"nalssi/{__version__} (keeps a history of the KMA weather box; one page per look)"
)


EXPECTED: Final = {
    "database": "a path",
    "journal": "one of: auto, wal, delete",
    "interval_minutes": "a number from 1 to 1440",
    "schedule": "a cron expression in quotes",
    "fetch": "a table",
    "fetch.timeout_s": "a number from 1 to 300",
    "fetch.max_bytes": "a whole number from 1024 to 67108864",
    "fetch.user_agent": "1 to 256 printable ASCII characters",
    "fetch.ca_file": "a path",
    "fetch.proxy": "an http:// or https:// address, or 'environment'",
    "notify": "a table",
    "notify.command": "a list of texts, the program first",
    "notify.webhook": "an http:// or https:// address",
    "notify.apprise": "a list of addresses",
    "notify.ping": "an http:// or https:// address",
    "metrics": "a table",
    "metrics.textfile": "a path",
    "metrics.port": "a whole number from 0 to 65535",
    "words": "a table",
    "words.labels": "a table of texts",
    "words.cities": "a table of numbers and texts",
    "portals": "a table [[portals]] for each portal",
    "portals.name": "1 to 64 letters, digits, '.', '-' or '_'",
    "portals.url": "an http:// or https:// address",
    "portals.ignore_robots": "a sentence",
}
"""What may stand at each key, in the words of an error."""


class Portal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    A portal to look at.

    Attributes:
        name: How it is called in the database and on the command line.
        url: A page that shows the sidebar.
        ignore_robots: Why its robots.txt does not bind us; empty = it does.
    """

    name: Annotated[str, Meta(pattern=r"\A[\w.-]{1,64}\Z")]
    url: str
    ignore_robots: str = ""


class Fetch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    How a page is asked for.

    Attributes:
        timeout_s: For a whole look, with redirects and retries; seconds.
        max_bytes: Of a page, on the wire and inflated.
        user_agent: Who we say we are.
        ca_file: Certificates to trust besides those of this machine, in PEM; a relative path
            counts from the folder of the config; empty = none.
        proxy: The address of a proxy; ``environment``: as the variables say; empty = none.
    """

    timeout_s: Annotated[float, Meta(ge=1, le=300)] = 20
    max_bytes: Annotated[int, Meta(ge=1024, le=64 * 2**20)] = 4 * 2**20
    user_agent: Annotated[str, Meta(pattern=r"\A[!-~]([ -~]{0,254}[!-~])?\Z")] = USER_AGENT
    ca_file: Annotated[str, Meta(pattern=r"\A[^\x00-\x1f]*\Z")] = ""
    proxy: str = ""


class Notify(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Whom to tell when a portal goes down, freezes or changes, and when it is well again.

    Attributes:
        command: A program with its arguments; the text is on its standard input.
        webhook: An http(s) address to which JSON is posted.
        apprise: Addresses of services as Apprise writes them; wants the extra ``notify``.
        ping: A dead-man switch in the form of healthchecks.io, told of every pass.
    """

    command: tuple[str, ...] = ()
    webhook: str = ""
    apprise: tuple[str, ...] = ()
    ping: str = ""


class Metrics(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What Prometheus is given.

    Attributes:
        textfile: A file for node_exporter's textfile collector; a relative path counts from the
            folder of the config; empty = none.
        port: On loopback, for ``nalssi run``; 0 = none.
    """

    textfile: Annotated[str, Meta(pattern=r"\A[^\x00-\x1f]*\Z")] = ""
    port: Annotated[int, Meta(ge=0, le=65535)] = 0


class Taught(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Printed words that the tables do not know, and what they mean.

    Attributes:
        labels: Labels, each with our name of its condition.
        cities: Cities, each with the number or name of its station at KMA.
    """

    labels: dict[str, str] = {}
    cities: dict[str, int | str] = {}

    def known(self) -> Words:
        """
        These words and those of the tables.

        Raises:
            UnteachableWord: One of these is none, or means what is not in the tables.
        """
        return taught(self.labels, self.cities)


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    The whole config.

    Attributes:
        database: The file; a relative path counts from the folder of the config.
        journal: ``auto``, ``wal`` or ``delete``.
        interval_minutes: From one look at a portal to the next.
        schedule: A cron expression in Korean time, in place of the interval; empty = none.
        fetch: How pages are asked for.
        notify: Whom to tell.
        metrics: What Prometheus is given.
        words: What printed words mean, besides what the tables know.
        portals: Which to look at.
    """

    database: Annotated[str, Meta(pattern=r"\A[^\x00-\x1f]+\Z")] = "weather.db"
    journal: Literal["auto", "wal", "delete"] = "auto"
    interval_minutes: Annotated[float, Meta(ge=1, le=1440)] = 10
    schedule: str = ""
    fetch: Fetch = field(default_factory=Fetch)
    notify: Notify = field(default_factory=Notify)
    metrics: Metrics = field(default_factory=Metrics)
    words: Taught = field(default_factory=Taught)
    portals: tuple[Portal, ...] = ()

    @property
    def interval_s(self) -> int:
        """Seconds from one look at a portal to the next."""
        return round(self.interval_minutes * 60)

    def chosen(self, names: tuple[str, ...]) -> tuple[Portal, ...]:
        """
        The portals of these names, or all where none is named.

        Raises:
            KeyError: There is no portal of that name.
        """
        by_name = {portal.name: portal for portal in self.portals}
        return tuple(by_name[name] for name in dict.fromkeys(names)) if names else self.portals


_TABLES: Final = {
    "fetch": Fetch,
    "notify": Notify,
    "metrics": Metrics,
    "words": Taught,
    "portals": Portal,
}


def find(path: Path | None = None) -> Path:
    """
    Where the config is: the path given, ``NALSSI_CONFIG``, or ``./config.toml``.

    Raises:
        ConfigError: There is no such file.
    """
    found = path or Path(os.environ.get("NALSSI_CONFIG") or DEFAULT_NAME)
    if not found.is_file():
        raise ConfigError(
            found, "there is no such file, expected one by --config, NALSSI_CONFIG, or here"
        )
    return found


def load(path: Path) -> Config:
    """
    The config in this file, with its paths made complete.

    Raises:
        ConfigError: It cannot be read, or a key in it is unknown or wrong.
    """
    raw = toml.read(path)
    try:
        config = msgspec.convert(raw, Config)
    except msgspec.ValidationError as exc:
        raise ConfigError(path, _in_words(str(exc), raw)) from exc
    _check_portals(path, config)
    _check_notify(path, config.notify)
    fetch = _checked_fetch(path, config.fetch)
    _check_words(path, config.words)
    metrics, database = config.metrics, _beside(path, config.database)
    if metrics.textfile:
        metrics = msgspec.structs.replace(metrics, textfile=_beside(path, metrics.textfile))
        if Path(metrics.textfile).resolve() in {path.resolve(), Path(database).resolve()}:
            raise ConfigError(path, "metrics.textfile is the config or the database itself")
    return msgspec.structs.replace(config, database=database, fetch=fetch, metrics=metrics)


def _beside(path: Path, name: str) -> str:
    """A path of the config, counted from its folder."""
    try:
        return str(path.parent / Path(name).expanduser())
    except RuntimeError as exc:
        raise ConfigError(path, f"{name!r}: no such user, expected a path") from exc


def _in_words(said: str, raw: dict[str, Any]) -> str:
    """What msgspec said, with the key as one writes it and the value that stands there."""
    what, _, place = said.partition(" - at `$")
    keys = re.findall(r"\.([^.\[\]`]+)|\[(\d+)\]", place)
    value: Any = raw
    for name, index in keys:
        value = value[int(index)] if index else value[name]
    key = "".join(f"[{int(index) + 1}]" if index else f".{name}" for name, index in keys).lstrip(
        "."
    )
    if unknown := re.search(r"unknown field `(.*)`", what):
        inside = f"{key}.{unknown[1]}" if key else unknown[1]
        known = ", ".join(_fields(keys))
        shown = "" if _is_secret(key) else f" = {value[unknown[1]]!r}"
        return f"unknown key {inside!r}{shown}, expected one of: {known}"
    plain = ".".join(name for name, _ in keys if name)
    if missing := re.search(r"missing required field `(.*)`", what):
        expected = EXPECTED[f"{plain}.{missing[1]}"]
        return f"{key}: key {missing[1]!r} is missing, expected {expected}"
    shown = key if _is_secret(key) else f"{key} = {value!r}"
    return f"{shown}: expected {EXPECTED[plain]}"


def _is_secret(key: str) -> bool:
    return key.startswith("notify") or key == "fetch.proxy"


def _fields(keys: list[tuple[str, str]]) -> tuple[str, ...]:
    table = keys[0][0] if keys else ""
    return _TABLES.get(table, Config).__struct_fields__


def _check_portals(path: Path, config: Config) -> None:
    seen: set[str] = set()
    for nth, portal in enumerate(config.portals, 1):
        if portal.name in seen:
            raise ConfigError(
                path, f"portals[{nth}].name = {portal.name!r}: expected a name of its own"
            )
        seen.add(portal.name)
        if not _is_http(portal.url):
            raise ConfigError(
                path,
                f"portals[{nth}].url = {portal.url!r}: expected an http:// or https:// address",
            )


def _checked_fetch(path: Path, fetch: Fetch) -> Fetch:
    """The table with its path made complete; what the proxy is may be secret."""
    if fetch.proxy not in {"", "environment"} and not _is_http(fetch.proxy, user=True):
        raise ConfigError(path, f"fetch.proxy: expected {EXPECTED['fetch.proxy']}")
    if not fetch.ca_file:
        return fetch
    ca_file = _beside(path, fetch.ca_file)
    try:
        known = b"-----BEGIN " in Path(ca_file).read_bytes()
    except OSError as exc:
        raise ConfigError(path, f"fetch.ca_file = {ca_file!r}: {exc.strerror}") from exc
    if not known:
        problem = f"fetch.ca_file = {ca_file!r}: no certificate in it, expected PEM"
        raise ConfigError(path, problem)
    return msgspec.structs.replace(fetch, ca_file=ca_file)


def _check_notify(path: Path, notify: Notify) -> None:
    """Refuse what is no address, without showing it: these have secrets in them."""
    for key, url in (("webhook", notify.webhook), ("ping", notify.ping)):
        if url and not _is_http(url):
            raise ConfigError(path, f"notify.{key}: expected an http:// or https:// address")


def _check_words(path: Path, words: Taught) -> None:
    try:
        words.known()
    except UnteachableWord as exc:
        raise ConfigError(path, str(exc)) from exc


def _is_http(url: str, *, user: bool = False) -> bool:
    try:
        parts = urlsplit(url)
        odd = " " in url or not url.isprintable() or parts.port == 0
        odd |= "@" in parts.netloc and not user
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not odd
    except ValueError:
        return False
