"""The line that `nalssi init` prints, run by Debian's cron until a look is stored."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from db import query
from tests.cli.test_cli import BOX, nalssi
from tests.support import faults
from tests.support.servers import Server, answer

if TYPE_CHECKING:
    from collections.abc import Iterator

CRON_D = Path("/etc/cron.d")
PAM = Path("/etc/pam.d/cron")


def cron_of_debian(folder: Path) -> str:
    """The installed cron, or that of Debian's package, unpacked into a folder of the test."""
    if found := shutil.which("cron", path="/usr/sbin:/usr/bin"):
        return found
    steps = (["apt-get", "download", "cron"], ["sh", "-c", "dpkg -x cron_*.deb ."])
    for step in steps:
        if not shutil.which(step[0]) or subprocess.run(step, cwd=folder, check=False).returncode:
            pytest.skip("no cron is installed, and none can be had")
    return str(folder / "usr" / "sbin" / "cron")


@contextlib.contextmanager
def cron(folder: Path, line: str) -> Iterator[None]:
    """Run Debian's cron with this line as a crontab of root."""
    if os.getuid():
        pytest.skip("only root may run a cron")
    program, table = cron_of_debian(folder), CRON_D / f"nalssi-test-{os.getpid()}"
    CRON_D.mkdir(exist_ok=True)
    lines = [table]
    if not PAM.exists():  # Debian's cron asks PAM for permission
        PAM.write_text(
            "auth sufficient pam_rootok.so\naccount sufficient pam_permit.so\n"
            "session sufficient pam_permit.so\n"
        )
        lines.append(PAM)
    table.write_text(f"PATH=/usr/bin:/bin\n{line}\n")
    table.chmod(0o644)
    process = subprocess.Popen(
        [program, "-f"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)
        for file in lines:
            file.unlink()


@pytest.mark.slow
def test_the_line_of_init_is_run_by_a_real_cron_until_a_look_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(faults, "PATIENCE_S", 150.0)  # cron runs jobs each minute
    folder = tmp_path / "a folder"
    with Server({"/": answer(BOX)}) as server:
        stdout = nalssi("init", folder, "--url", server.url(host="127.0.0.1"), cwd=tmp_path).stdout
        (line,) = [
            printed for printed in stdout.splitlines() if printed.startswith("*/10 * * * * ")
        ]
        every_minute = line.replace("*/10 * * * *", "* * * * * root")
        with cron(tmp_path, every_minute):
            faults.until((folder / "weather.db").exists)
            faults.until(lambda: looks(folder / "weather.db") >= 1)


def looks(path: Path) -> int:
    with query.Database(path) as db:
        return sum(1 for look in db.looks() if look.outcome == "new")
