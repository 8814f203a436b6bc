"""The descriptions of the data addresses: a sentence, the parameters, the schema, an example."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from scraper.web.answer import CSV, JSON
from scraper.web.data import GEOJSON
from scraper.web.evidence import AT

V1: Final = "/api/v1"
"""Before the path of each data address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """
    The description of a data address.

    Attributes:
        path: The path, with variable parts such as ``{station}``.
        summary: One sentence in each language.
        schema: The record of the answer; None for tables and external formats.
        many: Whether the answer is a list of them.
        media_type: The media type of the answer.
        query: The names of its query parameters; others are refused.
        example: A working address, with ``{station}``, ``{month}``, ``{year}`` and ``{digest}``
            from the database; without ``/api/v1``.
    """

    path: str
    summary: tuple[str, str]
    schema: str | None = None
    many: bool = False
    media_type: str = JSON
    query: tuple[str, ...] = ()
    example: str = ""

    @property
    def is_file(self) -> bool:
        """Whether a written site has the example as a file, with any number of months."""
        return not self.example and "{year}" not in self.path and self.path != "/words.json"


_ONE_PORTAL: Final = ("portal",)
_SPAN: Final = ("since", "until", "portal")

OPERATIONS: Final = (
    Operation(
        path="/latest.json",
        summary=("지점마다 최신 값 하나", "The newest reading of each station"),
        schema="Best",
        many=True,
        query=_ONE_PORTAL,
    ),
    Operation(
        path="/latest.csv",
        summary=("같은 내용의 표", "The same as a table"),
        media_type=CSV,
        query=_ONE_PORTAL,
    ),
    Operation(
        path="/latest.geojson",
        summary=("같은 내용의 지도 점", "The same as points"),
        schema="FeatureCollection",
        media_type=GEOJSON,
        query=_ONE_PORTAL,
    ),
    Operation(
        path="/latest/{station}.json",
        summary=(
            "한 지점의 최신 값, 500바이트 이하",
            "The newest reading of one station, in short",
        ),
        schema="Short",
    ),
    Operation(
        path="/stations.json",
        summary=("포털이 보여 준 모든 지점", "Every station that a portal printed"),
        schema="Station",
        many=True,
    ),
    Operation(
        path="/portals.json",
        summary=("확인한 모든 포털", "Every portal that was polled"),
        schema="Portal",
        many=True,
    ),
    Operation(
        path="/gaps.json",
        summary=("읽지 못한 구간과 원인", "The stretches without a successful look, and why"),
        schema="Gap",
        many=True,
        query=_SPAN,
        example="/gaps.json?since=7d",
    ),
    Operation(
        path="/freezes.json",
        summary=(
            "세 시간 넘게 멈춘 구간",
            "The stretches that stood still for three hours or more",
        ),
        schema="Freeze",
        many=True,
        query=_SPAN,
        example="/freezes.json?since=7d",
    ),
    Operation(
        path="/words.json",
        summary=("표시된 모든 단어와 그 뜻", "Every printed word and its meaning"),
        schema="Word",
        many=True,
    ),
    Operation(
        path="/stations/{station}/{month}.json",
        summary=("한 달 동안 표시된 값", "What was printed in a Korean month"),
        schema="Spell",
        many=True,
    ),
    Operation(
        path="/stations/{station}/{month}.csv",
        summary=("같은 내용의 표", "The same as a table"),
        media_type=CSV,
    ),
    Operation(
        path="/stations/{station}/hours/{year}.csv",
        summary=("한 해의 정시 값, 빠진 시각 없이", "Every full hour of a year, without a gap"),
        media_type=CSV,
    ),
    Operation(
        path="/stations/{station}/days/{year}.csv",
        summary=("한 해의 날짜별 평균과 극값", "The mean and the extremes of each day of a year"),
        media_type=CSV,
    ),
    Operation(
        path="/stations/{station}/series",
        summary=(
            "원하는 기간의 값, 나누어 보기 가능",
            "What was printed in a range of time, page by page",
        ),
        schema="Series",
        query=(*_SPAN, "limit", "after"),
        example="/stations/{station}/series?since=24h&limit=5",
    ),
    Operation(
        path="/at",
        summary=("어느 시각의 값과 그 증거", "The value known at a moment, and its evidence"),
        schema="Known",
        query=AT,
        example="/at?station={station}&time=1h",
    ),
    Operation(
        path="/evidence/{digest}.json",
        summary=("표시된 그대로의 상자", "A box as printed, and who showed it"),
        schema="Sidebar",
    ),
    Operation(
        path="/health.json",
        summary=(
            "포털 상태; 이상이 있으면 503",
            "The state of the portals; 503 if one is not well",
        ),
        schema="Health",
    ),
    Operation(path="/openapi.json", summary=("이 설명서 자체", "This description")),
)
