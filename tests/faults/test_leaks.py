"""Where secrets go, as the kernel sees it: each command under strace with every argument, environment and byte shown."""

from __future__ import annotations

import json
import os
import re
import subprocess

import pytest

from tests.fakes import oidc
from tests.fakes.example import KEY_ID, SECRET, SEED, SERIAL, SSO_TOKEN, role
from tests.home import COMMAND, PASSPHRASE, SCENARIO
from tests.signins import browser, config

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


@pytest.fixture
def asked(monkeypatch):
    """The fields of each request that the stand-in's sign-in got. Its log of calls has no secrets."""
    found, real = [], oidc.json_fields

    def noted(request):
        found.append(real(request))
        return found[-1]

    monkeypatch.setattr(oidc, "json_fields", noted)
    return found


def test_a_sign_in_passes_no_side_door(watched, aws, asked):
    """Both ways to sign in, a refresh and the end: tokens, the client's secret, codes and PKCE's verifier are in requests alone.

    No write to a disk, no argument and no environment of any program has one, the browser's neither. What it is started
    with leads to the page once, and has no state.
    """
    home = watched.home
    home.config(config())
    home.make_vault()
    aws.world.assign("222222222222", "DeveloperRole")
    lines = [
        watched.run("sso", "login", "--device")[1],
        watched.run("sso", "login", "--browser", browser(home))[1],
    ]
    aws.world.sso.expire_access()
    lines += [watched.run(*words)[1] for words in (("export", "dev"), ("sso", "status"), ("sso", "logout"))]
    names = ("clientSecret", "deviceCode", "code", "codeVerifier", "refreshToken")
    secrets = {name: {one[name] for one in asked if name in one} for name in names}
    secrets["access tokens"] = {*aws.world.sso.access} - {SSO_TOKEN}
    secrets["refresh tokens"] = {*aws.world.sso.refresh}
    assert {name: len(found) for name, found in secrets.items()} == {
        "clientSecret": 2, "deviceCode": 1, "code": 1, "codeVerifier": 1, "refreshToken": 1, "access tokens": 3,
        "refresh tokens": 2,
    }  # fmt: skip
    everywhere = [line for each in lines for line in each]
    for name, found in secrets.items():
        for text in found:
            shown = calls_that_show(everywhere, text)
            assert shown, name
            assert shown <= {"sendto", "recvfrom"}, name
            assert text not in watched.said, name
    assert calls_that_show(everywhere, PASSPHRASE) == set()
    states = {call.parameters["state"] for call in aws.calls.of("Authorize")}
    shown = set().union(*(calls_that_show(everywhere, state) for state in states))
    assert shown == {"sendto", "recvfrom", "write2"}  # the page, for a browser that did not open
