"""Strict seeds: nothing but their own passphrase gives a code, here and through the agent."""

from __future__ import annotations

import pytest

from tests.fakes.example import KEY_ID, SECRET, SEED, SERIAL
from tests.home import PASSPHRASE
from tests.unit.benches import NAME, Bench
from tests.vaults import CREATED
from vault import errors
from vault.keys import mfa_devices
from vault.mfa import codes
from vault.secret import Secret
from vault.store import boxes, strict_box, vault
from vault.unlocking import inventory, strict_seeds
from vault.unlocking.keys import CodeWait, OpenedKeys

OWN = Secret("a passphrase for the seeds alone")
MADE = vault.StoredSeed(secret=Secret(SEED), created=CREATED)


@pytest.fixture
def bench(home, aws, cheaply):
    home.scenario()
    home.make_vault(seed=None)
    return Bench(home, aws)


def put(bench, seed=MADE, *, passphrase=OWN, serial=SERIAL):
    return strict_seeds.store(
        bench.context(), bench.opened(), NAME, serial, seed, passphrase=lambda: passphrase
    )


def test_a_strict_seed_is_in_no_other_place(bench):
    """Box main names the device and does not hold its seed, nor the key of the strict box."""
    put(bench)
    payload = bench.opened().payload
    assert payload.entries[NAME].mfa_serial == SERIAL
    assert SERIAL not in payload.seeds
    assert payload.strict_key is None
    assert payload.strict_serials == (SERIAL,)


def test_without_its_passphrase_there_is_no_code(bench):
    """Where nobody can be asked, an export that needs a code ends with 3 and the way out, and asks AWS nothing."""
    put(bench)
    with pytest.raises(errors.StrictClosed) as caught:
        bench.ask("dev")
    assert caught.value.exit_code == 3
    assert "unlock --strict" in caught.value.hint
    assert len(bench.aws.calls) == 0


def test_its_passphrase_gives_codes(bench, aws):
    """With the key of the strict box a code comes out of the ledger, and AWS takes it."""
    opened = put(bench)
    context = bench.context()
    keys = OpenedKeys(opened, paths=context.paths, clock=context.clock)
    keys.open_strict(strict_seeds.unwrapped(context, opened.file, OWN))
    code = keys.take_code(SERIAL, CodeWait(context.deadline, 35))
    assert code.text == aws.world.code(SERIAL)


@pytest.mark.parametrize("wrong", [PASSPHRASE, "a passphrase for the seeds alonE"])
def test_another_passphrase_does_not_open_it(bench, wrong):
    """The vault's own passphrase is as wrong as any other."""
    opened = put(bench)
    with pytest.raises(errors.WrongPassphrase):
        strict_seeds.unwrapped(bench.context(), opened.file, Secret(wrong))


def test_a_second_seed_joins_the_first(bench):
    """The same passphrase keeps both; another one is refused and changes nothing."""
    put(bench)
    other = "arn:aws:iam::111111111111:mfa/another"
    with pytest.raises(errors.WrongPassphrase):
        put(bench, serial=other, passphrase=Secret("not the one it has, but long"))
    put(bench, serial=other)
    opened = bench.opened()
    key = strict_seeds.unwrapped(bench.context(), opened.file, OWN)
    for serial in (SERIAL, other):
        assert strict_box.seed(opened, serial, key=key) == MADE


def test_a_seed_that_was_stored_is_moved(bench):
    """A seed that lay beside the key leaves the main box when it becomes strict."""
    bench.edit(lambda p: p.with_seed(SERIAL, MADE))
    put(bench)
    assert SERIAL not in bench.opened().payload.seeds


def test_main_is_written_while_strict_stays_shut(bench):
    """A rotation rewrites the main box again and again, and the strict box opens as before."""
    put(bench)
    bench.rotate()
    opened = bench.opened()
    key = strict_seeds.unwrapped(bench.context(), opened.file, OWN)
    assert strict_box.seed(opened, SERIAL, key=key) == MADE
    assert opened.payload.entries[NAME].access_key_id != KEY_ID
    assert SECRET not in repr(opened)


def test_a_removed_device_is_no_strict_one_any_more(bench):
    """By an edit that knows nothing of strict seeds: it leaves the list at once, and the shut box when that is written next."""
    put(bench)
    other = "arn:aws:iam::111111111111:mfa/another"
    put(bench, serial=other)
    bench.edit(lambda p: p.without_seed(SERIAL))
    payload = bench.opened().payload
    assert payload.strict_serials == (other,)
    assert [(one.serial, one.codes) for one in inventory.of(payload).devices()] == [(other, "strict")]
    put(bench, serial=other)
    opened = bench.opened()
    key = strict_seeds.unwrapped(bench.context(), opened.file, OWN)
    assert set(boxes.open_strict(opened.file, opened.payload, key, path="").seeds) == {other}


def test_a_seed_stored_beside_the_key_again_is_strict_no_more(bench):
    """mfa add without --strict moves the device back to codes that need no passphrase of their own."""
    put(bench)
    listed = inventory.of(bench.opened().payload)
    assert [listed.mfa_mode(entry) for entry in listed.entries] == ["strict"]
    given = mfa_devices.NewDevice(SERIAL, codes.parse_seed(Secret(SEED)))
    mfa_devices.add_to_entry(bench.context(), bench.opened(), NAME, given)
    payload = bench.opened().payload
    assert payload.strict_serials == ()
    assert [one.codes for one in inventory.of(payload).devices()] == ["stored"]
