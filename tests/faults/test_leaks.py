"""Where secrets go, as the kernel sees it: each command under strace with every argument, environment and byte shown."""

from __future__ import annotations

import json
import os
import re
import subprocess

import pytest

from tests.fakes.example import KEY_ID, SECRET, SEED, SERIAL, role
from tests.home import COMMAND, PASSPHRASE, SCENARIO

pytestmark = pytest.mark.usefixtures("unmeasured")

LASTING = (SECRET, SEED, PASSPHRASE)


class Watched:
    """Runs commands in a home under strace. ``said`` is all that they wrote on stderr."""

    def __init__(self, home) -> None:
        self.home = home
        self.said = ""
        self.count = 0

    def run(self, *arguments, stdin="", code=0):
        """The command's stdout, and the lines of strace's log, the start of the command itself left out."""
        self.count += 1
        log = os.path.join(self.home.root, f"strace{self.count}")
        done = subprocess.run(
            ["strace", "-f", "-v", "-s", "65536", "-e", "trace=all", "-e", "signal=none", "-o", log,
             COMMAND, *arguments],
            input=stdin, env=self.home.env, capture_output=True, text=True, timeout=200, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        self.said += done.stderr
        with open(log, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
        assert re.match(r"\d+ +execve\(", lines[0])
        assert PASSPHRASE in lines[0], "strace shows environments, or nothing below would be seen"
        return done.stdout, lines[1:]


def calls_that_show(lines, text):
    """The system calls that show ``text``: their names, and the descriptor of those that write or read one of the three."""
    found = set()
    for line in lines:
        if text in line:
            call = re.match(r"\d+ +(?:<\.\.\. )?(\w+)(?: resumed>|(\([012],)?)", line)
            found.add(call[1] + (call[2] or "").strip("(,") if call else line)
    return found


@pytest.fixture
def watched(home):
    home.config(
        SCENARIO + f"[profile closed]\nrole_arn = {role('ClosedRole')}\nsource_profile = shared-services\n"
    )
    return Watched(home)


def test_secrets_pass_no_side_door(watched, aws):
    """The key, the seed and the passphrase leave memory in no call; a session only to stdout and to exec's command.

    Seen are the arguments and environments of every program, and all that goes through files, pipes and sockets.
    """
    key = {"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET, "MfaSerial": SERIAL, "MfaSeed": SEED}
    _, added = watched.run("add", "shared-services", "--stdin", stdin=json.dumps(key))
    assert [calls_that_show(added, text) for text in LASTING] == [{"read0"}, {"read0"}, set()]

    cold, role_got = watched.run("export", "dev")
    source, session_served = watched.run("export", "shared-services")
    secrets = [json.loads(out)["SecretAccessKey"] for out in (cold, source)]
    assert [calls_that_show(role_got, text) for text in secrets] == [{"recvfrom", "write1"}, {"recvfrom"}]
    assert [calls_that_show(session_served, text) for text in secrets] == [set(), {"write1"}]
    warm, from_cache = watched.run("export", "dev")
    assert warm == cold
    assert [calls_that_show(from_cache, text) for text in secrets] == [{"write1"}, set()]
    _, given = watched.run("exec", "dev", "--", "true")
    assert [calls_that_show(given, text) for text in secrets] == [{"execve"}, set()]

    others = [
        watched.run("list"),
        watched.run("log"),
        watched.run("explain", "dev"),
        watched.run("export", "closed", code=7),
        watched.run("export", "nope", "--debug", code=5),
        watched.run("clear"),
    ]
    everything = [role_got, session_served, from_cache, given, *(lines for _, lines in others)]
    assert [calls_that_show(lines, text) for lines in everything for text in LASTING] == [set()] * 30
    assert [calls_that_show(lines, text) for _, lines in others for text in secrets] == [set()] * 12
    assert not [text for text in (*LASTING, *secrets) if text in watched.said]
    assert aws.calls.count("AssumeRole", result="ok") == 1
