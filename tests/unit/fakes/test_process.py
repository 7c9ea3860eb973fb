"""The stand-in as a process of its own, turned from another, and gone when its starter is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest

from tests.fakes import example
from tests.fakes.remote import ROOT, Process, Remote
from tests.patience import PATIENCE

FILE = os.path.join(ROOT, "tests", "fakes", "aws.py")


@pytest.fixture(scope="module")
def away():
    with Process() as process:
        yield process


@pytest.fixture
def sts(away, botocore_session):
    from tests.unit.fakes.conftest import Clients

    away.ask("DELETE", "calls")
    return Clients(botocore_session, away.url)()


def test_calls_of_another_process(away, sts):
    """Calls, codes and the clock are available through the token."""
    sts.get_session_token(SerialNumber=example.SERIAL, TokenCode=away.code())
    assert [(call.action, call.result) for call in away.calls] == [("GetSessionToken", "ok")]
    away.advance(60)
    sts.get_session_token(SerialNumber=example.SERIAL, TokenCode=away.code())
    assert away.count("GetSessionToken") == 2


def test_fault_and_pause_from_another_process(away, sts, refused):
    """Faults and pauses work through the control paths as they do in the process."""
    away.fault("GetCallerIdentity", "refuse", code="Nope", status=400)
    with refused(400, "Nope"):
        sts.get_caller_identity()
    pause = away.fault("GetCallerIdentity", "pause-before")
    thread = threading.Thread(target=sts.get_caller_identity)
    thread.start()
    assert away.wait_reached(pause)
    assert thread.is_alive()
    away.release(pause)
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_policies_and_knobs_from_another_process(away, sts, refused):
    """A user's policy, regions and the state of keys are available from outside."""
    away.ask("POST", "user", name="yourself", denied=["sts:GetSessionToken"])
    with refused(403, "AccessDenied"):
        sts.get_session_token()
    away.ask("POST", "user", name="yourself", denied=[])
    away.ask("POST", "world", disabled_regions=[["111111111111", "us-east-1"]])
    with refused(403, "RegionDisabledException"):
        sts.get_session_token()
    away.ask("POST", "world", disabled_regions=[])
    assert away.ask("GET", "keys")[example.KEY_ID] == "Active"


def test_no_control_without_the_token(away):
    """A client without the token is told neither calls nor codes."""
    foreign_host = Remote({"url": away.url, "token": "guess"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        foreign_host.ask("POST", "code")


def test_ends_with_its_parent(tmp_path):
    """Killed starter, ended stand-in: nothing is left listening."""
    ready = tmp_path / "ready.json"
    command = [sys.executable, FILE, "--ready", str(ready), "--parent-pid-exit"]
    code = f"import subprocess, time; subprocess.Popen({command!r}); time.sleep(60)"
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path)
    wait_for(ready.exists)
    pid = json.loads(ready.read_text())["pid"]
    parent.kill()
    parent.wait(PATIENCE)
    wait_for(lambda: not running(pid))


def test_ends_by_itself(tmp_path):
    """After its time limit the process ends well; its ready file was for its owner alone."""
    ready = tmp_path / "ready.json"
    done = subprocess.run(
        [sys.executable, FILE, "--ready", str(ready), "--limit", "0.3"], timeout=PATIENCE, check=False
    )
    assert done.returncode == 0
    assert ready.stat().st_mode & 0o777 == 0o600


def test_needs_nothing_but_the_standard_library(tmp_path):
    """An isolated interpreter without site-packages runs it."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", FILE, "--limit", "0.2"],
        timeout=PATIENCE,
        check=False,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["url"].startswith("http://127.0.0.1:")


def test_world_from_a_file(botocore_session):
    """The accounts can be given as JSON."""
    from tests.unit.fakes.conftest import Clients

    pair = ["AKIAWORLDFILEEXAMPLE", "secret"]
    world = {
        "users": [{"name": "ann", "account": "555555555555", "key": pair}],
        "roles": [
            {"arn": "arn:aws:iam::666666666666:role/R", "trusts": ["arn:aws:iam::555555555555:user/ann"]}
        ],
        "knobs": {"only_region": "eu-west-1"},
    }
    with Process(world=world) as process:
        sts = Clients(botocore_session, process.url)(keys=tuple(pair), region="eu-west-1")
        assert sts.get_caller_identity()["Arn"] == "arn:aws:iam::555555555555:user/ann"
        sts.assume_role(RoleArn="arn:aws:iam::666666666666:role/R", RoleSessionName="x1")


def wait_for(fact, seconds=PATIENCE):
    ends = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < ends
        time.sleep(0.05)


def running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_unknown_path_is_not_found(away):
    """A path of no service is 404."""
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{away.url}/else", timeout=PATIENCE)
