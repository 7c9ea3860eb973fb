"""Sealing to a real TPM's commands (swtpm): what opens a sealed key, what does not, and how each is told."""

from __future__ import annotations

import os
import threading

import pytest

from tests.fakes.tpm import EmulatedTpm
from tests.patience import PATIENCE
from vault.hardware import tpm as driver
from vault.hardware import tpm_wire
from vault.system.clock import Deadline
from vault.system.tpm_device import TpmUnavailable

SECRET = bytes(range(100, 132))
FLUSH = 0x165


def soon(seconds=PATIENCE):
    return Deadline.after(seconds)


def seal(tpm, **more):
    return driver.seal(tpm.place, SECRET, deadline=soon(), **more)


def unseal(tpm, key):
    return driver.unseal(tpm.place, key, deadline=soon())


def refused(tpm, key):
    with pytest.raises(TpmUnavailable) as caught:
        unseal(tpm, key)
    return caught.value.trouble


def test_a_key_opens_by_five_commands_and_leaves_nothing_behind(tpm):
    """CreatePrimary, Load, StartAuthSession, Unseal (Create seals), and what was loaded is flushed."""
    key = seal(tpm)
    sealing, tpm.commands = tpm.commands, []
    assert unseal(tpm, key) == SECRET
    made = [tpm_wire.CREATE_PRIMARY, tpm_wire.START_AUTH_SESSION, tpm_wire.CREATE, FLUSH]
    opened = [
        tpm_wire.CREATE_PRIMARY,
        tpm_wire.LOAD,
        tpm_wire.START_AUTH_SESSION,
        tpm_wire.UNSEAL,
        FLUSH,
        FLUSH,
    ]
    assert (sealing, tpm.commands) == (made, opened)


def test_a_device_does_what_a_socket_does(tpm):
    """A character device, written and read as /dev/tpmrm0 is."""
    place = tpm.terminal()
    key = driver.seal(place, SECRET, deadline=soon())
    assert driver.unseal(place, key, deadline=soon()) == SECRET


def test_the_secret_is_never_on_the_bus(tpm):
    """Neither when it is sealed nor when it is unsealed, with PCRs or without."""
    for key in (seal(tpm), seal(tpm, pcrs=(7,))):
        assert unseal(tpm, key) == SECRET
    assert len(tpm.heard) > 2000
    assert SECRET[:8] not in tpm.heard


def test_wrong_pins_of_others_lock_the_tpm_and_not_the_key(tpm):
    """The key has noDA: a TPM in lockout opens it, and seals another."""
    key = seal(tpm)
    assert not driver.in_lockout(tpm.place, deadline=soon())
    tpm.lock_out()
    assert driver.in_lockout(tpm.place, deadline=soon())
    assert unseal(tpm, key) == unseal(tpm, seal(tpm)) == SECRET


def test_a_power_cut_loses_nothing(tpm):
    """Cut between commands and while one runs: the next run opens the key."""
    key = seal(tpm, pcrs=(7,))
    tpm.cut_power()
    assert unseal(tpm, key) == SECRET
    tpm.delay = 0.3
    cut = threading.Timer(0.4, tpm.cut_power)
    cut.start()
    assert refused(tpm, key) == "failed"
    cut.join()
    tpm.delay = 0.0
    assert unseal(tpm, key) == SECRET


def test_another_tpm_is_told(tpm):
    """Also one that was cleared. No session is begun with it."""
    key = seal(tpm)
    other = EmulatedTpm(os.path.join(tpm.folder, "b"))
    other.commands.clear()
    assert refused(other, key) == "other"
    assert other.commands == [tpm_wire.CREATE_PRIMARY, FLUSH]
    other.end()
    tpm.clear()
    assert refused(tpm, key) == "other"


@pytest.mark.parametrize("at", [0, 1, 2, 40, 90, -1])
def test_an_altered_key_is_told(tpm, at):
    """A flipped bit in either part of it."""
    key = seal(tpm)
    for name in ("private", "public"):
        changed = bytearray(getattr(key, name))
        changed[at % len(changed)] ^= 4
        assert refused(tpm, key._replace(**{name: bytes(changed)})) == "altered", (name, at)


def test_pcrs_that_moved_are_told(tpm):
    """The chosen PCRs decide, others do not; a key without PCRs opens in any state."""
    free, bound = seal(tpm), seal(tpm, pcrs=(0, 7))
    tpm.extend(4)
    assert unseal(tpm, bound) == SECRET
    assert refused(tpm, bound._replace(pcrs=(0, 4))) == "moved"
    tpm.extend(7)
    assert refused(tpm, bound) == "moved"
    assert unseal(tpm, free) == SECRET
    assert unseal(tpm, seal(tpm, pcrs=(0, 7))) == SECRET


def test_a_key_cannot_be_freed_from_its_pcrs(tpm):
    """Leaving them out of the slot opens nothing: the policy is in the key."""
    assert refused(tpm, seal(tpm, pcrs=(7,))._replace(pcrs=())) == "failed"


@pytest.mark.parametrize(
    "code", [tpm_wire.CREATE_PRIMARY, tpm_wire.LOAD, tpm_wire.START_AUTH_SESSION, tpm_wire.UNSEAL]
)
@pytest.mark.parametrize("at", [10, 20, 40, -1])
def test_an_answer_that_is_changed_on_the_way_gives_nothing(tpm, code, at):
    """A device on the bus can stop a run, and never give it another key."""
    key = seal(tpm)

    def flip(answered, answer):
        changed = bytearray(answer)
        if answered == code:
            changed[max(10, at % len(changed)) if len(changed) > 10 else 9] ^= 1
        return bytes(changed)

    tpm.tamper = flip
    try:
        assert unseal(tpm, key) == SECRET  # what was changed says nothing, such as the ticket of a new object
    except TpmUnavailable as error:
        assert error.trouble in ("failed", "other", "altered", "slow")
    assert code != tpm_wire.UNSEAL or refused(tpm, key) in ("failed", "slow")


@pytest.mark.parametrize(
    "answer", [b"", b"\0" * 9, b"\0" * 10, b"\x80\x01\0\0\0\x0a\0\0\0\0", b"\xff" * 4096]
)
def test_nonsense_is_an_error_of_the_tpm(tpm, answer):
    """Whatever it answers, nothing but TpmUnavailable is raised."""
    key = seal(tpm)
    tpm.tamper = lambda _code, _answer: answer
    with pytest.raises(TpmUnavailable):
        driver.unseal(tpm.place, key, deadline=soon(0.5))


def test_a_root_key_that_is_no_point_is_refused(tpm):
    """Before a secret is sent to it, also when the slot is added."""

    def flip(code, answer):
        in_x = 50  # a byte of the coordinate x
        return (
            answer[:in_x] + bytes([answer[in_x] ^ 1]) + answer[in_x + 1 :]
            if code == tpm_wire.CREATE_PRIMARY
            else answer
        )

    tpm.tamper = flip
    with pytest.raises(TpmUnavailable, match="not on the curve"):
        seal(tpm)
    assert tpm_wire.START_AUTH_SESSION not in tpm.commands


def test_the_name_of_a_tpm_stays(tpm):
    """The root key is made again at each call, and is the same."""
    name = driver.root_name(tpm.place, deadline=soon())
    tpm.cut_power()
    assert driver.root_name(tpm.place, deadline=soon()) == name == seal(tpm).parent
