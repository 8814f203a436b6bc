"""
A demo portal on loopback: pages in the form of the real ones, around any sidebar.

The demo polls it; tests and benchmarks read its pages. No part was copied from a real portal.
"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

CITIES: Final = (
    *("동두천", "강릉", "서울", "대전", "대구", "울산", "광주", "부산"),
    *("고창", "제주", "강화", "보은", "금산", "강진군", "경주시", "거제"),
)
"""The cities of every portal seen so far, in their order."""

PAGE_BYTES: Final = 60_000
"""The usual size of a front page of a portal: 40 to 70 KB."""

_WORDS: Final = (
    *("시청", "마을", "도서관", "축제", "어린이", "공원", "강변", "학교"),
    *("시장", "버스", "노선", "새로", "열려", "주민", "모임", "내일"),
    *("전시", "음악회", "농가", "수확", "바다", "길", "걷기", "행사"),
    *("안내", "봉사", "나눔", "문화", "회관", "강좌", "모집", "겨울"),
    *("준비", "지역", "소식", "한마당", "상생"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a sidebar, each part as printed."""

    label: str
    city: str
    temperature: str
    icon: str = ""


def page(entries: Sequence[Entry], date: str, *, size: int = PAGE_BYTES, seed: int = 0) -> str:
    """A front page of about this size, with the box six kilobytes from its start."""
    chance = random.Random(seed)  # noqa: S311 - filler, not a secret
    parts = [_HEAD, _menu(chance, 4_000), _box(entries, date)]
    missing = size - sum(len(part.encode()) for part in parts)
    return "".join([*parts, _articles(chance, missing), "</div>\r\n</body>\r\n</html>\r\n"])


def text(entries: Sequence[Entry], date: str) -> str:
    """The same box as in the text dump of a crawl."""
    rows = [f"  • {entry.label}{entry.city} {entry.temperature}℃" for entry in entries]
    return "\n".join(
        ["우리동네신문", "", date, "", *rows, "", "기상청 제공", "", "많이 본 기사", ""]
    )


_HEAD: Final = (
    '<!doctype html>\r\n<html lang="ko">\r\n<head>\r\n<meta charset="utf-8">\r\n'
    "<title>우리동네신문</title>\r\n"
    '<link rel="stylesheet" href="/css/front.css">\r\n<script src="/js/front.js"></script>\r\n'
    '</head>\r\n<body>\r\n<div id="wrap">\r\n'
)


def _box(entries: Sequence[Entry], date: str) -> str:
    rows = "".join(
        f'\t\t\t<li class="icon_w"><span class="iw{entry.icon}">{entry.label}</span>'
        f"{entry.city} {entry.temperature}℃</li>\r\n"
        for entry in entries
    )
    return (
        f'<p class="today_txt">{date}</p>\r\n<div class="weather_box wt02 ico02">\r\n'
        f'\t<ul class="weather_slide" id="weather_slide_{0x5EA:032x}">\r\n{rows}\t</ul>\r\n'
        "\t<script>\r\n\t$(function(){ $('.weather_slide').bxSlider({mode:'vertical',auto:true,"
        "pager:false,controls:false}); });\r\n\t</script>\r\n"
        '\t<a href="http://www.kma.go.kr/" class="wc" target="_blank">기상청 제공</a>\r\n</div>\r\n'
    )


def _menu(chance: random.Random, size: int) -> str:
    rows = [
        f'\t<li><a href="/news/section_list_all.html?sec_no={nth}">'
        f"{chance.choice(_WORDS)}</a></li>\r\n"
        for nth in range(size // 66)
    ]
    return f'<ul class="menu">\r\n{"".join(rows)}</ul>\r\n'


def _articles(chance: random.Random, size: int) -> str:
    rows, written = [], 0
    while written < size:
        number = chance.randint(10_000, 99_999)
        title = " ".join(chance.choices(_WORDS, k=chance.randint(4, 8)))
        lead = " ".join(chance.choices(_WORDS, k=chance.randint(5, 15)))
        row = (
            f'<li class="art">\r\n\t<a href="/news/article.html?no={number}" class="thumb">'
            f'<img src="/data/photos/{number}.jpg" alt="" width="80" height="60"></a>\r\n'
            f'\t<h3 class="tit"><a href="/news/article.html?no={number}">{title}</a></h3>\r\n'
            f'\t<p class="lead">{lead}</p><span class="by"><b>기자</b>'
            f" <i>{number % 28 + 1:02}일</i></span>\r\n</li>\r\n"
        )
        rows.append(row)
        written += len(row.encode())
    return f'<ul class="list">\r\n{"".join(rows)}</ul>\r\n'


class Loopback:
    """A portal's server on this machine, at a free port; a context manager."""

    def __init__(self) -> None:
        self._page: bytes | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        """The front page's address."""
        return f"http://127.0.0.1:{self._server.server_port}/"

    def show(self, page: bytes | None) -> None:
        """Serve this page from now on; None = fail."""
        self._page = page

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        portal = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path != "/":
                    self.send_error(404)
                elif portal._page is None:
                    self.send_error(500)
                else:
                    self.send_response(200)
                    self.send_header("Content-Type", "text/html; charset=utf-8")
                    self.send_header("Content-Length", str(len(portal._page)))
                    self.end_headers()
                    self.wfile.write(portal._page)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Log no request: the looks have all of them."""

        return Handler
