"""The config's table ``mqtt``: a broker."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from scraper.keys import require
from scraper.urls import is_of

BROKER: Final = "an address such as mqtt://user:password@host:1883, or mqtts://host"
_LEVELS: Final = r"\A[^\x00-\x20+#/]+(/[^\x00-\x20+#/]+)*\Z"
_TOPIC: Final = Meta(pattern=_LEVELS, description="a topic without + and #")


class Mqtt(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    A broker to which ``nalssi run`` publishes; needs the extra ``mqtt``.

    Attributes:
        broker: Such as ``mqtt://user:password@host:1883``; ``mqtts`` with TLS; empty = none.
        topic: The beginning of every topic.
        discovery: The beginning of the topics by which Home Assistant finds its sensors.
    """

    broker: Annotated[str, Meta(description=BROKER)] = ""
    topic: Annotated[str, _TOPIC] = "nalssi"
    discovery: Annotated[str, _TOPIC] = "homeassistant"


def check(mqtt: Mqtt) -> None:
    """
    Refuse a wrong address of a broker, without showing it: it may contain a password.

    Raises:
        WrongKey: It is not an address of a broker.
    """
    right = not mqtt.broker or is_of(mqtt.broker, ("mqtt", "mqtts"), user=True)
    require(right, "mqtt.broker", BROKER)
