"""TOML files as editors save them."""

from __future__ import annotations

import codecs
import tomllib
from typing import TYPE_CHECKING, Any

from scraper.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path) -> dict[str, Any]:
    """
    Read the file; editors of Windows may put a byte order mark before it.

    Raises:
        ConfigError: It cannot be read, or is not TOML in UTF-8.
    """
    body = b""
    try:
        body = path.read_bytes()
        return tomllib.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError as exc:
        line = body.count(b"\n", 0, exc.start) + 1
        byte = f"byte 0x{body[exc.start]:02X} in line {line}"
        raise ConfigError(path, f"{byte} is not UTF-8{_saved_as(body)}: save it as UTF-8") from exc
    except (OSError, ValueError, RecursionError) as exc:
        raise ConfigError(path, f"cannot be read: {exc}") from exc


def _saved_as(body: bytes) -> str:
    """The likely encoding of a Korean editor, as the end of a sentence."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return " but UTF-16"
    try:
        return " but EUC-KR or CP949" if body.decode("cp949") else ""
    except UnicodeDecodeError:
        return ""
