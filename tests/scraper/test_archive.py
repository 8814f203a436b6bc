"""Archives: every format gives the same readings, and damage costs only the damaged part."""

from __future__ import annotations

import datetime as dt
import gzip
import importlib
import json
import pickle
import random
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from db.moments import KST
from scraper import sidebar
from scraper.archive import files, portals, prefilter, readings_of
from scraper.archive.page import time_of
from scraper.archive.portals import Portals
from scraper.archive.worker import Orders, Worker
from scraper.vocabulary import KNOWN
from tests.support import archives, pages
from tests.support.archives import NOON, Saved, conversion, record, saved, warc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scraper.archive.tally import Tally

pytest.importorskip("fastwarc")

HOST = "koya.example.kr"


def orders(**changes: Any) -> Orders:
    plain: dict[str, Any] = {
        "names": {},
        "only_known": False,
        "portal": None,
        "date": None,
        "not_after": dt.datetime(2030, 1, 1, tzinfo=dt.UTC),
        "words": KNOWN,
        "as_json": False,
    }
    return Orders(**(plain | changes))


class Extracted:
    """The rows, tally and troubles that a worker read from files."""

    def __init__(self, paths: Sequence[Path], **changes: Any) -> None:
        worker = Worker(orders(**changes))
        batches = [
            batch
            for source in files.sources([str(path) for path in paths])
            for batch in worker.read(source)
        ]
        self.rows = [row for batch in batches for row in batch.rows]
        self.json = [line for batch in batches for line in batch.json]
        self.troubles = [trouble for batch in batches for trouble in batch.troubles]
        self.unreadable = sum(batch.unreadable for batch in batches)
        self.tally: Tally = batches[0].tally
        for batch in batches[1:]:
            self.tally.add(batch.tally)

    @property
    def seen(self) -> list[tuple[str, dt.datetime, bytes]]:
        return sorted((portal, at, digest) for portal, at, _, digest, *_ in self.rows)


def extracted(tmp_path: Path, body: bytes, name: str = "a.warc.gz", **changes: Any) -> Extracted:
    (tmp_path / name).write_bytes(body)
    return Extracted([tmp_path / name], **changes)


FOUR = [saved(HOST, 10 * nth, nth) for nth in range(4)]


# ---- forms


def forms_of_archives() -> dict[str, tuple[str, bytes]]:
    texts = [archives.as_text(page, nth) for nth, page in enumerate(FOUR)]
    plain = list(map(record, FOUR))
    return {
        "warc.gz": ("a.warc.gz", warc(FOUR)),
        "warc": ("a.warc", b"".join(plain)),
        "warc.zst": ("a.warc.zst", archives.zstd(plain)),
        "warc.gz in one": ("a.warc.gz", gzip.compress(b"".join(plain))),
        "warc by another name": ("archive", warc(FOUR)),
        "wet": ("a.wet", b"".join(map(conversion, texts))),
        "wet.gz": ("a.wet.gz", b"".join(gzip.compress(conversion(x)) for x in texts)),
        "html lines": ("a.jsonl", archives.json_lines(FOUR)),
        "text lines": ("a.ndjson", archives.json_lines(texts, "text")),
        "lines.gz": ("a.jsonl.gz", gzip.compress(archives.json_lines(FOUR))),
    }


@pytest.mark.parametrize("form", forms_of_archives())
def test_every_archive_gives_the_same_readings(tmp_path, form):
    name, body = forms_of_archives()[form]
    found = extracted(tmp_path, body, name)
    expected = extracted(tmp_path, warc(FOUR), "expected.warc.gz")
    assert found.seen == expected.seen
    assert [row[2] for row in found.rows] == ["second"] * 4
    assert (found.troubles, dict(found.tally.refused)) == ([], {})


@pytest.mark.parametrize("suffix", [".html", ".txt"])
def test_a_folder_of_saved_pages_gives_the_days_printed_on_them(tmp_path, suffix):
    saved_pages = [archives.as_text(x, n) for n, x in enumerate(FOUR)] if suffix == ".txt" else FOUR
    archives.folder(tmp_path / "mirror", saved_pages, suffix)
    found = Extracted([tmp_path / "mirror"])
    (tmp_path / "b.warc.gz").write_bytes(warc(FOUR))
    assert {row[3] for row in found.rows} == {
        row[3] for row in Extracted([tmp_path / "b.warc.gz"]).rows
    }
    midnight = dt.datetime(2024, 4, 1, tzinfo=KST)
    assert {row[:3] for row in found.rows} == {(HOST, midnight, "day")}


PRINTED = pages.plain()
DATE = "2018.03.20 (화)"


def printed_forms() -> dict[str, tuple[str, str]]:
    html = {
        name: ("text/html", pages.around(a_list(PRINTED))) for name, a_list in pages.LISTS.items()
    }
    texts = {name: ("text/plain", form(PRINTED, DATE)) for name, form in pages.TEXTS.items()}
    return html | texts


@pytest.mark.parametrize("encoding", ["utf-8", "cp949", "utf-16"])
def test_every_form_of_a_box_is_found_in_every_encoding(tmp_path, encoding):
    forms = printed_forms()
    forms = {name: (kind, text.replace("•", "·")) for name, (kind, text) in forms.items()}
    saved_pages = [
        Saved(
            url=f"http://{HOST}/{nth}",
            at=NOON + dt.timedelta(minutes=nth),
            body=printed.encode(encoding, "xmlcharrefreplace"),
            content_type=f"{kind}; charset={encoding}",
        )
        for nth, (kind, printed) in enumerate(forms.values())
    ]
    found = extracted(tmp_path, warc(saved_pages))
    missing = [
        name
        for name, page in zip(forms, saved_pages, strict=True)
        if page.at not in {r[1] for r in found.rows}
    ]
    assert missing == []
    assert {row[5] for row in found.rows} == {dt.date(2018, 3, 20)}


@pytest.mark.parametrize(
    ("content_type", "meta", "encoding"),
    [
        pytest.param("text/html", '<meta charset="euc-kr">', "euc-kr", id="meta"),
        pytest.param("text/html; charset=euc-kr", "", "euc-kr", id="header"),
        pytest.param("text/html", "", "euc-kr", id="nobody says"),
        pytest.param("text/html; charset=utf-8", "", "euc-kr", id="wrongly declared"),
        pytest.param("text/html", '<meta charset="euc-kr">', "utf-8", id="wrong meta"),
    ],
)
def test_the_encoding_is_that_of_a_fetched_page(tmp_path, content_type, meta, encoding):
    body = FOUR[0].body.decode().replace('<meta charset="utf-8">', meta)
    saved_page = replace(FOUR[0], body=body.encode(encoding), content_type=content_type)
    assert extracted(tmp_path, warc([saved_page])).seen == extracted(tmp_path, warc(FOUR[:1])).seen


def chunked(body: bytes) -> bytes:
    parts = [body[at : at + 777] for at in range(0, len(body), 777)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def brotli(body: bytes) -> bytes:
    packed: bytes = importlib.import_module("brotli").compress(body)
    return packed


@pytest.mark.parametrize(
    ("headers", "encode"),
    [
        pytest.param("Content-Encoding: gzip", gzip.compress, id="gzip"),
        pytest.param("content-encoding: deflate", zlib.compress, id="deflate"),
        pytest.param("Content-Encoding: br", brotli, id="br"),
        pytest.param("Transfer-Encoding: chunked", chunked, id="chunked"),
        pytest.param("Content-Encoding: gzip", bytes, id="inflated by the archive"),
        pytest.param("Content-Encoding: br", bytes, id="br, inflated by the archive"),
        pytest.param("Transfer-Encoding: chunked", bytes, id="joined by the archive"),
        pytest.param(
            "Transfer-Encoding: chunked\r\nContent-Encoding: gzip",
            lambda body: chunked(gzip.compress(body)),
            id="both",
        ),
    ],
)
def test_a_body_is_read_as_it_was_sent(tmp_path, headers, encode):
    saved_page = replace(FOUR[0], headers=f"{headers}\r\n", body=encode(FOUR[0].body))
    assert extracted(tmp_path, warc([saved_page])).seen == extracted(tmp_path, warc(FOUR[:1])).seen


def test_a_bomb_is_refused(tmp_path):
    body = gzip.compress("기상청".encode() + bytes(50 * 2**20))
    bomb = replace(FOUR[0], headers="Content-Encoding: gzip\r\n", body=body)
    found = extracted(tmp_path, warc([bomb, FOUR[1]]))
    assert dict(found.tally.refused) == {"too large": 1}
    assert len(found.rows) == 1


@pytest.mark.parametrize(
    "changes",
    [{"status": "404 Not Found"}, {"content_type": "image/png"}, {"content_type": "text/css"}],
    ids=str,
)
def test_bodies_that_are_not_pages_are_skipped(tmp_path, changes):
    found = extracted(tmp_path, warc([replace(FOUR[0], **changes)]))
    assert (found.rows, found.tally.pages) == ([], 0)


# ---- portals and times


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://www.koya-culture.com/news/1", "koya-culture.com"),
        ("https://m.koya-culture.com:443/", "koya-culture.com"),
        ("HTTP://WWW.Koya-Culture.COM", "koya-culture.com"),
        ("http://m.kr/", "m.kr"),
        ("http://한글.kr/", "xn--bj0bj06e.kr"),
        ("koya-culture.com/", None),
        ("http:///x", None),
        ("http://a b/", None),
        ("http://[::1/", None),
    ],
)
def test_a_host_is_a_portal_with_any_prefix(url, host):
    assert portals.host_of(url) == host


def test_known_portals_keep_their_names():
    known = portals.by_host({"koya": "https://www.koya-culture.com/x", "other.kr": "http://b.kr"})
    named = Portals(known)
    assert named.name("koya-culture.com") == "koya"
    assert named.name("new.kr") == "new.kr"
    assert named.name("other.kr") == "other.kr_"  # "other.kr" is the name of another portal
    assert Portals(known, only_known=True).name("new.kr") is None


def test_pages_of_others_are_refused_where_only_known_portals_are_wanted(tmp_path):
    found = extracted(
        tmp_path, warc([*FOUR, saved("other.kr", 0, 0)]), only_known=True, names={HOST: "koya"}
    )
    assert {row[0] for row in found.rows} == {"koya"}
    assert dict(found.tally.refused) == {"other portal": 1}


MAY = dt.date(2024, 5, 6)


def undated() -> bytes:
    return FOUR[0].body.replace(archives.printed_date(NOON).encode(), b"")


@pytest.mark.parametrize(
    ("body", "options", "outcome"),
    [
        pytest.param(FOUR[0].body, {}, "no portal", id="no host"),
        pytest.param(undated(), {"portal": "koya"}, "no time", id="no date"),
        pytest.param(FOUR[0].body, {"portal": "koya"}, dt.date(2024, 4, 1), id="its date"),
        pytest.param(
            undated(),
            {"portal": "koya", "date": dt.date(2024, 5, 6)},
            dt.date(2024, 5, 6),
            id="given",
        ),
    ],
)
def test_a_saved_page_needs_a_portal_and_a_day(tmp_path, body, options, outcome):
    found = extracted(tmp_path, body, "page.html", **options)
    days = [(row[0], row[1].date(), row[2]) for row in found.rows]
    if isinstance(outcome, str):
        assert (days, dict(found.tally.refused)) == ([], {outcome: 1})
    else:
        assert days == [("koya", outcome, "day")]


@pytest.mark.parametrize(
    "tag",
    [
        '<link rel="canonical" href="https://www.koya.kr/1">',
        "<link href='https://koya.kr/1' rel=canonical>",
        '<meta property="og:url" content="http://m.koya.kr/1">',
        '<meta content="http://koya.kr/1" property="og:url">',
        "<!-- saved from url=(0020)https://koya.kr/1 -->",
    ],
)
def test_a_saved_page_has_its_own_address(tmp_path, tag):
    body = FOUR[0].body.replace(b"<head>", b"<head>" + tag.encode())
    assert [row[0] for row in extracted(tmp_path, body, "page.html").rows] == ["koya.kr"]


@pytest.mark.parametrize("when", ["1970-01-01T00:00:00Z", "2031-01-01T00:00:00Z"])
def test_an_impossible_time_is_refused(tmp_path, when):
    line = archives.json_lines([replace(FOUR[0], at=dt.datetime.fromisoformat(when))])
    assert dict(extracted(tmp_path, line, "a.jsonl").tally.refused) == {"impossible time": 1}


@pytest.mark.parametrize(
    ("printed", "time"),
    [
        ("2024-04-01T03:00:00Z", NOON),
        ("2024-04-01T03:00:00.123456Z", NOON.replace(microsecond=123456)),
        ("2024-04-01 12:00:00", NOON),
        ("2024-04-01", dt.date(2024, 4, 1)),
        ("20240401", dt.date(2024, 4, 1)),
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_time_is_iso_and_korean_where_it_has_no_offset(printed, time):
    assert time_of(printed) == time


def test_lines_without_a_page_are_counted(tmp_path):
    odd = '\n{"url": 1}\nnonsense\n{"html": "기상청" \n{"text": 5, "x": "weather_slide"}\n'.encode()
    found = extracted(tmp_path, odd + archives.json_lines(FOUR), "a.jsonl")
    assert len(found.rows) == 4
    assert dict(found.tally.refused) == {"not a JSON line": 2, "neither html nor text": 1}


# ---- damage


def positions(parts: Sequence[bytes]) -> list[int]:
    return [sum(map(len, parts[:n])) for n in range(len(parts) + 1)]


MANY = [saved(HOST, nth, nth, size=7000) for nth in range(12)]
WHOLE = {"gzip": [gzip.compress(record(x)) for x in MANY], "plain": [record(x) for x in MANY]}
NAMES = {"gzip": "a.warc.gz", "plain": "a.warc", "zstd": "a.warc.zst"}


@pytest.mark.parametrize("kind", NAMES)
def test_a_damaged_record_is_skipped_and_the_rest_is_read(tmp_path, kind):
    parts = [archives.zstd([record(x)]) for x in MANY] if kind == "zstd" else list(WHOLE[kind])
    parts[5] = parts[5][:40] + b"!!!" + parts[5][43:]
    if kind == "plain":
        parts[5] = parts[5].replace(b"Content-Length: ", b"Content-Length: 9")
    found = extracted(tmp_path, b"".join(parts), NAMES[kind])
    minutes = {(row[1] - NOON).seconds // 60 for row in found.rows}
    assert minutes >= set(range(12)) - {4, 5} if kind == "zstd" else minutes == set(range(12)) - {5}
    assert found.tally.refused.total() == len(found.troubles) == 1


@pytest.mark.parametrize("kind", WHOLE)
def test_a_record_with_a_wrong_length_is_detected(tmp_path, kind):
    for wrong in (b"1", b"99999999", b"-5", b"x", b"20000"):
        records = [record(x) for x in MANY]
        head, _, rest = records[5].partition(b"Content-Length: ")
        records[5] = head + b"Content-Length: " + wrong + rest[rest.index(b"\r") :]
        parts = list(map(gzip.compress, records)) if kind == "gzip" else records
        found = extracted(tmp_path, b"".join(parts), NAMES[kind])
        intact = extracted(tmp_path, b"".join(WHOLE[kind]), NAMES[kind])
        assert set(found.seen) == {row for row in intact.seen if row[1] != MANY[5].at}, wrong


@pytest.mark.parametrize("kind", WHOLE)
def test_a_cut_archive_is_read_up_to_the_cut_and_reported(tmp_path, kind):
    parts = WHOLE[kind]
    archive, ends = b"".join(parts), positions(parts)
    chance = random.Random(7)
    for cut in [*chance.sample(range(1, len(archive)), 40), *(end + 9 for end in ends[1:4])]:
        found = extracted(tmp_path, archive[:cut], NAMES[kind])
        complete = sum(end <= cut for end in ends[1:])
        assert (
            complete <= len(found.rows) <= complete + (cut in range(ends[complete], len(archive)))
        )
        assert {row[1] for row in found.rows} <= {x.at for x in MANY[: complete + 1]}
        assert found.troubles or cut in ends, cut


@pytest.mark.parametrize("end", [bytes(9), bytes(5000), b"", bytes(9) + b"\1"], ids=range(4))
def test_zero_bytes_after_a_gzip_archive_are_no_fault(tmp_path, end):
    found = extracted(tmp_path, b"".join(WHOLE["gzip"]) + end)
    assert len(found.rows) == len(MANY)
    assert found.troubles == (["damaged after 12 records"] if end.strip(b"\0") else [])


@pytest.mark.parametrize("kind", WHOLE)
def test_flipped_bytes_change_no_value(tmp_path, kind):
    """This holds if records have digests, or are compressed with checksums."""
    import base64  # noqa: PLC0415
    import hashlib  # noqa: PLC0415

    def summed(saved_page: Saved) -> bytes:
        head, _, rest = record(saved_page).partition(b"\r\n\r\n")
        digest = base64.b32encode(hashlib.sha1(rest[:-4], usedforsecurity=False).digest())
        return head + b"\r\nWARC-Block-Digest: sha1:" + digest + b"\r\n\r\n" + rest

    parts = [gzip.compress(summed(x)) if kind == "gzip" else summed(x) for x in MANY]
    good = set(extracted(tmp_path, b"".join(parts), NAMES[kind]).seen)
    digests = {row[2] for row in good}
    assert len(good) == len(MANY)
    chance = random.Random(9)
    for _ in range(40):
        archive = bytearray(b"".join(parts))
        archive[chance.randrange(len(archive))] ^= 1 << chance.randrange(8)
        found = extracted(tmp_path, bytes(archive), NAMES[kind])
        assert len(found.rows) >= len(MANY) - 2
        assert {row[3] for row in found.rows} <= digests


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.warc.gz", b""),
        ("a.warc.gz", b"no archive at all\n" * 50),
        ("a.warc", b"\0" * 5000),
        ("a.warc.gz", gzip.compress(b"no archive either\n" * 50, mtime=0)),
        ("a.warc.gz", b"\x1f\x8b\x08" + random.Random(1).randbytes(5000)),
        ("a.warc.zst", b"\x28\xb5\x2f\xfd" + random.Random(1).randbytes(5000)),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(500)),
    ],
)
def test_a_file_that_is_not_an_archive_is_reported(tmp_path, name, body):
    found = extracted(tmp_path, body, name)
    assert found.rows == []
    assert len(found.troubles) == found.unreadable == 1


def test_noise_in_an_archive_never_stops_the_reader(tmp_path):
    chance = random.Random(3)
    for kind, parts in WHOLE.items():
        for _ in range(30):
            archive = bytearray(b"".join(parts))
            for _ in range(chance.randint(1, 30)):
                at = chance.randrange(len(archive))
                archive[at : at + chance.randint(0, 40)] = chance.randbytes(chance.randint(0, 40))
            found = extracted(tmp_path, bytes(archive), NAMES[kind])
            assert {row[1] for row in found.rows} <= {x.at for x in MANY}


MEASURED = """
import sys
sys.path.insert(0, {root!r})
from tests.scraper.test_archive import Extracted
from pathlib import Path
extracted = Extracted([Path({path!r})])
# Not ru_maxrss: a child starts with that of the test runner, however large it has grown.
status = Path("/proc/self/status").read_text()
peak = int(status.partition("VmHWM:")[2].split()[0]) // 1024
print(len(extracted.rows), extracted.tally.pages, extracted.tally.refused["too large"], peak)
"""


def measured(path: Path) -> tuple[int, int, int, int]:
    """Readings, pages, pages refused for their size, and the peak of memory in MiB."""
    code = MEASURED.format(root=str(Path(__file__).parents[2]), path=str(path))
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    rows, looked_at, large, peak = map(int, run.stdout.split())
    return rows, looked_at, large, peak


@pytest.mark.parametrize("kind", WHOLE)
def test_a_record_of_200_mb_needs_little_memory(tmp_path, kind):
    path = tmp_path / NAMES[kind]
    large = replace(FOUR[1], body=b"<p>x</p>")
    head, _, rest = record(large).partition(b"Content-Length: ")
    length = int(rest[: rest.index(b"\r")]) + 200_000_000
    before = head + b"Content-Length: %d" % length + rest[rest.index(b"\r") : -4]
    with path.open("wb") as plain:
        plain.write(WHOLE[kind][0])
        opened: Any = plain
        if kind == "gzip":
            opened = gzip.GzipFile(fileobj=plain, mode="wb", compresslevel=1)
        opened.write(before)
        for _ in range(200):
            opened.write(bytes(1_000_000))
        opened.write(b"\r\n\r\n")
        if kind == "gzip":
            opened.close()
        plain.write(WHOLE[kind][1])
    rows, _, refused, peak = measured(path)
    assert (rows, refused) == (2, 1)
    assert peak < 300


def tiny(path: Path, count: int) -> None:
    one_record = gzip.compress(record(replace(FOUR[0], body=b"<p>x")), 1)
    with path.open("wb") as out:
        for _ in range(count // 1000):
            out.write(one_record * 1000)
        out.write(WHOLE["gzip"][0])


def test_a_hundred_thousand_tiny_records_are_read(tmp_path):
    tiny(tmp_path / "a.warc.gz", 100_000)
    rows, looked_at, _, peak = measured(tmp_path / "a.warc.gz")
    assert (rows, looked_at) == (1, 100_001)
    assert peak < 300


@pytest.mark.slow
def test_a_million_tiny_records_are_read(tmp_path):
    tiny(tmp_path / "a.warc.gz", 1_000_000)
    rows, looked_at, _, peak = measured(tmp_path / "a.warc.gz")
    assert (rows, looked_at) == (1, 1_000_001)
    assert peak < 300


# ---- our functions in other programs


def test_readings_of_a_page_are_plain_rows():
    rows = readings_of(FOUR[0].body, FOUR[0].url, "2024-04-01T03:00:00Z")
    assert rows[0] == {
        "url": FOUR[0].url,
        "portal": HOST,
        "fetched_at": "2024-04-01T03:00:00+00:00",
        "page_date": "2024-04-01",
        "precision": "second",
        "station": "동두천",
        "kma_id": 98,
        "label": "맑음",
        "icon": "01",
        "condition": "clear",
        "temperature_c": 0.0,
    }
    assert len(rows) == 16
    assert pickle.loads(pickle.dumps(rows)) == rows  # noqa: S301 - pickled by this test
    assert pickle.loads(pickle.dumps(readings_of)) is readings_of  # noqa: S301


def test_readings_of_a_page_without_a_clock_are_of_a_day():
    rows = readings_of(FOUR[0].body, FOUR[0].url, None)
    assert {(row["fetched_at"], row["page_date"], row["precision"]) for row in rows} == {
        (None, "2024-04-01", "day")
    }


@pytest.mark.parametrize("page", [b"", b"\0" * 99, b"<p>no box", undated()], ids=range(4))
def test_readings_of_a_page_without_a_box_are_empty(page):
    assert readings_of(page, FOUR[0].url, None) == []


def test_a_time_without_an_offset_is_refused():
    with pytest.raises(ValueError, match="expected a time with its offset"):
        readings_of(FOUR[0].body, FOUR[0].url, NOON.replace(tzinfo=None))


def test_a_packed_body_that_is_cut_is_counted_as_cut_short(tmp_path):
    cut = replace(
        FOUR[0], headers="Content-Encoding: gzip\r\n", body=gzip.compress(FOUR[0].body)[:600]
    )
    found = extracted(tmp_path, warc([cut, FOUR[1]]))
    assert dict(found.tally.refused) == {"cut short": 1}
    assert len(found.rows) == 1


def test_a_page_of_a_sparse_archive_is_read_before_the_archive_ends(tmp_path, monkeypatch):
    monkeypatch.setattr("scraper.archive.worker.EVERY_S", 0.0)
    others = [archives.without_box(HOST, nth) for nth in range(200)]
    path = tmp_path / "sparse.warc.gz"
    path.write_bytes(warc([saved(HOST, 0, 0), *others]))
    (source,) = files.sources([str(path)])
    *batches, last = Worker(orders()).read(source)
    assert sum(len(batch.rows) for batch in batches) == 1
    assert not last.rows


def test_packed_lines_that_are_cut_are_counted_as_damaged(tmp_path):
    body = gzip.compress(archives.json_lines(FOUR * 400))
    read = extracted(tmp_path, body[:-1000], "a.jsonl.gz")
    assert (read.troubles, read.tally.refused["damaged"]) == (["damaged"], 1)
    assert read.tally.sidebars > 4


def test_half_a_character_in_an_address_is_replaced(tmp_path):
    html = FOUR[0].body.decode()
    line = {"url": f"https://{HOST}/\ud800", "fetched_at": NOON.isoformat(), "html": html}
    read = extracted(tmp_path, json.dumps(line).encode(), "a.jsonl", as_json=True)
    assert {json.loads(row)["url"] for row in read.json} == {f"https://{HOST}/?"}


def test_reading_imports_neither_the_network_nor_the_command_line():
    code = (
        "import sys\nfrom scraper.archive import readings_of\n"
        "heavy = {'httpx', 'click', 'rich', 'sqlite3', 'msgspec', 'asyncio', 'fastwarc', 'http'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


# ---- signs of a box


@pytest.mark.parametrize("name", [*pages.LISTS, *pages.TEXTS])
def test_a_box_without_its_credit_is_recognized_by_its_degrees(name):
    if name in pages.LISTS:
        page = pages.around(pages.LISTS[name](pages.plain()))
    else:
        page = pages.TEXTS[name](pages.plain(), DATE)
    body = page.replace("기상청 제공", "").replace("weather_slide", "wt").encode()
    assert len(sidebar.find(body, "utf-8").lines) == len(pages.plain())
    assert prefilter.may_show(body) is ("℃" in page)  # with another sign a box needs the credit


SIGNED = [
    (b"", False),
    (b"<p>no sign", False),
    (b'<ul class="weather_slide">', True),
    ("서울 21℃".encode(), True),
    ("기상청".encode(), True),
    ("서울 21℃".encode("cp949"), True),
    ("기상청".encode("cp949"), True),
    ("기상청".encode("utf-16"), True),
    ("기상산업청 20도 氣象".encode(), False),
    ("기상산업청 20도 氣象".encode("cp949"), False),
]


@pytest.mark.parametrize("searched_by", ["its library", "Python"])
def test_a_page_without_any_sign_is_skipped(searched_by):
    without = (
        "sys.modules['stringzilla'] = None" if searched_by == "Python" else "import stringzilla"
    )
    code = (
        f"import sys\n{without}\nfrom scraper.archive import prefilter\n"
        f"print([prefilter.may_show(block) for block in {[block for block, _ in SIGNED]}])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == f"{[shown for _, shown in SIGNED]}\n"


@pytest.mark.parametrize(
    ("content_type", "shown"),
    [
        ("text/html", True),
        ("text/html; charset=EUC-KR", True),
        ("text/html; charset=utf-8", False),
        ("text/html; Charset = 'UTF8'", False),
        ("text/html; charset=utf-16", True),
    ],
)
def test_cp949_is_not_sought_in_a_page_declared_as_utf_8(content_type, shown):
    assert prefilter.may_show("기상청".encode("cp949"), 0, content_type.encode()) is shown


@pytest.mark.parametrize("line_end", ["", "\n", "\r\n"])
@pytest.mark.parametrize("filler", ["", "시" * 2000, "<p>시장</p>" * 900], ids=range(3))
def test_line_breaks_do_not_change_the_readings_of_a_page(filler, line_end):
    """Only the surroundings of a box are read; their limits must not depend on line breaks."""
    opens, a_list, rest = pages.box(pages.plain()).replace("\n", "").partition("<ul ")
    box = f"{opens}{line_end}{a_list}{rest}{line_end}"
    page = f"<html><body>{filler}{box}{filler}</body></html>"
    first, *others = readings_of(page.encode(), FOUR[0].url, NOON)
    assert (first["page_date"], len(others)) == ("2018-03-20", 15)


def test_a_page_cut_within_its_box_is_skipped(tmp_path):
    text = archives.as_text(FOUR[0], 0)
    for cut, count in ((200, 0), (len(text.body), 1)):
        truncated = conversion(replace(text, body=text.body[:cut]))
        truncated = truncated.replace(b"WARC-Type", b"WARC-Truncated: length\r\nWARC-Type")
        assert len(extracted(tmp_path, truncated, "a.wet").rows) == count


def test_a_content_is_sent_once_for_each_printed_form(tmp_path):
    again = replace(FOUR[0], at=NOON + dt.timedelta(minutes=1))
    other = replace(again, body=FOUR[0].body.replace(b'class="iw01"', b'class="x1"'))
    rows = extracted(tmp_path, warc([FOUR[0], again, other, again])).rows
    assert [content is not None for _, _, _, _, content, *_ in rows] == [True, False, True, False]
    assert len({digest for _, _, _, digest, *_ in rows}) == 1


@pytest.mark.parametrize(
    ("missing", "count"), [(0, 1), (1, 0), (3000, 0)], ids=["whole", "a byte", "the articles"]
)
def test_a_body_shorter_than_its_content_length_is_cut_short(tmp_path, missing, count):
    """A cut can shorten a value: ``고창 3.8`` may be the beginning of another number."""
    length = len(FOUR[0].body) + missing
    saved_page = replace(FOUR[0], headers=f"Content-Length: {length}\r\n")
    read = extracted(tmp_path, record(saved_page), "a.warc")
    assert (len(read.rows), read.tally.refused["cut short"]) == (count, 1 - count)


@pytest.mark.parametrize(
    ("opens", "closes"), [("<!--", "-->"), ("<script>", "</script>"), ("<template>", "</template>")]
)
def test_an_invisible_box_is_skipped_at_any_distance(tmp_path, opens, closes):
    filler = "<p>기사</p>" * 500
    unseen = FOUR[0].body.decode().replace("<body>", f"<body>{opens}{filler}")
    saved_page = replace(FOUR[0], body=(unseen + closes).encode())
    assert extracted(tmp_path, record(saved_page), "a.warc").rows == []


def test_two_different_boxes_in_an_archived_page_are_skipped(tmp_path):
    body = FOUR[0].body.decode()
    other = FOUR[1].body.decode().partition("<body>")[2]
    saved_page = replace(FOUR[0], body=(body + other).encode())
    assert extracted(tmp_path, record(saved_page), "a.warc").rows == []
