"""
Fragments as they are kept: small, and character for character what was printed.

Boxes are much alike. What differs from one to the next, numbers, sky words and the id of the list,
is taken out and written in a byte or two each; the rest is deflated with a box of our own as its
dictionary, which leaves little of it. The first byte of a kept fragment is the number of its form:

| form | what follows |
|---|---|
| 0x78 | the text as zlib has it, this byte included; for what would not come back from form 1 |
| 1 | CRC-32 of the text, four bytes; the rest deflated with ``_BOXES``; what was taken out |

A form stays as it is for as long as there are databases with it: a better one gets a new number.
"""

from __future__ import annotations

import io
import re
import zlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_PLAIN: Final = 0x78
"""The first byte of zlib's own format."""

_TAKEN_OUT: Final = 1

_NUMBER, _SKY, _ID, _SAME_ID = "\x01", "\x02", "\x03", "\x04"
"""Stand where something was taken out; no page prints them."""

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
"""A sky in HTML or text, by the byte that is written for it: its place here."""

_CODES: Final = {sky: code for code, sky in enumerate(_SKIES)}

_DIFFERENT: Final = re.compile(
    r"[-0-9a-fi•\n](?:"  # with one class to begin with it takes half the time
    r"(?P<number>(?:(?<=[1-9])[0-9]?|(?<=0)|(?<=-)(?!0\.0)(?:0|[1-9][0-9]?))\.[0-9](?=℃))"
    r"|(?P<id>(?<=(?<![0-9a-f])[0-9a-f])[0-9a-f]{31}(?![0-9a-f]))"
    r'|(?P<sky>(?:(?<=i)w[0-9]{2}">|(?<=•) |(?<=\n))'
    rf"(?:{'|'.join(sorted(_LABELS, key=len, reverse=True))})?<?))"
)

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
"""The dictionary of form 1, the likeliest last: what is near costs least."""


def packed(fragment: str) -> bytes:
    """A fragment as it is kept."""
    small = _without_differences(fragment)
    try:
        exact = unpacked(small) == fragment
    except ValueError:  # it prints one of our own marks
        exact = False
    return small if exact else zlib.compress(fragment.encode(), 9)


def unpacked(kept: bytes) -> str:
    """
    A kept fragment.

    Raises:
        ValueError: It is damaged, or of a form that is not known.
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


def _without_differences(fragment: str) -> bytes:
    taken = io.BytesIO()
    rest = _DIFFERENT.sub(_taking(taken), fragment)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zdict=_BOXES)
    checksum = zlib.crc32(fragment.encode()).to_bytes(4)
    deflated = deflate.compress(rest.encode()) + deflate.flush()
    return bytes([_TAKEN_OUT]) + checksum + deflated + taken.getvalue()


def _taking(taken: io.BytesIO) -> Callable[[re.Match[str]], str]:
    """What puts a mark in the place of a difference, and writes that down."""
    last_id = ""

    def take(found: re.Match[str]) -> str:
        nonlocal last_id
        if found.lastgroup == "number":
            taken.write(int(found[0].replace(".", "")).to_bytes(2, signed=True))
            return _NUMBER
        if found.lastgroup == "sky":
            if (code := _CODES.get(found[0])) is None:
                return found[0]
            taken.write(bytes([code]))
            return _SKY
        if found[0] == last_id:
            return _SAME_ID
        last_id = found[0]
        taken.write(bytes.fromhex(last_id))
        return _ID

    return take


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
