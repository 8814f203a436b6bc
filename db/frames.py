"""Answers as frames of pandas and Polars, and as data sets of xarray, if those are installed."""
# ruff: noqa: PLC0415

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final

from db.answers import Records
from db.errors import MissingExtra, importing

if TYPE_CHECKING:
    from pandas import DataFrame
    from polars import DataFrame as PolarsFrame
    from xarray import Dataset


TIME_ZONE: Final = "Asia/Seoul"

KEYS: Final = {
    "Best": ("station",),
    "Freeze": ("portal", "since"),
    "Gap": ("portal", "since"),
    "Hour": ("station", "hour"),
    "Known": ("station",),
    "Latest": ("station", "portal"),
    "Period": ("station", "since"),
    "Portal": ("name",),
    "SideBySide": ("since",),
    "Spell": ("portal", "seen_from"),
    "Station": ("name_ko",),
}
"""The columns that identify a row of an answer: the dimensions of its data set."""


_OF_PANDAS: Final = {"dt.datetime": f"datetime64[us, {TIME_ZONE}]", "float": float, "int": int}


class MissingPandas(MissingExtra):
    """pandas is not installed."""


class MissingPolars(MissingExtra):
    """Polars is not installed."""


class MissingXarray(MissingExtra):
    """xarray is not installed."""


def to_pandas(answer: Any) -> DataFrame:
    """
    Make a frame with a row for each value of an answer, and a column for each attribute.

    ::

        frame = to_pandas(db.stats("서울", by="day")).set_index("since")
        frame["mean_c"].plot()

    Args:
        answer: The answer of any question, such as ``stats``, ``series``, ``at`` or ``compare``. An
            empty answer has the columns of its records. A nested record, such as the evidence of
            ``at``, gets a column for each value; ``compare`` a column for each station.

    Raises:
        MissingPandas: It is an extra: ``pip install -e '.[pandas]'``.
    """
    with importing("pandas", "pandas is not installed", MissingPandas):
        import pandas as pd
    frame = pd.DataFrame(_columns(answer)).astype(_types_if_empty(answer, _OF_PANDAS))
    for name in frame.select_dtypes("datetimetz"):
        frame[name] = frame[name].dt.tz_convert(TIME_ZONE)
    return frame


def to_polars(answer: Any) -> PolarsFrame:
    """
    Make the same as a frame of Polars; structured values, such as the skies of a day, are JSON.

    Raises:
        MissingPolars: It is an extra: ``pip install -e '.[polars]'``.
    """
    with importing("polars", "polars is not installed", MissingPolars):
        import polars as pl
    columns = {name: [_plain(x) for x in values] for name, values in _columns(answer).items()}
    empty = _types_if_empty(answer, _of_polars())
    frame = pl.DataFrame(columns, schema_overrides=empty, infer_schema_length=None)
    zoned = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime)]
    return frame.with_columns(pl.col(name).dt.convert_time_zone(TIME_ZONE) for name in zoned)


def to_xarray(answer: Any) -> Dataset:
    """
    Make the same as a data set of xarray, with dimensions: hours by ``station`` and ``hour``.

    Times are UTC there, as xarray has no time zones; days are times. If two rows have the same
    coordinates, or an answer has none, such as flags, the only dimension is ``row``.

    Raises:
        MissingXarray: It is an extra: ``pip install -e '.[netcdf,pandas]'``.
    """
    with importing("netcdf,pandas", "xarray is not installed", MissingXarray):
        import pandas as pd
        import xarray  # noqa: F401
    frame = to_pandas(answer)
    for name in frame.select_dtypes("datetimetz"):
        frame[name] = frame[name].dt.tz_convert(None)
    for name in frame:
        if frame[name].dtype in (object, "str"):
            is_day = {type(value) for value in frame[name].dropna()} == {dt.date}
            plain = pd.Series(list(map(_plain, frame[name])), dtype=object)
            frame[name] = pd.to_datetime(plain) if is_day else plain
    kind = _kind(answer)
    keys = list(KEYS.get(kind.__name__, ())) if kind else []
    if not keys or frame.duplicated(keys).any():
        keys = []
        frame.index.name = "row"
    made: Dataset = (frame.set_index(keys) if keys else frame).to_xarray()
    return made


def _rows(answer: Any) -> Sequence[Any]:
    """The records of an answer; a single record counts as a list of one."""
    if hasattr(answer, "periods"):  # stations side by side
        return tuple(answer.periods)
    return answer if isinstance(answer, Sequence) else (answer,)


def _kind(answer: Any) -> type | None:
    """The class of the records; None for an empty list of unknown records."""
    return next(map(type, _rows(answer)), getattr(answer, "kind", None))


def _types_if_empty(answer: Any, types: Mapping[str, Any]) -> dict[str, Any]:
    """The types of the columns of an empty answer, by the annotations of its records."""
    if not isinstance(answer, Records) or answer:
        return {}
    named = {one.name: str(one.type).removesuffix(" | None") for one in fields(answer.kind)}
    return {name: types[kind] for name, kind in named.items() if kind in types}


def _columns(answer: Any) -> dict[str, list[Any]]:
    if isinstance(answer, Records) and not answer:
        return {one.name: [] for one in fields(answer.kind)}
    rows = [_values(row) for row in _rows(answer)]
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _values(row: Any, before: str = "") -> dict[str, Any]:
    """The values of a record by their names; those of a nested record are prefixed by its name."""
    found: dict[str, Any] = {}
    for one in fields(row):
        value = getattr(row, one.name)
        if is_dataclass(value):
            found |= _values(value, f"{before}{one.name}_")
        elif isinstance(value, dict) and one.name in {"means_c", "differences_c"}:
            found |= {f"{one.name}_{station}": celsius for station, celsius in value.items()}
        else:
            found[f"{before}{one.name}"] = value
    return found


def _of_polars() -> dict[str, Any]:
    import polars as pl

    moment = pl.Datetime("us", TIME_ZONE)
    return {"dt.datetime": moment, "float": pl.Float64, "int": pl.Int64, "str": pl.String}


def _plain(value: Any) -> Any:
    """A value that a column of any library accepts."""
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value
