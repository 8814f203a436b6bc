"""Statistics of the hand-made month; the docstrings compute each expected value."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import subprocess
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from db import frames, query
from db.errors import UnknownPortal, WrongQuestion
from db.export import spreadsheet
from db.measures import history
from db.measures.stats import Period
from db.moments import KST, moment
from db.reading import Station
from db.write.store import Store
from tests.cli.test_cli import answered, nalssi, refused
from tests.support import month, stores
from tests.support.histories import START, hour_of
from tests.support.keeping import keep_own
from tests.support.make import make_reading
from tests.support.month import NOW, OVERCAST, Portals, korean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOUR_S = 60 * 60
DAY_S = 24 * HOUR_S


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return month.make(tmp_path_factory.mktemp("month") / "weather.db")


@pytest.fixture(scope="module")
def db(path: Path) -> Iterator[query.Database]:
    with query.Database(path) as opened:
        yield opened


def of_day(db: query.Database, day: int, **changes: Any) -> Period:
    """Give the statistics of one day of March, the only one in the answer."""
    span = {"since": korean(day), "until": korean(day + 1), "now": NOW}
    (period,) = db.stats("서울", **(span | changes))
    return period


# ---- a day


def test_a_day_without_a_gap(db):
    """
    1.0 from the day before for 50 minutes, 2.0 for 12 hours, 4.0 for 11 and the last ten minutes.

    (50 * 1 + 720 * 2 + 670 * 4) / 1440 = 4170 / 1440 = 2.8958

    Overcast at 1.0 and 2.0, 770 minutes of 1440; clear for the other 670.
    """
    assert of_day(db, 1) == Period(
        station="서울",
        since=korean(1),
        until=korean(2),
        part=None,
        mean_c=2.9,
        minimum_c=1.0,
        minimum_seen=korean(1, "00:00"),
        maximum_c=4.0,
        maximum_seen=korean(1, "01:50"),
        days=None,
        readings=24,
        coverage=1.0,
        longest_gap_s=0,
        suspect=0.0,
        failed=0.0,
        conditions={"overcast": 0.5347, "clear": 0.4653},
        agreement=None,
        reason=None,
    )


def test_a_frozen_value_counts_for_its_first_ninety_minutes(db):
    """4.0 for 50 minutes, 5.0 for 90, 6.0 for 60, 7.0 for 90: 290 minutes; none 02:20 to 13:50."""
    day = of_day(db, 2)
    assert (day.readings, day.coverage, day.longest_gap_s) == (3, 0.2014, 11.5 * HOUR_S)
    assert (day.mean_c, day.minimum_c, day.maximum_c) == (None, None, None)
    assert (day.minimum_seen, day.maximum_seen) == (None, None)
    assert day.reason == "coverage 0.2014 is below 0.75"
    # (50 * 4 + 90 * 5 + 60 * 6 + 90 * 7) / 290 = 1640 / 290 = 5.6552
    trusted = of_day(db, 2, min_coverage=0.2)
    assert (trusted.mean_c, trusted.minimum_c, trusted.maximum_c) == (5.66, None, None)
    assert trusted.reason == "no extremes: no value for 11 h 30 min"


def test_a_value_of_unknown_age_and_a_missing_number_do_not_count(db):
    """
    From 11:00: 9.0 for 60 minutes, none for 60, -2.0 for 60, -1.0 for 90.

    (60 * 9 - 60 * 2 - 90 * 1) / 210 = 330 / 210 = 1.5714; 210 / 1440 = 0.1458. The sky has 270
    minutes, of which 90 are 0.3333 and 60 are 0.2222.
    """
    day = of_day(db, 3, min_coverage=0.1)
    assert (day.mean_c, day.coverage, day.readings) == (1.57, 0.1458, 4)
    assert (day.minimum_c, day.maximum_c, day.longest_gap_s) == (None, None, 11 * HOUR_S)
    assert list(day.conditions.items()) == [
        ("overcast", 0.3333),
        ("not_reported", 0.2222),
        ("snow", 0.2222),
        ("unknown", 0.2222),
    ]


def test_a_day_without_values_is_a_row_with_a_reason(db):
    day = of_day(db, 4, min_coverage=0)
    assert (day.mean_c, day.minimum_c, day.maximum_c, day.agreement) == (None, None, None, None)
    assert (day.readings, day.coverage, day.longest_gap_s, day.conditions) == (0, 0, DAY_S, {})
    assert day.reason == "no live temperature"


# ---- several portals


def test_the_portal_that_changed_last_counts_among_several(db):
    """
    Koya alone from 06:00, the other alone from 08:30 to 09:00.

    06:00 koya 10.0; 06:30 the other 10.0, both of two; 07:00 koya 11.0, and the other still the one
    before it: both of two; 07:30 the other 13.0, one of two.

    (60 * 10 + 30 * 11 + 90 * 13) / 180 = 2100 / 180 = 11.6667
    Agreement in the 120 minutes of both: (30 * 1 + 30 * 1 + 60 / 2) / 120 = 0.75
    """
    day = of_day(db, 5, min_coverage=0.1)
    assert (day.mean_c, day.coverage, day.agreement) == (11.67, 0.125, 0.75)
    assert (day.readings, day.longest_gap_s) == (4, 15 * HOUR_S)
    part = of_day(db, 5, since=korean(5, "06:00"), until=korean(5, "09:00"))
    assert (part.mean_c, part.coverage, part.part) == (11.67, 1.0, "part of the day")
    assert (part.minimum_c, part.minimum_seen) == (10.0, korean(5, "06:00"))
    assert (part.maximum_c, part.maximum_seen) == (13.0, korean(5, "07:30"))


def test_one_portal_alone_has_no_agreement(db):
    """Koya: 10.0 for 60 minutes, 11.0 for 90: (600 + 990) / 150 = 10.6; 150 / 1440 = 0.1042."""
    day = of_day(db, 5, portal="koya", min_coverage=0.1)
    assert (day.mean_c, day.coverage, day.agreement, day.readings) == (10.6, 0.1042, None, 2)


def test_the_other_portal_counts_again_after_one_ends(db):
    """5.0 for 10 minutes, the other's 6.0 for 20, 5.0 for 60: (350 + 120) / 90 = 5.2222."""
    day = of_day(db, 6, min_coverage=0)
    assert (day.mean_c, day.coverage, day.readings, day.agreement) == (5.22, 0.0625, 2, 0.5)


def test_the_portal_added_first_counts_if_two_change_at_once(db):
    day = of_day(db, 7, min_coverage=0)
    assert day.mean_c == 2.0
    assert (day.coverage, day.readings, day.agreement) == (0.0625, 1, 0.5)


def test_a_portal_that_lags_agrees_in_an_hour_as_in_the_whole_range(tmp_path):
    """Another portal is 20 minutes late; the last page of each hour is cut before 서울."""
    path, begin = tmp_path / "weather.db", START + HOUR_S - START % HOUR_S
    with stores.opened(path, "koya", "late") as store:
        for nth in range(24):
            shown = hour_of(nth // 6)
            cut = tuple(one for one in shown if one[0] != "서울") if nth % 6 == 5 else shown
            keep_own(store, "koya", begin + 600 * nth, cut)
            keep_own(store, "late", begin + 600 * nth + 5, hour_of(max(0, nth - 2) // 6))
    with query.Database(path) as db:
        whole = {row.since: row for row in db.stats("서울", by="hour")}
        hour = moment(begin + 3 * HOUR_S)
        (alone,) = db.stats("서울", by="hour", since=hour, until=hour + dt.timedelta(hours=1))
    assert (alone, alone.agreement) == (whole[hour], 1.0)


_HALF_HOURS = st.lists(st.integers(0, 40), min_size=2, max_size=12, unique=True).map(sorted)


@given(st.lists(st.tuples(_HALF_HOURS, st.integers(1, 5)), min_size=2, max_size=4))
def test_merged_portals_agree_with_each_single_moment(portals):
    """A portal changes at these moments and shows each value for so long, or until the next one."""
    shown = [
        [
            history.Piece(
                begin=begin,
                end=min(begin + holds, end),
                seen_from=begin,
                tenths=begin % 3,
                sky=nth,
                share=None,
                state="live",
                published_by=begin,
                portal=nth,
                before=None,
                flag=1,
            )
            for begin, end in pairwise(changes)
        ]
        for nth, (changes, holds) in enumerate(portals)
    ]
    pieces = list(history.merged(shown))
    for at in range(45):
        live = [value for portal in shown for value in portal if value[0] <= at < value[1]]
        counting = [piece for piece in pieces if piece[0] <= at < piece[1]]
        if not live:
            assert counting == []
            continue
        expected = max(live, key=lambda value: (value[2], -value[4]))
        (piece,) = counting
        assert (piece.seen_from, piece.tenths, piece.sky) == expected[2:5]
        agreeing = sum(value[3] == expected[3] for value in live) / len(live)
        assert piece[5] == (agreeing if len(live) > 1 else None)


# ---- everything


def test_any_counts_frozen_values_until_the_portal_is_down(db):
    """
    4.0 for 50 minutes, 5.0 from 00:50 to 13:50, 6.0 for 60 minutes, 7.0 for three intervals.

    (200 + 3900 + 360 + 1260) / 1070 = 5.3458; 1070 / 1440 = 0.7431
    """
    day = of_day(db, 2, everything=True, min_coverage=0.6)
    assert (day.mean_c, day.coverage, day.longest_gap_s) == (5.35, 0.7431, (6 * 60 + 10) * 60 - 1)


def test_any_counts_unconfirmed_values(db):
    """8.0, 9.0 and -2.0 for an hour each, -1.0 for three intervals: (8 + 9 - 2 - 3) / 6 = 2.0."""
    day = of_day(db, 3, everything=True, min_coverage=0)
    assert (day.mean_c, day.readings) == (2.0, 5)


def test_any_gives_the_reason_for_a_missing_mean(db):
    assert of_day(db, 4, everything=True).reason == "no temperature"


# ---- other periods


def test_an_hour_is_cut_at_its_borders(db):
    """In the first hour of March 1.0 for 50 minutes, 2.0 for 10: 70 / 60 = 1.1667."""
    first, second = db.stats("서울", by="hour", since=korean(1), until=korean(1, "02:00"), now=NOW)
    assert (first.since, first.until) == (korean(1), korean(1, "01:00"))
    assert (first.mean_c, first.maximum_seen, first.readings) == (1.17, korean(1, "00:50"), 1)
    assert (second.mean_c, second.minimum_seen) == (2.33, korean(1, "01:00"))


def test_months_and_years_are_korean(db):
    """
    February has the ten minutes of 1.0 before midnight.

    March: 1440 + 290 + 210 + 180 + 90 + 90 = 2300 of 44640 minutes;
    (4170 + 1640 + 330 + 2100 + 470 + 180) / 2300 = 8890 / 2300 = 3.8652.
    """
    february, march = db.stats("서울", by="month", min_coverage=0, now=NOW)
    assert (february.since, february.until) == (korean(1, month=2), korean(1))
    assert (february.mean_c, february.coverage, february.readings) == (1.0, 0.0002, 1)
    assert (march.until, march.mean_c, march.coverage) == (korean(1, month=4), 3.87, 0.0515)
    assert march.readings == 24 + 3 + 4 + 4 + 2 + 1
    # 8890 + 10 in 2310 of the 527040 minutes of a leap year.
    (year,) = db.stats("서울", by="year", min_coverage=0, now=NOW)
    assert (year.since, year.until) == (korean(1, month=1), dt.datetime(2025, 1, 1, tzinfo=KST))
    assert (year.mean_c, year.coverage) == (3.85, 0.0044)


def test_weeks_are_those_of_iso_8601(db):
    """2024-03-01 is a Friday: its week began on 2024-02-26, and has three days of March."""
    first, second = db.stats("서울", by="week", min_coverage=0, now=NOW)
    assert (first.since, first.until, first.part) == (korean(26, month=2), korean(4), None)
    assert (second.since, second.readings) == (korean(4), 4 + 2 + 1)
    # 10 + 4170 + 1640 + 330 in 10 + 1440 + 290 + 210 minutes
    assert first.mean_c == 3.15
    assert (first.minimum_c, first.maximum_c, first.days) == (1.0, 4.0, 1)


def test_extremes_of_a_long_period_are_those_of_the_days_that_have_them(db):
    """The second of March has 7.0, and a hole of eleven hours: only the first counts."""
    since, until = korean(1), korean(3)
    (period,) = db.stats("서울", by="all", since=since, until=until, min_coverage=0.5, now=NOW)
    assert (period.since, period.until, period.part) == (since, until, None)
    assert (period.minimum_c, period.maximum_c, period.days) == (1.0, 4.0, 1)
    assert period.mean_c == 3.36  # (4170 + 1640) / (1440 + 290)
    (few,) = db.stats("서울", by="all", since=since, until=until, min_coverage=0.6, now=NOW)
    assert (few.mean_c, few.maximum_c, few.days) == (3.36, None, 1)
    assert few.reason == "no extremes: 1 of 2 days have them"


def test_days_without_a_look_count_among_all_days(db):
    """Of the week before the fourth of March the looks know four days; its days are seven."""
    week = db.stats("서울", by="week", min_coverage=0.17, now=NOW)[0]
    assert (week.mean_c, week.minimum_c, week.days) == (3.15, None, 1)
    assert week.reason == "no extremes: 1 of 7 days have them"


def test_the_first_day_gives_extremes_to_all_days_if_its_looks_begin_after_midnight(tmp_path):
    with Store.open(tmp_path / "weather.db") as store:
        for hour in range(48):
            at = korean(1) + dt.timedelta(hours=hour, minutes=30)
            Portals(store).show(at, 30.0 - hour / 2)
    with query.Database(tmp_path / "weather.db") as db:
        first, _ = db.stats("서울", now=korean(3))
        (whole,) = db.stats("서울", by="all", now=korean(3))
    assert (whole.maximum_c, whole.maximum_seen) == (first.maximum_c, first.maximum_seen)
    assert (whole.maximum_c, whole.minimum_c, whole.days) == (29.5, 6.5, 2)


def test_a_partial_week_is_marked(db):
    (week,) = db.stats("서울", by="week", since=korean(1), until=korean(2), now=NOW)
    assert (week.since, week.until, week.part) == (korean(1), korean(2), "part of the week")
    assert (week.minimum_c, week.maximum_c, week.days, week.coverage) == (1.0, 4.0, 1, 1.0)


def test_periods_follow_each_other_without_a_hole(db):
    days = db.stats("서울", now=NOW)
    assert [day.since for day in days] == [korean(29, month=2), *map(korean, range(1, 8))]
    assert [day.until for day in days[:-1]] == [day.since for day in days[1:]]


def test_requested_periods_without_a_look_have_rows(db):
    days = db.stats("서울", since=korean(27, month=2), until=korean(10), now=korean(20))
    assert (days[0].since, days[-1].since) == (korean(27, month=2), korean(9))
    assert (days[0].reason, days[-1].reason) == ("no live temperature", "no live temperature")


@pytest.mark.parametrize(
    ("since", "until"),
    [
        pytest.param(korean(9), None, id="after the present"),
        pytest.param(None, korean(1, month=2), id="before the first look"),
    ],
)
def test_a_time_outside_the_history_has_no_row(db, since, until):
    assert db.stats("서울", since=since, until=until, now=NOW) == []


def test_a_partial_day_is_measured_against_its_part_and_marked(db):
    """From 18:00 to 20:00: 4.0, 2.0, 4.0 for 50, 60 and 10 minutes: 360 / 120 = 3.0."""
    day = of_day(db, 1, since=korean(1, "18:00"), until=korean(1, "20:00"))
    assert (day.since, day.until) == (korean(1, "18:00"), korean(1, "20:00"))
    assert (day.part, day.mean_c, day.coverage, day.readings) == ("part of the day", 3.0, 1.0, 2)
    assert day.maximum_seen == korean(1, "18:00")
    assert day.longest_gap_s == 0


def test_today_so_far_is_not_a_whole_day(db):
    """At 00:55 the value of 00:50 counts for five minutes, not for the time to come."""
    day = of_day(db, 1, now=korean(1, "00:55"), min_coverage=0)
    assert (day.coverage, day.readings) == (0.0382, 1)  # 55 / 1440
    assert day.mean_c == 1.09  # (50 * 1 + 5 * 2) / 55


def test_stations_are_listed_once_in_the_requested_order(path):
    with query.Database(path) as db:
        names = [row.station for row in db.stats("Busan", "seoul", "108", by="year", now=NOW)]
    assert names == ["부산", "서울"]


def test_a_zero_has_no_minus(tmp_path):
    """-0.1 for an hour and 0.1 for nearly as long: -0.0017 is 0.0."""
    with Store.open(tmp_path / "weather.db") as store:
        portals = Portals(store)
        for time, celsius in (("00:00", 1), ("01:00", -0.1), ("02:00", 0.1), ("02:58", 2)):
            portals.show(korean(1, time), celsius)
    with query.Database(tmp_path / "weather.db") as db:
        (day,) = db.stats("서울", until=korean(1, "02:58"), min_coverage=0, now=NOW)
    assert str(day.mean_c) == "0.0"


# ---- refused questions, and the plans of others


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"since": korean(2), "until": korean(1)}, "begins before it ends"),
        ({"since": korean(2), "until": korean(2)}, "begins before it ends"),
        ({"min_coverage": 1.01}, "a share from 0 to 1"),
        ({"min_coverage": float("nan")}, "a share from 0 to 1"),
        ({"by": "decade"}, "hour, day, week, month, year, all"),
        ({"by": "hour", "since": dt.datetime(1900, 1, 1, tzinfo=KST)}, "at most 100000"),
    ],
)
def test_a_question_without_an_answer_is_refused(db, changes, message):
    with pytest.raises(WrongQuestion, match=message) as refusal:
        db.stats("서울", **changes)
    assert refusal.value.exit_code == 2


def test_an_unknown_portal_is_refused(db):
    with pytest.raises(UnknownPortal, match="expected one of: koya, other"):
        db.stats("서울", portal="nobody")


@pytest.mark.parametrize("sql", [history.SPELLS, history.PAUSES, history.PORTALS])
def test_a_range_is_found_without_reading_all(path, sql):
    with query.Database(path) as db:
        values = {"station": "서울", "everything": 0, "since": 1, "until": 2, "portal": 1}
        plan = [row[3] for row in db._ask(f"EXPLAIN QUERY PLAN {sql}", values)]
    assert any("SEARCH" in step for step in plan)
    assert not [step for step in plan if re.match(r"SCAN (sp|spells|r|readings|fetches)\b", step)]


# ---- the command


def test_the_command_prints_objects(path):
    command = ("stats", "Seoul", "--since", "2024-03-01", "--until", "2024-03-02", "--db", path)
    (day,) = answered(*command)
    assert day == {
        "station": "서울",
        "since": "2024-03-01T00:00:00+09:00",
        "until": "2024-03-02T00:00:00+09:00",
        "part": None,
        "mean_c": 2.9,
        "minimum_c": 1.0,
        "minimum_seen": "2024-03-01T00:00:00+09:00",
        "maximum_c": 4.0,
        "maximum_seen": "2024-03-01T01:50:00+09:00",
        "days": None,
        "readings": 24,
        "coverage": 1.0,
        "longest_gap_s": 0,
        "suspect": 0.0,
        "failed": 0.0,
        "conditions": {"overcast": 0.5347, "clear": 0.4653},
        "agreement": None,
        "reason": None,
    }


def test_the_command_prints_a_row_for_each_period(path):
    table = nalssi(
        "stats", "서울", "--by", "month", "--portal", "koya", "--any", "--db", path
    ).stdout
    heading, february, march = table.splitlines()
    assert heading.split()[:2] == ["station", "since"]
    assert february.split()[:2] == ["서울", "2024-02"]
    assert march.split()[:2] == ["서울", "2024-03"]


def test_no_line_of_the_short_table_has_more_than_80_columns(path):
    for by in ("hour", "day", "week", "month", "year", "all"):
        for least in ("0", "0.9"):
            run = nalssi("stats", "서울", "--by", by, "--min-coverage", least, "--db", path)
            lines = run.stdout.splitlines()
            assert max(map(cell_len, lines)) <= 80, by
            assert "below 0.9" in run.stdout or least == "0" or by == "hour"


def test_the_command_prints_csv_with_a_column_for_each_sky(path):
    run = nalssi("stats", "서울", "--min-coverage", "0", "--csv", "--db", path)
    rows = list(csv.DictReader(io.StringIO(run.stdout)))
    assert len(rows) == 8
    late = rows[3]
    assert (late["since"], late["mean_c"]) == ("2024-03-03T00:00:00+09:00", "1.57")
    assert (late["share_snow"], late["share_clear"], late["agreement"]) == ("0.2222", "0.0", "")
    assert rows[4]["share_snow"] == ""


def test_empty_csv_has_its_headings(path):
    run = nalssi("stats", "서울", "--until", "2000-01-01", "--csv", "--db", path)
    assert run.stdout.startswith("station,since,until,part,mean_c,")
    assert run.stdout.count("\n") == 1


@pytest.mark.parametrize(
    "command", ["stats 서울 --csv", "stats 서울 --json", "compare 서울 부산 --json", "at 서울 1h"]
)
def test_answers_load_no_heavy_module(path, command):
    code = (
        "import sys\n"
        "from scraper.cli import main\n"
        f"sys.argv = ['nalssi', *{command.split()}, '--db', {str(path)!r}]\n"
        "try: main()\n"
        "except SystemExit as end: code = end.code\n"
        "heavy = {'httpx', 'sqlite_utils', 'selectolax', 'msgspec', 'asyncio', 'rich', 'pandas'}\n"
        "print(code, sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stderr == "0 []\n"


@pytest.mark.parametrize(
    "wrong",
    [
        ["--since", "2024-03-02", "--until", "2024-03-01"],
        ["--since", "last year"],
        ["--by", "decade"],
        ["--min-coverage", "2"],
        ["--json", "--csv"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_is_refused_in_one_line(path, wrong):
    assert "stats --help" in refused(2, "stats", "서울", *wrong, "--db", path)


def test_an_error_of_the_database_is_one_line(path):
    assert "서울 (Seoul, 108)" in refused(2, "stats", "서을", "--db", path)
    assert "koya" in refused(2, "stats", "서울", "--portal", "nobody", "--db", path)
    assert "at most 100000 in one answer; ask in parts, with since and until" in refused(
        2, "stats", "서울", "--by", "hour", "--since", "1970-01-01", "--db", path
    )


# ---- spreadsheets and frames


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_is_a_formula(begins):
    assert spreadsheet.cell(f"{begins}1+1") == f"'{begins}1+1"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (-2.5, -2.5),
        (0, 0),
        (True, "true"),
        (None, ""),
        ("서울", "서울"),
        (korean(1, "09:00"), "2024-03-01T09:00:00+09:00"),
        (dt.date(2024, 3, 1), "2024-03-01"),
    ],
)
def test_values_that_are_not_text_are_unchanged(value, cell):
    assert spreadsheet.cell(value) == cell


def test_a_station_that_is_named_like_a_formula_is_text_in_csv(tmp_path):
    name = "=HYPERLINK(1)"
    with Store.open(tmp_path / "weather.db") as store:
        reading = make_reading(station=Station(name_ko=name), condition=OVERCAST)
        Portals(store).print(korean(1), reading)
    run = nalssi("stats", name, "--csv", "--db", tmp_path / "weather.db")
    assert next(csv.DictReader(io.StringIO(run.stdout)))["station"] == f"'{name}"


def test_an_answer_becomes_a_frame(db):
    frame = frames.to_pandas(db.stats("서울", now=NOW, min_coverage=0))
    assert list(frame["mean_c"])[1:4] == [2.9, 5.66, 1.57]
    assert frame["since"][1] == korean(1)
    assert frame["since"].dt.hour.eq(0).all()
    assert frames.to_pandas([]).empty


def test_without_pandas_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(frames.MissingPandas, match=r"pip install (?:-e )?'.+\[pandas\]'"):
        frames.to_pandas([])


def test_every_public_name_of_the_query_module_can_be_imported():
    for name in query.__all__:
        assert getattr(query, name).__name__ or name
    with pytest.raises(AttributeError, match="Weather"):
        getattr(query, "Weather")  # noqa: B009 - a name that mypy would refuse
