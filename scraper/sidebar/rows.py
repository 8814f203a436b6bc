"""
Plain text -> the lines of a list: an entry in each row, or in cells of rows, or all in one row.

If labels are in separate rows, or between two temperatures of one row, the order of label, city and
number is determined once for the whole list and must hold throughout: in
``서울 1.0℃ 비 부산 2.0℃ 눈`` the last label is left over if labels come first. Labels that cannot
be placed are left out and reported; they are never given to a neighbour.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from scraper.sidebar import credit
from scraper.sidebar.entries import (
    BULLETS,
    SIGN,
    Line,
    Listing,
    entry,
    is_heading,
    is_prose,
    label_after,
    label_and_city,
    line,
    names_a_station,
)
from scraper.sidebar.labels import is_label, leading_label
from scraper.vocabulary import KNOWN, NO_LABEL

if TYPE_CHECKING:
    from scraper.vocabulary import Words

_DASHED: Final = re.compile(r"^\s*-\s+(?=\S)")
_APART: Final = re.compile(r"[•●○◦▪▫■□▶►▷◆◇,|]|\s/\s|\s{2,}")
_SEPARATOR: Final = re.compile(r"[•●○◦▪▫■□▶►▷◆◇,|;，、]|\s/\s")
_ENTRY_BEGINS: Final = re.compile(r"\s*(?:[•●○◦▪▫■□▶►▷◆◇,;，、]|/\s)")
_CELLS: Final = re.compile(r"[\s|]+")
_NUMBER_ALONE: Final = re.compile(r"[\W\d_]*")
_WHOLE: Final = 8  # the entries that make a list


def from_text(text: str, words: Words = KNOWN) -> Listing:
    """The lines of a region of plain text: with or without bullets, labels joined or above."""
    rows = text.split("\n")
    if _in_cells(rows):
        if any(_number_first(row, words) for row in rows):
            return Listing(lines=())
        rows = ["|".join(row for row in rows if row.strip() and not is_heading(row))]
    reader = _Rows(words)
    for row in _without_dashes(_without_prose(rows, words)):
        if not reader.take(row):
            break
    return reader.listing()


def may_begin(row: str, words: Words) -> bool:
    """Whether a row above the first sign belongs to the list: a label, or a city without a sign."""
    alone = entry(_DASHED.sub("", row))
    return not row.strip(BULLETS) or is_label(alone, words) or names_a_station(alone, words)


def goes_on(row: str, words: Words, *, label_above: bool) -> bool:
    """Whether a row after the last sign belongs to the list: a label, or a city with one."""
    alone = entry(_DASHED.sub("", row))
    if not alone or is_label(alone, words):
        return bool(alone)
    found = names_a_station(alone, words)
    return found and (label_above or label_and_city(alone, words)[0] != NO_LABEL)


def left_over(after: str, words: Words) -> int:
    """
    The length of the rows after a list up to a city, alone or below its label; 0 without one.

    If a list has no city before its first number, such a city shows that numbers come first.
    """
    length, label = 0, False
    for row in after.splitlines(keepends=True):
        length += len(row)
        if not (alone := entry(row.strip())):
            continue
        if names_a_station(alone, words):
            return length
        if label or not is_label(alone, words):
            return 0
        label = True
    return 0


class _Rows:
    """Reads row by row."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._lines: list[Line] = []
        self._waiting: list[Line] = []  # cities without a sign, which count if the list continues
        self._above = NO_LABEL
        self._loose: list[int] = []  # the lines whose label had its own row
        self._begins_without = False  # whether the first line of such a list has no label
        self._glued = self._prose = self._refused = self._label_last = False
        self._unplaced = self._shifted = False

    def take(self, row: str) -> bool:
        """Read a row; return whether the list may continue."""
        if is_heading(row):
            return True
        parts = SIGN.split(row)
        if len(parts) > 2:
            self._inline(parts)
        elif len(parts) == 2:
            self._entry(*parts)
        elif self._lines and credit.NAMED.search(row):
            return False
        else:
            self._signless(row)
        return True

    def listing(self) -> Listing:
        """The result."""
        left_over = is_label(self._above, self._words)
        first = self._lines[0] if self._lines else None
        lines = self._lines + self._waiting
        if self._shifted or (left_over and first and not first.label):  # the order does not hold
            self._unplaced = True
            self._loose = list(range(len(lines)))
        if self._loose and (self._begins_without or left_over or self._unplaced):
            self._unplaced = True
            for n in self._loose:
                lines[n] = lines[n]._replace(label=NO_LABEL)
        number_first = first and self._waiting and not (self._is_known(first) or first.label)
        signed = len(self._lines)
        lines = lines[:signed] + [one for one in lines[signed:] if one.label]
        return Listing(
            lines=() if self._refused or number_first else tuple(_without_menu(lines)),
            prose=self._prose,
            unplaced=self._unplaced or left_over,
            label_last=self._label_last,
        )

    def _is_known(self, entry: Line) -> bool:
        """Whether an entry has a known city; ``날씨`` before the first number is no city."""
        return entry.city in self._words.stations

    def _entry(self, before: str, after: str) -> None:
        """A row with one sign."""
        self._append(before, after)
        *signless, alone = _entries(after, self._words)
        if names_a_station(alone, self._words):
            if not self._is_known(self._lines[-1]) and not self._lines[-1].label:
                self._refused = True  # the number comes before its city
            self._wait([*signless, alone])
        else:
            self._prose = self._prose or is_prose(after, self._words)

    def _append(self, before: str, after: str = "") -> None:
        """Append the line that ends with a sign, and those without one before it."""
        *signless, last = _entries(before, self._words)
        self._wait(signless)
        self._lines += self._waiting
        self._waiting.clear()
        found = line(last, self._words, above=self._above, after=after)
        following = label_after(after, self._words)
        if self._above and following:  # one is of another city
            self._shifted = True
        if self._above and found.label == self._above:
            self._loose.append(len(self._lines))
        elif not self._lines and not found.label:
            self._begins_without = True
        self._glued = self._glued or bool(found.label and not self._above)
        self._label_last = bool(found.label) and following == found.label
        self._prose = self._prose or (
            len(found.city.split()) > 2 and not names_a_station(found.city, self._words)
        )
        self._above = NO_LABEL
        self._lines.append(found)

    def _wait(self, signless: list[str]) -> None:
        for text in signless:
            if self._above:
                self._loose.append(len(self._lines) + len(self._waiting))
            self._waiting.append(line(text, self._words, above=self._above, signed=False))
            self._above = NO_LABEL

    def _signless(self, row: str) -> None:
        """A row without a sign: a city, a label, or another text."""
        *signless, alone = _entries(row, self._words)
        if names_a_station(alone, self._words):
            self._wait([*signless, alone])
        elif is_label(alone, self._words):
            self._unplaced = self._unplaced or bool(self._lines and self._above)
            self._above = _DASHED.sub("", alone)
        elif row.strip(BULLETS):
            self._above = alone if self._lines and not self._glued else NO_LABEL
            if not self._lines:
                self._waiting, self._loose = [], []

    def _inline(self, parts: list[str]) -> None:
        """A row with several signs."""
        pairs, misplaced = _in_order(parts, self._words)
        first = len(self._lines)
        for head, tail in pairs:
            self._append(head, tail)
            self._prose = self._prose or is_prose(tail, self._words)
        if misplaced:
            self._unplaced = True
            self._lines[first:] = [one._replace(label=NO_LABEL) for one in self._lines[first:]]
        rest = _APART.sub("\n", parts[-1])
        if not self._is_known(self._lines[first]) and left_over(rest, self._words):
            self._refused = True  # each number comes before its city
        *signless, alone = _entries(_first_piece(parts[-1]), self._words)
        if names_a_station(alone, self._words):
            self._wait([*signless, alone])
        else:
            self._prose = self._prose or is_prose(alone, self._words)


def _without_menu(lines: list[Line]) -> list[Line]:
    """The lines without a menu of cities directly above: bare names, which are repeated below."""
    alone = (one.label or one.temperature for one in lines)
    begins = next((n for n, printed in enumerate(alone) if printed), 0)
    listed = {one.city for one in lines[begins:]}
    return lines[begins:] if any(one.city in listed for one in lines[:begins]) else lines


def _in_order(parts: list[str], words: Words) -> tuple[list[tuple[str, str]], bool]:
    """
    The texts before and after each sign of a row, and whether the place of its labels is unclear.

    In ``흐림서울 1.0℃ 비부산 2.0℃`` the labels come first; in ``서울 1.0℃비 부산 2.0℃눈`` last.
    """
    first, *between, last = parts
    ends = is_label(_first_piece(last), words)
    if is_label(line(_entries(first, words)[0], words).label, words):
        return [(head, "") for head in (first, *between)], ends
    divided = [_divided(text, words) for text in between]
    tails = [tail for tail, _ in divided]
    heads = [first, *(head for _, head in divided)]
    if any(is_label(tail.strip(), words) for tail in tails):
        return list(zip(heads, [*tails, _first_piece(last) if ends else ""], strict=True)), False
    loose = [head for head in between if line(entry(head), words).label]
    sure = not ends and all(_has_its_label(head, words) for head in loose)
    return list(zip(heads, [*tails, ""], strict=True)), bool(loose) and not sure


def _divided(between: str, words: Words) -> tuple[str, str]:
    """Divide the text between two signs: the part of the first, and the part of the second."""
    if separator := _SEPARATOR.search(between):
        return between[: separator.start()], between[separator.start() :]
    label = leading_label(between, words)
    return label, between[len(label) :]


def _has_its_label(head: str, words: Words) -> bool:
    """Whether a label is joined to its city, or separated from the entry before."""
    if begins := _ENTRY_BEGINS.match(head):
        return _SEPARATOR.search(head, begins.end()) is None  # else which one ends the entry?
    first, *_ = [*_CELLS.split(head.strip(" |")), ""]
    return label_and_city(first, words)[1] in words.stations


def _first_piece(rest: str) -> str:
    """The text directly after the last sign of a row."""
    rest = credit.NAMED.split(rest)[0].strip(BULLETS + "|")
    return _SEPARATOR.split(rest)[0].strip()


def _entries(text: str, words: Words) -> list[str]:
    """The entries in a part of a text row: one, or cities without a sign and then one."""
    parts = [part for piece in _APART.split(text) if (part := entry(piece))]
    together = len(parts) > 1 and all(names_a_station(part, words) for part in parts)
    return parts if together else [entry(text)]


def _in_cells(rows: list[str]) -> bool:
    """Whether the number has its own row: then the rows are the cells of a table."""
    printed = [SIGN.split(row)[0] for row in rows if SIGN.search(row)]
    alone = sum(_NUMBER_ALONE.fullmatch(head) is not None for head in printed)
    return len(printed) > 1 and alone * 2 > len(printed)


def _number_first(row: str, words: Words) -> bool:
    """Whether a row has a number and then its city."""
    head, *tails = SIGN.split(row)
    alone = _NUMBER_ALONE.fullmatch(head) is not None
    return alone and any(names_a_station(entry(tail), words) for tail in tails[:1])


def _without_prose(rows: list[str], words: Words) -> list[str]:
    """
    The rows of a list, without those of an article above or below.

    The row of an entry ends with its sign, or has the whole list; a sentence continues.
    """
    printed = [(n, SIGN.split(row)) for n, row in enumerate(rows) if SIGN.search(row)]
    regular = [(n, len(parts) - 1) for n, parts in printed if is_regular(parts, words)]
    if sum(count for _, count in regular) < _WHOLE:
        return rows
    (first, _), (last, _) = regular[0], regular[-1]
    opens = max((n + 1 for n, _ in printed if n < first), default=0)
    closes = min((n for n, _ in printed if n > last), default=len(rows))
    return rows[opens:closes]


def is_regular(parts: list[str], words: Words) -> bool:
    """Whether a text row, split at its signs, can be an entry or a whole list of them."""
    *heads, rest = parts
    rest = rest.strip(BULLETS + "|/\n")
    ends = not rest or rest[0] in "()" or is_label(rest, words)
    return len(heads) >= _WHOLE or (len(heads) == 1 and ends)


def _without_dashes(rows: list[str]) -> list[str]:
    """The rows without ``- `` before entries, if it is a bullet, which each entry then has."""
    entries = [row for row in rows if SIGN.search(row)]
    bullets = len(entries) > 1 and all(map(_DASHED.match, entries))
    return [_DASHED.sub("", row) for row in rows] if bullets else rows
