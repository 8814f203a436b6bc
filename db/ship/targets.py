"""
The target databases, by ADBC: Postgres and DuckDB.

Both take the same SQL, and rows as Arrow: Postgres by a binary COPY. This is ADBC's own level: its
DB-API imports pandas and polars where they are installed, which takes longer than to ship.
"""
# ruff: noqa: PLC0415 - extras

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from db.errors import NalssiError, importing
from db.export import parquet
from db.file.connection import is_sqlite
from db.read.rows import quoted
from db.ship.sending import Sender

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent import futures

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

_PASSWORD: Final = re.compile(r"(?<=:)[^:@/]+(?=@)|(?<=password=)[^&\s]+")


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
    """
    An open connection; each ``with target.transaction()`` is one commit or no change.

    Another thread does the statements, in order: the error of one is raised by ``ask``, by the next
    rows, or by the end of the transaction.
    """

    def __init__(self, uri: str) -> None:
        from adbc_driver_manager import AdbcConnection

        self._uri = uri
        with self._named():
            self._database = _database(uri)
            self._conn = AdbcConnection(self._database)
            self._conn.set_autocommit(False)
        self._sender = Sender(self._conn.cancel)
        self._committed: futures.Future[None] | None = None

    def close(self) -> None:
        """Close the connection."""
        self._sender.close()
        self._conn.close()
        self._database.close()

    @contextlib.contextmanager
    def transaction(self, *, ahead: bool = False) -> Iterator[Target]:
        """
        One commit, or no change.

        Args:
            ahead: Whether to return before the commit; its error is raised by the next transaction.
        """
        with self._named():
            try:
                yield self
                self._committed = self._sender.later(self._conn.commit)
                if not ahead:
                    self._sender.wait()
            except BaseException as exc:
                self._give_up(exc)
                raise

    def _give_up(self, exc: BaseException) -> None:
        """
        Undo the transaction, and raise the error of the commit before, if it had one.

        Ctrl-C waits neither for that commit nor for a lock.
        """
        refused = None
        if isinstance(exc, Exception) and self._committed is not None:
            refused = self._committed.exception()
        self._sender.end(exc)
        with contextlib.suppress(Exception):  # the connection itself may have failed
            self._conn.rollback()
        if refused is not None:
            raise refused from exc

    def run(self, sql: str) -> None:
        """Run a statement."""
        self._sender.later(lambda: self._done(sql))

    def _done(self, sql: str) -> None:
        with self._statement() as statement:
            statement.set_sql_query(sql)
            statement.execute_update()

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return self._sender.later(lambda: self._answer(sql)).result()

    def _answer(self, sql: str) -> list[tuple[Any, ...]]:
        import pyarrow as pa

        with self._statement() as statement:
            statement.set_sql_query(sql)
            stream, _ = statement.execute_query()
            found = pa.RecordBatchReader.from_stream(stream).read_all()
        return list(zip(*(column.to_pylist() for column in found.columns), strict=True))

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
        """Append batches to a table, which are made here and sent by the thread."""
        self._sender.later(lambda: self._send(table, schema))
        for batch in batches:
            self._sender.put(batch, batch.num_rows)
        self._sender.put(None)

    def _send(self, table: str, schema: Any) -> None:
        """Append the batches of the sender to a table."""
        import pyarrow as pa
        from adbc_driver_manager import INGEST_OPTION_MODE_APPEND, StatementOptions

        with self._statement() as statement:
            statement.set_options(
                **{
                    StatementOptions.INGEST_TARGET_TABLE.value: table,
                    StatementOptions.INGEST_TARGET_DB_SCHEMA.value: SCHEMA,
                    StatementOptions.INGEST_MODE.value: INGEST_OPTION_MODE_APPEND,
                }
            )
            batches = pa.RecordBatchReader.from_batches(schema, self._sender.taken())
            statement.bind_stream(batches)
            statement.execute_update()

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        from adbc_driver_manager import Error

        try:
            yield
        except Error as exc:
            raise TargetError(self._uri, str(exc)) from exc


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
    with contextlib.suppress(OSError):  # the driver says why it cannot be opened
        if is_sqlite(path):
            raise TargetError(uri, "a database of SQLite, expected one of DuckDB or a new name")
    return path


def refuse_without() -> None:
    """
    Refuse to run without ADBC and pyarrow.

    Raises:
        MissingExtra: One is not.
    """
    with importing("ship", "ship needs ADBC and its drivers"):
        import adbc_driver_duckdb  # noqa: F401
        import adbc_driver_postgresql  # noqa: F401
        import pyarrow  # noqa: F401
