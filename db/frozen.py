"""
Frozen records, many at once.

A frozen dataclass sets each field by ``object.__setattr__``, which takes ten times as long as a
plain assignment. ``records`` makes twins, of a class with the same slots that is not frozen, and
then gives each the class of the record. The garbage collector would visit them again and again as
they become more, and find no garbage; so it is stopped until all are made.
"""

from __future__ import annotations

import functools
import gc
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

_R = TypeVar("_R")


def records(record: type[_R], *columns: Iterable[Any]) -> list[_R]:
    """
    Records of a frozen dataclass with slots.

    Args:
        record: The class; all of its slots are its own.
        columns: The values of each of its fields, in their order.
    """
    with Uncollected():
        made: list[Any] = list(map(_twin(record), *columns))  # type: ignore[arg-type] # hashable
    for one in made:
        one.__class__ = record
    return made


class Uncollected:
    """Stops the garbage collector inside ``with``; if it was stopped before, it stays so."""

    __slots__ = ("_collects",)

    def __enter__(self) -> None:
        self._collects = gc.isenabled()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        if self._collects:
            gc.enable()


@functools.cache
def _twin(record: Any) -> type:
    """A class with the slots of a record, whose fields are given by place."""
    names = tuple(field.name for field in fields(record))
    body = "".join(f"    self.{name} = {name}\n" for name in names)
    own: dict[str, Any] = {"__slots__": names}
    exec(f"def __init__(self, {', '.join(names)}):\n{body}", own)  # noqa: S102 - as dataclass does
    return type(record.__name__, (), own)
