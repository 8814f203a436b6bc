"""The headings of tables in Korean."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADINGS: Final[Mapping[str, str]] = {
    "KMA id": "지점번호",
    "after": "뒤",
    "age": "경과",
    "agree": "일치",
    "agreement": "일치율",
    "before": "앞",
    "by": "포털",
    "box": "상자",
    "boxes": "상자",
    "bytes": "바이트",
    "cause": "원인",
    "change": "변경",
    "changed": "바뀐 때",
    "changed after": "바뀌기 전",
    "check": "점검",
    "city": "도시",
    "condition": "하늘 분류",
    "correlation": "상관계수",
    "coverage": "확보율",
    "days": "일수",
    "elevation m": "고도 m",
    "failed": "오류",
    "failures": "실패",
    "fetched at": "요청 시각",
    "first": "처음",
    "first look": "첫 확인",
    "first seen": "처음 본 때",
    "flag": "품질",
    "found": "결과",
    "hour": "시각",
    "icon": "아이콘",
    "interval minutes": "주기(분)",
    "kind": "종류",
    "kma id": "지점번호",
    "label": "하늘",
    "last": "마지막",
    "last look": "마지막 확인",
    "last seen": "마지막 본 때",
    "last success": "마지막 성공",
    "latitude °": "위도 °",
    "length": "길이",
    "longest gap": "최장 공백",
    "longitude °": "경도 °",
    "look after": "다음 확인",
    "look before": "직전 확인",
    "looks": "확인",
    "max °C": "최고 °C",
    "mean °C": "평균 °C",
    "milliseconds": "밀리초",
    "min °C": "최저 °C",
    "mostly": "주된 하늘",
    "next change": "다음 변화",
    "next look": "다음 확인",
    "note": "비고",
    "outcome": "결과",
    "page date": "표시 날짜",
    "portal": "포털",
    "printed": "표시",
    "problems": "문제",
    "province": "시도",
    "readings": "값",
    "reason": "이유",
    "seen": "본 때",
    "seen from": "처음 본 때",
    "seen until": "마지막 본 때",
    "sets": "발표 횟수",
    "since": "시작",
    "sky": "하늘",
    "state": "상태",
    "station": "지점",
    "station en": "영문 이름",
    "status": "응답 코드",
    "suspect": "의심",
    "taken for": "뜻",
    "temperature": "기온",
    "time": "시각",
    "until": "끝",
    "url": "주소",
    "why": "근거",
    "°C": "°C",
}
"""The headings without the name of a station."""

_MADE: Final = {
    r"mean − (.+)": r"평균 차이(\1 기준)",
    r"common hours": r"공통 시간",
    r"common days": r"공통 일수",
    r"common weeks": r"공통 주",
    r"common months": r"공통 월",
}
"""The headings of ``compare``, such as ``mean − 서울``."""


def heading(name: str) -> str:
    """A heading in Korean; one without a Korean form stays as it is."""
    if name in HEADINGS:
        return HEADINGS[name]
    made = (re.fullmatch(pattern, name) for pattern in _MADE)
    return next((one.expand(_MADE[one.re.pattern]) for one in made if one), name)
