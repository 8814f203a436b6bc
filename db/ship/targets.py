"""
The target databases, by ADBC: Postgres and DuckDB.

Both take the same SQL, and rows as Arrow: Postgres by a binary COPY. This is ADBC's own level: its
DB-API imports pandas and polars where they are installed, which takes longer than to ship.
"""
# ruff: noqa: PLC0415 - extras

from __future__ import annotations

import contextlib
import queue
import re
from concurrent import futures
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from db.errors import MissingExtra, NalssiError
from db.export import parquet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from db.export.blocks import Slice
    from db.export.tables import Kind

SCHEMA: Final = "nalssi"

_TYPES: Final[Mapping[Kind, str]] = {
    "text": "text",
    "integer": "bigint",
    "real": "double precision",
    "moment": "timestamp with time zone",
    "date": "date",
}

_SQLITE: Final = b"SQLite format 3\0"
"""The first bytes of its files (sqlite.org/fileformat.html)."""

_AHEAD: Final = 8
"""Batches of a table that are made ahead of the sender: some take much longer than others."""

_PASSWORD: Final = re.compile(r"(?<=:)[^:@/]+(?=@)|(?<=password=)[^&\s]+")


class NoDriver(MissingExtra):
    """The library for such a database is not installed."""

    extra = "ship"

    def __init__(self) -> None:
        super().__init__("ship needs ADBC and its drivers")


class WrongTarget(NalssiError):
    """An address of an unknown kind of database."""

    exit_code = 2

    def __init__(self, uri: str) -> None:
        super().__init__(
            f"target {hidden(uri)!r}: expected postgresql://HOST/NAME, or a file such as "
            "duckdb:weather.duckdb"
        )


class TargetError(NalssiError):
    """The other database cannot be reached, or refuses."""

    exit_code = 74

    def __init__(self, uri: str, problem: str) -> None:
        first = " ".join(hidden(problem).split())
        super().__init__(f"target {hidden(uri)!r}: {first}")


def hidden(text: str) -> str:
    """A text without the password in it."""
    return _PASSWORD.sub("***", text)


class Target:
    """An open connection; each ``with target.transaction()`` is one commit or nothing."""

    def __init__(self, uri: str) -> None:
        from adbc_driver_manager import AdbcConnection

        self._uri = uri
        self._waiting = futures.ThreadPoolExecutor(1)
        self._pending: list[_Ingestion] = []
        with self._named():
            self._database = _database(uri)
            self._conn = AdbcConnection(self._database)
            self._conn.set_autocommit(False)

    def close(self) -> None:
        """Close the connection."""
        self._waiting.shutdown()
        self._drop_ended()
        self._conn.close()
        self._database.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Target]:
        """One commit or nothing."""
        with self._named():
            try:
                yield self
                self._settle()
                self._conn.commit()
            except BaseException as exc:
                self._give_up(exc)
                with contextlib.suppress(Exception):  # the connection itself may have failed
                    self._conn.rollback()
                raise

    def run(self, sql: str) -> None:
        """Run a statement."""
        self._settle()
        with self._statement() as statement:
            statement.set_sql_query(sql)
            self._waited(statement, statement.execute_update)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        import pyarrow as pa

        self._settle()
        with self._statement() as statement:
            statement.set_sql_query(sql)
            stream, _ = self._waited(statement, statement.execute_query)
            found = pa.RecordBatchReader.from_stream(stream).read_all()
        return list(zip(*(column.to_pylist() for column in found.columns), strict=True))

    def _waited(self, statement: Any, execute: Callable[[], Any]) -> Any:
        """The result of a statement, which may wait for a lock; Ctrl-C cancels it."""
        waiting = self._waiting.submit(execute)
        try:
            return waiting.result()
        except KeyboardInterrupt:
            statement.cancel()
            futures.wait([waiting])
            raise

    def _statement(self) -> Any:
        from adbc_driver_manager import AdbcStatement

        return AdbcStatement(self._conn)

    def make(self, table: str, columns: Mapping[str, Kind], key: Sequence[str] = ()) -> None:
        """Create a table of the schema, if missing, and its missing columns."""
        listed = ", ".join(f"{name} {_TYPES[kind]}" for name, kind in columns.items())
        unique = f", PRIMARY KEY ({', '.join(key)})" if key else ""
        self.run(f"CREATE TABLE IF NOT EXISTS {SCHEMA}.{table} ({listed}{unique})")
        for name, kind in columns.items():
            self.run(f"ALTER TABLE {SCHEMA}.{table} ADD COLUMN IF NOT EXISTS {name} {_TYPES[kind]}")

    def comment(self, what: str, name: str, text: str) -> None:
        """Set the comment of a table, view or column."""
        self.run(f"COMMENT ON {what} {SCHEMA}.{name} IS {quoted(text)}")

    def add(
        self,
        table: str,
        columns: Mapping[str, Kind],
        slices: Iterable[Slice],
        *,
        month: str | None = None,
        clean: Callable[[str], str] = str,
    ) -> int:
        """Add rows, by COPY if available; return their number."""
        import pyarrow as pa

        schema, kinds = parquet.schema(columns, {}), list(columns.values())
        first = [] if month is None else [pa.field("month", pa.string())]
        counted = 0

        def batches() -> Iterator[Any]:
            nonlocal counted
            for some in slices:
                if len(some):
                    counted += len(some)
                    batch = parquet.batch(schema, kinds, some, clean)
                    months = [pa.repeat(month, len(some))] if first else []
                    yield pa.record_batch([*months, *batch.columns], schema=whole)

        whole = pa.schema([*first, *schema])
        self._ingest(table, whole, batches())
        return counted

    def _ingest(self, table: str, schema: Any, batches: Iterable[Any]) -> None:
        """
        Append batches to a table.

        They are sent by another thread, which may still send the table before while the first ones
        are made here. So the error of a target may be raised later, by ``_settle``.
        """
        import pyarrow as pa
        from adbc_driver_manager import INGEST_OPTION_MODE_APPEND, StatementOptions

        self._pending.append(ingestion := _Ingestion(self._statement()))
        statement, made = ingestion.statement, ingestion.made
        statement.set_options(
            **{
                StatementOptions.INGEST_TARGET_TABLE.value: table,
                StatementOptions.INGEST_TARGET_DB_SCHEMA.value: SCHEMA,
                StatementOptions.INGEST_MODE.value: INGEST_OPTION_MODE_APPEND,
            }
        )
        statement.bind_stream(pa.RecordBatchReader.from_batches(schema, made.taken()))
        ingestion.sending = sending = self._waiting.submit(statement.execute_update)
        for batch in chain(batches, [None]):
            if not made.put(batch, sending):
                return

    def _settle(self) -> None:
        """Wait for all that is being sent, and raise its first error."""
        for ingestion in self._pending:
            if ingestion.sending is not None:
                ingestion.sending.result()
        self._drop_ended()

    def _give_up(self, exc: BaseException) -> None:
        """End all that is being sent; Ctrl-C does not wait for a lock of the target."""
        for ingestion in self._pending:
            ingestion.made.break_off(exc)
            if not isinstance(exc, Exception):
                with contextlib.suppress(Exception):
                    ingestion.statement.cancel()
        futures.wait([one.sending for one in self._pending if one.sending is not None])
        self._drop_ended()

    def _drop_ended(self) -> None:
        while self._pending:
            self._pending.pop().statement.close()

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        from adbc_driver_manager import Error

        try:
            yield
        except Error as exc:
            raise TargetError(self._uri, str(exc)) from exc


class _Made:
    """Batches between the thread that makes them and the one that sends them."""

    def __init__(self) -> None:
        self._queue: queue.Queue[Any] = queue.Queue(_AHEAD)
        self._broken: BaseException | None = None

    def put(self, batch: Any, sending: futures.Future[Any]) -> bool:
        """Hand on a batch, or None after the last; False if the sender has ended."""
        while not sending.done():
            with contextlib.suppress(queue.Full):
                self._queue.put(batch, timeout=0.1)
                return True
        return False

    def break_off(self, exc: BaseException) -> None:
        """Let the sender end with this error, as no more batches come."""
        self._broken = exc
        with contextlib.suppress(queue.Full):  # else it need not be woken
            self._queue.put_nowait(None)

    def taken(self) -> Iterator[Any]:
        """The batches, as the sender takes them."""
        while (batch := self._queue.get()) is not None and self._broken is None:
            yield batch
        if self._broken is not None:
            raise self._broken


@dataclass(eq=False)
class _Ingestion:
    """
    The rows of a table on their way.

    Attributes:
        statement: That of ADBC. Only the thread of the sender works with the connection until it
            has ended.
        made: The batches.
        sending: The sender; None before it began.
    """

    statement: Any
    made: _Made = field(default_factory=_Made)
    sending: futures.Future[Any] | None = None


def _database(uri: str) -> Any:
    """
    A database.

    Raises:
        WrongTarget: The address is of an unknown kind.
    """
    if uri.startswith(("postgresql://", "postgres://")):
        import adbc_driver_postgresql as postgres

        return postgres.connect(uri)
    if uri.startswith("duckdb:"):
        import adbc_driver_duckdb as duckdb

        return duckdb.connect(str(_file(uri)))
    raise WrongTarget(uri)


def _file(uri: str) -> Path:
    """
    The file of a DuckDB, with its folder, as ``md:x`` alone would be an online service.

    Raises:
        WrongTarget: No file is named: DuckDB would keep all in memory, and lose it.
        TargetError: A SQLite database has that name, into which DuckDB would write.
    """
    name = re.sub(r"^duckdb:(//)?", "", uri)
    if name in ("", ":memory:") or not name.isprintable():
        raise WrongTarget(uri)
    path = Path(name).absolute()
    with contextlib.suppress(OSError), path.open("rb") as file:
        if file.read(len(_SQLITE)) == _SQLITE:
            raise TargetError(uri, "a database of SQLite, expected one of DuckDB or a new name")
    return path


def refuse_without() -> None:
    """
    Refuse to run without ADBC and pyarrow.

    Raises:
        NoDriver: One is not.
    """
    try:
        import adbc_driver_duckdb  # noqa: F401
        import adbc_driver_postgresql  # noqa: F401
        import pyarrow  # noqa: F401
    except ImportError as exc:
        raise NoDriver from exc


def quoted(text: str) -> str:
    """A text as a literal of SQL."""
    doubled = text.replace("'", "''")
    return f"'{doubled}'"
