"""Sessions that are refreshed for as long as a program runs."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.home import PASSPHRASE, SCENARIO
from tests.patience import PATIENCE
from tests.unit.agent.at_home import until
from tests.vaults import CHEAP
from vault import errors
from vault.credentials import planned, refreshing
from vault.credentials.request import Request
from vault.secret import Secret
from vault.upkeep import rekey, rekey_plan

# ── as long as a program runs ────────────────────────────────────────────────────────────────


class Last:
    """What a server of ``profile`` has, and how it refreshes it."""

    def __init__(self, desk, profile="dev"):
        self.context = desk.context()
        first = refreshing.first(self.context, Request(profile), program="terraform")
        self.first, self.ready = first.issued, first.profiles
        self.main = first.access.opened.k_main if first.access.opened is not None else None

    def again(self):
        return refreshing.again(
            self.context, refreshing.later(Request(""), self.first), self.ready, main=self.main,
            chain=refreshing.digest_of(self.first.chain), program="terraform",
        )  # fmt: skip


def last(desk, profile="dev"):
    return Last(desk, profile)


def test_a_long_running_program_refreshes_without_a_prompt(desk, aws):
    """It gets the same session while it is fresh; then a new session of the role alone."""
    serving = last(desk)
    aws.calls.clear()
    assert serving.again().line == serving.first.line
    assert len(aws.calls) == 0
    aws.world.clock.advance(2400)
    refreshed = serving.again()
    assert refreshed.line != serving.first.line
    assert refreshed.expires > serving.first.expires
    assert aws.calls.actions() == ["AssumeRole"]


def test_a_key_that_never_expires_is_not_served_later_either(desk, monkeypatch):
    """The error holds for exec --server and for serve: its hint names no option of one of them."""
    serving = last(desk)
    unexpiring = serving.first._replace(expires=None)
    monkeypatch.setattr(refreshing, "issue", lambda *_: unexpiring)
    with pytest.raises(errors.ConfigError, match="never expires") as caught:
        serving.again()
    assert "--" not in caught.value.hint


@pytest.mark.parametrize("age", [2400, 2700], ids=["ahead", "due"])
def test_many_long_running_programs_refresh_with_one_call(desk, aws, age):
    """Four servers of one profile whose session is about to expire: one calls AWS, and the others use its session."""
    servers = [last(desk) for _ in range(4)]
    aws.world.clock.advance(age)
    aws.calls.clear()
    waiting = []
    desk.clock.sleep = lambda _: (waiting.append(threading.get_ident()), time.sleep(0.005))
    pause = aws.faults.pause("AssumeRole", times=None)
    with ThreadPoolExecutor(4) as pool:
        refreshed = [pool.submit(one.again) for one in servers]
        assert pause.wait_reached()
        until(lambda: len(set(waiting)) == 3)  # the others stand at the lock
        pause.release()
        lines = {one.result(PATIENCE).line for one in refreshed}
    assert aws.calls.actions() == ["AssumeRole"]
    assert len(lines) == 1
    assert lines != {servers[0].first.line}


def test_a_long_running_program_refreshes_by_the_agents_keys(desk, beside, aws):
    """If the agent has the vault open, it is asked again: the program's own process keeps no vault open."""
    beside.give()
    serving = last(desk)
    assert serving.again().line == serving.first.line
    beside.lock()
    aws.world.clock.advance(10)
    assert serving.again().line == serving.first.line  # by the passphrase that is available


def test_a_refresh_never_changes_the_role(desk, home, aws):
    """If the files changed between the first session and the server's own reading, the result is an error, not another identity."""
    serving = last(desk)
    home.config(SCENARIO.replace("role/DeveloperRole", "role/OpenRole"))
    serving.ready = planned.load(serving.context)
    with pytest.raises(errors.ConfigError, match="profile dev"):
        serving.again()


def test_a_server_refuses_a_key_without_expiry(desk, home):
    """The source gives sessions first and then a key that does not expire: SDKs take none from a server."""
    fields = {"Version": 1, "AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "x", "SessionToken": "t"}
    path = home.file("answer.json")

    def gives(**more):
        with open(path, "w") as file:
            json.dump({**fields, **more}, file)

    home.config(f"[profile p]\nregion = us-east-1\ncredential_process = cat {path}\n")
    gives(Expiration="2999-01-01T00:00:00Z")
    serving = last(desk, "p")
    assert serving.again().expires
    gives()
    with pytest.raises(errors.ConfigError, match="never expires"):
        serving.again()


def open_in(folder):
    """How many files and folders below ``folder`` this process has open; others of its threads are of no concern."""
    names = []
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # the descriptor of this listing
            names.append(os.readlink(f"/proc/self/fd/{number}"))
    return sum(name.startswith(f"{folder}/") for name in names)


@pytest.mark.parametrize("way", ["well", "refused"])
def test_a_refresh_leaves_no_descriptor_open(desk, aws, way):
    """A program runs for weeks with a fixed number of descriptors, also if AWS refuses the refresh."""
    serving = last(desk)
    before = open_in(desk.home.root)
    for _ in range(3):
        aws.world.clock.advance(2400)
        if way == "well":
            serving.again()
            continue
        aws.faults.add("AssumeRole", "error-500", times=None)
        with contextlib.suppress(errors.Error):
            serving.again()
    assert open_in(desk.home.root) == before


def test_a_refresh_works_after_a_rekey(desk, aws):
    """rekey in another terminal: the vault is opened again, by whatever opens it now."""
    serving = last(desk)
    context = desk.context()
    rekey.carry_out(
        context,
        rekey_plan.make_plan(context, desk.keys(context).opened, passphrase=Secret(PASSPHRASE), kdf=CHEAP),
    )
    aws.world.clock.advance(2400)
    assert serving.again().line != serving.first.line
