"""Describes a page without a sidebar in one line, to help to find out what changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from scraper.sidebar import locate, runs, unseen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scraper.sidebar.box import Candidate

_BYTES: Final = 32 * 1024
_TITLE: Final = re.compile(rb"<title[^>]{0,200}>([^<]{0,200})", re.IGNORECASE)
_REFRESH: Final = re.compile(
    rb"<meta[^<>]{0,200}http-equiv\s*=\s*[\"']?refresh[^<>]{0,200}?url\s*=\s*[\"']?([^\"'<>\s]{1,200})",
    re.IGNORECASE,
)
_LOCATION: Final = re.compile(
    rb"location(?:\.href)?\s*=(?!=)\s*[\"']([^\"'<>]{1,200})"
    rb"|location\.(?:replace|assign)\s*\(\s*[\"']([^\"'<>]{1,200})"
)
_CHALLENGE: Final = re.compile(
    rb"document\.cookie\s*=|location\.reload\s*\(|cf[-_]chl|challenge-platform|slowAES|captcha",
    re.IGNORECASE,
)
_FRAMESET: Final = re.compile(rb"<frameset\b", re.IGNORECASE)
_SCRIPT: Final = re.compile(rb"<script\b", re.IGNORECASE)
_COMMENT: Final = re.compile(rb"<!--.*?-->", re.DOTALL)
_SEEN: Final = re.compile(rb"<[^<>]*>|\s+")
_LITTLE: Final = 200
"""The most visible bytes of a page without content, such as a message to wait, or a link."""


def describe(body: bytes, encoding: str, found: Sequence[Candidate]) -> str:
    """Why a page has no sidebar: its kind, and the list nearest to a sidebar."""
    if found and not any(one.is_box for one in found):
        best = max(found, key=lambda one: one.points)
        against = ", ".join(fact.says for fact in best.facts if fact.points < 0)
        weighed = f"nearest: a list of {len(best.sidebar.lines)} entries, but {against}; "
    elif found:
        weighed = "lists that differ, and neither is surely of now; "
    else:
        weighed = ""
    kind = _kind(body, encoding)
    return f"{kind}{weighed}{_there(body, encoding)}"


def _kind(body: bytes, encoding: str) -> str:
    """The kind of a page with hardly any text: ``sends on to '/main/', ``; otherwise empty."""
    if _FRAMESET.search(body, 0, _BYTES):
        return "a frameset, "
    if len(_SEEN.sub(b"", unseen.blanked(body[:_BYTES]))) > _LITTLE or len(body) > _BYTES:
        return ""
    onward = _REFRESH.search(body) or _LOCATION.search(body)
    if onward is not None:
        return f"sends on to {_words(onward[1] or onward[2], encoding)}, "
    if _CHALLENGE.search(body):
        return "a challenge page, "
    return "only a script, " if _SCRIPT.search(_COMMENT.sub(b"", body)) else ""


def _there(body: bytes, encoding: str) -> str:
    """Title, KMA's name and signs for degrees."""
    title = _TITLE.search(body, 0, _BYTES)
    name = "no title" if title is None else f"title {_words(title[1], encoding)!r}"
    credit = "기상청".encode(encoding) in body
    near = "no ℃ on the page"
    if longest := runs.most_signs(body, encoding):
        start, end, count = longest
        place = _words(body[max(0, start - 60) : end][:200], encoding)
        near = f"{count} ℃ together, {place!r}"
    box = "a list weather_slide, " if locate.MARK in body else ""
    return f"{name}, {box}{'KMA is named' if credit else 'KMA is not named'}, {near}"


def _words(part: bytes, encoding: str) -> str:
    return " ".join(re.sub(r"<[^>]*>?", " ", part.decode(encoding, "ignore")).split())[:80]
