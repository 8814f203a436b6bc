"""
A region of a page -> its lines: label, icon code, city and temperature, as printed.

A line ends with a sign for degrees Celsius. Before that stands the city with its number, and before
the city, in an element or a text line of its own or glued to it, the label.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from selectolax.lexbor import LexborHTMLParser

from scraper.sidebar import dates
from scraper.sidebar.labels import PROVINCES, is_label, split
from scraper.vocabulary import KNOWN, NO_LABEL, NO_SKY_REPORTED

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

    from scraper.vocabulary import Words

    _Texts = list[tuple[LexborNode, str]]

SIGN: Final = re.compile(r"℃|[°º˚]\s?[CＣ]")
"""KMA's sign, or the two characters of other systems; ``º`` and ``˚`` stand in for ``°``."""

CREDIT: Final = re.compile(r"기상청[^\n<]{0,10}제공|제공[^\n<]{0,10}기상청|자료[^\n<]{0,10}기상청")
"""By whom the values are: on every known sidebar ``기상청 제공``."""

_LISTS: Final = ("li", "tr", "option", "dl")
_BOXES: Final = ("div", "p", "a", "span")
_COPY: Final = "bx-clone"  # bxSlider repeats the first and the last entry in a page that has run
_ICON: Final = re.compile(r"(?:^|\s)iw([0-9]{2})(?!\S)")
_BULLETS: Final = " \t\r\xa0\ufeff•‧·∙⋅●○◦▪▫■□▶►▷◆◇※*+,;，"
_INNER_BULLET: Final = re.compile(r"[•●○◦▪▫■□▶►▷◆◇]")
_NUMBERED: Final = re.compile(r"\d{1,3}[.)]\s+")
_DASHED: Final = re.compile(r"^\s*-\s+(?=\S)")
_LONE_DASH: Final = re.compile(r"-\s+")
_UP_TO_THE_NUMBER: Final = re.compile(r"(.*(?:[^\W\d_]|\ufffd)[)\]]?)?[\s:|]*([\W\d_]*)", re.DOTALL)
_APART: Final = re.compile(r"[•●○◦▪▫■□▶►▷◆◇,|]|\s{2,}")
_BETWEEN: Final = re.compile(r"[\n|]")
_DT: Final = re.compile(r"<dt\b", re.IGNORECASE)  # in one <dl> of all, each begins an entry
_NESTED: Final = 8  # so deep do boxes nest in each other on the average, at most
_WHOLE: Final = 8  # as many entries as make a list


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """
    What is printed of one city.

    Attributes:
        label: Such as ``"흐림"``; ``"-"`` or ``""`` too are printed.
        icon: KMA's icon code in the markup, such as ``"04"``; ``""`` where there is none.
        city: Such as ``"서울"``.
        temperature: Without its sign, such as ``"-7.3"``; ``""`` where no number is printed.
    """

    label: str
    icon: str
    city: str
    temperature: str


def from_html(fragment: str, words: Words = KNOWN) -> list[Line]:
    """The lines of a region of HTML: each in an element of its own, or else as text."""
    parser = LexborHTMLParser(_DT.sub("</dl><dl><dt", fragment))
    if (root := parser.body) is None:
        return []
    signs = _text(root).count("℃")
    for tag in (*_LISTS, *_BOXES):  # by tag: to make a CSS engine takes longer than to parse
        texts = _with_texts(parser.tags(tag), most=len(fragment) * _NESTED)
        own = [entry for entry in texts if not _is_copy(entry[0])] if _COPY in fragment else texts
        own_signs = signs - _singles(texts) + _singles(own)
        if tag in _BOXES:
            own = _outermost(own, own_signs, words)
        if own and (tag in _BOXES or _singles(own) == own_signs):
            return [line for node, text in own if (line := _from_element(node, text, words))]
    return from_text(root.text(separator="\n"), words)


def _singles(texts: _Texts) -> int:
    return sum(text.count("℃") == 1 for _, text in texts)


def _is_copy(node: LexborNode) -> bool:
    return _COPY in (node.attributes.get("class") or "")


def _with_texts(nodes: list[LexborNode], *, most: int) -> _Texts:
    """Elements with their texts; none where those are longer together, nested in each other."""
    texts = []
    for node in nodes:
        text = _text(node)
        most -= len(text)
        if most < 0:
            return []
        texts.append((node, text))
    return texts


def _outermost(texts: _Texts, signs: int, words: Words) -> _Texts:
    """
    Of boxes in boxes the outermost with one sign, and those of a known city beside them.

    Returns:
        Those with all the signs; or else those in one element that has no other signs; or none.
    """
    groups: dict[int, _Texts] = {}  # by the element in which they stand
    signs_in: dict[int, int] = {}
    for node, text in texts:
        if (parent := node.parent) is None or not _is_entry(text, words):
            continue
        if parent.mem_id not in signs_in:
            signs_in[parent.mem_id] = _text(parent).count("℃")
        if signs_in[parent.mem_id] > 1:
            groups.setdefault(parent.mem_id, []).append((node, text))
    together = [entry for group in groups.values() for entry in group]
    if _singles(together) == signs:
        return together
    whole = [group for at, group in groups.items() if _singles(group) == signs_in[at] >= _WHOLE]
    return max(whole, key=len, default=[])


def _is_entry(text: str, words: Words) -> bool:
    parts = text.split("℃")
    if len(parts) == 2:
        return _is_regular(parts, words)
    return len(parts) == 1 and names_a_station(text, words)


def names_a_station(text: str, words: Words) -> bool:
    """Whether a text is a city that we know, alone or with a label."""
    line = _line(text, words)
    return line.city in words.stations and (not line.label or is_label(line.label, words))


def from_text(text: str, words: Words = KNOWN) -> list[Line]:
    """The lines of a region of plain text: bulleted or not, labels glued or on the line before."""
    lines: list[Line] = []
    waiting: list[Line] = []  # cities without a sign, which count only if the list goes on
    above = NO_LABEL
    glued = False
    for row in _without_dashes(_without_prose(text.split("\n"), words)):
        *stretches, rest = SIGN.split(row)
        for stretch in stretches:
            *signless, last = _entries(stretch, words)
            after = rest if len(stretches) == 1 else ""
            line = _line(last, words, above=above, after=after)
            glued = glued or bool(line.label and not above)
            lines += [*waiting, *(_line(one, words) for one in signless), line]
            above = NO_LABEL
            waiting.clear()
        *signless, alone = _entries(rest, words)
        if lines and not stretches and CREDIT.search(row):
            break
        if names_a_station(alone, words):
            waiting += [_line(one, words) for one in signless]
            waiting.append(_line(alone, words, above=above))
            above = NO_LABEL
        elif is_label(alone, words) and not stretches:
            above = _DASHED.sub("", alone)
        elif row.strip(_BULLETS) and not stretches:
            above = alone if lines and not glued else NO_LABEL
            waiting = waiting if lines else []
    return lines + [line for line in waiting if line.label]


def may_begin(row: str, words: Words) -> bool:
    """Whether a row above the first sign is of the list: a label, or a city without a sign."""
    alone = entry(_DASHED.sub("", row))
    return not row.strip(_BULLETS) or is_label(alone, words) or names_a_station(alone, words)


def _entries(stretch: str, words: Words) -> list[str]:
    """The entries in a stretch of a text row: one, or cities without a sign and then one."""
    parts = [part for piece in _APART.split(stretch) if (part := entry(piece))]
    together = len(parts) > 1 and all(names_a_station(part, words) for part in parts)
    return parts if together else [entry(stretch)]


def _without_prose(rows: list[str], words: Words) -> list[str]:
    """
    The rows of a list, without those of an article above or below.

    The row of an entry ends with its sign, or has the whole list; a sentence goes on.
    """
    printed = [(n, SIGN.split(row)) for n, row in enumerate(rows) if SIGN.search(row)]
    regular = [(n, len(parts) - 1) for n, parts in printed if _is_regular(parts, words)]
    if sum(count for _, count in regular) < _WHOLE:
        return rows
    (first, _), (last, _) = regular[0], regular[-1]
    opens = max((n + 1 for n, _ in printed if n < first), default=0)
    closes = min((n for n, _ in printed if n > last), default=len(rows))
    return rows[opens:closes]


def _is_regular(parts: list[str], words: Words) -> bool:
    """Whether a text row, split at its signs, can be an entry or a whole list of them."""
    *entries, rest = parts
    rest = rest.strip(_BULLETS + "|\n")
    ends = not rest or rest[0] == "(" or is_label(rest, words)
    return len(entries) >= _WHOLE or (len(entries) == 1 and ends)


def _text(node: LexborNode) -> str:
    """The text in an element, a newline between elements, with KMA's sign for every other."""
    text = node.text(separator="\n")
    return text if "℃" in text else SIGN.sub("℃", text)


def _from_element(node: LexborNode, text: str, words: Words) -> Line | None:
    """The line in an element; None where it holds only the credit, the date, or nothing."""
    before, sign, after = text.partition("℃")
    if not sign and (not text.strip() or CREDIT.search(text) or dates.PRINTED.search(text)):
        return None
    line = _line(before, words, icon=_icon(node), after=after)
    if line.label or not (pictures := node.css("img[alt]")):
        return line
    return replace(line, label=(pictures[0].attributes["alt"] or "").strip())


def _icon(node: LexborNode) -> str:
    """The icon code in a class of the element or of one inside it."""
    for element in node.traverse():
        classes = element.attributes.get("class") or ""
        if "iw" in classes and (found := _ICON.search(classes)):
            return found[1]
    return ""


def _line(
    before: str, words: Words, *, icon: str = "", above: str = NO_LABEL, after: str = ""
) -> Line:
    """
    The line that is printed before a sign.

    Args:
        before: Up to the sign; newlines stand between elements.
        words: What is known of words.
        icon: The icon code.
        above: The label on the line above, where there is one.
        after: What follows the sign; a label may stand there.
    """
    match = _UP_TO_THE_NUMBER.fullmatch(before)
    head, number = match.groups("") if match else (before, "")  # it always matches
    if not head and (dash := _LONE_DASH.match(number)):  # a label without letters, and no city
        head, number = NO_SKY_REPORTED, number[dash.end() :]
    if not "가" <= head[-1:] <= "힣":
        head, number = _with_letters(before, head, number, words)
    label, city = _label_and_city(head, words)
    if not label and (above or after):
        label = above or (after.strip() if is_label(after.strip(), words) else NO_LABEL)
    if label in PROVINCES:
        label, city = NO_LABEL, f"{label} {city}"
    return Line(label=label, icon=icon, city=city, temperature=number.strip())


def _with_letters(before: str, head: str, number: str, words: Words) -> tuple[str, str]:
    """The head and the number, where that has letters and comes after a city: ``서울 1e3``."""
    *city_and_label, _ = head.rsplit(maxsplit=1) or [""]
    if city_and_label and _label_and_city(city_and_label[0], words)[1] in words.stations:
        return city_and_label[0], before[len(city_and_label[0]) :]
    return head, number


@functools.lru_cache(maxsize=1024)  # the same few hundred pairs on every page
def _label_and_city(head: str, words: Words) -> tuple[str, str]:
    pieces = [piece for part in _BETWEEN.split(head) if (piece := part.strip(_BULLETS))]
    if not pieces:
        return NO_LABEL, ""
    if len(pieces) == 1:
        return split(pieces[0], words)
    label, city = " ".join(pieces[:-1]), pieces[-1]
    if label in words.stations and is_label(city, words):
        return city, label
    return label, city


def entry(stretch: str) -> str:
    """What of a stretch of one text row can be an entry: after bullets, numbering and the date."""
    if date := dates.PRINTED.search(stretch):
        stretch = stretch[date.end() :]
    stretch = _INNER_BULLET.split(stretch)[-1].strip(_BULLETS + "|")
    return _NUMBERED.sub("", stretch, count=1) if _NUMBERED.match(stretch) else stretch


def _without_dashes(rows: list[str]) -> list[str]:
    """The rows without ``- `` before entries, where that is a bullet: before each of them."""
    entries = [row for row in rows if SIGN.search(row)]
    bullets = len(entries) > 1 and all(map(_DASHED.match, entries))
    return [_DASHED.sub("", row) for row in rows] if bullets else rows
