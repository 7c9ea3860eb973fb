"""Keys of a vault that this process opened: what they give out, and codes that no other process has used."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.example import KEY_ID, SECRET, SEED, SERIAL
from tests.vaults import CREATED, entry, new_vault, paths_in, soon
from vault import errors
from vault.mfa.codes import code as code_of
from vault.mfa.ledger import NoCodeInTime, UsedCode
from vault.secret import Secret
from vault.store import vault
from vault.system.clock import Deadline
from vault.unlocking.keys import CodeWait, OpenedKeys, raw_seed

STEP = 30
BEGIN = 1_700_000_010  # of a step


class HandClock:
    """A clock that only waiting turns."""

    def __init__(self):
        self.at = float(BEGIN)

    def time(self):
        return self.at

    monotonic = time

    def sleep(self, seconds):
        self.at += seconds


@pytest.fixture
def paths(tmp_path):
    return paths_in(tmp_path)


@pytest.fixture
def opened(paths):
    """A vault with one entry of a device with a seed, and one with neither."""

    def fill(payload):
        seed = vault.StoredSeed(secret=Secret(SEED), created=CREATED)
        payload = payload.with_entry("a", entry(mfa_serial=SERIAL, account="111111111111", user="yourself"))
        return payload.with_entry("plain", entry("AKIAI44QH8DHBEXAMPLE")).with_seed(SERIAL, seed)

    return vault.edit(paths, new_vault(paths).k_main, fill, deadline=soon())


@pytest.fixture
def keys(opened, paths):
    return OpenedKeys(opened, paths=paths, clock=HandClock())


def wait(keys, *, most=0.0, seconds=60.0, **more):
    return CodeWait(Deadline.after(seconds, clock=keys._clock), most, **more)


def test_an_entry_is_its_credentials_and_what_is_known_of_them(keys):
    """Account and user, so that a resolution need not ask AWS."""
    found = keys.entry("a")
    assert (found.credentials.access_key_id, found.credentials.secret.reveal_text()) == (KEY_ID, SECRET)
    assert (found.credentials.token, found.mfa_serial) == (None, SERIAL)
    assert (found.account, found.user) == ("111111111111", "yourself")
    assert keys.entry("plain")[1:] == (None, None, None)


def test_an_entry_that_is_not_there(keys):
    """None, and has_entry says so."""
    assert keys.entry("b") is None
    assert [keys.has_entry(name) for name in ("a", "b", "")] == [True, False, False]


def test_the_contents_have_no_secret(keys):
    """Names, devices and which seeds are stored."""
    found = keys.contents()
    assert [one.name for one in found.entries] == ["a", "plain"]
    assert found.stored == {SERIAL}
    assert SECRET not in repr(found)
    assert SEED not in repr(found)


def test_the_sign_in_key_exists_from_the_first_sign_in(keys, opened, paths):
    """None before."""
    assert keys.sso_key() is None
    key = vault.new_key()
    after = vault.edit(paths, opened.k_main, lambda p: replace(p, sso_key=key), deadline=soon())
    assert OpenedKeys(after, paths=paths, clock=HandClock()).sso_key().reveal() == key.reveal()


def test_the_cache_key_that_another_process_has_replaced(keys, opened, paths):
    """What seals the sessions now is read from the file; what was opened stays as it was."""
    fresh = vault.new_key()
    vault.edit(paths, opened.k_main, lambda p: replace(p, cache_key=fresh), deadline=soon())
    assert keys.newest_cache_key().reveal() == fresh.reveal()
    assert keys.cache_key.reveal() == opened.cache_key.reveal() != fresh.reveal()


def test_a_code_is_given_out_once(keys):
    """The second request waits for the next step, if it may."""
    seed = raw_seed(Secret(SEED), algorithm="SHA1", digits=6, period=STEP)
    first = keys.take_code(SERIAL, wait(keys))
    assert (first.text, first.step) == (code_of(seed, BEGIN // STEP), BEGIN // STEP)
    with pytest.raises(NoCodeInTime):
        keys.take_code(SERIAL, wait(keys))
    second = keys.take_code(SERIAL, wait(keys, most=35.0))
    assert (second.text, keys._clock.at) == (code_of(seed, BEGIN // STEP + 1), BEGIN + STEP)


def test_what_is_known_of_awss_clock_counts(keys):
    """This clock is a step late: the code is the one that AWS takes now."""
    assert keys.take_code(SERIAL, wait(keys, skew=float(STEP))).step == BEGIN // STEP + 1


def test_only_steps_after_a_refused_one_are_used(keys):
    """The wait for the next one is told, second by second."""
    told = []
    after = BEGIN // STEP + 1
    code = keys.take_code(SERIAL, wait(keys, most=95.0, seconds=200.0, after=after, waiting=told.append))
    assert (code.step, keys._clock.at) == (after + 1, BEGIN + 2 * STEP)
    assert told


def test_without_a_stored_seed_there_is_no_code(keys):
    """The user is asked for it."""
    assert keys.take_code("arn:aws:iam::111111111111:mfa/other", wait(keys)) is None


def test_a_strict_seed_needs_its_key(opened, paths):
    """StrictClosed until the strict seeds are open: not None, which would mean that the user types a code."""
    strict = replace(opened, payload=replace(opened.payload, seeds={}, strict_serials=(SERIAL,)))
    keys = OpenedKeys(strict, paths=paths, clock=HandClock())
    with pytest.raises(errors.StrictClosed):
        keys.take_code(SERIAL, wait(keys))
    keys.open_strict(vault.new_key())
    with pytest.raises(errors.Error):  # of no box: it was used
        keys.take_code(SERIAL, wait(keys))


def test_a_typed_code_is_noted(keys):
    """No process sends it again."""
    assert keys.note_code(SERIAL, "123456", deadline=soon()).text == "123456"
    with pytest.raises(UsedCode):
        keys.note_code(SERIAL, "123456", deadline=soon())


def test_a_seed_in_the_form_that_computes_codes():
    """With the hash, the digits and the period that are stored with it."""
    seed = raw_seed(Secret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), algorithm="SHA256", digits=8, period=60)
    assert seed.secret.reveal() == b"12345678901234567890"
    assert (seed.algorithm, seed.digits, seed.period) == ("SHA256", 8, 60)
