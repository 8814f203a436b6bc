"""
The tables, as SQL, by migration.

Facts are appended; ``spells``, ``portal_stations``, ``bands``, ``short_spells``, ``stuck_dates``,
``pauses``, ``late_days``, ``learned_labels``, ``flagged``, ``counts`` and ``totals`` are derived
from them, and can be rebuilt to the same rows. Everything is STRICT, so that no text ever sits
where a number belongs.
"""

from __future__ import annotations

from db import counts
from db.read.rows import iso
from db.validity import FROZEN_AFTER_S

FIRST = """
CREATE TABLE portals (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    url TEXT NOT NULL,
    interval_s INTEGER NOT NULL,  -- between looks
    etag TEXT,                    -- of the page last read
    last_modified TEXT
) STRICT;

CREATE TABLE stations (
    id INTEGER PRIMARY KEY,
    kma_id INTEGER UNIQUE,        -- NULL: a city that we do not know
    name_ko TEXT NOT NULL UNIQUE,
    name_en TEXT,
    latitude REAL,
    longitude REAL,
    elevation_m REAL,
    province TEXT
) STRICT;

CREATE TABLE conditions (
    id INTEGER PRIMARY KEY,
    label TEXT NOT NULL,          -- as printed
    icon TEXT NOT NULL,           -- KMA's code, '' where the markup had none
    condition TEXT,               -- NULL: unknown
    label_en TEXT,
    wmo_4677 INTEGER,
    UNIQUE (label, icon)
) STRICT;

CREATE TABLE sidebars (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    fragment BLOB NOT NULL,       -- of the page; db/packing.py
    problems TEXT                 -- JSON: db/problems.py; NULL: none
) STRICT;

CREATE TABLE readings (
    sidebar_id INTEGER NOT NULL REFERENCES sidebars (id),
    station_id INTEGER NOT NULL REFERENCES stations (id),
    condition_id INTEGER NOT NULL REFERENCES conditions (id),
    temperature INTEGER,          -- tenths of a degree C; NULL: no number printed
    PRIMARY KEY (sidebar_id, station_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE fetches (
    id INTEGER PRIMARY KEY,
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    fetched_at INTEGER NOT NULL,  -- epoch seconds UTC
    outcome TEXT NOT NULL CHECK (outcome IN ('unread', 'read', 'not_modified', 'no_sidebar',
        'set_aside', 'fetch_failed', 'refused_by_robots')),
    status INTEGER,               -- HTTP
    milliseconds INTEGER NOT NULL,
    bytes INTEGER,                -- of the body, as received
    page_date TEXT,               -- ISO, as printed
    sidebar_id INTEGER REFERENCES sidebars (id),
    reason TEXT,                  -- why there is no sidebar, or no page_date
    retry_at INTEGER,             -- before this the portal does not want us
    page BLOB,                    -- zlib; while it is unread or could not be read
    encoding TEXT,                -- of the page
    tries INTEGER NOT NULL DEFAULT 0,
    UNIQUE (portal_id, fetched_at),
    CHECK ((sidebar_id IS NOT NULL) = (outcome IN ('read', 'not_modified')))
) STRICT;

CREATE INDEX fetches_by_time ON fetches (fetched_at);

CREATE INDEX fetches_unread ON fetches (id) WHERE outcome = 'unread';

CREATE TABLE spells (
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    seen_from INTEGER NOT NULL,
    seen_until INTEGER NOT NULL,
    changed_after INTEGER,        -- the last look at the one before; NULL: none
    sidebar_id INTEGER NOT NULL REFERENCES sidebars (id),
    PRIMARY KEY (portal_id, seen_from)
) STRICT, WITHOUT ROWID;

CREATE TABLE portal_stations (
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    station_id INTEGER NOT NULL REFERENCES stations (id),
    PRIMARY KEY (portal_id, station_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,          -- epoch seconds UTC
    kind TEXT NOT NULL CHECK (kind IN ('started', 'stopped', 'clock', 'not kept')),
    detail TEXT
) STRICT;

CREATE INDEX events_by_time ON events (at);

CREATE TABLE notices (            -- what was told and is not over yet
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    kind TEXT NOT NULL,
    told_at INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (portal_id, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE robots (
    origin TEXT PRIMARY KEY,
    fetched_at INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""

ARCHIVES = f"""
CREATE TABLE captures (           -- pages that somebody else kept, and the sidebar of each
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    captured_at INTEGER NOT NULL, -- epoch seconds UTC; of a day, its midnight in Korea
    sidebar_id INTEGER NOT NULL REFERENCES sidebars (id),
    precision TEXT NOT NULL CHECK (precision IN ('second', 'day')),
    page_date TEXT,               -- ISO, as printed
    PRIMARY KEY (portal_id, captured_at, sidebar_id, precision)
) STRICT, WITHOUT ROWID;

CREATE INDEX captures_by_time ON captures ({iso("captured_at")});

CREATE TABLE archives (           -- files that were read to the end
    name TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    modified INTEGER NOT NULL,    -- nanoseconds since 1970
    PRIMARY KEY (name, bytes, modified)
) STRICT, WITHOUT ROWID;

DROP INDEX fetches_by_time;

CREATE INDEX fetches_by_time ON fetches ({iso("fetched_at")});

CREATE INDEX spells_by_time ON spells (portal_id, {iso("seen_from")});

ALTER TABLE sidebars ADD COLUMN reader INTEGER;

CREATE TABLE pruned (             -- up to when looks that say nothing new were dropped
    portal_id INTEGER PRIMARY KEY REFERENCES portals (id),
    until INTEGER NOT NULL
) STRICT;

CREATE TABLE past_gaps (          -- the gaps among the looks that were dropped
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    failure TEXT,
    unwatched INTEGER NOT NULL,
    event TEXT,
    detail TEXT,
    PRIMARY KEY (portal_id, since)
) STRICT, WITHOUT ROWID;
"""

TRUTH = """
-- The seconds for which a cache had kept the page, as HTTP's Age says.
ALTER TABLE fetches ADD COLUMN age INTEGER;

-- The headers Date and Last-Modified as sent: kept, but they prove no age of the box.
ALTER TABLE fetches ADD COLUMN server_date TEXT;

ALTER TABLE fetches ADD COLUMN page_modified TEXT;

ALTER TABLE captures ADD COLUMN age INTEGER;

-- What only archives know is not polled every ten minutes.
UPDATE portals SET interval_s = 3600 WHERE id NOT IN (SELECT portal_id FROM fetches);

DROP INDEX spells_by_time;

DROP TABLE spells;

CREATE TABLE spells (
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    seen_from INTEGER NOT NULL,
    seen_until INTEGER NOT NULL,
    changed_after INTEGER,            -- the last look at the one before; NULL: none
    sidebar_id INTEGER NOT NULL REFERENCES sidebars (id),
    existed_by INTEGER NOT NULL,      -- the earliest that one of its looks proves
    standing_since INTEGER NOT NULL,  -- since when the portal shows this set, however printed
    published_by INTEGER NOT NULL,    -- the earliest that any look at the set proves
    first_seen INTEGER NOT NULL,      -- the first look at the set, at any portal
    first_portal_id INTEGER NOT NULL REFERENCES portals (id),
    first_after INTEGER,              -- the look at that portal before; NULL: none
    doubt TEXT CHECK (doubt IN ('burst', 'follower', 'late')),
    PRIMARY KEY (portal_id, seen_from)
) STRICT, WITHOUT ROWID;

CREATE INDEX spells_by_sidebar ON spells (sidebar_id);

CREATE TABLE bands (              -- three stations and their temperatures, hashed
    band INTEGER NOT NULL,
    sidebar_id INTEGER NOT NULL REFERENCES sidebars (id),
    PRIMARY KEY (band, sidebar_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE stuck_dates (        -- page dates that stand still while the values go on
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    page_date TEXT NOT NULL,
    PRIMARY KEY (portal_id, page_date)
) STRICT, WITHOUT ROWID;

CREATE TABLE pauses (             -- between two successful looks, longer than two intervals
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (portal_id, since)
) STRICT, WITHOUT ROWID;
"""

SPELLS_FROZEN = f"""
CREATE INDEX spells_frozen ON spells (portal_id, standing_since)
    WHERE seen_until - standing_since >= {FROZEN_AFTER_S}"""

SPELLS_FOLLOWING = """
CREATE INDEX IF NOT EXISTS spells_following ON spells (portal_id, seen_from)
    WHERE doubt = 'follower'"""

SPELLS_BY_TIME = f"CREATE INDEX spells_by_time ON spells (portal_id, {iso('seen_from')})"

_COUNTS = """
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    outcome TEXT NOT NULL,        -- as in the view looks
    bucket INTEGER NOT NULL,      -- of the duration, from 0
    looks INTEGER NOT NULL,
    milliseconds INTEGER NOT NULL,
    PRIMARY KEY (portal_id, outcome, bucket)
) STRICT, WITHOUT ROWID"""

COUNTS = f"""
CREATE TABLE counts (             -- of the looks in fetches{_COUNTS};

CREATE TABLE past_counts (        -- of those that were deleted{_COUNTS};

CREATE TABLE totals (             -- one row
    readings INTEGER NOT NULL
) STRICT;

INSERT INTO counts {counts.DERIVED};

INSERT INTO totals SELECT count(*) FROM readings;

{counts.TRIGGERS}"""

LABELS = """
CREATE TABLE IF NOT EXISTS learned_labels (  -- lost here, printed there for the same set
    sidebar_id INTEGER NOT NULL REFERENCES sidebars (id),
    station_id INTEGER NOT NULL REFERENCES stations (id),
    from_sidebar_id INTEGER NOT NULL REFERENCES sidebars (id),
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    PRIMARY KEY (sidebar_id, station_id)
) STRICT, WITHOUT ROWID;
"""

LATE_DAYS = """
CREATE TABLE IF NOT EXISTS late_days (  -- of a portal that ran hours late in the week before
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    day INTEGER NOT NULL,         -- Korean, counted from 1970-01-01
    hours INTEGER NOT NULL,
    PRIMARY KEY (portal_id, day)
) STRICT, WITHOUT ROWID;
"""

SHORT_SPELLS = """
CREATE TABLE IF NOT EXISTS short_spells (  -- of boxes with 8 to 11 temperatures; db/truth/short.py
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    seen_from INTEGER NOT NULL,
    sidebar_id INTEGER NOT NULL REFERENCES sidebars (id),
    PRIMARY KEY (portal_id, seen_from)
) STRICT, WITHOUT ROWID;
"""

CHANNELS = """
CREATE TABLE open_notices (       -- sent by a channel and not over yet
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    channel TEXT NOT NULL,        -- such as 'webhook'
    kind TEXT NOT NULL,           -- such as 'down'
    sent_at INTEGER NOT NULL,     -- epoch seconds UTC
    text TEXT NOT NULL,
    PRIMARY KEY (portal_id, channel, kind)
) STRICT, WITHOUT ROWID;

INSERT INTO open_notices          -- the kind was such as 'webhook: down'
    SELECT portal_id, substr(kind, 1, instr(kind, ': ') - 1), substr(kind, instr(kind, ': ') + 2),
        told_at, text
    FROM notices WHERE instr(kind, ': ') > 0;

DROP TABLE notices;
"""

OBSERVED = {
    # The hour of the observation, epoch seconds; NULL: it is printed without one.
    "sidebars": "observed_at INTEGER",
    # The earliest hour that is printed with the set, at any portal; NULL: unknown.
    "spells": "observed_at INTEGER",
}
"""A column of each of these tables."""

OBSERVED_INDEX = """CREATE INDEX IF NOT EXISTS sidebars_observed ON sidebars (id, observed_at)
    WHERE observed_at IS NOT NULL"""

PAGES = """
CREATE TABLE pages (              -- of looks that are unread, or could not be read
    look_id INTEGER PRIMARY KEY REFERENCES fetches (id),
    page BLOB NOT NULL,           -- zlib
    encoding TEXT,
    tries INTEGER NOT NULL        -- how often reading it began
) STRICT;

-- No cascade, which needs foreign keys turned on: a page that is left could meet a later look's id.
CREATE TRIGGER page_dropped AFTER DELETE ON fetches
    BEGIN DELETE FROM pages WHERE look_id = old.id; END;

INSERT INTO pages SELECT id, page, encoding, tries FROM fetches WHERE page IS NOT NULL;

ALTER TABLE fetches DROP COLUMN page;

ALTER TABLE fetches DROP COLUMN encoding;

ALTER TABLE fetches DROP COLUMN tries;
"""

FLAGS = """
CREATE TABLE flagged (            -- temperatures that may be wrong; db/truth/flags.py
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    seen_from INTEGER NOT NULL,   -- of the spell
    station_id INTEGER NOT NULL REFERENCES stations (id),
    kind TEXT NOT NULL CHECK (kind IN ('flat', 'spike', 'step', 'neighbours', 'range')),
    flag INTEGER NOT NULL CHECK (flag IN (3, 4)),
    PRIMARY KEY (portal_id, seen_from, station_id, kind)
) STRICT, WITHOUT ROWID;
"""
