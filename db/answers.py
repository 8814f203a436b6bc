"""An answer of many records: a list that knows the kind of its records, also if it is empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

_T = TypeVar("_T")


class Records(list[_T]):
    """
    A list of records.

    Attributes:
        kind: Their class; a frame of an empty answer gets its columns from it.
    """

    def __init__(self, kind: type[_T], records: Iterable[_T]) -> None:
        super().__init__(records)
        self.kind = kind
