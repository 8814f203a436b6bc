"""The config's table ``mqtt``, a broker; and the addresses that the config accepts."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from scraper.keys import require

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
    right = not mqtt.broker or _is_address(mqtt.broker, ("mqtt", "mqtts"), user=True)
    require(right, "mqtt.broker", BROKER)


def is_http(url: str, *, user: bool = False) -> bool:
    """Whether a text is an http(s) address; ``user``: it may have a name and password."""
    return _is_address(url, ("http", "https"), user=user)


def is_base(url: str) -> bool:
    """Whether other http(s) addresses can begin with this: no query, no fragment."""
    return is_http(url) and "?" not in url and "#" not in url


def _is_address(url: str, schemes: tuple[str, ...], *, user: bool) -> bool:
    try:
        parts = urlsplit(url)
        odd = " " in url or not url.isprintable() or parts.port == 0
        odd |= "@" in parts.netloc and not user
        return parts.scheme in schemes and bool(parts.hostname) and not odd
    except ValueError:
        return False
