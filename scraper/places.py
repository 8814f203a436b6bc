"""The place of the config: named, or one of the usual places."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

from scraper.errors import ConfigError

DEFAULT_NAME: Final = "config.toml"
SYSTEM_WIDE: Final = Path("/etc/nalssi") / DEFAULT_NAME


def usual_places() -> list[Path]:
    """The places to search for a config that neither an option nor a variable names, in order."""
    home = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    with contextlib.suppress(RuntimeError):  # a user without a home
        home = str(Path(home).expanduser())
    return [Path(DEFAULT_NAME), Path(home) / "nalssi" / DEFAULT_NAME, SYSTEM_WIDE]


def usual() -> Path | None:
    """The config in the first usual place that has one; None if none has."""
    return next((place for place in usual_places() if os.path.isfile(place)), None)  # noqa: PTH113 - no error


def find(path: Path | None = None) -> Path:
    """
    Return the path of the config: the given one, ``NALSSI_CONFIG``, or the first usual place.

    Raises:
        ConfigError: There is no such file, or it cannot be examined.
    """
    named = path or (Path(os.environ["NALSSI_CONFIG"]) if os.environ.get("NALSSI_CONFIG") else None)
    found = named or usual()
    if found is None:
        others = " or ".join(map(str, usual_places()[1:]))
        problem = f"there is no such file, nor in {others}; `nalssi init` writes one"
        raise ConfigError(DEFAULT_NAME, problem)
    try:
        is_there = found.is_file()
    except OSError as exc:  # the folder may not be entered, or the name is too long
        raise ConfigError(found, exc.strerror or str(exc)) from exc
    if not is_there:
        raise ConfigError(
            found, "there is no such file, expected one by --config, NALSSI_CONFIG, or here"
        )
    return found
