"""Fragments are stored without loss, in little space."""

from __future__ import annotations

import contextlib
import random
import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from db import packing
from db.file import fragments
from db.write.store import Store
from scraper import reader
from scraper.demo import portal
from tests.support import pages

OF_FORM_1 = bytes.fromhex("01b39071b7c3d28ad8bce5f5dc3dc8ed018c1a19002ffffc320078")
"""A stored fragment of form 1."""

OF_TODAY = bytes.fromhex("02b39071b7c3329da86ba06782ba9261f396d77361337f86467a0620598c017f00")
"""A stored fragment of form 2."""

PRINTED = "  • 흐림서울 -0.4℃\n  • 눈보라부산 12.0℃\n\n기상청 제공"

NUMBERS = st.sampled_from(["-0.0", "-0.4", "00.1", "0.0", "9.9", "-99.9", "100.0", "٣.٣", "1.25"])
SKIES = st.sampled_from(['iw04">흐림<', 'iw99">흐림<', 'iw08"><', "• 흐림", "\n비 또는 눈", "• "])
IDS = st.sampled_from(["0123456789abcdef" * 2, "A" * 32, "f" * 33, "weather_slide_" + "0" * 32])
ODD = st.sampled_from(["℃", "\x01", "\x04", "\r\n", "\0"])
BOXES = st.lists(st.one_of(NUMBERS, SKIES, IDS, ODD, st.text(max_size=5)), max_size=40).map("".join)


@given(st.one_of(st.text(), BOXES))
@example("a" * 100_000)
def test_any_text_is_unpacked_unchanged(text):
    assert packing.unpacked(packing.packed(text)) == text


def test_a_stored_fragment_stays_readable():
    assert packing.unpacked(OF_TODAY) == PRINTED
    assert zlib.crc32(packing._BOXES) == 0x0D141387


@given(st.one_of(st.text(), BOXES))
def test_a_fragment_of_the_first_form_is_unpacked_unchanged(text):
    assert fragments.unpacked(zlib.compress(text.encode(), 9)) == text


def test_a_fragment_of_the_second_form_is_unpacked_unchanged():
    assert fragments.unpacked(OF_FORM_1) == PRINTED
    assert zlib.crc32(fragments._BOXES) == 0x5B084653
    assert zlib.crc32("".join(fragments._SKIES).encode()) == 0x32E9A79D


@given(st.data())
def test_a_damaged_fragment_is_refused_or_read_correctly(data):
    packed = packing.packed(PRINTED)
    at = data.draw(st.integers(0, len(packed) - 1))
    flipped = data.draw(st.integers(1, 255))
    with contextlib.suppress(ValueError):
        assert (
            packing.unpacked(packed[:at] + bytes([packed[at] ^ flipped]) + packed[at + 1 :])
            == PRINTED
        )


@pytest.mark.parametrize("cut", range(len(OF_TODAY)))
def test_a_fragment_that_is_cut_short_is_refused(cut):
    with pytest.raises(ValueError, match="fragment"):
        packing.unpacked(OF_TODAY[:cut])


def test_bytes_after_a_fragment_are_refused():
    with pytest.raises(ValueError, match="fragment"):
        packing.unpacked(packing.packed(PRINTED) + b"\0")


def _boxes(as_text: bool) -> list[str]:
    """Give pages with many different labels, temperatures and ids."""
    chance = random.Random(1)
    labels = [
        "맑음",
        "구름조금",
        "구름많음",
        "흐림",
        "비",
        "연무",
        "박무",
        "황사",
        "천둥번개",
        "-",
        "",
    ]
    printed = []
    for _ in range(100):
        entries = [
            pages.entry(chance.choice(labels), city, f"{chance.uniform(-20, 39):.1f}")
            for city in pages.CITIES
        ]
        if as_text:
            printed.append(portal.text(entries, pages.DATE))
        else:
            page = portal.page(entries, pages.DATE, size=0)
            printed.append(page.replace(f"{0x5EA:032x}", f"{chance.getrandbits(128):032x}"))
    return printed


@pytest.mark.parametrize("as_text", [False, True], ids=["HTML", "text"])
def test_a_sidebar_takes_less_than_three_hundred_and_sixty_bytes(tmp_path, as_text):
    """Its fragment and its readings, with ids as large as in a database of a million rows."""
    with Store.open(tmp_path / "weather.db") as store, store.transaction() as conn:
        conn.execute("INSERT INTO sidebars (id, digest, fragment) VALUES (1000000, x'', x'')")
        for page in _boxes(as_text):
            store.sidebars.keep(reader.read(page).content)
        (readings,) = conn.execute(
            "SELECT sum(payload) FROM dbstat WHERE name = 'readings'"
        ).fetchone()
        sidebars, fragments = conn.execute(
            "SELECT count(*), sum(length(fragment)) FROM sidebars WHERE id > 1000000"
        ).fetchone()
    assert sidebars == 100
    assert (readings + fragments) / sidebars < 360
