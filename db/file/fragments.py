"""
Fragments in the form before the migration that packs them again.

The first byte is the number of the form: 0x78 is zlib's form of the text; in form 1 a CRC-32 of the
text follows, then the rest deflated with ``_BOXES``, then the parts taken out of it: numbers, skies
and the id of the list, a byte or two each.
"""

from __future__ import annotations

import io
import re
import zlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_PLAIN: Final = 0x78
_TAKEN_OUT: Final = 1

_NUMBER, _SKY, _ID = "\x01", "\x02", "\x03"
"""Marks of removed parts; a fourth mark stands for the same id again."""

_LABELS: Final = (
    *("맑음", "구름조금", "구름많음", "흐림", "소나기", "비", "눈", "비 또는 눈", "눈 또는 비"),
    *("천둥번개", "뇌우", "안개", "황사", "박무", "연무", "가끔 비", "한때 비", "빗방울"),
    *("가끔 눈", "한때 눈", "눈날림", "비/눈", "진눈깨비", "이슬비", "안개비", "-"),
)
_ICONS: Final = (
    *("01", "02", "03", "04", "07", "08", "11", "12", "13", "14", "14", "15", "16", "17", "18"),
    *("20", "20", "20", "21", "21", "21", "22", "22", "20", "20", "00"),
)
_SKIES: Final = (
    *(f'iw{icon}">{label}<' for label, icon in zip(_LABELS, _ICONS, strict=True)),
    *(f'iw{icon}"><' for icon in dict.fromkeys(_ICONS)),
    *(f"• {label}" for label in _LABELS),
    *(f"\n{label}" for label in _LABELS),
)
"""The skies in HTML or text; each is written as a byte, its place in this list."""


_CITIES: Final = (
    *("동두천", "강릉", "서울", "대전", "대구", "울산", "광주", "부산"),
    *("고창", "제주", "강화", "보은", "금산", "강진군", "경주시", "거제"),
)

_BOXES: Final = "".join(
    [
        '<table class="weather"><tr><td>\x01℃</td></tr></table><dl><dt></dt><dd></dd></dl></div>',
        '<script type="text/javascript">\njQuery(document).ready(function($){\n',
        "\t$('#weather_slide_\x04').bxSlider({ mode: 'vertical', auto: true, pager: false, ",
        "controls: false, ",
        "autoHover: true, speed: 500, pause: 3000, randomStart: false, displaySlideQty: 1, ",
        'moveSlideQty: 1 });\n});\n</script>\n<p class="source">자료: 기상청 제공</p>',
        *(f"\x02{city} \x01℃" for city in _CITIES),
        *(f"\n  \x02{city} \x01℃" for city in _CITIES),
        "\n\n기상청 제공<ul>\n",
        *(f'<li><span class="\x02/span>{city} \x01℃</li>\n' for city in _CITIES),
        '</ul><ul class="weather_slide" id="weather_slide_\x03">\n',
        *(
            f'\t\t\t<li class="icon_w"><span class="\x02/span>{city} \x01℃</li>\n'
            for city in _CITIES
        ),
        "\t</ul>\n\t<script>\n\t$(function(){ $('.weather_slide').bxSlider({mode:'vertical',",
        "auto:true,pager:false,controls:false}); });\n\t</script>\n",
        '\t<a href="http://www.kma.go.kr/" class="wc" target="_blank">기상청 제공',
    ]
).encode()
"""The dictionary of form 1, the likeliest parts last, as near ones cost least."""


def unpacked(kept: bytes) -> str:
    """
    Unpack a fragment of an older nalssi.

    Raises:
        ValueError: It is damaged, or of an unknown form.
    """
    try:
        if kept[0] == _PLAIN:
            return zlib.decompress(kept).decode()
        if kept[0] == _TAKEN_OUT:
            return _with_differences(kept)
    except (zlib.error, LookupError, ValueError) as exc:
        msg = f"a fragment cannot be unpacked: {exc}"
        raise ValueError(msg) from exc
    msg = f"a fragment of form {kept[0]}, which is not known"
    raise ValueError(msg)


def _with_differences(kept: bytes) -> str:
    inflate = zlib.decompressobj(-zlib.MAX_WBITS, zdict=_BOXES)
    rest = (inflate.decompress(kept[5:]) + inflate.flush()).decode()
    taken = io.BytesIO(inflate.unused_data)
    fragment = re.sub("[\x01-\x04]", _putting_back(taken), rest)
    if taken.read() or zlib.crc32(fragment.encode()).to_bytes(4) != kept[1:5]:
        msg = "its checksum is another"
        raise ValueError(msg)
    return fragment


def _putting_back(taken: io.BytesIO) -> Callable[[re.Match[str]], str]:
    last_id = ""

    def put_back(mark: re.Match[str]) -> str:
        nonlocal last_id
        if mark[0] == _NUMBER:
            tenths = int.from_bytes(taken.read(2), signed=True)
            return f"{tenths / 10:.1f}"
        if mark[0] == _SKY:
            return _SKIES[taken.read(1)[0]]
        if mark[0] == _ID:
            last_id = taken.read(16).hex()
        return last_id

    return put_back
