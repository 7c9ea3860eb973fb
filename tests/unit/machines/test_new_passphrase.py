"""What the user types for a key that was replaced elsewhere: which slot of this machine it replaces, and when none."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.patience import PATIENCE
from tests.vaults import CHEAP, new_vault, soon
from vault import errors
from vault.context import Context
from vault.machines.new_passphrase import NewPassphrase
from vault.remote import local_state
from vault.secret import Secret
from vault.store import vault
from vault.store.boxes import new_key
from vault.store.slots.passphrase import PassphraseSlot
from vault.store.slots.recovery import RecoverySlot, new_code, write_code
from vault.sync.local import BucketPlace, LocalSync, Remote
from vault.sync.versions import MachineLine, SharedState
from vault.system.clock import Deadline, SystemClock
from vault.system.paths import from_env

OWN, SECOND, NEW = "correct horse battery staple", "a second passphrase here", "five other words for all"
CODE = new_code()


@pytest.fixture
def shared(home):
    """A vault of two passphrases with a remote, as its second passphrase opens it."""
    paths = from_env(home.env)
    opened = new_vault(paths, passphrase=OWN, others=[PassphraseSlot(Secret(SECOND), kdf=CHEAP)])
    local = LocalSync(
        me="AAAAAAAAAAA",
        name="laptop",
        state=SharedState(machines={"AAAAAAAAAAA": MachineLine(name="laptop")}),
        shown={},
        remote=Remote(
            place=BucketPlace(url="s3://b/k"), key=new_key(), key_gen=1, slots=opened.header.slots[:1]
        ),
    )
    vault.edit(paths, opened.k_main, lambda payload: local_state.keep(payload, local), deadline=soon())
    return vault.open_with_passphrase(paths, Secret(SECOND), deadline=soon())


@pytest.fixture
def bucket(shared):
    """What the bucket's file shows of itself, and its key: NEW and a recovery code open it."""
    key = new_key()
    ways = (PassphraseSlot(Secret(NEW), kdf=CHEAP), RecoverySlot(CODE))
    slots = tuple(way.wrap(key, vault_id=shared.vault_id) for way in ways)
    return SimpleNamespace(header=SimpleNamespace(vault_id=shared.vault_id, slots=slots), key=key)


def asked(home, shared, typed):
    """As the environment has it, which is as good as typing."""
    env = home.with_env({"AWSVAULT_PASSPHRASE": None})
    context = Context(
        env=env, paths=from_env(env), clock=SystemClock(), deadline=Deadline.after(PATIENCE),
        passphrase=None if typed is None else Secret(typed),
    )  # fmt: skip
    return NewPassphrase(context, shared)


def test_slot_that_opened_the_vault_is_replaced(home, shared, bucket):
    """The other passphrase stays."""
    new = asked(home, shared, NEW)
    assert new.key_of(bucket) == bucket.key
    slot = new.own_slot(shared)
    assert slot.old == shared.slot == shared.header.slots[1]
    assert PassphraseSlot(Secret(NEW)).unwrap(slot.new, vault_id=shared.vault_id) == shared.k_main


def test_first_passphrase_is_replaced_if_a_keyring_opened_the_vault(home, shared, bucket):
    by_key = vault.open_with_main_key(from_env(home.env), shared.k_main)
    new = asked(home, by_key, NEW)
    new.key_of(bucket)
    assert new.own_slot(by_key).old == shared.header.slots[0]


def test_recovery_code_leaves_the_passphrase(home, shared, bucket):
    new = asked(home, shared, write_code(CODE))
    assert new.key_of(bucket) == bucket.key
    assert (new.typed, new.own_slot(shared)) == (None, None)


def test_passphrase_that_opens_the_vault_already_replaces_nothing(home, shared, bucket):
    new = asked(home, shared, NEW)
    new.key_of(bucket)
    slot = new.own_slot(shared)
    both = vault.rewrite(
        from_env(home.env), shared.k_main, lambda draft, _: slot.put_into(draft), deadline=soon()
    )
    assert new.own_slot(both) is None


def test_next_new_passphrase_replaces_the_one_before(home, shared, bucket):
    """Two machines replaced the key while this one synced. Its other passphrase stays."""
    new = asked(home, shared, NEW)
    new.key_of(bucket)
    slot = new.own_slot(shared)
    both = vault.rewrite(
        from_env(home.env), shared.k_main, lambda draft, _: slot.put_into(draft), deadline=soon()
    )
    new.typed = Secret("and five more words for all")
    assert new.own_slot(both).old == slot.new


def test_nobody_to_ask(home, shared, bucket):
    with pytest.raises(errors.Locked, match="replaced on another machine") as found:
        asked(home, shared, None).key_of(bucket)
    assert found.value.exit_code == 3
    assert "AWSVAULT_PASSPHRASE_FILE" in found.value.hint


def test_wrong_passphrase(home, shared, bucket):
    """Its hint is about the bucket's file, not about the slots of this machine."""
    with pytest.raises(errors.WrongPassphrase) as found:
        asked(home, shared, OWN).key_of(bucket)
    assert "last changed" in found.value.hint
