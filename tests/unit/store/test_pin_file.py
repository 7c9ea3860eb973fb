"""The pin: an older copy and another machine's are told apart, and a forged pin lowers nothing."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.vaults import entry, new_vault, paths_in, soon
from vault import errors
from vault.secret import Secret
from vault.store import pin as pins
from vault.store import vault
from vault.store.pin_file import keep_pin, read_pin
from vault.store.slots.recovery import RecoverySlot, new_code

PASSPHRASE = Secret("correct horse battery staple")


@pytest.fixture
def paths(tmp_path):
    return paths_in(tmp_path)


def add(paths, k_main, name):
    return vault.edit(paths, k_main, lambda p: p.with_entry(name, entry()), deadline=soon())


def put(paths, raw):
    with open(paths.vault, "wb") as file:
        file.write(raw)


def pin_path(paths, opened):
    return os.path.join(paths.state, pins.pin_name(opened.vault_id))


def test_first_use_is_trusted_and_pinned(paths):
    """A new machine has no pin: it says so once, then keeps one."""
    opened = new_vault(paths)
    assert opened.pin == "first use"
    shutil.rmtree(paths.state)
    assert vault.open_with_main_key(paths, opened.k_main).pin == "first use"
    assert vault.open_with_main_key(paths, opened.k_main).pin == "kept"


def test_an_older_copy_is_rolled_back(paths):
    """Opening, editing and a wrong passphrase all say it; the hint has the way out."""
    opened = new_vault(paths)
    old = add(paths, opened.k_main, "a").file.raw
    add(paths, opened.k_main, "b")
    put(paths, old)
    for act in (
        lambda: vault.open_with_main_key(paths, opened.k_main),
        lambda: vault.open_with_passphrase(paths, PASSPHRASE, deadline=soon()),
        lambda: vault.open_with_passphrase(paths, Secret("another passphrase"), deadline=soon()),
        lambda: add(paths, opened.k_main, "c"),
    ):
        with pytest.raises(
            errors.RolledBack, match="generation 2, but this machine has seen generation 3"
        ) as caught:
            act()
        assert caught.value.exit_code == 9
        assert "restore --accept" in caught.value.hint


def test_another_machines_write_of_the_same_generation_has_diverged(paths, tmp_path):
    """Two machines edit one synchronised copy: the generation is the pin's, the header is not."""
    opened = new_vault(paths)
    other = paths_in(tmp_path / "other")
    shutil.copytree(paths.vault_folder, other.vault_folder)
    add(paths, opened.k_main, "a")
    theirs = add(other, opened.k_main, "b").file.raw
    put(paths, theirs)
    with pytest.raises(errors.Diverged, match="two machines") as caught:
        vault.open_with_main_key(paths, opened.k_main)
    assert caught.value.exit_code == 9
    assert "restore --accept" in caught.value.hint


def test_a_newer_generation_from_another_machine_is_taken_and_pinned(paths, tmp_path):
    """A synchronised folder that moves on is no alarm."""
    opened = new_vault(paths)
    other = paths_in(tmp_path / "other")
    shutil.copytree(paths.vault_folder, other.vault_folder)
    put(paths, add(other, opened.k_main, "b").file.raw)
    assert vault.open_with_main_key(paths, opened.k_main).pin == "updated"
    assert vault.open_with_main_key(paths, opened.k_main).pin == "kept"


@pytest.mark.parametrize("raw", [b"", b"{", b"noise" * 900])
def test_a_pin_that_is_none_is_first_use_again(paths, raw):
    """Deleting it would have done the same: it is replaced."""
    opened = new_vault(paths)
    with open(pin_path(paths, opened), "wb") as file:
        file.write(raw)
    if len(raw) > 4096:
        with pytest.raises(errors.ConfigError):
            vault.open_with_main_key(paths, opened.k_main)
        return
    assert vault.open_with_main_key(paths, opened.k_main).pin == "first use"
    assert vault.open_with_main_key(paths, opened.k_main).pin == "kept"


def test_a_forged_pin_of_a_later_generation_raises_an_alarm_and_one_of_an_earlier_is_replaced(paths):
    """A stranger's pin can make the program careful, never careless: what opens is pinned again."""
    opened = add(paths, new_vault(paths).k_main, "a")
    forged = pins.Pin(vault_id=opened.vault_id, gen=9, digest=bytes(32))
    for gen, expected in ((9, errors.RolledBack), (2, errors.Diverged)):
        with open(pin_path(paths, opened), "wb") as file:
            file.write(
                pins.encode_pin(
                    forged.__class__(vault_id=opened.vault_id, gen=gen, digest=bytes(32)),
                    k_main=Secret(bytes(32)),
                )
            )
        with pytest.raises(expected):
            vault.open_with_main_key(paths, opened.k_main)
    with open(pin_path(paths, opened), "wb") as file:
        file.write(
            pins.encode_pin(
                forged.__class__(vault_id=opened.vault_id, gen=1, digest=bytes(32)),
                k_main=Secret(bytes(32)),
            )
        )
    assert vault.open_with_main_key(paths, opened.k_main).pin == "updated"
    with open(pin_path(paths, opened), "rb") as file:
        found, mac = pins.decode_pin(file.read())
    assert found.gen == 2
    assert pins.authentic(found, mac, k_main=opened.k_main)


def test_a_pin_of_a_later_generation_stays(paths):
    """A reader that was overtaken by a writer does not lower what is expected; a user who accepts it does."""
    first = new_vault(paths)
    add(paths, first.k_main, "a")
    for accept, state, gen in ((False, "kept", 2), (True, "updated", 1)):
        kept = keep_pin(paths, first.file, first.payload, first.k_main, durable=False, accept=accept)
        assert kept == state
        assert read_pin(paths, first.vault_id)[0].gen == gen


def test_two_vaults_of_one_machine_have_a_pin_each(paths, tmp_path):
    """Putting another vault in the place is no roll-back of the first."""
    first = add(paths, new_vault(paths).k_main, "a")
    raw = first.file.raw
    os.unlink(paths.vault)
    os.unlink(paths.vault + ".bak1")
    second = new_vault(paths)
    assert second.pin == "first use"
    put(paths, raw)
    assert vault.open_with_main_key(paths, first.k_main).pin == "kept"


def test_a_flipped_bit_in_a_slot_is_told_from_a_wrong_passphrase(paths):
    """The slot cannot tell, but the header is not the one that this machine saw last."""
    code = new_code()
    opened = new_vault(paths, others=[RecoverySlot(code)])
    raw = bytearray(opened.file.raw)
    at = raw.index(b'"wrap":"') + 20
    raw[at] = ord("A") if raw[at] != ord("A") else ord("B")
    put(paths, bytes(raw))
    with pytest.raises(
        errors.Diverged, match=r"the passphrase does not open the vault, and .* header is damaged"
    ):
        vault.open_with_passphrase(paths, PASSPHRASE, deadline=soon())


def test_a_state_folder_that_takes_no_pin_is_no_error_of_the_write(paths):
    """The vault is written; that it is not pinned is said in the result."""
    opened = new_vault(paths)
    shutil.rmtree(paths.state)
    with open(paths.state, "w") as file:
        file.write("a file where the folder goes")
    with pytest.raises(errors.UnsafeFile):
        add(paths, opened.k_main, "a")
    os.unlink(paths.state)
    assert list(vault.open_with_main_key(paths, opened.k_main).payload.entries) == []
