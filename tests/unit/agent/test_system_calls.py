"""What the kernel is asked for: by the agent over a working day, and by an export that is found on disk, however large
everything is.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from base64 import b32encode
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.home import COMMAND, PASSPHRASE, Home, uncounted
from tests.patience import PATIENCE
from tests.unit.agent.at_home import socket_of, stop, unlock, until, with_agent
from tests.unit.agent.test_process import export, home
from tests.vaults import entry, soon
from vault.secret import Secret
from vault.store import vault
from vault.system.paths import from_env

__all__ = ["home"]

HEAVY = re.compile(
    r"/(boto3|botocore|urllib3|keyring|secretstorage|click|rich)/|/python3\.\d+/(ssl\.|http/|lib-dynload/_ssl)"
)


def traced(log, *calls):
    """The start of a command line that writes these system calls, of the command and its forks, to ``log``."""
    return ["strace", "-f", "-qq", "-e", "trace=" + ",".join(calls), "-e", "signal=none", "-o", str(log)]


def test_the_agent_opens_no_network_connection_and_loads_no_sdk(home, aws, tmp_path):
    """From its start to its end, with a cold chain's key and code answered: Unix sockets only, no network library."""
    home.env = uncounted(home.env)
    log = tmp_path / "log"
    agent = subprocess.Popen(
        [*traced(log, "socket", "connect", "openat", "execve"), sys.executable, "-P", "-m", "vault", "agent-process"],
        env=home.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until(lambda: os.path.exists(socket_of(home)))
    unlock(home)
    assert [export(home), export(home, "prod")] == [export(home), export(home, "prod")]
    assert [c.action for c in aws.calls] == ["GetSessionToken", "AssumeRole", "AssumeRole"]
    stop(home)
    agent.wait(PATIENCE)
    lines = log.read_text().splitlines()
    sockets = [line for line in lines if " socket(" in line]
    assert sockets
    assert [line for line in sockets if "AF_UNIX" not in line] == []
    opened = [line for line in lines if " openat(" in line]
    assert [line for line in opened if "vault.avlt" in line]  # the forks' work is in the log too
    assert [line for line in opened if HEAVY.search(line) and "ENOENT" not in line] == []
    assert len([line for line in lines if " execve(" in line]) == 1


# ── ten thousand of everything ───────────────────────────────────────────────────────────────

BLOCK = (
    "[profile p{0:05}]\nregion = us-east-1\nawsvault_role_arn = arn:aws:iam::222222222222:role/DeveloperRole\n"
    "awsvault_source_profile = shared-services\n"
)
TOUCHING = ("%file", "read", "pread64", "getdents64", "connect", "sendto", "recvfrom", "keyctl")


@pytest.fixture
def other(tmp_path_factory, aws):
    made = with_agent(Home(tmp_path_factory.mktemp("h"), url=aws.url))
    yield made
    stop(made)


def crowd(home, count):
    """``count`` more profiles and entries, and as many other sessions on disk, beside a warm session of dev."""
    home.env = uncounted(home.env)
    home.settings("kernel_keyring = true\n")
    with open(home.config_path, "a", encoding="utf-8") as file:
        file.writelines(BLOCK.format(number) for number in range(count))
    paths = from_env(home.env)
    opened = vault.open_with_passphrase(paths, Secret(PASSPHRASE), deadline=soon())
    more = {f"entry-{number:05}": entry() for number in range(count)}
    vault.edit(paths, opened.k_main, lambda p: replace(p, entries={**p.entries, **more}), deadline=soon())
    unlock(home)
    answer = home.export("dev")
    with os.scandir(paths.sessions) as found:
        sealed = next(Path(one.path).read_bytes() for one in found if len(one.name) == 40)
    for number in range(count):
        name = b32encode(number.to_bytes(25)).decode().lower()
        with open(os.open(f"{paths.sessions}/{name}", os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(sealed)
    return answer


def asked_for(home, answer, log, **env):
    """The system calls of ``export dev`` that touch files, sockets and keyrings; it must answer ``answer``."""
    done = subprocess.run(
        [*traced(log, *TOUCHING), COMMAND, "export", "dev"],
        env=home.with_env(env), stdin=subprocess.DEVNULL, capture_output=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == answer
    calls = log.read_text().splitlines()
    assert not [
        call for call in calls if "openat" in call and (home.config_path in call or "vault.avlt" in call)
    ]
    return [call.split("(")[0].split()[-1] for call in calls]


def test_system_calls_do_not_depend_on_the_number_of_profiles(home, other, aws, clock, tmp_path):
    """Warm and from disk, an export opens, reads and searches the same whatever the number of profiles, entries and sessions."""
    clock.drive(other, aws.world)  # both have the same MFA device, so the second export needs the next code
    few, many = crowd(home, 10), crowd(other, 10_000)
    calls = len(aws.calls)
    for env in ({}, {"AWSVAULT_AGENT": "off"}):
        small = asked_for(home, few, tmp_path / "small", **env)
        large = asked_for(other, many, tmp_path / "large", **env)
        assert Counter(small) == Counter(large), env
    assert len(aws.calls) == calls
    assert "keyctl" in small
    for made in (home, other):
        assert made.run("lock").returncode == 0  # takes the key out of the kernel's keyring
