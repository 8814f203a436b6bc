"""
MQTT: each station of each portal as a sensor of Home Assistant, which discovers it.

A sensor is available only while its value is live: if the portal freezes or goes down, its
availability becomes ``offline`` after the next look; if the daemon dies, the broker sends its will;
if messages stop, Home Assistant lets the value expire. A missing broker delays no look: the last
message of every topic is sent when it is back.
"""

from __future__ import annotations

import contextlib
import json
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from db.errors import importing
from db.validity import HOLD_S
from scraper.printable import printable
from scraper.records import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from db.query import Latest
    from scraper.broker import Mqtt

_KEEPALIVE_S: Final = 30
_SLOWEST_S: Final = 60
"""The longest wait between two tries to reach the broker."""

_ONLINE, _OFFLINE = "online", "offline"

_WORD: Final = re.compile(r"[^a-zA-Z0-9_-]+")
"""Characters that an id of Home Assistant must not contain."""


class Publisher:
    """
    Publishes to a broker, from a thread of paho.

    Args:
        settings: The config's table.
        complain: Takes a line when the broker cannot be reached or refuses, once each time.
    """

    def __init__(self, settings: Mqtt, complain: Callable[[str], None]) -> None:
        with importing("mqtt", "mqtt needs paho-mqtt"):
            from paho.mqtt import client as paho  # noqa: PLC0415 - an extra
            from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415
        self._settings, self._complain = settings, complain
        self._messages: dict[str, str] = {}
        address = urlsplit(settings.broker)
        self._client: Any = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_connect, self._client.on_connect_fail = self._greet, self._miss
        self._client.will_set(self._status, _OFFLINE, qos=1, retain=True)
        self._client.reconnect_delay_set(1, _SLOWEST_S)
        if address.username:
            password = unquote(address.password) if address.password else None
            self._client.username_pw_set(unquote(address.username), password)
        if address.scheme == "mqtts":
            self._client.tls_set()
        self._missed = False
        port = address.port or (8883 if address.scheme == "mqtts" else 1883)
        self._client.connect_async(str(address.hostname), port, _KEEPALIVE_S)
        self._client.loop_start()

    def __enter__(self) -> Publisher:
        return self

    def __exit__(self, *_: object) -> None:
        """Publish that no value is updated any more, and disconnect."""
        with contextlib.suppress(RuntimeError, ValueError):  # it is gone: its will reports it
            self._client.publish(self._status, _OFFLINE, qos=1, retain=True).wait_for_publish(2)
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def _status(self) -> str:
        return f"{self._settings.topic}/status"

    def publish(self, portals: Iterable[str], readings: Iterable[Latest]) -> None:
        """Publish the state of these portals; unchanged messages are not sent again."""
        messages = messages_of(self._settings, readings)
        for topic in self._gone(portals, messages):
            messages[topic] = _OFFLINE
        for topic, text in messages.items():
            is_config = topic.startswith(f"{self._settings.discovery}/")
            if is_config and self._messages.get(topic) == text:
                continue
            self._messages[topic] = text
            if self._client.is_connected():  # or messages would wait in memory, one for each look
                self._client.publish(topic, text, qos=1, retain=True)

    def _gone(self, portals: Iterable[str], messages: Mapping[str, str]) -> list[str]:
        """The stations that these portals no longer show."""
        before = tuple(f"{self._settings.topic}/{_word(portal)}/" for portal in portals)
        return [
            topic
            for topic in self._messages
            if topic.startswith(before) and topic.endswith("/availability")
            if topic not in messages
        ]

    def _greet(self, _client: Any, _data: Any, _flags: Any, reason: Any, _more: Any) -> None:
        """Publish everything again: the broker may have lost it, or never got it."""
        if reason.is_failure:
            self._complain(f"mqtt: the broker refuses: {printable(str(reason))}")
            return
        self._missed = False
        for topic, text in {**dict(self._messages), self._status: _ONLINE}.items():
            self._client.publish(topic, text, qos=1, retain=True)

    def _miss(self, _client: Any, _data: Any) -> None:
        if not self._missed:
            self._missed = True
            host = urlsplit(self._settings.broker).hostname
            self._complain(f"mqtt: the broker at {host} cannot be reached; it is tried again")


def messages_of(settings: Mqtt, readings: Iterable[Latest]) -> dict[str, str]:
    """The message of each topic: the description, value and availability of each sensor."""
    messages: dict[str, str] = {}
    for one in readings:
        portal, station = _word(one.portal), str(one.kma_id or _word(one.station))
        topic, sensor = f"{settings.topic}/{portal}/{station}", f"nalssi_{portal}_{station}"
        config = f"{settings.discovery}/sensor/{sensor}/config"
        messages[config] = json.dumps(_config(settings, one, topic, sensor), ensure_ascii=False)
        messages[topic] = json.dumps(_value(one), ensure_ascii=False)
        live = one.state == "live" and one.temperature_c is not None
        messages[f"{topic}/availability"] = _ONLINE if live else _OFFLINE
    return messages


def _config(settings: Mqtt, one: Latest, topic: str, sensor: str) -> dict[str, object]:
    """The description of a sensor (home-assistant.io/integrations/sensor.mqtt)."""
    available = [{"topic": f"{settings.topic}/status"}, {"topic": f"{topic}/availability"}]
    return {
        "name": printable(one.station),
        "unique_id": sensor,
        "device_class": "temperature",
        "state_class": "measurement",
        "unit_of_measurement": "°C",
        "suggested_display_precision": 1,
        "state_topic": topic,
        "value_template": "{{ value_json.temperature_c }}",
        "json_attributes_topic": topic,
        "availability": available,
        "availability_mode": "all",
        "expire_after": HOLD_S,
        "device": {
            "identifiers": [f"nalssi_{_word(one.portal)}"],
            "name": f"nalssi {printable(one.portal)}",
            "manufacturer": "nalssi",
        },
        "origin": {"name": "nalssi"},
    }


_VALUES: Final = (
    *("temperature_c", "condition", "label", "state", "why"),
    *("seen_from", "seen_until", "valid_until", "portal"),
)
"""The values in the message of a sensor, by their names in ``Latest``."""


def _value(one: Latest) -> dict[str, object]:
    return {name: plain(getattr(one, name)) for name in _VALUES}


def _word(text: str) -> str:
    """A name as an id and a level of a topic; without allowed letters, its code points."""
    word = _WORD.sub("_", text).strip("_")
    return word or "-".join(f"{ord(letter):x}" for letter in text)
