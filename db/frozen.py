"""
Frozen records, very many at once.

A frozen dataclass sets each of its fields by ``object.__setattr__``, and so takes ten times as long
as one that is not frozen. These are made as twins, of a class that has the same slots and is not
frozen, and then turned into what they are.
"""

from __future__ import annotations

import functools
from dataclasses import fields, make_dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

_R = TypeVar("_R")


def records(record: type[_R], *columns: Iterable[Any]) -> list[_R]:
    """
    Records of a frozen dataclass with slots.

    Args:
        record: The class.
        columns: The values of each of its fields, in their order.
    """
    made: list[Any] = list(map(_twin(record), *columns))  # type: ignore[arg-type] # hashable
    for one in made:
        one.__class__ = record
    return made


@functools.cache
def _twin(record: Any) -> type:
    """A class with the slots of a record, whose fields are set by place."""
    names = [field.name for field in fields(record)]
    return make_dataclass(
        record.__name__, names, slots=True, eq=False, repr=False, namespace={"__doc__": ""}
    )
