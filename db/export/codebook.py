"""
The codebook: the meaning of each column of an exported table, in English and Korean.

The page ``docs/codebook.md`` and every dataset are made from it; a test compares its columns with
those of ``tables.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from db.export.tables import TABLES, unit
from db.korean.words import FLAGS, STATES
from db.qartod import NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from db.export.tables import Kind


class Meaning(NamedTuple):
    """The meaning of a column, in English and Korean."""

    en: str
    ko: str


TYPES: Final[Mapping[Kind, str]] = {
    "text": "string",
    "integer": "integer",
    "real": "number",
    "moment": "datetime",
    "date": "date",
}
"""The name of each kind of column in the Table Schema of Data Package."""

MEANINGS: Final[Mapping[str, Meaning]] = {
    "station": Meaning("KMA's name of the station", "기상청의 지점 이름"),
    "station_en": Meaning("its English name", "지점의 영문 이름"),
    "kma_id": Meaning("KMA's number of the station", "기상청 지점 번호"),
    "latitude": Meaning("latitude, WGS 84", "위도, WGS 84"),
    "longitude": Meaning("longitude, WGS 84", "경도, WGS 84"),
    "elevation_m": Meaning("height above sea level", "해발 고도"),
    "province": Meaning("province", "시도"),
    "hour": Meaning("a full hour, Korean time", "정시, 한국 시각"),
    "hour_s": Meaning("the same in epoch seconds", "정시의 유닉스 초"),
    "day": Meaning("a Korean day", "날짜, 한국 시각"),
    "seen_from": Meaning("the first look that saw it", "처음 확인한 시각"),
    "seen_until": Meaning("the last look that saw it", "마지막으로 확인한 시각"),
    "changed_after": Meaning(
        "the last look before, which saw another set", "다른 값을 보여 준 직전 확인 시각"
    ),
    "published_by": Meaning("the latest time by which the set was published", "늦어도 이때 발표됨"),
    "observed_at": Meaning(
        "the hour that KMA's feed prints with the set; missing if it is unknown",
        "같은 값과 함께 기상청 자료에 적힌 관측 시각, 모르면 빈칸",
    ),
    "valid_until": Meaning(
        "the end of its live time; missing if it was never live",
        "실시간이던 마지막 시각, 없으면 빈칸",
    ),
    "temperature_c": Meaning(
        "air temperature as printed; in hours that of a live value alone",
        "표시된 기온, 정시 자료에서는 실시간 값만",
    ),
    "condition": Meaning("the sky, by our name of it", "하늘 분류, nalssi의 이름으로"),
    "wmo_4677": Meaning("the nearest WMO 4677 present weather code", "가장 가까운 WMO 4677 부호"),
    "label": Meaning("the sky as printed", "표시된 하늘"),
    "icon": Meaning("KMA's icon code as printed", "표시된 기상청 아이콘 번호"),
    "portal": Meaning("the portal that showed it", "값을 보여 준 포털"),
    "page_date": Meaning("the date printed above the box", "상자 위에 적힌 날짜"),
    "state": Meaning(
        "live, unconfirmed, stale, frozen, down; none before the first look",
        ", ".join(f"{name} {korean}" for name, korean in STATES.items()),
    ),
    "why": Meaning("the fact that decided the state", "상태를 정한 근거"),
    "digest": Meaning("BLAKE2b of the box as printed", "표시된 상자의 BLAKE2b"),
    "flag": Meaning(
        "QARTOD: 1 pass, 2 not evaluated, 3 suspect, 4 fail, 9 missing",
        "QARTOD: " + ", ".join(f"{flag} {FLAGS[name]}" for flag, name in NAMES.items()),
    ),
    "kind": Meaning(
        "the rule that it broke; of a word: label, icon or city", "어긴 규칙, 또는 단어의 종류"
    ),
    "live_portals": Meaning("portals that were live and printed a number", "실시간이던 포털 수"),
    "agreeing_portals": Meaning("how many of these show this temperature", "같은 기온을 보인 수"),
    "mean_c": Meaning(
        "mean of the live values by time; missing below the coverage asked for",
        "실시간 값의 시간 평균, 확보율이 모자라면 빈칸",
    ),
    "coverage": Meaning(
        "share of the time with a live value", "확보율: 실시간 값이 있던 시간의 비율"
    ),
    "age_minutes": Meaning("since published_by", "published_by부터 지난 시간"),
    "since": Meaning("when it began", "시작"),
    "until": Meaning("when it ended", "끝"),
    "failures": Meaning("looks that saw no box", "상자를 읽지 못한 확인 수"),
    "cause": Meaning("why there was no successful look", "확인하지 못한 원인"),
    "reason": Meaning("the last failure, or why a value is missing", "마지막 실패나 결측의 이유"),
    "next_change": Meaning("the first look at another set", "다른 값을 처음 본 시각"),
    "sidebar_id": Meaning("row of the box in the database", "데이터베이스의 상자 번호"),
    "first_seen": Meaning("when it was seen first", "처음 본 시각"),
    "last_seen": Meaning("when it was seen last", "마지막으로 본 시각"),
    "id": Meaning("row of the look in the database", "데이터베이스의 확인 번호"),
    "fetched_at": Meaning("when the page was asked for", "요청한 시각"),
    "outcome": Meaning("how the look ended", "확인의 결과"),
    "status": Meaning("HTTP status", "HTTP 상태"),
    "milliseconds": Meaning("how long the look took", "걸린 시간"),
    "bytes": Meaning("size of the page as received", "받은 크기"),
    "problems": Meaning("parts of the box that were not understood", "읽지 못한 것"),
    "retry_at": Meaning("the portal asked for no request before this", "다시 요청할 수 있는 시각"),
    "precision": Meaning("second, or day if only the day is known", "시각의 정밀도"),
    "url": Meaning("the portal's address", "포털 주소"),
    "interval_minutes": Meaning("between two looks", "확인 간격"),
    "looks": Meaning("the number of looks", "확인 수"),
    "first_look": Meaning("the first look", "첫 확인"),
    "last_look": Meaning("the last look", "마지막 확인"),
    "last_success": Meaning("the last look that saw a box", "마지막 성공"),
    "part": Meaning("which part of the day was asked for", "기간의 일부라면 그 뜻"),
    "minimum_c": Meaning("lowest live value", "최저 실시간 값"),
    "minimum_seen": Meaning("the look that saw it", "최저를 본 시각"),
    "maximum_c": Meaning("highest live value", "최고 실시간 값"),
    "maximum_seen": Meaning("the look that saw it", "최고를 본 시각"),
    "readings": Meaning("how many values were printed", "표시된 값의 수"),
    "longest_gap_s": Meaning("the longest time without a live value", "가장 긴 공백"),
    "suspect": Meaning("share of the time with flag 3", "의심 값의 비율"),
    "failed": Meaning("share of the time with flag 4", "오류 값의 비율"),
    "agreement": Meaning("share of the live portals that agree", "포털 사이의 일치"),
    **{
        f"{name}_s": Meaning(f"{name} in epoch seconds", f"{name}의 유닉스 초")
        for name in (
            *("observed_at", "seen_from", "seen_until", "changed_after", "published_by"),
            *("valid_until", "since", "until", "next_change"),
        )
    },
}


def meaning(table: str, column: str) -> Meaning:
    """The meaning of a column of a table."""
    return _OF_TABLES.get((table, column)) or MEANINGS[column]


_OF_TABLES: Final[Mapping[tuple[str, str], Meaning]] = {
    ("weather", "temperature_c"): Meaning("air temperature as printed", "표시된 기온"),
    ("words", "kind"): Meaning("label, icon or city", "하늘, 아이콘, 도시"),
    ("words", "word"): Meaning("as printed", "표시된 단어"),
    ("words", "means"): Meaning("its meaning; missing if unknown", "뜻, 모르면 빈칸"),
    ("words", "understood"): Meaning("whether it is known", "아는 단어인지"),
    ("words", "sidebars"): Meaning("distinct boxes that have it", "이 단어가 있는 상자의 수"),
    ("words", "first_portal"): Meaning("who showed it first", "처음 보여 준 포털"),
    ("words", "last_portal"): Meaning("who showed it last", "마지막으로 보여 준 포털"),
}


def table(name: str, columns: Mapping[str, Kind], language: str) -> str:
    """The codebook of a table, as Markdown; ``language`` is ``en`` or ``ko``."""
    heads = {
        "en": "| column | type | unit | meaning |",
        "ko": "| 열 | 자료형 | 단위 | 뜻 |",
    }
    lines = [
        f"| `{column}` | {TYPES[kind]} | {unit(column) or ''} "
        f"| {getattr(meaning(name, column), language)} |"
        for column, kind in columns.items()
    ]
    return "\n".join([heads[language], "|---|---|---|---|", *lines])


def page() -> str:
    """The whole codebook, for ``docs/codebook.md``."""
    head = (
        "# Codebook\n\nThis page lists every column of every table that `nalssi export` writes. "
        "`db/export/codebook.py` makes it,\nand adds it to each [dataset](dataset.md). Times are "
        "ISO 8601 with +09:00 in text, instants in Parquet; an\nempty cell is a missing value. "
        "[states.md](states.md) defines the states and flags.\n"
    )
    tables = [
        f"\n## `{name}`\n\n{table(name, columns, 'en')}\n" for name, columns in TABLES.items()
    ]
    return head + "".join(tables)
