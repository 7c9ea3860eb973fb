"""The file in the bucket: a vault as any other, with what machines share."""

from __future__ import annotations

import dataclasses

import pytest

from tests.machines import PASSPHRASE, way
from tests.unit.sync.examples import entry, pair
from vault import errors
from vault.remote import bucket_file
from vault.secret import Secret
from vault.store import boxes, vault
from vault.store.format import parse_file
from vault.store.slots.passphrase import PassphraseSlot
from vault.sync import versions

VAULT_ID = bytes(range(16))
KEY = Secret(bytes(32))


@pytest.fixture(scope="module")
def slots():
    return (way().wrap(KEY, vault_id=VAULT_ID),)


def conflict():
    """A state with an entry that nobody changed, and one that two machines changed."""
    laptop, desktop = pair(entry__dev=entry(), entry__calm=entry("AKIAIOSFODNN8EXAMPLE"))
    laptop.store("entry/dev", entry("AKIAI44QH8DHBEXAMPLE"))
    desktop.store("entry/dev", entry("AKIAI55QH8DHBEXAMPLE"))
    laptop.held["journal/laptop/dev"] = {"step": "created", "began": 1, "known": []}
    laptop.commit().meets(desktop)
    return laptop.state


def built(state, slots, **more):
    given = {"vault_id": VAULT_ID, "key": KEY, "key_gen": 3, "slots": slots, "gen": 5, "time": 9, **more}
    return bucket_file.build(state, **given)


def test_what_was_put_is_read(slots):
    state = conflict()
    read = bucket_file.read(parse_file(built(state, slots).raw), KEY, path="it")
    assert (read.state, read.key_gen, read.slots, read.file.header.gen) == (state, 3, slots, 5)


def test_any_reader_of_vaults_sees_what_is_certain(slots):
    """By the passphrase. Of two versions of unknown users it shows none."""
    found = parse_file(built(conflict(), slots).raw)
    _, key = vault.unwrap(found, PassphraseSlot(Secret(PASSPHRASE)))
    payload = boxes.open_main(found, key, path="it")
    assert {name: one.access_key_id for name, one in payload.entries.items()} == {
        "calm": "AKIAIOSFODNN8EXAMPLE"
    }
    assert payload.ledger_key is None
    assert payload.sso_key is None


def test_its_cache_key_opens_nothing(slots):
    """It is thrown away, and another each time."""
    keys = [boxes.open_main(built(conflict(), slots), KEY, path="it").cache_key for _ in range(2)]
    assert keys[0] != keys[1]


def test_another_key_does_not_open_it(slots):
    with pytest.raises(errors.Damaged):
        bucket_file.read(built(conflict(), slots), Secret(bytes(31) + b"1"), path="it")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda sync: {}, "not one that machines share"),
        (lambda sync: {"sync": {**sync, "v": 2}}, "version 1"),
        (lambda sync: {"sync": {**sync, "later": 1}}, "later"),
        (lambda sync: {"sync": {**sync, "items": {"entry/x": []}}}, "no version"),
        (
            lambda sync: {
                "sync": {**sync, "items": {"entry/x": [{**sync["items"]["entry/dev"][0], "x": {}}]}}
            },
            "has no",
        ),
    ],
)
def test_a_vault_with_another_state_is_damaged(slots, change, says):
    """Although it opens: only a machine that has the key could write it."""
    found = built(conflict(), slots)
    payload = boxes.open_main(found, KEY, path="it")
    payload = dataclasses.replace(payload, unknown=change(payload.unknown["sync"]))
    draft = boxes.Draft(k_main=KEY, payload=payload, slots=slots)
    other = boxes.build(draft, vault_id=VAULT_ID, gen=6, time=9, strict_box=found.strict)
    with pytest.raises(errors.Damaged, match=says):
        bucket_file.read(other, KEY, path="it")


def test_an_empty_state_can_be_shared(slots):
    assert (
        bucket_file.read(built(versions.SharedState(), slots), KEY, path="it").state == versions.SharedState()
    )
