"""Sessions while others ask too, codes fail or clocks are off, and those that are refreshed for as long as a program runs."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.clock import LONG
from tests.fakes.example import KEY_ID, SECRET, SHARED, role
from tests.home import SCENARIO
from tests.patience import PATIENCE
from vault import errors
from vault.cache.freshness import Freshness
from vault.credentials import obtain, planned
from vault.credentials.request import Refetch, Request
from vault.system.clock import Deadline
from vault.system.locks import try_lock


def hurried(desk, profile):
    """A run whose time is nearly over."""
    context = desk.context()
    context.deadline = Deadline.after(0.2, clock=desk.clock)
    return obtain.issue(context, Request(profile), desk.keys(context), planned.load(context))


def test_a_run_waits_for_another_process_until_its_deadline(desk, aws):
    """It waits for the other process, and at its deadline the error says so and names the role."""
    got = desk.ask("dev")
    cache = desk.cache()
    cache.forget(got.digest)
    aws.calls.clear()
    with cache.try_lock(got.digest), pytest.raises(errors.Unreachable, match="another process") as caught:
        hurried(desk, "dev")
    assert "DeveloperRole" in caught.value.message
    assert "hanging awsvault-py" in caught.value.hint
    assert len(aws.calls) == 0


def test_a_provider_that_another_process_asks_is_waited_for(desk, home):
    """The same for credentials that a program gives, which are named by their profile."""
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


def test_a_due_session_is_served_while_another_process_refreshes_it(desk, aws):
    """Minutes before expiry one process calls AWS, and the others issue the session that is still valid."""
    got = desk.ask("dev")
    aws.world.clock.advance(got.expires - got.issued - 600)
    aws.calls.clear()
    with desk.cache().try_lock(got.digest):
        assert desk.ask("dev").line == got.line
    assert len(aws.calls) == 0


def test_a_due_session_whose_refresh_failed_is_served_without_another_try(desk, aws):
    """AWS is called once in some seconds, and no client gets an error while the session is valid."""
    got = desk.ask("dev")
    aws.world.clock.advance(got.expires - got.issued - 600)
    aws.faults.add("AssumeRole", "error-503", times=None)
    assert desk.ask("dev").line == got.line
    aws.calls.clear()
    assert desk.ask("dev").line == got.line
    assert len(aws.calls) == 0


def test_a_key_itself_is_never_refreshed(desk):
    """--no-session: what does not expire is never refreshed."""
    got = desk.ask("shared-services", session=False)
    assert got.freshness(desk.clock.time() + 10**9) is Freshness.FRESH


def test_a_profile_with_a_confirmation_is_not_refreshed_in_the_background(desk, home, aws):
    """A session that needs a confirmation is not fetched again without one."""
    home.config(SCENARIO.replace("[profile dev]\n", "[profile dev]\nawsvault_confirm = always\n"))
    aws.calls.clear()
    assert obtain.refresh_ahead(desk.context(), "dev") is None
    assert len(aws.calls) == 0


def test_a_cold_export_is_one_call_for_each_link(desk, aws):
    """--fresh-all after a cached answer fetches each link once, and the next run serves the new sessions."""
    desk.ask("dev")
    aws.calls.clear()
    got = desk.ask("dev", refetch=Refetch(all=True))
    assert aws.calls.actions() == ["GetSessionToken", "AssumeRole"]
    assert desk.ask("dev").line == got.line


def test_a_session_that_aws_refuses_is_replaced_once(desk, home, aws):
    """Six roles find the MFA session refused at the same moment: one process fetches another with one code, and all use it."""
    names = [f"team{number}" for number in range(6)]
    text = SCENARIO
    for name in names:
        aws.world.add_role(role(name), trusts=(f"arn:aws:iam::{SHARED}:root",), mfa=True)
        text += f"\n[profile {name}]\nawsvault_role_arn = {role(name)}\nawsvault_source_profile = shared-services\n"
    home.config(text)

    def sleep(seconds):
        """Who waits for another waits in earnest; a wait for the next code takes no time."""
        if seconds >= LONG:
            aws.world.clock.advance(seconds)
        else:
            time.sleep(seconds)

    desk.clock.sleep = sleep
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


def test_expired_plaintext_keys_name_their_place(desk, home, aws):
    """A session in AWS's own file has expired: the error names its place, and says that new ones come from there."""
    home.config(
        f"[profile top]\nregion = us-east-1\nrole_arn = {role('OpenRole')}\nsource_profile = k\n"
        f"[profile k]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"
    )
    aws.faults.add("AssumeRole", "refuse", code="ExpiredToken", message="as arranged", status=400, times=None)
    with pytest.raises(errors.Refused) as caught:
        desk.ask("top")
    assert "config:6" in caught.value.hint
