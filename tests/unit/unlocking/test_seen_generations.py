"""Generations that the agent has seen: only those under the vault's own key count."""

from __future__ import annotations

import pytest

from tests.vaults import entry, new_vault, paths_in, soon
from vault import errors
from vault.secret import Secret
from vault.store import pin as pins
from vault.store import vault
from vault.unlocking import seen_generations
from vault.unlocking.seen_generations import SeenGenerations

KEY, OTHER = Secret(b"k" * 32), Secret(b"o" * 32)
ID = bytes(range(16))


def row(gen, *keys, digest=b"d" * 32):
    pin = pins.Pin(vault_id=ID, gen=gen, digest=digest)
    return (gen, digest.hex(), 0, [pins.mac_of(pin, key).hex() for key in keys])


def seen(*rows):
    return SeenGenerations(ID.hex(), rows)


def test_the_newest_under_this_key():
    """A forged one that is newer neither counts nor hides it."""
    found = seen(row(3, KEY), row(5, KEY), row(4, KEY), row(99, OTHER)).newest(KEY)
    assert (found.gen, found.vault_id) == (5, ID)


def test_a_pin_of_a_rekey_counts_under_both_keys():
    """Also for who has the older one."""
    rows = seen(row(7, KEY, OTHER))
    assert rows.newest(KEY).gen == rows.newest(OTHER).gen == 7


@pytest.mark.parametrize("rows", [(), (row(9, OTHER),), ((9, (b"x" * 32).hex(), 0, row(9, KEY)[3]),)])
def test_none_under_this_key(rows):
    """Nothing, another key's, and a digest that was put in."""
    assert seen(*rows).newest(KEY) is None


def test_what_a_newer_one_replaces():
    """Those up to it that are under this key alone; a rekey's stays for who has the older key."""
    old, new, rekeyed = row(3, KEY), row(8, KEY), row(4, KEY, OTHER)
    rows = seen(old, new, rekeyed, row(2, OTHER))
    assert rows.replaced_by(5, KEY) == [old[3][0]]
    assert rows.replaced_by(8, KEY) == [old[3][0], new[3][0]]


@pytest.fixture
def copies(tmp_path):
    """The vault of generation 1, and the same of generation 2."""
    paths = paths_in(tmp_path)
    first = new_vault(paths)
    return first, vault.edit(
        paths, first.k_main, lambda payload: payload.with_entry("a", entry()), deadline=soon()
    )


def reported(opened, key=None):
    """As the agent has it after this vault was opened."""
    pin = pins.pin_of(opened.file, rekeyed=opened.payload.rekeyed)
    macs = [pins.mac_of(pin, key or opened.k_main).hex()]
    return SeenGenerations(opened.vault_id.hex(), ((pin.gen, pin.digest.hex(), pin.rekeyed, macs),))


def test_an_older_copy_is_noticed(copies):
    """The newer one is not, nor the same."""
    first, second = copies
    assert second.header.gen > first.header.gen
    with pytest.raises(errors.RolledBack):
        seen_generations.check(reported(second), first, path="it")
    seen_generations.check(reported(second), second, path="it")
    seen_generations.check(reported(first), second, path="it")


def test_what_proves_nothing_raises_no_alarm(copies):
    """No agent, a forged report, or another vault's."""
    first, second = copies
    seen_generations.check(None, first, path="it")
    seen_generations.check(reported(second, OTHER), first, path="it")
    other = reported(second)._replace(vault=bytes(16).hex())
    seen_generations.check(other, first, path="it")
