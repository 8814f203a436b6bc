"""A table of the config, read key by key, so that an error names the key and the expected value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

if TYPE_CHECKING:
    from collections.abc import Mapping


class WrongKey(ValueError):
    """The value of a key, and the expected values."""

    def __init__(self, what: str, expected: str) -> None:
        super().__init__(f"{what}: expected {expected}")


def require(right: bool, what: str, expected: str) -> None:
    """
    Refuse the value of a key unless it is right.

    Raises:
        WrongKey: It is not.
    """
    if not right:
        raise WrongKey(what, expected)


_Table = TypeVar("_Table", bound=Struct)


def table(kind: type[_Table], raw: Mapping[str, object], name: str = "") -> _Table:
    """Read a table key by key, so that an error can name the key."""
    keys = {one.name: one for one in msgspec.structs.fields(kind) if expected(one.type)}
    inside = f"{name}." if name else ""
    for key, value in raw.items():
        if key not in keys:
            unknown = _shown(f"unknown key {inside + key!r}", value)
            raise WrongKey(unknown, f"one of: {', '.join(keys)}")
    for one in keys.values():
        there = not one.required or one.name in raw
        require(there, f"{name}: key {one.name!r} is missing", expected(one.type))
    return kind(**{key: _value(f"{inside}{key}", raw[key], keys[key].type) for key in raw})


def _value(name: str, value: object, type_: Any, outer: str = "") -> Any:
    """Read the value of a key by its type, or by the type of the elements of its list."""
    wanted = expected(type_) or outer
    plain = get_args(type_)[0] if get_origin(type_) is Annotated else type_
    if isinstance(plain, type) and issubclass(plain, Struct) and isinstance(value, dict):
        return table(plain, value, name)
    if get_origin(plain) is tuple and isinstance(value, list):
        of = get_args(plain)[0]
        return tuple(
            _value(f"{name}[{nth}]", part, of, wanted) for nth, part in enumerate(value, 1)
        )
    try:
        return msgspec.convert(value, type_)
    except msgspec.ValidationError:
        raise WrongKey(_shown(name, value), wanted) from None


def expected(type_: Any) -> str:
    """The allowed values of a key of this type, in words; empty if it is not a key."""
    notes = (note for note in getattr(type_, "__metadata__", ()) if isinstance(note, Meta))
    return next((note.description for note in notes if note.description), "")


def _shown(name: str, value: object) -> str:
    """A key with its value, unless that may be a secret."""
    return name if "notify" in name or name == "fetch.proxy" else f"{name} = {value!r}"
