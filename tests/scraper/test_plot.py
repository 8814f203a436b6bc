"""Pictures: the drawn values, the empty spans, and the messages."""

from __future__ import annotations

import datetime as dt
import math
import os
import pty
import re
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import plotext
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from db import query
from db.errors import installing
from db.measures.course import Held
from db.moments import KST
from db.reading import Station
from db.write.store import Store
from scraper.cli import main
from scraper.plot import chart, coast, sky
from scraper.plot.placing import Box, Room, near
from scraper.plot.ticks import ticks
from scraper.vocabulary import CONDITIONS, STATIONS
from tests.support.make import BUSAN, SEOUL, START, make_content, make_look, make_reading, see

if TYPE_CHECKING:
    from collections.abc import Iterable

    from click.testing import Result

ROOT = Path(__file__).parents[2]
JEJU = STATIONS["제주"]
NOWHERE = Station(name_ko="북$대\x1b[31m구")

HOURS = [1.0, 2.0, 3.0, None, 5.0, None, -6.5]
"""Seoul's temperature hour by hour; then it freezes, and is back after a gap."""

FROZEN_FROM, FROZEN_FOR = 7 * 60, 5 * 60
BACK_AT = 15 * 60
SINCE, UNTIL = "2024-04-28T12:00", "2024-04-29T04:00"


def at(minute: float) -> dt.datetime:
    return (START + dt.timedelta(minutes=minute)).astimezone(KST)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database: six hours live, five frozen, three without a look, an hour live."""
    found: Path = tmp_path_factory.mktemp("plot") / "weather.db"
    with Store.open(found) as store:
        for hour, celsius in enumerate(HOURS):
            for minute in (0, 30):
                show(store, hour * 60 + minute, celsius)
        for minute in range(FROZEN_FROM, FROZEN_FROM + FROZEN_FOR + 1, 30):
            show(store, minute, 9.5)
        show(store, BACK_AT - 10, 11.0)
        show(store, BACK_AT, 12.5)
    return found


def show(store: Store, minute: float, celsius: float | None) -> None:
    shown = (
        make_reading(temperature_c=celsius),
        make_reading(station=JEJU, temperature_c=None if celsius is None else celsius + 8),
        make_reading(station=BUSAN, temperature_c=3.0),
        make_reading(station=NOWHERE, temperature_c=1.0),
    )
    see(store, make_look(minute), make_content(*shown), interval_s=1800)


def plot(path: Path, *arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["plot", *map(str, arguments), "--db", str(path)])


def drawn(path: Path, *arguments: str | Path) -> Result:
    done = plot(path, *arguments)
    assert (done.exit_code, done.stderr) == (0, "")
    return done


def make_held(begin: float, end: float, **changes: Any) -> Held:
    """Give a live value from one minute to another."""
    plain: dict[str, Any] = {
        "start": at(begin),
        "end": at(end),
        "began": at(begin),
        "temperature_c": 4.9,
        "condition": "overcast",
        "label": "흐림",
        "portal": "koya",
        "state": "live",
    }
    return Held(**(plain | changes))


def minute(moment: dt.datetime) -> float:
    return (moment - START).total_seconds() / 60


def lines(*held: Held) -> list[Any]:
    return [[(minute(x), y) for x, y in line.points] for line in chart.lines(held)]


def test_steps_that_touch_are_one_line():
    assert lines(make_held(0, 60), make_held(60, 150, temperature_c=6.0)) == [
        [(0, 4.9), (60, 4.9), (60, 6.0), (150, 6.0)]
    ]


@pytest.mark.parametrize(
    "between",
    [
        pytest.param([], id="no look"),
        pytest.param([make_held(90, 120, temperature_c=None)], id="no number printed"),
    ],
)
def test_no_line_crosses_a_gap(between):
    found = lines(make_held(0, 90), *between, make_held(120, 210, temperature_c=6.0))
    assert [(line[0][0], line[-1][0]) for line in found] == [(0, 90), (120, 210)]


def test_a_line_breaks_where_the_state_changes():
    assert len(lines(make_held(0, 60, state="unconfirmed"), make_held(60, 110))) == 2


def test_the_sky_continues_where_no_number_is_printed():
    (sky,) = chart.skies([make_held(0, 60), make_held(60, 150, temperature_c=None)])
    assert (minute(sky.start), minute(sky.end)) == (0, 150)


def test_a_freeze_of_several_stations_is_named_once():
    shown = (make_held(60, 600, began=at(0), state="frozen"),)
    tracks = [chart.Track(station=station, stretches=shown) for station in (SEOUL, BUSAN)]
    (band,) = chart.frozen(tracks)
    assert (minute(band.start), minute(band.end), minute(band.began)) == (60, 600, 0)


years = st.integers(1990, 2060).map(lambda year: dt.datetime(year, 1, 1, tzinfo=KST))
moments = st.builds(
    lambda year, into: year + into, years, st.timedeltas(dt.timedelta(), dt.timedelta(366))
)


@given(moments, st.timedeltas(dt.timedelta(minutes=1), dt.timedelta(days=3000)), st.integers(3, 20))
def test_times_below_are_round_in_order_in_range_and_not_too_many(since, length, at_most):
    found = ticks(since, since + length, at_most=at_most)
    assert len(found) <= at_most
    assert [tick.at for tick in found] == sorted({tick.at for tick in found})
    assert all(since <= tick.at <= since + length for tick in found)
    assert all(tick.at.minute % 5 == tick.at.second == tick.at.microsecond == 0 for tick in found)


def test_a_week_has_a_day_at_each_korean_midnight():
    found = ticks(at(0), at(0) + dt.timedelta(days=7), at_most=12)
    assert [tick.label for tick in found] == [f"04-{day}" for day in (29, 30)] + [
        f"05-0{day}" for day in range(1, 6)
    ]


OUTLINES = (coast.MAINLAND + coast.BORDER, *coast.ISLANDS)


def test_every_station_stands_on_the_land_that_is_drawn_or_a_kilometre_off():
    lost = [
        station.name_ko
        for station in STATIONS.values()
        if not any(within(outline, station) for outline in OUTLINES)
        and min(kilometres(outline, station) for outline in OUTLINES) > 1
    ]
    assert not lost


def test_the_outline_is_closed_by_the_border_and_small_enough_for_every_page():
    assert coast.MAINLAND[-1] == coast.BORDER[0]
    assert coast.BORDER[-1] == coast.MAINLAND[0]
    assert sum(map(len, OUTLINES)) < 350


def within(outline: coast.Outline, station: Station) -> bool:
    """Whether a station is inside: a ray to its east crosses the outline an odd number of times."""
    x, y = place(station)
    crossed = 0
    for (x1, y1), (x2, y2) in sides(outline):
        if (y1 > y) != (y2 > y):
            crossed += x < x1 + (x2 - x1) * (y - y1) / (y2 - y1)
    return crossed % 2 == 1


def kilometres(outline: coast.Outline, station: Station) -> float:
    """The distance of a station from the outline."""
    x, y = place(station)
    east, north = 111 * math.cos(math.radians(y)), 111
    nearest = math.inf
    for (x1, y1), (x2, y2) in sides(outline):
        along, up = (x2 - x1) * east, (y2 - y1) * north
        right, above = (x - x1) * east, (y - y1) * north
        share = (along * right + up * above) / ((along**2 + up**2) or 1)
        share = min(1.0, max(0.0, share))
        nearest = min(nearest, math.hypot(right - share * along, above - share * up))
    return nearest


def place(station: Station) -> tuple[float, float]:
    assert station.longitude is not None
    assert station.latitude is not None
    return station.longitude, station.latitude


def sides(outline: coast.Outline) -> Iterable[tuple[tuple[float, float], tuple[float, float]]]:
    return zip(outline, (*outline[1:], outline[0]), strict=True)


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), max_size=30))
def test_placed_boxes_do_not_touch(places):
    room = Room(Box(x=50, y=50, width=100, height=100))
    placed = [box for x, y in places if (box := room.take(near(x, y, 12)))]
    assert not any(
        first.meets(second) for nth, first in enumerate(placed) for second in placed[:nth]
    )


def test_each_known_condition_has_an_appearance():
    names = {known.condition for known in CONDITIONS.values() if known.condition}
    assert names <= set(sky.LOOKS)


def test_a_chart_in_a_pipe_is_plain_text_within_its_columns(path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = drawn(path, "서울", "busan", "--since", SINCE, "--until", UNTIL).stdout
    assert "\x1b" not in text
    assert max(map(cell_len, text.splitlines())) <= 80
    assert not any(line.endswith(" ") for line in text.splitlines())


def test_a_chart_shows_frozen_unconfirmed_and_last_values(path):
    text = drawn(path, "서울", "--since", SINCE, "--until", UNTIL).stdout
    assert "멈춤 frozen" in text
    assert "unconfirmed: not seen to begin, or not renewed" in text
    assert "서울 Seoul  12.5 °C  흐림 overcast\n" in text
    assert "2024-04-28 12:00 to 2024-04-29 04:00, Korean time · KMA via koya" in text


def test_a_chart_is_empty_without_looks(path, monkeypatch):
    """From 01:30, three intervals after the last look, to 02:50: four columns of 73."""
    monkeypatch.setenv("COLUMNS", "80")
    rows = drawn(path, "서울", "--since", SINCE, "--until", UNTIL).stdout.splitlines()
    plotted = [cells(row)[7:] for row in rows if row[6:7] in ("│", "┤")]
    assert len(plotted) == 15
    assert all(row[63:67].strip() == "" for row in plotted)
    assert plotted[-1].startswith("#" * 54)


def cells(row: str) -> str:
    """The row with one character for each terminal cell."""
    return "".join(f"{letter} " if cell_len(letter) == 2 else letter for letter in row)


@pytest.mark.parametrize("no_colour", [False, True])
def test_a_terminal_gets_colours_and_with_no_color_plain_text(path, no_colour):
    terminal, child_end = pty.openpty()
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "PYTHONPATH": str(ROOT)}
    env.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "scraper", "plot", "서울", "--since", SINCE, "--until", UNTIL]
    with subprocess.Popen(
        [*command, "--db", path],
        stdout=child_end,
        env=env | ({"NO_COLOR": "1"} if no_colour else {}),
    ) as run:
        os.close(child_end)
        text = read_all(terminal)
    assert run.returncode == 0
    assert bool(re.search(r"\x1b\[[0-9;]*(3[0-7]|38;)", text)) is not no_colour
    assert ("\x1b" in text) is not no_colour


def test_charts_do_not_share_state(path):
    """Plotext keeps one figure for the whole process."""
    plotext.clear_figure()
    plotext.scatter([0, 1], [0, 1])
    plotext.title("somebody else's")
    assert "somebody" not in drawn(path, "서울", "--since", SINCE, "--until", UNTIL).stdout
    assert set(plotext.uncolorize(plotext.build())) <= set("┌─┐│└┘ \n")


def test_a_chart_of_minutes_without_a_round_time_has_its_axis(path):
    text = drawn(path, "서울", "--since", "2024-04-28T12:11", "--until", "2024-04-28T12:14").stdout
    assert "      └────" in text


def read_all(terminal: int) -> str:
    """Read until the other end closes, which Linux reports as an error."""
    parts = []
    with os.fdopen(terminal, "rb", buffering=0) as stream:
        try:
            while part := stream.read(65536):
                parts.append(part)
        except OSError:
            pass
    return b"".join(parts).decode()


def test_a_png_is_valid_and_has_the_size_of_a_sheet(path, tmp_path):
    drawn(path, "서울", "제주", "--since", SINCE, "--until", UNTIL, "-o", tmp_path / "a.PNG")
    image = (tmp_path / "a.PNG").read_bytes()
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    across, down = struct.unpack(">II", image[16:24])
    assert across == 1650
    assert 900 <= down <= 1100


def test_an_svg_names_stations_in_korean_and_marks_frozen_values(path, tmp_path):
    """Letters are drawn as outlines, for machines without the font; each has its text beside it."""
    drawn(path, "서울", "제주", "--since", SINCE, "--until", UNTIL, "-o", tmp_path / "a.svg")
    image = (tmp_path / "a.svg").read_text("utf-8")
    assert image.startswith("<?xml")
    for text in ("서울 Seoul · 제주 Jeju", "멈춤 frozen since 04-28 19:00", "서울  12.5 °C"):
        assert f"<!-- {text} -->" in image
    assert image.rstrip().endswith("</svg>")


def test_a_value_seen_before_the_chart_begins_still_holds_in_it(path):
    """A value seen at 03:00 holds until 04:30."""
    text = drawn(path, "서울", "--since", "2024-04-29T03:10", "--until", "2024-04-29T05:00").stdout
    assert "shown until 04-29 04:30" in text


@pytest.mark.parametrize("fraction", ["", ".5"])
def test_a_value_that_is_live_at_the_end_of_a_chart_has_no_note(path, fraction):
    """The present, the usual end, has a fraction of a second; values end at full seconds."""
    text = drawn(
        path, "서울", "--since", "2024-04-29T03:10", "--until", f"2024-04-29T04:00:00{fraction}"
    )
    assert "shown until" not in text.stdout


def test_a_chart_of_two_thousand_years_is_drawn(path):
    assert "서울" in drawn(path, "서울", "--since", "0002-01-01", "--until", UNTIL).stdout


def test_the_same_values_give_the_same_picture(path, tmp_path):
    for name in ("a.svg", "b.svg", "a.pdf", "b.pdf"):
        drawn(path, "서울", "--since", SINCE, "--until", UNTIL, "-o", tmp_path / name)
    for kind in ("svg", "pdf"):
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()


def test_a_png_has_the_pixels_that_print_wants(path, tmp_path):
    for name, more in (("a.png", []), ("b.png", ["--dpi", "300"])):
        drawn(path, "서울", "--since", SINCE, "--until", UNTIL, "-o", tmp_path / name, *more)
    usual, fine = (
        struct.unpack(">II", (tmp_path / name).read_bytes()[16:24]) for name in ("a.png", "b.png")
    )
    assert fine == tuple(2 * side for side in usual)


def test_a_name_with_signs_of_a_formula_or_a_terminal_is_a_name(path, tmp_path):
    name = NOWHERE.name_ko
    text = drawn(path, name, "--since", SINCE, "--until", UNTIL).stdout
    drawn(path, name, "--since", SINCE, "--until", UNTIL, "-o", tmp_path / "a.svg")
    assert "북$대[31m구" in text
    assert "북$대[31m구" in (tmp_path / "a.svg").read_text("utf-8")


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of the command."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


REFUSED = [
    pytest.param(2, ["서을"], "unknown station '서을'", id="unknown station"),
    pytest.param(2, ["서울", "--portal", "kx"], "unknown portal 'kx'", id="unknown portal"),
    pytest.param(2, [], "name a station, or ask for a --map", id="no station"),
    pytest.param(2, ["서울", "-o", "x.gif"], "expected an ending of .png", id="unknown ending"),
    pytest.param(2, ["서울", "-o", "x.svg", "--dpi", "300"], "have no pixels", id="no pixels"),
    pytest.param(2, ["서울", "-o", "x"], "expected an ending of .png", id="no ending"),
    pytest.param(2, ["서울", "--since", UNTIL, "--until", SINCE], "not before", id="reversed"),
    pytest.param(2, ["서울", "--at", SINCE], "--at goes with --map", id="moment without map"),
    pytest.param(2, ["--map", "--since", SINCE], "one moment", id="map with a range"),
    pytest.param(
        0,
        ["서울", "--until", "2020-01-01"],
        "no look showed 서울 from 2019-12-25",
        id="no value",
    ),
    pytest.param(2, ["서울", "--until", "0001-01-02"], "no picture reaches", id="year 1"),
    pytest.param(2, ["--map", "--at", "0001-01-02"], "no picture reaches", id="map of year 1"),
    pytest.param(
        0, ["--map", "--at", "9999-12-31T23:59:59"], "no look showed any station", id="year 9999"
    ),
    pytest.param(
        0, ["--map", "--at", "2020-01-01"], "no look showed any station from", id="empty map"
    ),
    pytest.param(
        2,
        ["--map", "--at", "2020-01-01", "-o", "x.png"],
        "no look showed any station",
        id="no picture",
    ),
    pytest.param(
        74,
        ["서울", "--since", SINCE, "--until", UNTIL, "-o", "nowhere/x.png"],
        "output 'nowhere/x.png': there is no such folder",
        id="no folder",
    ),
    pytest.param(
        74,
        ["서울", "--since", SINCE, "--until", UNTIL, "-o", "folder.png"],
        "output 'folder.png': exists and is not a file",
        id="a folder in its place",
    ),
]


@pytest.mark.parametrize(("code", "arguments", "message"), REFUSED)
def test_an_impossible_picture_prints_one_line_and_writes_no_file(
    path, empty_folder, code, arguments, message
):
    (empty_folder / "folder.png").mkdir()
    done = plot(path, *arguments)
    assert done.exit_code == code
    assert message in done.stderr.splitlines()[-1]
    assert done.stdout == ""
    assert [file.name for file in empty_folder.iterdir()] == ["folder.png"]


def test_a_failed_drawing_keeps_the_old_picture(path, tmp_path):
    (tmp_path / "a.png").write_bytes(b"older")
    assert plot(path, "서울", "--until", "2020-01-01", "-o", tmp_path / "a.png").exit_code == 2
    assert (tmp_path / "a.png").read_bytes() == b"older"


def test_more_stations_than_colours_are_refused_in_a_picture_alone(path, tmp_path):
    names = [f"station {nth}" for nth in range(9)]
    crowd = tmp_path / "crowd.db"
    with Store.open(crowd) as store:
        shown = [make_reading(station=Station(name_ko=name)) for name in names]
        see(store, make_look(0), make_content(*shown))
    when = ["--since", SINCE, "--until", UNTIL]
    assert all(name in drawn(crowd, *names, *when).stdout for name in names)
    refused = plot(crowd, *names, *when, "-o", tmp_path / "a.png")
    assert "9 stations are too many to tell apart, expected at most 8" in refused.stderr


def test_a_map_has_each_station_at_its_place(path):
    rows = drawn(path, "--map", "--at", UNTIL).stdout.splitlines()
    place = {
        name: (nth, row.index(name))
        for nth, row in enumerate(rows)
        for name in ("12.5 서울 흐림", "20.5 제주 흐림")
        if name in row
    }
    seoul, jeju = place.values()
    assert seoul[0] < jeju[0]
    assert seoul[1] > jeju[1]


def test_a_map_names_stations_without_a_place(path):
    assert "no known place: 부산, 북$대[31m구" in drawn(path, "--map", "--at", UNTIL).stdout


@pytest.mark.parametrize(
    ("moment", "shown", "why"),
    [
        pytest.param(
            "2024-04-28T22:00",
            "(9.5) 서울",
            "frozen (2): the portal stood still since 04-28 19:00",
            id="frozen",
        ),
        pytest.param(
            "2024-04-28T12:10",
            "(1.0) 서울",
            "unconfirmed (2): not seen to begin, or not renewed",
            id="unconfirmed",
        ),
        pytest.param("2024-04-29T09:00", "(12.5) 서울", "old (2): no newer value since", id="old"),
    ],
)
def test_a_map_notes_values_that_were_not_live(path, tmp_path, moment, shown, why):
    text = drawn(path, "--map", "--at", moment).stdout
    drawn(path, "--map", "--at", moment, "-o", tmp_path / "a.svg")
    assert shown in text
    assert why in text
    assert why in (tmp_path / "a.svg").read_text("utf-8")


@pytest.fixture(scope="module")
def two_ends(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database: Seoul's portal drops Seoul after ten minutes, and Jeju's freezes for hours."""
    found: Path = tmp_path_factory.mktemp("ends") / "weather.db"
    busan = make_reading(station=BUSAN)
    dropped = [
        make_content(busan, make_reading(temperature_c=4.0)),
        make_content(busan, make_reading(temperature_c=5.0)),
        make_content(busan),
    ]
    with Store.open(found) as store:
        for minute in range(0, 260, 10):
            see(store, make_look(minute), dropped[min(minute // 10, 2)])
            still = make_reading(station=JEJU, temperature_c=min(minute, 10) / 2)
            see(store, make_look(minute, portal="still"), make_content(still))
    return found


def test_a_station_that_its_portal_dropped_is_not_live_on_a_map(two_ends):
    text = drawn(two_ends, "--map", "--at", "2024-04-28T12:40").stdout
    assert "(5.0) 서울" in text
    assert "old (1): no newer value since 04-28 12:10" in text


def test_a_chart_shows_a_station_until_its_portal_dropped_it(two_ends):
    text = drawn(two_ends, "서울", "--since", SINCE, "--until", "2024-04-28T13:00").stdout
    assert "shown until 04-28 12:20" in text


def test_a_map_of_the_past_ignores_later_looks(two_ends):
    early, late = (
        drawn(two_ends, "제주", "--map", "--at", f"2024-04-28T{when}").stdout
        for when in ("12:40", "16:00")
    )
    assert "5.0 제주" in early
    assert not re.search(r"\(5.0\)|frozen", early)
    assert "(5.0) 제주" in late
    assert "frozen (1): the portal stood still since 04-28 12:10" in late


@pytest.mark.parametrize("minute", [5, 15, 40, 99, 101, 189, 191, 240, 279, 281])
def test_a_map_has_the_state_that_was_known_at_its_moment(two_ends, minute):
    moment = at(minute)
    with query.Database(two_ends) as db:
        stations = [db.station(name) for name in ("서울", "제주")]
        known = [db.at(station.name_ko, moment).state for station in stations]
    text = drawn(two_ends, "서울", "제주", "--map", "--at", moment.isoformat()).stdout
    shown = {state: text.count(f"{state} (") for state in ("unconfirmed", "frozen", "old")}
    assert shown == {
        "unconfirmed": int("unconfirmed" in known),
        "frozen": int("frozen" in known),
        "old": int("down" in known),
    }


def test_a_picture_of_a_map_has_its_time_and_each_station_by_its_number(path, tmp_path):
    drawn(path, "--map", "--at", UNTIL, "-o", tmp_path / "a.svg")
    image = (tmp_path / "a.svg").read_text("utf-8")
    assert "<!-- 날씨 2024-04-29 04:00 -->" in image
    assert re.findall('id="(station-.*)"', image) == ["station-108", "station-184"]
    assert [text for text in ("12.5", "20.5") if f"<!-- {text} -->" in image] == ["12.5", "20.5"]


def run_without(
    path: Path, without: str, *arguments: str | Path
) -> subprocess.CompletedProcess[str]:
    """The command on a machine without something, which a few lines of Python hide."""
    code = f"{without}\nfrom scraper.cli import main\nmain()"
    command = [sys.executable, "-c", code, "plot", *arguments, "--db", path]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60
    )


def test_without_matplotlib_one_line_names_the_extra(path, tmp_path):
    without = "import sys; sys.modules['matplotlib'] = None"
    when = ["서울", "--since", SINCE, "--until", UNTIL]
    run = run_without(path, without, *when, "-o", tmp_path / "a.png")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == f"nalssi: -o needs matplotlib: {installing('plot')}\n"
    assert run_without(path, without, *when).returncode == 0


WITHOUT_HANGUL = (
    "import sys; sys.modules['koreanize_matplotlib'] = None\n"
    "from matplotlib.font_manager import fontManager as fonts\n"
    "fonts.ttflist = [one for one in fonts.ttflist if one.name == 'DejaVu Sans']"
)


def test_names_are_english_without_a_korean_font_and_one_line_reports_it(path, tmp_path):
    when = ["서울", "--since", SINCE, "--until", UNTIL]
    run = run_without(path, WITHOUT_HANGUL, *when, "-o", tmp_path / "a.svg")
    message = "no font with Hangul is installed, so names are in English only"
    assert (run.returncode, run.stderr) == (0, f"nalssi: {message}\n")
    texts = re.findall("<!-- (.*) -->", (tmp_path / "a.svg").read_text("utf-8"))
    assert "Seoul" in texts
    assert not [text for text in texts if re.search("[가-힣]", text)]


KOREAN = ["--lang", "ko", "--since", SINCE, "--until", UNTIL]
ON_A_MAP = ["--lang", "ko", "--map", "--at", "2024-04-28T23:30"]


@pytest.mark.parametrize("asked", [["서울", "제주", *KOREAN], ON_A_MAP], ids=["chart", "map"])
def test_a_korean_picture_has_no_english_word(path, tmp_path, asked):
    drawn(path, *asked, "-o", tmp_path / "a.svg")
    written = re.findall("<!-- (.*) -->", (tmp_path / "a.svg").read_text("utf-8"))
    printed = drawn(path, *asked).stdout
    for text in ("\n".join(written), printed):
        assert "멈춤" in text
        assert set(re.findall(r"[A-Za-z]{2,}", text)) <= {"koya"}


def test_a_korean_picture_without_a_font_is_english(path, tmp_path):
    run_without(path, WITHOUT_HANGUL, "서울", *KOREAN, "-o", tmp_path / "a.svg")
    texts = re.findall("<!-- (.*) -->", (tmp_path / "a.svg").read_text("utf-8"))
    assert "Seoul" in texts
    assert not [text for text in texts if re.search("[가-힣]", text)]


def test_other_commands_load_no_module_for_drawing():
    code = (
        "import sys, scraper.cli\n"
        "print([m for m in sys.modules if m.startswith('scraper.plot') or 'numpy' in m])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_a_picture_has_its_stations_its_credit_and_its_time(path, tmp_path):
    for name in ("chart.svg", "chart.png"):
        drawn(path, "서울", "-o", tmp_path / name, "--until", at(600).isoformat())
        image = (tmp_path / name).read_bytes().decode("utf-8", "replace")
        for words in ("서울 Seoul", "Korea Meteorological Administration (KMA), as shown by koya"):
            assert words in image or words.encode().decode("latin-1") in image, name
        assert at(600).astimezone(KST).isoformat() in image
    drawn(path, "서울", "-o", tmp_path / "chart.pdf", "--until", at(600).isoformat())
    image = (tmp_path / "chart.pdf").read_bytes()
    assert f"/CreationDate (D:{at(600).astimezone(dt.UTC):%Y%m%d%H%M%S}Z)".encode() in image
    assert b"as shown by koya" in image
    drawn(path, "--map", "-o", tmp_path / "map.svg", "--at", at(600).isoformat())
    assert "서울 Seoul" in (tmp_path / "map.svg").read_text("utf-8")


def test_a_value_that_may_be_wrong_is_marked_where_it_begins():
    shown = [
        make_held(0, 10, flag=3, temperature_c=1.0),
        make_held(10, 20, flag=3, temperature_c=1.0),
        make_held(20, 30, flag=1, temperature_c=2.0),
        make_held(30, 40, flag=4, temperature_c=9.0),
        make_held(40, 50, flag=9, temperature_c=None),
    ]
    marks = chart.flagged(shown)
    assert [(minute(moment), celsius) for moment, celsius in marks] == [(0, 1.0), (30, 9.0)]
