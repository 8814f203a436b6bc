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
_META: Final = re.compile(rb"<meta\b[^<>]{0,500}", re.IGNORECASE)
_IS_REFRESH: Final = re.compile(rb"http-equiv\s*+=\s*+[\"']?\s*+refresh", re.IGNORECASE)
_TO: Final = re.compile(
    rb"content\s*+=\s*+[\"']?\s*+[\d.]*+"
    rb"(?:\s*+[;,]\s*+(?:url\s*+=\s*+[\"']?)?|\s++url\s*+=\s*+[\"']?)([^\"'<>\s]{1,200})",
    re.IGNORECASE,
)
"""The address in ``content="0; url=/main/"``."""

_LOCATION: Final = re.compile(
    rb"location(?:\.href|\[[\"']href[\"']\])?\s*+=(?!=)\s*+[\"'`]([^\"'`<>]{1,200})"
    rb"|location\.(?:replace|assign)\s*+\(\s*+[\"'`]([^\"'`<>]{1,200})"
)
_GUARD: Final = re.compile(
    rb"cf[-_]chl|challenge-platform|slowAES|captcha|ddos-guard|_Incapsula_Resource", re.IGNORECASE
)
"""Names of services that let only browsers pass."""

_CHALLENGE: Final = re.compile(rb"document\.cookie\s*+=|location\.reload\s*+\(", re.IGNORECASE)
_FRAMESET: Final = re.compile(rb"<frameset\b", re.IGNORECASE)
_FRAME: Final = re.compile(rb"<iframe\b[^<>]{0,300}?\ssrc=[\"']?([^\"'<>\s]{1,200})", re.IGNORECASE)
_SCRIPT: Final = re.compile(rb"<script\b", re.IGNORECASE)
_COMMENT: Final = re.compile(
    rb"(<script\b.*?(?:</script|\Z))|<!--.*?(?:-->|\Z)", re.DOTALL | re.IGNORECASE
)
"""A comment, or a script: old ones hide their code in a comment of HTML."""

_LINE_COMMENT: Final = re.compile(rb"(?:^|(?<=>))[ \t]*+//[^\n]*", re.MULTILINE)
_SEEN: Final = re.compile(rb"<[^<>]*>|\s+")
_LITTLE: Final = 200
"""The most visible bytes of a page without content, such as a message to wait, or a link."""

_EXCUSE: Final = 1000
"""The same, if the page names a service that lets only browsers pass."""


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
    if len(body) > _BYTES:
        return ""
    visible = len(_SEEN.sub(b"", unseen.blanked(body)))
    code = _LINE_COMMENT.sub(b"", _COMMENT.sub(rb"\1", body))
    if visible <= _EXCUSE and _GUARD.search(code):
        return "a challenge page, "
    return _without_content(code, encoding) if visible <= _LITTLE else ""


def _without_content(code: bytes, encoding: str) -> str:
    """The kind of a page without text, by its code without comments."""
    if (onward := _refresh(code) or _LOCATION.search(code)) is not None:
        return f"sends on to {_words(onward[onward.lastindex or 0], encoding)}, "
    if _CHALLENGE.search(code):
        return "a challenge page, "
    if (frame := _FRAME.search(code)) is not None:
        return f"a frame of {_words(frame[1], encoding)}, "
    return "only a script, " if _SCRIPT.search(code) else ""


def _refresh(code: bytes) -> re.Match[bytes] | None:
    """The address to which a page sends on after some seconds."""
    tags = (tag[0] for tag in _META.finditer(code) if _IS_REFRESH.search(tag[0]))
    return next((to for tag in tags if (to := _TO.search(tag))), None)


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
