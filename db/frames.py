"""Answers as tables of pandas, where that is installed."""
# ruff: noqa: PLC0415

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from db.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame


TIME_ZONE: Final = "Asia/Seoul"


class MissingPandas(MissingExtra):
    """pandas is not installed."""

    extra = "pandas"

    def __init__(self) -> None:
        super().__init__("pandas is not installed")


def to_pandas(rows: Sequence[Any]) -> DataFrame:
    """
    A row for each value of an answer, a column for each of its attributes.

    ::

        frame = to_pandas(db.stats("서울", by="day")).set_index("since")
        frame["mean_c"].plot()

    Args:
        rows: Of one kind, such as from ``Database.stats`` or ``Database.series``. Of none, there is
            a frame without columns.

    Raises:
        MissingPandas: It is an extra: ``pip install '.[pandas]'``.
    """
    try:
        import pandas as pd
    except ImportError as exc:
        raise MissingPandas from exc
    columns = [one.name for one in fields(rows[0])] if rows else []
    frame = pd.DataFrame({name: [getattr(row, name) for row in rows] for name in columns})
    for name in frame.select_dtypes("datetimetz"):
        frame[name] = frame[name].dt.tz_convert(TIME_ZONE)
    return frame
