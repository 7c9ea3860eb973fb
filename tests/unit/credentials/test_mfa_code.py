"""Codes for sessions: one each, never twice, from a seed, a program or a user, under a clock that may be off."""

import os

import pytest

from tests.fakes.example import KEY_ID, SERIAL
from tests.home import SCENARIO
from tests.unit.conftest import Desk
from vault import errors, limits
from vault.credentials import mfa_code, obtain, planned
from vault.credentials.mfa_code import NoCode
from vault.credentials.request import Refetch, Request
from vault.mfa.ledger import UsedCode
from vault.unlocking.agent_keys import keys_from_agent
from vault.unlocking.keys import CodeWait

HOUR = 3600


def add_profile(home, text):
    home.config(SCENARIO + text)


LONG = """
[profile long]
awsvault_role_arn = arn:aws:iam::222222222222:role/LongRole
awsvault_source_profile = shared-services
mfa_serial = arn:aws:iam::111111111111:mfa/yourself
duration_seconds = 14400

[profile long2]
awsvault_role_arn = arn:aws:iam::222222222222:role/Hop1
awsvault_source_profile = shared-services
mfa_serial = arn:aws:iam::111111111111:mfa/yourself
duration_seconds = 14400
"""


def test_a_long_role_comes_straight_from_the_key(desk, aws, home):
    """Over an hour a role is assumed by the key with a code, since a session caps it at an hour."""
    add_profile(home, LONG)
    got = desk.ask("long")
    (call,) = aws.calls
    assert (call.action, call.access_key_id, call.parameters["DurationSeconds"]) == (
        "AssumeRole",
        KEY_ID,
        "14400",
    )
    assert got.expires - got.issued == 14400


def test_a_second_long_role_waits_for_the_next_code(desk, aws, home):
    """One code is good once: the second role waits for the next step, and no code is sent twice."""
    add_profile(home, LONG)
    desk.ask("long")
    desk.ask("long2")
    codes = aws.calls.codes()
    assert len(codes) == len(set(codes)) == 2
    assert desk.clock.slept > 0


def test_without_a_code_in_time_a_long_role_is_given_for_an_hour(desk, aws, home):
    """Where others took the codes of the next minute, the role comes through the session, and is cached as that."""
    add_profile(home, LONG)
    start = aws.world.now() // 30 * 30 + 5
    aws.world.clock.freeze(start)
    desk.ask("shared-services")
    desk.keys(desk.context()).take_code(SERIAL, CodeWait(desk.context().deadline, 50))
    aws.world.clock.freeze(start)  # the next step is taken, as if by a process that waits for it beside us
    aws.calls.clear()
    got = desk.ask("long")
    assert got.expires - got.issued == HOUR
    assert aws.calls.codes() == []
    aws.calls.clear()
    assert desk.ask("long").line == got.line
    assert aws.calls.actions() == []


def test_a_role_of_one_hour_is_refreshed_ahead_of_expiry(home, aws):
    """Nobody gives a code for a refresh: it comes through the session as the first one did, and nobody waits for it."""
    add_profile(home, LONG)
    home.make_vault(seed=None)
    desk = Desk(home, aws)
    desk.ask("shared-services", mfa_code=aws.code())
    first = desk.ask("long")
    assert first.expires - first.issued == HOUR
    aws.world.clock.advance(HOUR - limits.MARGIN - limits.AHEAD / 2)
    assert desk.ask("long").line == first.line
    aws.calls.clear()
    refreshed = obtain.refresh_ahead(desk.context(), "long")
    assert refreshed.expires > first.expires
    assert aws.calls.actions() == ["AssumeRole"]
    assert desk.ask("long").line == refreshed.line


def test_a_wrong_seed_is_tried_with_two_codes_and_no_more(home, aws, desk):
    """A code that AWS refuses is followed by the next one, once: more could lock the device."""
    aws.world.devices[SERIAL].seed = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    with pytest.raises(errors.Refused, match="one time pass code") as caught:
        desk.ask("dev")
    assert caught.value.exit_code == 7
    codes = aws.calls.codes()
    assert len(codes) == len(set(codes)) == 2


def test_a_code_taken_by_a_phone_is_followed_by_the_next(desk, aws):
    """A seed shared with a phone: where the phone used the step, the next one serves."""
    aws.world.clock.freeze(aws.world.now() // 30 * 30 + 5)  # so that the step does not end in between
    aws.world.devices[SERIAL].last_step = int(aws.world.now() // 30)
    desk.ask("dev")
    assert [c.result for c in aws.calls.of("GetSessionToken")] == ["AccessDenied", "ok"]


def test_a_clock_slightly_off_is_corrected_by_awss_date(desk, aws):
    """A machine two minutes slow gets its codes right after one refusal."""
    desk.clock.time = lambda: aws.world.now() - 130
    desk.ask("dev")
    assert [c.result for c in aws.calls.of("GetSessionToken")] == ["AccessDenied", "ok"]


@pytest.mark.parametrize("off", [-250, -100, -45, 45, 100, 250])
def test_a_clock_that_stays_off_never_runs_out_of_codes(desk, aws, off):
    """Run after run: one refusal at the first, and then codes that are taken, as long as the clock is off by as much."""
    aws.world.clock.freeze(aws.world.now() // 30 * 30 + 5)
    desk.clock.time = lambda: aws.world.now() + off
    desk.clock.monotonic = aws.world.now
    desk.clock.sleep = aws.world.clock.advance
    for _ in range(12):
        desk.ask("shared-services", refetch=Refetch(all=True))
        aws.world.clock.advance(60)
    results = [c.result for c in aws.calls.of("GetSessionToken")]
    assert results in (
        ["ok"] * 12,
        ["AccessDenied"] + ["ok"] * 12,
    )  # AWS takes a code of the step next to its own
    desk.clock.time = aws.world.now  # somebody sets the clock
    for _ in range(3):
        desk.ask("shared-services", refetch=Refetch(all=True))
        aws.world.clock.advance(60)
    assert len(aws.calls.of("GetSessionToken")) - len(results) <= 4


def test_a_clock_far_off_is_named(desk, aws):
    """Ten minutes are no longer corrected: the message says which way and by how much."""
    desk.clock.time = lambda: aws.world.now() - 600
    with pytest.raises(errors.Refused, match=r"(600|599) s behind") as caught:
        desk.ask("dev")
    assert "clock" in caught.value.hint


def test_a_device_without_a_seed_takes_a_code_given_once(home, aws):
    """--mfa-code serves one call; the same code again is stopped before AWS counts it."""
    home.scenario()
    home.make_vault(seed=None)
    desk = Desk(home, aws)
    with pytest.raises(errors.Locked, match="no seed is stored"):
        desk.ask("dev")
    code = aws.code()
    desk.ask("dev", mfa_code=code)
    with pytest.raises(UsedCode):
        desk.ask("shared-services", mfa_code=code, refetch=Refetch(all=True))
    with pytest.raises(errors.Usage, match="6 digits"):
        desk.ask("dev", mfa_code="12345")


@pytest.mark.parametrize(
    ("command", "message"),
    [("sh -c 'echo nonsense'", "6 digits"), ("false", "gave no code"), ("'", "mfa_process must be")],
)
def test_an_mfa_process_that_gives_no_code_is_named(home, aws, command, message):
    """What a program prints is not sent to AWS unless it is a code."""
    add_profile(home, "")
    home.config(SCENARIO.replace("region = us-east-1", f"region = us-east-1\nmfa_process = {command}"))
    home.make_vault(seed=None)
    with pytest.raises(errors.Error, match=message):
        Desk(home, aws).ask("dev")
    assert aws.calls.actions() == []


def test_an_mfa_process_does_not_run_where_no_program_may(desk, home, aws):
    """A sync that nobody asked for does not let a YubiKey blink."""
    serial = "arn:aws:iam::111111111111:mfa/another"
    home.config(
        f"[profile shared-services]\nregion = us-east-1\nmfa_serial = {serial}\nmfa_process = touch {home.file('ran')}\n"
    )
    with pytest.raises(NoCode, match="mfa_process"):
        desk.ask("shared-services", programs=False)
    assert not os.path.exists(home.file("ran"))
    assert list(aws.calls) == []


def test_an_mfa_process_gives_the_code(home, aws):
    """mfa_process replaces a seed: run without a shell, its digits are used once."""
    home.config(
        SCENARIO.replace("region = us-east-1", f"region = us-east-1\nmfa_process = echo {aws.code()}")
    )
    home.make_vault(seed=None)
    Desk(home, aws).ask("dev")
    assert aws.calls.count("GetSessionToken", result="ok") == 1


@pytest.mark.parametrize(("into", "waits"), [(10.0, False), (26.5, False), (27.5, True), (28.5, True)])
def test_a_code_for_the_user_has_time_left(desk, aws, into, waits):
    """With fewer than three seconds left the next code is waited for; with more the present one is given."""
    from vault.keys import mfa_devices

    start = aws.world.now() // 30 * 30
    aws.world.clock.freeze(start + into)
    context = desk.context()
    taken = mfa_devices.next_code(context, desk.keys(context), SERIAL, waiting=lambda _: None)
    assert (taken.step > start // 30) is waits
    assert taken.ends - desk.clock.time() >= 3
    assert taken.text == aws.world.code(SERIAL)


def test_a_right_code_after_a_wrong_one_is_sent(home, aws):
    """A failure of the last seconds answers for everybody, but not for a code that AWS has not seen."""
    home.scenario()
    home.make_vault(seed=None)
    desk = Desk(home, aws)
    with pytest.raises(errors.Refused):
        desk.ask("dev", mfa_code=f"{(int(aws.code()) + 1) % 1_000_000:06}")
    desk.ask("dev", mfa_code=aws.code())
    assert aws.calls.count("GetSessionToken") == 2


TYPED = "arn:aws:iam::111111111111:mfa/yourslef"


@pytest.mark.parametrize(("left", "said"), [(0.2, "1 s"), (9.4, "10 s"), (29.0, "29 s")])
def test_a_wait_is_told_in_whole_seconds(left, said):
    """Never none, and without a gap."""
    assert mfa_code.wait_text(left, "the next code") == f"waiting {said} for the next code …"


def named(serial):
    """The README's profiles with another device's ARN."""
    return SCENARIO.replace(SERIAL, serial)


@pytest.mark.parametrize(
    "serial",
    [
        TYPED,
        "arn:aws:iam::111111111111:mfa/Yourself",
        "arn:aws:iam::111111111121:mfa/yourself",
        "arn:aws:iam::222222222222:mfa/yourself",
        "arn:aws:iam::111111111111:user/yourself",
        "arn:aws:iam::111111111111:mfa/team/yourself",
    ],
)
def test_a_device_with_a_typing_error_is_told_by_the_stored_one(desk, home, serial):
    """The seed is there, for the device that is close: its ARN, and the line that is to be corrected."""
    home.config(named(serial))
    with pytest.raises(NoCode, match=f"no seed is stored for it, but one is for {SERIAL}") as caught:
        desk.ask("dev")
    assert "config:4" in caught.value.hint


@pytest.mark.parametrize(
    "serial",
    ["arn:aws:iam::111111111111:mfa/somebody", "arn:aws:iam::222222222222:mfa/root-account", "GAHT12345678"],
)
def test_another_device_is_not_taken_for_a_typing_error(desk, home, serial):
    """Another user's, or a hardware device's: its seed is what is missing."""
    home.config(named(serial))
    with pytest.raises(NoCode, match="no seed is stored for it, and") as caught:
        desk.ask("dev")
    assert "mfa add" in caught.value.hint


def test_a_misspelt_device_is_told_by_the_agents_keys_too(desk, beside, home):
    """They show what the vault holds without opening it here."""
    home.config(named(TYPED))
    beside.give()
    context = desk.context()
    keys = keys_from_agent(context)
    with pytest.raises(NoCode, match=f"but one is for {SERIAL}"):
        obtain.issue(context, Request("dev"), keys, planned.load(context))
    keys.close()
