"""A region of HTML -> the lines of a list: each in its own element, or else as text."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final

from selectolax.lexbor import LexborHTMLParser

from scraper.sidebar import credit, dates, rows, runs
from scraper.sidebar.entries import (
    BULLETS,
    SIGN,
    Line,
    Listing,
    is_heading,
    is_prose,
    line,
    names_a_station,
)
from scraper.vocabulary import KNOWN, NO_LABEL

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

    from scraper.vocabulary import Words

    _Texts = list[tuple[LexborNode, str]]

_LISTS: Final = ("li", "tr", "option", "dl")
_ROWS: Final = {"tr", "dl"}
_CELLS: Final = {"td", "th", "dt", "dd"}
_BOXES: Final = ("div", "p", "a", "span")
_COPY: Final = "bx-clone"  # bxSlider repeats the first and the last entry in a page that has run
_ICON: Final = re.compile(r"(?:^|\s)iw([0-9]{2})(?!\S)")
_DT: Final = re.compile(r"<dt\b", re.IGNORECASE)  # in one <dl> of all, each begins an entry
_NESTED: Final = 8  # the deepest average nesting of boxes
_LEVELS: Final = 4  # those of elements between an entry and the entries of a list in it
_WHOLE: Final = 8  # the entries that make a list
TAG: Final = re.compile(r"<[a-zA-Z/!?][^<>]*>")

_LABEL_NEAR: Final = 100
"""The most characters between a label and its city."""

_AS_LINE: Final = functools.partial(tuple.__new__, Line)
"""A line of four texts; ``Line`` itself takes twice as long."""

_PLAIN_LIST: Final = re.compile(r"<ul\b[^<>]*>\s*")
_PLAIN_ENTRY: Final = re.compile(
    r'<li(?: class="(?!iw|bx)[\w-]*+"|)>\s*+<span class="iw([0-9]{2}|)">([^<]*+)</span>'
    r"\s*+([^ <℃]++) ?(-?[0-9]{1,2}\.[0-9]|)℃\s*+</li>\s*+"
)
"""``<li class="icon_w"><span class="iw04">흐림</span>동두천 4.7℃</li>``"""


def from_html(fragment: str, words: Words = KNOWN) -> Listing:
    """The lines of a region of HTML: each in its own element, or else as text."""
    return plain(fragment, words) or by_elements(fragment, words)


def plain(fragment: str, words: Words) -> Listing | None:
    """
    Read without a parser a list in which every entry has the usual form and known words.

    Most pages are such, and this takes a fourth of the time.
    """
    opens = _PLAIN_LIST.match(fragment)
    # The text between two entries, then icon, label, city and number of the next, and so on.
    parts = _PLAIN_ENTRY.split(fragment[opens.end() if opens else 0 :])
    if len(parts) == 1 or parts[-1] != "</ul>" or any(parts[:-1:5]):
        return None
    icons, labels, cities, numbers = (parts[n::5] for n in range(1, 5))
    if not (set(labels) <= words.conditions.keys() and set(cities) <= words.stations.keys()):
        return None
    return Listing(lines=tuple(map(_AS_LINE, zip(labels, icons, cities, numbers, strict=True))))


def by_elements(fragment: str, words: Words) -> Listing:
    """The lines of a region of HTML, by its elements."""
    parser = LexborHTMLParser(_DT.sub("</dl><dl><dt", fragment))
    if (root := parser.body) is None:
        return Listing(lines=())
    signs = _text(root).count("℃")
    for tag in (*_LISTS, *_BOXES):  # by tag: making a CSS engine takes longer than parsing
        texts = _with_texts(parser.tags(tag), most=len(fragment) * _NESTED)
        own = [entry for entry in texts if not _is_copy(entry[0])] if _COPY in fragment else texts
        own_signs = signs - _singles(texts) + _singles(own)
        if tag in _BOXES:
            own = _outermost(own, own_signs, words)
        if own and (tag in _BOXES or _singles(own) == own_signs):
            return _listing(_outside_of_entries(own), words)
    return rows.from_text(_text(root), words)


def _listing(own: _Texts, words: Words) -> Listing:
    """The lines in elements that have one sign each."""
    entries = [(text, found) for node, text in own if (found := _line(node, text, words))]
    lines = tuple(found for _, found in entries if found.city or found.temperature)
    tails = [text.partition("℃")[2] for text, _ in entries]
    return Listing(
        lines=lines,
        prose=any(is_prose(tail, words) for tail in tails if tail.strip()),
        unplaced=len(lines) < len(entries),
        label_last=bool(lines and lines[-1].label and tails[-1].strip() == lines[-1].label),
    )


def _outside_of_entries(texts: _Texts) -> _Texts:
    """The elements, without those of lists in entries, such as one of humidity and wind."""
    entries = {node.mem_id for node, text in texts if "℃" in text}
    return [(node, text) for node, text in texts if "℃" in text or not _is_in(node, entries)]


def _is_in(node: LexborNode, entries: set[int]) -> bool:
    above = node.parent
    for _ in range(_LEVELS):
        if above is None or above.mem_id in entries:
            return above is not None
        above = above.parent
    return False


def _singles(texts: _Texts) -> int:
    return sum(text.count("℃") == 1 for _, text in texts)


def _is_copy(node: LexborNode) -> bool:
    return _COPY in (node.attributes.get("class") or "")


def _with_texts(nodes: list[LexborNode], *, most: int) -> _Texts:
    """Elements with their texts; none if nesting makes those too long together."""
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
    The outermost elements with one sign, and those of a known city beside them.

    Returns:
        Those with all the signs; or else those in one element without other signs; or none.
    """
    groups: dict[int, _Texts] = {}  # by their parent element
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
        return rows.is_regular(parts, words)
    return len(parts) == 1 and names_a_station(text, words)


def _text(node: LexborNode) -> str:
    """The text in an element, with newlines or bars between others, and only KMA's sign."""
    if node.tag in _ROWS:
        cells = list(node.iter(include_text=True, skip_empty=True))
        if all(cell.tag in _CELLS for cell in cells):  # damage leaves text beside them
            return "|".join(map(_text, cells))
    text = node.text(separator="\n")
    return text if "℃" in text else SIGN.sub("℃", text)


def _line(node: LexborNode, text: str, words: Words) -> Line | None:
    """The line in an element; None if it has only a heading, the credit or the date."""
    before, sign, after = text.partition("℃")
    if not sign and (not text.strip() or credit.NAMED.search(text) or dates.PRINTED.search(text)):
        return None
    if is_heading(text):
        return None
    found = line(before, words, icon=_icon(node), after=after, signed=bool(sign))
    if found.label or not (pictures := node.css("img[alt]")):
        return found
    return found._replace(label=(pictures[0].attributes["alt"] or NO_LABEL).strip())


def _icon(node: LexborNode) -> str:
    """The icon code in a class of the element or of one inside it."""
    for element in node.traverse():
        classes = element.attributes.get("class") or ""
        if "iw" in classes and (found := _ICON.search(classes)):
            return found[1]
    return ""


def below(printed: str, after: str) -> str:
    """The text below the last sign of a list, in the list or after it."""
    ends = printed.rfind("℃") + 1
    for sign in runs.SIGN.finditer(printed, ends):
        ends = sign.end()
    return printed[ends:] + after


def above(before: str, printed: str, first: Line) -> str:
    """The text above the first line of a list, before the list or in it."""
    head, begins = before + printed, len(before)
    sign = runs.SIGN.search(head, begins)  # an article in the region may name the city too
    city_at = (
        head.rfind(first.city, begins, sign.start()) if sign else head.find(first.city, begins)
    )
    if city_at == -1:  # printed with references or invisible marks
        return before
    label_at = head.rfind(first.label, max(0, city_at - _LABEL_NEAR), city_at)
    between = head[label_at + len(first.label) : city_at]
    is_before = label_at != -1 and not TAG.sub("", between).strip(BULLETS + "\n-|")
    return head[: label_at if is_before else city_at]
