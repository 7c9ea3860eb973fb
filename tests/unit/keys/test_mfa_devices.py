"""Devices in the vault: what the user gives for one, and which device a name means."""

from __future__ import annotations

import json

import pytest

from tests.fakes.example import SEED, SERIAL
from tests.unit.benches import NAME, Window
from tests.vaults import entry
from vault import errors, limits
from vault.keys import mfa_devices
from vault.unlocking.keys import CodeWait

ANOTHER = SERIAL + "-2"


@pytest.mark.parametrize("skew", [-60.0, -28.0, 60.0, 200.0])
def test_a_code_ends_by_this_machines_clock(bench, skew):
    """After a clock error was learned, a code comes at once, and says correctly how long it is valid."""
    context = bench.context()
    keys = bench.keys(context)
    keys.take_code(SERIAL, CodeWait(context.new_deadline(), 35, skew=skew))
    waits = []
    for _ in range(3):
        code = mfa_devices.next_code(context, keys, SERIAL, waiting=waits.append)
        left = code.ends - context.clock.time()
        assert limits.CODE_LEAST_LEFT <= left <= 30
        assert code.step == (context.clock.time() + skew) // 30
    assert max(waits) <= 30


def asked(bench, known=None):
    return mfa_devices.ask_device(bench.context(), name=NAME, known=known, prove=lambda *_: None)


def test_too_much_on_stdin_is_refused():
    """A file that was piped by mistake is refused by its size, with the expected form."""
    raw = json.dumps({"MfaSerial": SERIAL}).encode()
    with pytest.raises(errors.Usage, match=str(limits.MAX_STDIN)) as caught:
        mfa_devices.from_json(raw + b" " * limits.MAX_STDIN)
    assert "MfaSerial" in caught.value.hint
    assert mfa_devices.from_json(raw) == mfa_devices.NewDevice(SERIAL, None)


def test_enter_keeps_the_known_device(bench, home):
    """An empty answer is the entry's own device, and no seed."""
    window = Window(home, "", "")
    assert asked(bench, known=SERIAL) == mfa_devices.NewDevice(SERIAL, None)
    assert any(f"Enter for {SERIAL}" in said for said in window.heard("SETPROMPT"))


def test_an_empty_arn_is_asked_for_again(bench, home):
    """Enter is no answer if no device is known: the prompt says why, twice, and then the command ends."""
    window = Window(home, "", "", "")
    with pytest.raises(errors.Usage, match="no ARN"):
        asked(bench)
    assert len(window.heard("GETPIN")) == 3
    assert len(window.heard("SETERROR")) == 2


def test_a_mistyped_arn_and_seed_are_asked_for_again(bench, home):
    """For each of the two questions, the second answer counts."""
    Window(home, "yourself", ANOTHER, "not a seed!", SEED)
    found = asked(bench)
    assert found.serial == ANOTHER
    assert found.seed is not None


def test_an_arn_alone_changes_the_entry_and_no_seed(bench):
    """The entry names the new device; the seed of the old one does not become its seed."""
    mfa_devices.add_to_entry(bench.context(), bench.opened(), NAME, mfa_devices.NewDevice(ANOTHER, None))
    payload = bench.opened().payload
    assert payload.entries[NAME].mfa_serial == ANOTHER
    assert set(payload.seeds) == {SERIAL}


def test_a_name_without_a_device_gets_a_hint(bench):
    """A similar name is proposed; an entry without a device learns how to get one; else the list."""
    bench.edit(lambda p: p.with_entry("bare", entry("AKIAI44QH8DHBEXAMPLE")))
    payload = bench.opened().payload
    assert mfa_devices.find_serial(payload, NAME) == mfa_devices.find_serial(payload, SERIAL) == SERIAL
    for name, hint in [(NAME[:-1], NAME), ("bare", "mfa add bare"), ("qqqq", "mfa list")]:
        with pytest.raises(errors.NotFound) as caught:
            mfa_devices.find_serial(payload, name)
        assert hint in caught.value.hint


def test_a_profile_without_a_device_is_not_found(bench, home):
    """A profile whose chain needs no code, and an entry without a device: both are named."""
    bench.edit(lambda p: p.with_entry("bare", entry("AKIAI44QH8DHBEXAMPLE")))
    home.config("[profile own]\nawsvault_credential = bare\n")
    for name in ("own", "bare"):
        with pytest.raises(errors.NotFound, match=f'"{name}"'):
            mfa_devices.resolve_serial(bench.context(), bench.keys(bench.context()), name)
