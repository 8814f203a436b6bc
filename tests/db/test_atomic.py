"""A file or a folder appears complete under its name, or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from db.errors import OutputError, OutputExists
from db.file import atomic

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def write(
    path: Path, text: str, *, replace: bool = True, meanwhile: Callable[[], object] = bool
) -> None:
    with atomic.of_file(path, replace=replace) as draft:
        draft.write_text(text)
        meanwhile()


def write_folder(path: Path, part: str, *, meanwhile: Callable[[], object] = bool) -> None:
    with atomic.of_folder(path) as draft:
        (draft / part).touch()
        meanwhile()


def killed_while_writing(folder: Path, how: str) -> None:
    """Kill a process whose draft is half written, with one of SQLite's files beside it."""
    code = (
        "import os, pathlib, signal\nfrom db.file import atomic\n"
        f"with atomic.{how}(pathlib.Path('w')) as draft:\n"
        "    part = draft / 'part' if draft.is_dir() else draft\n"
        "    part.write_text('half')\n"
        "    if part is draft: draft.with_name(f'{draft.name}-wal').write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, "-c", code], cwd=folder, env=env, check=False)
    assert run.returncode == -signal.SIGKILL
    assert len(names(folder)) == (2 if how == "of_file" else 1)
    assert "w" not in names(folder)


def test_a_file_appears_when_it_is_complete(tmp_path):
    with atomic.of_file(tmp_path / "w") as draft:
        draft.write_text("whole")
        assert not (tmp_path / "w").exists()
    assert (names(tmp_path), (tmp_path / "w").read_text()) == (["w"], "whole")


def test_a_failed_write_keeps_the_old_file(tmp_path):
    write(tmp_path / "w", "old")
    with pytest.raises(OutputError, match="No such file"):
        write(tmp_path / "w", "half", meanwhile=(tmp_path / "nowhere").unlink)
    assert (names(tmp_path), (tmp_path / "w").read_text()) == (["w"], "old")


@pytest.mark.parametrize("left", [".w.part", ".w.0123abcd.part"])
@pytest.mark.parametrize("mode", [0o666, 0o640, 0o600])
def test_a_file_has_the_requested_mode(tmp_path, mode, left):
    (tmp_path / left).touch()
    (tmp_path / left).chmod(0o777)
    before = os.umask(0o022)
    try:
        with atomic.of_file(tmp_path / "w", mode=mode):
            pass
    finally:
        os.umask(before)
    assert (tmp_path / "w").stat().st_mode & 0o777 == mode & ~0o022


def test_the_last_complete_writer_wins(tmp_path):
    with atomic.of_file(tmp_path / "w") as slow:
        slow.write_text("slow")
        with atomic.of_file(tmp_path / "w") as quick:
            quick.write_text("quick")
        assert (tmp_path / "w").read_text() == "quick"
    assert (names(tmp_path), (tmp_path / "w").read_text()) == (["w"], "slow")


def test_writers_of_one_name_do_not_hinder_each_other(tmp_path):
    code = (
        "import pathlib, sys\nfrom db.file import atomic\n"
        "for _ in range(50):\n"
        "    with atomic.of_file(pathlib.Path('w')) as draft:\n"
        "        draft.write_text(sys.argv[1] * 9999)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    writers = [
        subprocess.Popen([sys.executable, "-c", code, letter], cwd=tmp_path, env=env)
        for letter in "abcd"
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0, 0]
    text = (tmp_path / "w").read_text()
    assert (names(tmp_path), text) == (["w"], text[0] * 9999)


def test_without_replacement_the_first_file_stays(tmp_path):
    early = partial(write, tmp_path / "w", "early", replace=False)
    with pytest.raises(OutputExists):
        write(tmp_path / "w", "late", replace=False, meanwhile=early)
    assert (names(tmp_path), (tmp_path / "w").read_text()) == (["w"], "early")


@pytest.mark.parametrize("how", ["of_file", "of_folder"])
def test_the_next_writer_removes_the_draft_of_a_killed_one(tmp_path, how):
    killed_while_writing(tmp_path, how)
    with getattr(atomic, how)(tmp_path / "w"):
        assert len(names(tmp_path)) == 1
    assert names(tmp_path) == ["w"]


@pytest.mark.parametrize("other", [".w.db.0123abcd.part", ".w.0123abcd.part.old", ".w.mine.part"])
def test_files_of_other_names_stay(tmp_path, other):
    (tmp_path / other).touch()
    write(tmp_path / "w", "whole")
    assert names(tmp_path) == sorted([other, "w"])


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("nowhere")])
def test_an_odd_file_named_like_a_draft_blocks_no_write(tmp_path, make):
    make(tmp_path / ".w.0123abcd.part")
    write(tmp_path / "w", "whole")
    assert (tmp_path / "w").read_text() == "whole"


def test_a_folder_appears_when_it_is_complete(tmp_path):
    with atomic.of_folder(tmp_path / "w") as draft:
        (draft / "part").write_text("whole")
        assert not (tmp_path / "w").exists()
    assert (names(tmp_path), names(tmp_path / "w")) == (["w"], ["part"])
    with pytest.raises(OutputExists):
        write_folder(tmp_path / "w", "another")


def test_the_first_of_two_folders_stays(tmp_path):
    quick = partial(write_folder, tmp_path / "w", "quick")
    with pytest.raises(OutputExists):
        write_folder(tmp_path / "w", "slow", meanwhile=quick)
    assert (names(tmp_path), names(tmp_path / "w")) == (["w"], ["quick"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_reported(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="Permission denied"):
        write(tmp_path / "w", "")
