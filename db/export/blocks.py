"""
Slices of a table: some of its rows, as blocks of columns beside each other.

Rows share most of their values. A block lists these once, with the place of each row among them;
three hours of two stations::

    서울 부산                       at 0 1 0 1 0 1
    21:00 22:00 23:00               at 0 0 1 1 2 2
    -0.9 6.1 -1.2 6.0 None 5.8      row by row
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from db.export.tables import Row


@dataclass(frozen=True, slots=True)
class Block:
    """
    Some columns of a table, beside each other.

    Attributes:
        columns: Their values.
        places: The place of each row among the values; None = a value for each row, in order.
    """

    columns: Sequence[Sequence[Any]]
    places: Sequence[int] | None = None

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.columns[0] if self.places is None else self.places)

    def by_row(self) -> Sequence[Sequence[Any]]:
        """The columns with a value for each row."""
        if self.places is None:
            return self.columns
        return [list(map(column.__getitem__, self.places)) for column in self.columns]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """
    Some rows, read at once.

    Attributes:
        blocks: All columns of the table, in their order; may be empty without a row.
        month: The Korean year and month in which all rows begin; None for a table without months.
        done: The share of the whole up to and with these rows, 0 to 1.
    """

    blocks: Sequence[Block]
    month: tuple[int, int] | None = None
    done: float = 1.0

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.blocks[0]) if self.blocks else 0

    @property
    def columns(self) -> list[Sequence[Any]]:
        """The columns with a value for each row."""
        return [column for block in self.blocks for column in block.by_row()]

    @property
    def rows(self) -> list[Row]:
        """The rows, with a value for each column."""
        return list(zip(*self.columns, strict=True))


def of_rows(rows: Sequence[Row], *, done: float = 1.0) -> Slice:
    """A slice of these rows."""
    return Slice(blocks=[Block(list(zip(*rows, strict=True)))] if rows else [], done=done)
