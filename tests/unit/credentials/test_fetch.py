"""Sessions while others ask too, codes fail or clocks are off, and those that are renewed for as long as a program runs."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fakes.example import KEY_ID, SECRET, SHARED, role
from tests.home import PASSPHRASE, SCENARIO
from tests.patience import PATIENCE
from tests.unit.agent.at_home import until
from tests.unit.conftest import Desk
from tests.vaults import CHEAP
from vault import errors
from vault.cache.freshness import Freshness
from vault.credentials import obtain, planned, refreshing
from vault.credentials.mfa_code import NoCode
from vault.credentials.request import Refetch, Request
from vault.secret import Secret
from vault.system.clock import Deadline
from vault.system.locks import try_lock
from vault.upkeep import rekey, rekey_plan

OPEN = f"""
[profile shared-services]
region = us-east-1

[profile open]
region = us-west-2
awsvault_role_arn = {role("OpenRole")}
awsvault_source_profile = shared-services
"""
LONG = """
[profile long]
awsvault_role_arn = arn:aws:iam::222222222222:role/LongRole
awsvault_source_profile = shared-services
duration_seconds = 14400
"""


def hurried(desk, profile):
    """A run whose time is nearly over."""
    context = desk.context()
    context.deadline = Deadline.after(0.2, clock=desk.clock)
    return obtain.issue(context, Request(profile), desk.keys(context), planned.load(context))


def test_a_session_that_another_process_asks_for_all_the_time(desk, aws):
    """It waits for the other one, and at the end of its time says so, and which role it is about."""
    got = desk.ask("dev")
    cache = desk.cache()
    cache.forget(got.digest)
    aws.calls.clear()
    with cache.try_lock(got.digest), pytest.raises(errors.Unreachable, match="another process") as caught:
        hurried(desk, "dev")
    assert "DeveloperRole" in caught.value.message
    assert "hanging awsvault-py" in caught.value.hint
    assert len(aws.calls) == 0


def test_a_source_that_another_process_asks_for_all_the_time(desk, home):
    """The same of credentials that a program gives, which are named by their profile."""
    token = f"{home.root}/token"
    with open(token, "w", encoding="utf-8") as file:
        file.write("x")
    home.config(
        f"[profile web]\nrole_arn = {role('WebRole')}\nweb_identity_token_file = {token}\nregion = us-east-1\n"
    )
    with pytest.raises(errors.Error):
        desk.ask("web")
    cache = desk.cache()
    held = [try_lock(cache._folder, name) for name in cache._folder.names() if name.endswith(".lock")]
    with pytest.raises(errors.Unreachable, match=r"source of profile 'web'.*another process"):
        hurried(desk, "web")
    for one in held:
        one.release()


def test_a_due_session_is_served_while_another_process_renews_it(desk, aws):
    """Minutes before its end: one process asks AWS, the others hand out what still lives."""
    got = desk.ask("dev")
    aws.world.clock.advance(got.expires - got.issued - 600)
    aws.calls.clear()
    with desk.cache().try_lock(got.digest):
        assert desk.ask("dev").line == got.line
    assert len(aws.calls) == 0


def test_a_due_session_whose_renewal_failed_is_served_without_another_try(desk, aws):
    """AWS is asked once in some seconds, and nobody gets an error while the session lives."""
    got = desk.ask("dev")
    aws.world.clock.advance(got.expires - got.issued - 600)
    aws.faults.add("AssumeRole", "error-503", times=None)
    assert desk.ask("dev").line == got.line
    aws.calls.clear()
    assert desk.ask("dev").line == got.line
    assert len(aws.calls) == 0


def test_a_session_that_is_over_on_arrival_is_this_machines_clock(desk, aws):
    """SDKs take an expired answer for a failure of their own: the clock is named instead."""
    late = [0]
    desk.clock.time = lambda: aws.world.now() + sum(late)
    aws.faults.hook("AssumeRole", "after", lambda: late.append(7200))
    with pytest.raises(
        errors.Unreachable,
        match="expired by this machine's clock",
    ) as caught:
        desk.ask("dev")
    assert caught.value.message.startswith("profile dev: AWS returned")
    assert "set the clock" in caught.value.hint


def test_a_clock_far_behind_is_named_where_no_code_is_needed(home, aws):
    """A session from the future cannot be told from one that lies about its age: it is not handed out, and why is said."""
    home.config(OPEN)
    home.make_vault(seed=None, serial=None)
    desk = Desk(home, aws)
    desk.clock.time = lambda: aws.world.now() - 400
    with pytest.raises(errors.Unreachable, match=r"issued (400|399) s from now by this"):
        desk.ask("open")


def test_a_long_role_is_served_from_the_cache(desk, home, aws):
    """Its first way is there: neither a code nor a call is spent, and no shorter one is looked for."""
    home.config(SCENARIO + LONG)
    got = desk.ask("long")
    aws.calls.clear()
    assert desk.ask("long").line == got.line
    assert len(aws.calls) == 0


def test_a_long_role_without_any_code_says_why(home, aws):
    """Neither for itself nor for the key's session can a code be had: the reason is the first one's, and AWS is not asked."""
    home.config(SCENARIO + LONG)
    home.make_vault(seed=None)
    with pytest.raises(NoCode, match="no seed is stored"):
        Desk(home, aws).ask("long")
    assert len(aws.calls) == 0


def test_a_long_role_that_aws_fails_to_give_is_not_shortened(desk, home, aws):
    """An hour is for want of a code only; a failing AWS is told as that."""
    home.config(SCENARIO + LONG)
    aws.faults.add("AssumeRole", "error-503", times=None)
    with pytest.raises(errors.Unreachable, match="ServiceUnavailable"):
        desk.ask("long")
    assert aws.calls.count("GetSessionToken") == 0


def test_a_key_itself_stays_fresh(desk):
    """--no-session: what does not expire is never renewed."""
    got = desk.ask("shared-services", session=False)
    assert got.freshness(desk.clock.time() + 10**9) is Freshness.FRESH


def test_nothing_is_renewed_beside_a_profile_that_asks_first(desk, home, aws):
    """A session behind a question is not had again without it."""
    home.config(SCENARIO.replace("[profile dev]\n", "[profile dev]\nawsvault_confirm = always\n"))
    aws.calls.clear()
    assert obtain.refreshed(desk.context(), "dev") is None
    assert len(aws.calls) == 0


def test_all_anew_is_one_of_each(desk, aws):
    """--fresh-all after a cached answer: each link is asked for once, and the next run serves the new ones."""
    desk.ask("dev")
    aws.calls.clear()
    got = desk.ask("dev", refetch=Refetch(all=True))
    assert aws.calls.actions() == ["GetSessionToken", "AssumeRole"]
    assert desk.ask("dev").line == got.line


def test_a_session_that_aws_refuses_is_replaced_once(desk, home, aws):
    """Six roles find the key's session refused at the same moment: one gets another, with one code, and all use that."""
    names = [f"team{number}" for number in range(6)]
    text = SCENARIO
    for name in names:
        aws.world.add_role(role(name), trusts=(f"arn:aws:iam::{SHARED}:root",), mfa=True)
        text += f"\n[profile {name}]\nawsvault_role_arn = {role(name)}\nawsvault_source_profile = shared-services\n"
    home.config(text)
    desk.clock.sleep = time.sleep  # who waits for another waits in earnest
    desk.ask("shared-services")
    aws.world.expire()
    aws.calls.clear()
    refused = aws.faults.pause("AssumeRole", "before", times=len(names))
    with ThreadPoolExecutor(len(names)) as pool:
        asking = [pool.submit(desk.ask, name) for name in names]
        try:
            assert all(refused.wait_reached() for _ in names)
        finally:
            refused.release()
        answers = {one.result(timeout=PATIENCE).line for one in asking}
    assert len(answers) == len(names)
    assert aws.calls.count("GetSessionToken") == len(aws.calls.codes()) == 1
    assert aws.calls.count("AssumeRole") == 2 * len(names)


# ── as long as a program runs ────────────────────────────────────────────────────────────────


class Last:
    """What a server of ``profile`` has, and how it renews it."""

    def __init__(self, desk, profile="dev"):
        self.context = desk.context()
        first = refreshing.first(self.context, Request(profile), program="terraform")
        self.first, self.ready = first.issued, first.profiles
        self.main = first.access.opened.k_main if first.access.opened is not None else None

    def again(self):
        return refreshing.again(
            self.context, refreshing.later(Request(""), self.first), self.ready, main=self.main,
            chain=refreshing.named(self.first.chain), program="terraform",
        )  # fmt: skip


def last(desk, profile="dev"):
    return Last(desk, profile)


def test_what_lasts_is_renewed_without_a_question(desk, aws):
    """The same session while it is fresh, however often it is asked for; then a new one of the role alone."""
    serving = last(desk)
    aws.calls.clear()
    assert serving.again().line == serving.first.line
    assert len(aws.calls) == 0
    aws.world.clock.advance(2400)
    renewed = serving.again()
    assert renewed.line != serving.first.line
    assert renewed.expires > serving.first.expires
    assert aws.calls.actions() == ["AssumeRole"]


@pytest.mark.parametrize("age", [2400, 2700], ids=["ahead", "due"])
def test_many_that_last_renew_with_one_call(desk, aws, age):
    """Four servers of one profile whose session nears its end at once: one asks AWS, the others take what it got."""
    servers = [last(desk) for _ in range(4)]
    aws.world.clock.advance(age)
    aws.calls.clear()
    waiting = []
    desk.clock.sleep = lambda _: (waiting.append(threading.get_ident()), time.sleep(0.005))
    pause = aws.faults.pause("AssumeRole", times=None)
    with ThreadPoolExecutor(4) as pool:
        renewed = [pool.submit(one.again) for one in servers]
        assert pause.wait_reached()
        until(lambda: len(set(waiting)) == 3)  # the others stand at the lock
        pause.release()
        lines = {one.result(PATIENCE).line for one in renewed}
    assert aws.calls.actions() == ["AssumeRole"]
    assert len(lines) == 1
    assert lines != {servers[0].first.line}


def test_what_lasts_is_renewed_by_the_agents_keys(desk, beside, aws):
    """Where the agent held the vault open, it is asked again: no vault is kept open by the program's own process."""
    beside.give()
    serving = last(desk)
    assert serving.again().line == serving.first.line
    beside.lock()
    aws.world.clock.advance(10)
    assert serving.again().line == serving.first.line  # by the passphrase at hand


def test_what_lasts_is_never_another_role(desk, home, aws):
    """The files changed between the first session and the server's own reading of them: an error, and no other identity."""
    serving = last(desk)
    home.config(SCENARIO.replace("role/DeveloperRole", "role/OpenRole"))
    serving.ready = planned.load(serving.context)
    with pytest.raises(errors.ConfigError, match="profile dev"):
        serving.again()


def test_what_lasts_always_ends(desk, home):
    """A source that gives sessions at first and then a key that does not end: SDKs take none from a server."""
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


def test_keys_in_clear_that_are_over_name_their_place(desk, home, aws):
    """A session in AWS's own file that AWS does not take any more: where it stands, and that new ones come from there."""
    home.config(
        f"[profile top]\nregion = us-east-1\nrole_arn = {role('OpenRole')}\nsource_profile = k\n"
        f"[profile k]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"
    )
    aws.faults.add("AssumeRole", "refuse", code="ExpiredToken", message="as arranged", status=400, times=None)
    with pytest.raises(errors.Refused) as caught:
        desk.ask("top")
    assert "config:6" in caught.value.hint


def open_in(folder):
    """How many files and folders below ``folder`` this process has open; others of its threads are of no concern."""
    names = []
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # the descriptor of this listing
            names.append(os.readlink(f"/proc/self/fd/{number}"))
    return sum(name.startswith(f"{folder}/") for name in names)


@pytest.mark.parametrize("way", ["well", "refused"])
def test_what_lasts_leaves_nothing_open_at_a_renewal(desk, aws, way):
    """A program runs for weeks, and has so many descriptors and no more, also where AWS refuses to renew."""
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


def test_what_lasts_goes_on_after_new_keys(desk, aws):
    """rekey in another terminal: the vault is opened anew, by whatever opens it now."""
    serving = last(desk)
    context = desk.context()
    rekey.carry_out(
        context,
        rekey_plan.make_plan(context, desk.keys(context).opened, passphrase=Secret(PASSPHRASE), kdf=CHEAP),
    )
    aws.world.clock.advance(2400)
    assert serving.again().line != serving.first.line
