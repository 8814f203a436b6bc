"""
Stored fragments, small and exact to the character; and stored pages.

A stored fragment is a byte for its form, the CRC-32 of the text (four bytes), and the text deflated
with sample boxes as its dictionary: the parts in common cost little.

The dictionary must not change as long as databases use it: another dictionary is another form.
"""

from __future__ import annotations

import zlib
from typing import Final

_FORM: Final = b"\x02"
_HEAD: Final = 5
"""Bytes before the deflated text."""

_SKIES: Final = (
    *(("", "00"), ("-", "00"), ("안개비", "20"), ("이슬비", "20"), ("진눈깨비", "22")),
    *(("비/눈", "22"), ("눈날림", "21"), ("빗방울", "20"), ("연무", "18"), ("박무", "17")),
    *(("황사", "16"), ("안개", "15"), ("천둥번개", "14"), ("비 또는 눈", "12"), ("소나기", "07")),
    *(("눈", "11"), ("비", "08"), ("구름조금", "02"), ("흐림", "04"), ("구름많음", "03")),
    ("맑음", "01"),
)
"""Labels and their icon codes, the most frequent last."""

_CITIES: Final = (
    *("동두천", "강릉", "서울", "대전", "대구", "울산", "광주", "부산"),
    *("고창", "제주", "강화", "보은", "금산", "강진군", "경주시", "거제"),
)
_ITEM: Final = '℃</li>\n\t\t\t<li class="icon_w"><span class="iw'

_BOXES: Final = "".join(
    [
        '<table class="weather"><tr><td>℃</td></tr></table><dl><dt></dt><dd></dd></dl></div>',
        '<script type="text/javascript">\njQuery(document).ready(function($){\n',
        "\t$('#weather_slide_').bxSlider({ mode: 'vertical', auto: true, pager: false, ",
        "controls: false, autoHover: true, speed: 500, pause: 3000, randomStart: false, ",
        "displaySlideQty: 1, moveSlideQty: 1 });\n});\n</script>\n",
        '<p class="source">자료: 기상청 제공</p>',
        *(f'℃</li>\n<li><span class="iw{icon}">{label}</span>' for label, icon in _SKIES),
        *(f'{_ITEM}{icon}">{label}</span>' for label, icon in _SKIES),
        *(f"℃\n  • {label}" for label, _ in _SKIES),
        *(f"℃\n  • {label}{city} " for label, _ in _SKIES[-5:] for city in _CITIES),
        "\n\n기상청 제공</ul><ul>\n\t</ul>\n\t<script>\n\t$(function(){ ",
        "$('.weather_slide').bxSlider({mode:'vertical',auto:true,pager:false,controls:false}); ",
        "});\n\t</script>\n",
        '\t<a href="http://www.kma.go.kr/" class="wc" target="_blank">기상청 제공',
        '<ul class="weather_slide" id="weather_slide_">\n',
        *(
            f'{_ITEM}{icon}">{label}</span>{city} '
            for label, icon in _SKIES[-5:]
            for city in _CITIES
        ),
    ]
).encode()
"""The likeliest parts last, as near ones cost least."""


def packed(fragment: str) -> bytes:
    """Pack a fragment."""
    text = fragment.encode()
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zdict=_BOXES)
    checksum = zlib.crc32(text).to_bytes(4)
    return _FORM + checksum + deflate.compress(text) + deflate.flush()


def unpacked(kept: bytes) -> str:
    """
    Unpack a fragment.

    Raises:
        ValueError: It is damaged, or of an unknown form.
    """
    inflate = zlib.decompressobj(-zlib.MAX_WBITS, zdict=_BOXES)
    try:
        text = inflate.decompress(kept[_HEAD:]) + inflate.flush()
    except (zlib.error, TypeError) as exc:
        msg = f"a fragment cannot be unpacked: {exc}"
        raise ValueError(msg) from exc
    whole = inflate.eof and not inflate.unused_data
    if not whole or kept[:_HEAD] != _FORM + zlib.crc32(text).to_bytes(4):
        msg = "a fragment cannot be unpacked: its checksum or form is another"
        raise ValueError(msg)
    return text.decode()


def packed_page(page: bytes) -> bytes:
    """Pack a page: fast rather than small, as most are read at once and dropped."""
    return zlib.compress(page, zlib.Z_BEST_SPEED)


def unpacked_page(kept: bytes) -> bytes:
    """
    Unpack a page.

    Raises:
        ValueError: It is damaged.
    """
    try:
        return zlib.decompress(kept)
    except zlib.error as exc:
        raise ValueError(str(exc)) from exc
