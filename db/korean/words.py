"""The words of values in Korean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

STATES: Final[Mapping[str, str]] = {
    "live": "실시간",
    "unconfirmed": "미확인",
    "stale": "지난 값",
    "frozen": "멈춤",
    "down": "끊김",
    "none": "없음",
}
"""Each state."""

STANDINGS: Final[Mapping[str, str]] = {**STATES, "old": "오래됨"}
"""Each state on a map."""

FLAGS: Final[Mapping[str, str]] = {
    "pass": "정상",
    "not evaluated": "미검사",
    "suspect": "의심",
    "fail": "오류",
    "missing": "결측",
}
"""QARTOD's name of each flag."""

KINDS: Final[Mapping[str, str]] = {
    "flat": "변화 없음",
    "spike": "순간 튐",
    "step": "급변",
    "neighbours": "주변과 차이",
    "range": "기록 범위 밖",
    "label": "하늘",
    "icon": "아이콘",
    "city": "도시",
}
"""The rules of flags, and the kinds of printed words."""

CAUSES: Final[Mapping[str, str]] = {
    "portal failing": "포털 응답 실패",
    "not running": "수집기 정지",
    "clock": "시계 조정",
    "not kept": "저장 실패",
}
"""The causes of gaps."""

OUTCOMES: Final[Mapping[str, str]] = {
    "new": "새 값",
    "unchanged": "그대로",
    "read": "읽음",
    "unread": "읽기 전",
    "not_modified": "변경 없음",
    "no_sidebar": "상자 없음",
    "set_aside": "보류",
    "fetch_failed": "접속 실패",
    "refused_by_robots": "robots.txt 거부",
}
"""How a look ended."""

CONDITIONS: Final[Mapping[str, str]] = {
    "clear": "맑음",
    "mostly_clear": "구름조금",
    "mostly_cloudy": "구름많음",
    "overcast": "흐림",
    "drizzle": "이슬비",
    "light_rain": "빗방울",
    "rain": "비",
    "rain_shower": "소나기",
    "recent_rain": "비 끝남",
    "freezing_rain": "어는비",
    "sleet": "진눈깨비",
    "sleet_shower": "소낙성진눈깨비",
    "light_snow": "눈날림",
    "snow": "눈",
    "snow_shower": "소낙눈",
    "blowing_snow": "땅날림눈",
    "snow_grains": "가루눈",
    "snow_pellets": "싸락눈",
    "ice_pellets": "얼음싸라기",
    "hail": "우박",
    "thunderstorm": "뇌우",
    "lightning": "번개",
    "fog": "안개",
    "mist": "박무",
    "haze": "연무",
    "dust": "황사",
    "not_reported": "보고 없음",
    "unknown": "알 수 없음",
}
"""The sky, by our name of it."""

PERIODS: Final[Mapping[str, str]] = {
    "hour": "시간",
    "day": "하루",
    "week": "한 주",
    "month": "한 달",
    "year": "한 해",
    "all": "전체",
}
"""The periods, as in ``part of the day``."""


def listed(names: str, table: Mapping[str, str]) -> str:
    """Names joined by a comma, each in Korean where it has a Korean word."""
    return ", ".join(table.get(name, name) for name in names.split(", "))
