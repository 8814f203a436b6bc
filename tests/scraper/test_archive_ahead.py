"""A gzip archive gives the same, whether a thread inflates it ahead of its reader or not."""

from __future__ import annotations

import dataclasses
import gzip
import io
import random
import threading
from typing import Any

import pytest

from tests.support import archives
from tests.support.archives import record, request, saved

pytest.importorskip("fastwarc")
streams = pytest.importorskip("scraper.archive.streams")

from scraper.archive.page import MOST_BYTES  # noqa: E402
from scraper.archive.tally import Tally  # noqa: E402
from scraper.archive.warc import Archive  # noqa: E402

HOST = "koya.example.kr"
MANY = [saved(HOST, nth, nth, size=40_000) for nth in range(60)]
PARTS = [gzip.compress(part(x)) for x in MANY for part in (request, record)]
"""Two and a half blocks of the thread."""


def read(archive: bytes) -> tuple[list[tuple[str | None, bytes]], list[str], Tally, int]:
    """The pages of an archive, its faults, its counts, and the number of its records."""
    reader = Archive(io.BytesIO(archive), tally := Tally())
    pages = [(page.url, page.body) for page in reader.pages() if page is not None]
    return pages, reader.troubles, tally, reader.records


def read_plainly(monkeypatch, archive: bytes):
    with monkeypatch.context() as patch:
        patch.setattr(streams, "CAN_READ_AHEAD", False)
        return read(archive)


def test_an_intact_archive_is_read_ahead(monkeypatch):
    opened = []
    inflated_ahead = streams.inflated_ahead

    def watched(stream):
        opened.append(stream.tell())
        return inflated_ahead(stream)

    monkeypatch.setattr(streams, "inflated_ahead", watched)
    pages, troubles, tally, records = read(archive := b"".join(PARTS))
    assert [body for _, body in pages] == [x.body for x in MANY]
    assert (opened, troubles, tally.pages, records) == ([0], [], len(MANY), len(MANY))
    assert read_plainly(monkeypatch, archive) == (pages, troubles, tally, records)
    assert opened == [0]


def with_noise(chance: random.Random, archive: bytearray) -> None:
    at = chance.randrange(len(archive))
    archive[at : at + chance.randint(0, 40)] = chance.randbytes(chance.randint(0, 40))


def flipped(chance: random.Random, archive: bytearray) -> None:
    archive[chance.randrange(len(archive))] ^= 1 << chance.randrange(8)


def cut(chance: random.Random, archive: bytearray) -> None:
    del archive[chance.randrange(len(archive)) :]


def with_an_end(chance: random.Random, archive: bytearray) -> None:
    archive += chance.choice([b"\x1f", b"\x1f\x8b\x08", b"end", PARTS[3][:90]])


@pytest.mark.parametrize("spoil", [with_noise, flipped, cut, with_an_end])
def test_a_spoiled_archive_gives_the_same(monkeypatch, spoil):
    chance = random.Random(5)
    spoiled = 0
    for _ in range(25):
        archive = bytearray(b"".join(PARTS))
        spoil(chance, archive)
        found = read(bytes(archive))
        assert found == read_plainly(monkeypatch, bytes(archive))
        assert {body for _, body in found[0]} <= {x.body for x in MANY}
        spoiled += bool(found[1])
    assert spoiled > 10


def test_zero_bytes_after_the_end_are_no_fault(monkeypatch):
    archive = b"".join(PARTS) + bytes(5000)
    pages, troubles, *_ = found = read(archive)
    assert found == read_plainly(monkeypatch, archive)
    assert (len(pages), troubles) == (len(MANY), [])


@pytest.mark.parametrize("zeros", [9, 2**20 + 9])
def test_records_after_zero_bytes_are_read(monkeypatch, zeros):
    archive = b"".join([*PARTS[:20], bytes(zeros), *PARTS[20:]])
    for pages, *_ in (read(archive), read_plainly(monkeypatch, archive)):
        assert [body for _, body in pages] == [x.body for x in MANY]


def wrong_length(page: bytes, length: bytes) -> bytes:
    head, _, rest = page.partition(b"Content-Length: ")
    return head + b"Content-Length: " + length + rest[rest.index(b"\r") :]


@pytest.mark.parametrize("nth", [0, 1, 31, len(MANY) - 1])
@pytest.mark.parametrize("length", [b"1", b"20000", b"90000", b"99999999", b"-5", b"x"])
def test_a_record_with_a_wrong_length_gives_the_same(monkeypatch, nth, length):
    parts = list(PARTS)
    parts[2 * nth + 1] = gzip.compress(wrong_length(record(MANY[nth]), length))
    found = read(b"".join(parts))
    assert found == read_plainly(monkeypatch, b"".join(parts))
    assert len(found[0]) >= len(MANY) - 2


@pytest.mark.parametrize("nth", [0, 31, len(MANY) - 1])
def test_a_record_that_is_too_large_is_counted_once(monkeypatch, nth):
    parts = list(PARTS)
    large = dataclasses.replace(MANY[nth], body=b"x" * (MOST_BYTES + 70_000))
    parts[2 * nth + 1] = gzip.compress(record(large), 1)
    found = read(b"".join(parts))
    assert found == read_plainly(monkeypatch, b"".join(parts))
    assert (len(found[0]), dict(found[2].refused)) == (len(MANY) - 1, {"too large": 1})


@pytest.mark.parametrize("pages", [MANY[:0], MANY[:1]])
def test_an_archive_of_requests_alone_has_no_record(monkeypatch, pages):
    archive = b"".join(map(gzip.compress, map(request, MANY[:9]))) + archives.warc(pages)
    found = read(archive)
    assert found == read_plainly(monkeypatch, archive)
    assert found[1] == ([] if pages else ["no record at its beginning"])


def test_a_reader_that_stops_early_leaves_no_thread():
    before = threading.active_count()
    pages: Any = Archive(io.BytesIO(b"".join(PARTS)), Tally()).pages()
    next(pages)
    assert threading.active_count() == before + 1
    pages.close()
    assert threading.active_count() == before
