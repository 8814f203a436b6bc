"""An MQTT broker for tests: Debian's mosquitto, on loopback."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.servers import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PROGRAM: Final = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
"""None if it is not installed: ``apt-get install mosquitto``."""

_PATIENCE_S: Final = 60.0


@contextlib.contextmanager
def running(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a broker on this port, without passwords."""
    assert PROGRAM is not None
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} {LOOPBACK}\nallow_anonymous true\nuser root\n", "utf-8")
    with subprocess.Popen([PROGRAM, "-c", config], stderr=subprocess.DEVNULL) as broker:
        try:
            _wait(broker, port)
            yield broker
        finally:
            broker.kill()


def _wait(broker: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + _PATIENCE_S
    while True:
        assert broker.poll() is None
        with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), 1):
            return
        assert time.monotonic() < until
        time.sleep(0.05)


class Listener:
    """Subscribes to all topics, as Home Assistant does, and keeps the last message of each."""

    def __init__(self, port: int) -> None:
        self.last: dict[str, str] = {}
        self._news = threading.Condition()
        self._client: Any = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_message = self._receive
        self._client.connect(LOOPBACK, port)
        self._client.loop_start()

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _receive(self, _client: Any, _data: Any, message: Any) -> None:
        with self._news:
            self.last[message.topic] = message.payload.decode()
            self._news.notify_all()

    def wait(self, topic: str, wanted: Callable[[str], bool] = bool) -> str:
        """Wait until the last message of a topic is as wanted; gives it."""
        with self._news:
            arrived = self._news.wait_for(lambda: wanted(self.last.get(topic, "")), _PATIENCE_S)
            assert arrived, self.last
            return self.last[topic]

    def expect(self, topic: str, text: str) -> None:
        """Wait for this message."""
        self.wait(topic, lambda message: message == text)
