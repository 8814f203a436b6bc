"""Sensors of Home Assistant at a real broker: discovered, live or unavailable, never blocking."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from db import query
from db.errors import MissingExtra
from db.write.store import Store
from scraper import mqtt
from scraper.broker import Mqtt
from scraper.collect import Report
from scraper.config import Config, Portal
from scraper.demo.portal import CITIES, Entry, page
from scraper.errors import ConfigError
from scraper.monitor import Monitor
from tests.cli.test_cli import portal
from tests.scraper.test_daemon import add, running, until
from tests.support import mosquitto
from tests.support.histories import hour_of
from tests.support.keeping import content_of, keep_failure
from tests.support.make import START, make_look, see
from tests.support.servers import answer, refusing

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(
    mosquitto.PROGRAM is None and os.environ.get("REQUIRE_PARTS") != "required",
    reason="no broker: apt-get install mosquitto",
)

SEOUL = "nalssi/koya/108"
MINUTE = dt.timedelta(minutes=1)


class Installation:
    """A store and a monitor whose publisher talks to a broker; each look is stored and reported."""

    def __init__(self, store: Store, settings: Mqtt) -> None:
        self._store, self.complaints = store, []  # type: ignore[var-annotated]
        self.now = START
        config = Config(portals=(Portal(name="koya", url="https://koya.example/"),), mqtt=settings)
        self.publisher = mqtt.Publisher(settings, self.complaints.append)
        self._monitor = Monitor(
            config=config,
            collector=None,  # type: ignore[arg-type] # only notices use its thread
            store=store,
            clock=lambda: self.now,
            complain=self.complaints.append,
        )
        self._monitor.publisher = self.publisher

    def look(self, minute: int, hour: int | None) -> None:
        """Store a look that shows this hour; None = a failed look."""
        self.now = START + minute * MINUTE
        if hour is None:
            keep_failure(self._store, "koya", int(self.now.timestamp()))
        else:
            see(self._store, make_look(minute), content_of(hour_of(hour)))
        failed = "HTTP 500" if hour is None else None
        report = Report(portal="koya", outcome="new", readings=16, error=failed, milliseconds=1)
        asyncio.run(self._monitor.after_looks([report]))


@pytest.fixture
def store(tmp_path) -> Iterator[Store]:
    with Store.open(tmp_path / "weather.db") as store:
        yield store


@pytest.fixture
def port() -> int:
    return refusing()


def settings(port: int) -> Mqtt:
    return Mqtt(broker=f"mqtt://127.0.0.1:{port}")


def celsius(hour: int) -> float:
    """The temperature of Seoul in an hour."""
    tenths = dict(hour_of(hour))["서울"]
    assert tenths is not None
    return tenths / 10


def value(listener: mosquitto.Listener) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(listener.last[SEOUL])
    return read


def test_a_sensor_is_found_and_has_its_value_while_it_is_live(store, port, tmp_path):
    with mosquitto.running(tmp_path, port), mosquitto.Listener(port) as listener:
        installation = Installation(store, settings(port))
        with installation.publisher:
            installation.look(0, 1)
            listener.expect(f"{SEOUL}/availability", "offline")  # its beginning was not seen
            installation.look(10, 2)
            listener.expect(f"{SEOUL}/availability", "online")
            listener.expect("nalssi/status", "online")
            assert value(listener)["temperature_c"] == celsius(2)
            assert (value(listener)["state"], value(listener)["portal"]) == ("live", "koya")
        listener.expect("nalssi/status", "offline")
    config = json.loads(listener.last["homeassistant/sensor/nalssi_koya_108/config"])
    assert config["state_topic"] == config["json_attributes_topic"] == SEOUL
    assert config["device"]["identifiers"] == ["nalssi_koya"]
    assert (config["device_class"], config["unit_of_measurement"]) == ("temperature", "°C")
    assert config["expire_after"] == 90 * 60
    assert [source["topic"] for source in config["availability"]] == [
        "nalssi/status",
        f"{SEOUL}/availability",
    ]
    assert len([topic for topic in listener.last if topic.endswith("/config")]) == len(CITIES)


def test_a_frozen_portal_is_unavailable_within_one_look(store, port, tmp_path):
    with mosquitto.running(tmp_path, port), mosquitto.Listener(port) as listener:
        installation = Installation(store, settings(port))
        with installation.publisher:
            installation.look(0, 1)
            installation.look(10, 2)
            listener.expect(f"{SEOUL}/availability", "online")
            for minute in range(20, 100, 10):
                installation.look(minute, 2)
            listener.wait(SEOUL, lambda text: '"2024-04-28T13:30:00+09:00"' in text)
            assert listener.last[f"{SEOUL}/availability"] == "online"
            installation.look(101, 2)  # 91 minutes after the set was published
            listener.expect(f"{SEOUL}/availability", "offline")
            installation.look(200, 2)
            listener.wait(SEOUL, lambda text: '"state": "frozen"' in text)


def test_a_portal_that_is_down_is_unavailable(store, port, tmp_path):
    with mosquitto.running(tmp_path, port), mosquitto.Listener(port) as listener:
        installation = Installation(store, settings(port))
        with installation.publisher:
            installation.look(0, 1)
            installation.look(10, 2)
            listener.expect(f"{SEOUL}/availability", "online")
            for minute in (20, 30, 40, 41):
                installation.look(minute, None)
            listener.expect(f"{SEOUL}/availability", "offline")


def test_a_missing_broker_delays_no_look_and_gets_the_last_messages_later(store, port, tmp_path):
    installation = Installation(store, settings(port))
    with installation.publisher:
        for minute in range(0, 70, 10):  # an hour
            installation.look(minute, 1 + minute // 60)
        until(lambda: installation.complaints, lambda complaints: len(complaints) == 1)
        assert "cannot be reached; it is tried again" in installation.complaints[0]
        with mosquitto.running(tmp_path, port), mosquitto.Listener(port) as listener:
            listener.expect(f"{SEOUL}/availability", "online")
            listener.expect("nalssi/status", "online")
            assert value(listener)["temperature_c"] == celsius(2)
    with query.Database(store.path) as db:
        assert len(db.looks()) == 7


def test_a_station_that_the_portal_dropped_is_unavailable(store, port, tmp_path):
    with mosquitto.running(tmp_path, port), mosquitto.Listener(port) as listener:
        installation = Installation(store, settings(port))
        with installation.publisher:
            installation.look(0, 1)
            installation.look(10, 2)
            listener.expect(f"{SEOUL}/availability", "online")
            installation.publisher.publish({"koya"}, [])
            listener.expect(f"{SEOUL}/availability", "offline")


# ---- the daemon


def test_the_daemon_updates_sensors_and_the_broker_sends_its_will(tmp_path, port):
    shown = [Entry(label="맑음", icon="01", city=city, temperature="1.0") for city in CITIES]
    with (
        mosquitto.running(tmp_path, port),
        mosquitto.Listener(port) as listener,
        portal(tmp_path, koya=answer(page(shown, ""))),
    ):
        add(tmp_path, "[mqtt]", f'broker = "mqtt://127.0.0.1:{port}"')
        with running(tmp_path) as daemon:
            daemon.wait("look")
            listener.expect("nalssi/status", "online")
            listener.expect(f"{SEOUL}/availability", "offline")
            assert value(listener)["temperature_c"] == 1.0
            daemon.process.send_signal(signal.SIGKILL)
            listener.expect("nalssi/status", "offline")


def test_without_paho_the_daemon_reports_it_and_polls(monkeypatch):
    monkeypatch.setitem(sys.modules, "paho.mqtt", None)
    with pytest.raises(MissingExtra, match=r"pip install (?:-e )?\'.*\[mqtt\]\'"):
        mqtt.Publisher(Mqtt(broker="mqtt://127.0.0.1"), print)


# ---- names and addresses


@pytest.mark.parametrize(
    ("url", "message"),
    [("http://host", "expected an address such as mqtt://"), ("mqtt://u:secret@", "mqtt.broker")],
)
def test_an_invalid_address_is_refused_without_its_password(tmp_path, url, message):
    from scraper import config  # noqa: PLC0415

    (tmp_path / "config.toml").write_text(f'[mqtt]\nbroker = "{url}"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=message) as caught:
        config.load(tmp_path / "config.toml")
    assert "secret" not in str(caught.value)


def test_a_city_without_a_number_has_an_id_of_its_own(tmp_path):
    from db.reading import Station  # noqa: PLC0415
    from tests.support.make import make_content, make_reading  # noqa: PLC0415

    with Store.open(tmp_path / "odd.db") as store:
        odd = make_reading(station=Station(name_ko="가/나+#"))
        see(store, make_look(0), make_content(odd))
    with query.Database(tmp_path / "odd.db") as db:
        topics = list(mqtt.messages_of(Mqtt(), db.latest()))
    assert not any(set(topic) & set("+# ") for topic in topics)
    assert Path(topics[1]).parent.name == "koya"
