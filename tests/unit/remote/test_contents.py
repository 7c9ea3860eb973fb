"""A vault's content as items of the merge, and back."""

from __future__ import annotations

import dataclasses

import pytest

from tests.vaults import CHEAP, entry, new_vault, paths_in, soon
from vault.remote import contents
from vault.secret import Secret
from vault.store import vault
from vault.store.boxes import Draft, Strict
from vault.store.payload import Enrollment, KeyPair, RotationJournal, StoredSeed
from vault.store.slots.passphrase import PassphraseSlot
from vault.store.strict_json import JsonError
from vault.sync.shown import Shown

SERIAL = "arn:aws:iam::111111111111:mfa/yourself"
SEED = StoredSeed(secret=Secret("JBSWY3DPEHPK3PXP"), created=1, unknown={"later": [1]})
JOURNAL = RotationJournal(
    step="created", began=5, known=("AKIAIOSFODNN7EXAMPLE",), new=KeyPair(access_key_id="AKIAI44QH8DHBEXAMPLE", secret=Secret("n"))
)  # fmt: skip


def change(payload):
    full = entry(
        mfa_serial=SERIAL, account="111111111111", user="yourself", journal=JOURNAL,
        enrollment=Enrollment(step="create", name="phone"), unknown={"later": {"a": 1}},
    )  # fmt: skip
    return (
        payload.with_entry("dev", full)
        .with_entry("other", entry("AKIAIOSFODNN8EXAMPLE"))
        .with_seed(SERIAL, SEED)
    )


@pytest.fixture
def opened(tmp_path):
    paths = paths_in(tmp_path)
    return vault.edit(paths, new_vault(paths).k_main, change, deadline=soon())


@pytest.fixture
def strict(tmp_path):
    """A vault with a strict seed."""
    paths = paths_in(tmp_path / "strict")
    made = new_vault(paths)
    key = vault.new_key()
    slot = PassphraseSlot(Secret("another strict phrase"), kdf=CHEAP).wrap(
        key, vault_id=made.vault_id, opens="strict"
    )

    def with_seed(draft, _):
        return dataclasses.replace(
            draft,
            payload=draft.payload.with_strict_seed(SERIAL),
            slots=(*draft.slots, slot),
            strict=Strict(key=key, seeds={SERIAL: SEED}),
        )

    return vault.rewrite(paths, made.k_main, with_seed, deadline=soon()), key


def held(opened, me="me", **shown):
    return contents.held(opened.payload, opened.file, me=me, shown=shown)


def test_entries_seeds_and_journals_are_items_of_their_own(opened):
    items = held(opened)
    assert set(items) == {"entry/dev", "entry/other", f"seed/{SERIAL}", "journal/me/dev"}
    assert items["entry/dev"]["later"] == {"a": 1}
    assert "journal" not in items["entry/dev"]
    assert items["journal/me/dev"]["new"]["akid"] == "AKIAI44QH8DHBEXAMPLE"
    for key, content in items.items():
        contents.check(key, content)


def test_a_vault_that_gets_its_own_items_stays_as_it_is(opened):
    """The very same values: 10,000 entries that did not change cost a comparison each."""
    draft = Draft(k_main=opened.k_main, payload=opened.payload, slots=opened.header.slots)
    items = held(opened)
    after = contents.apply(draft, items, was=items, me="me")
    assert after == draft
    assert after.payload.entries["dev"] is opened.payload.entries["dev"]


def test_an_empty_vault_gets_all_items(opened):
    """Journals of this machine with them."""
    draft = Draft(
        k_main=opened.k_main, payload=dataclasses.replace(opened.payload, entries={}, seeds={}), slots=()
    )
    after = contents.apply(draft, held(opened), was={}, me="me").payload
    assert (after.entries, after.seeds) == (opened.payload.entries, opened.payload.seeds)


def test_a_journal_of_another_machine_is_held_as_it_was_shown(opened):
    """It has no place in this vault, and is no edit."""
    theirs = Shown({"step": "created", "began": 1, "known": []})
    items = held(
        opened, **{"journal/them/dev": theirs, "journal/me/gone": theirs, "journal/me/other": theirs}
    )
    assert items["journal/them/dev"] == theirs.content
    assert items["journal/me/gone"] == theirs.content  # its entry was removed elsewhere
    assert "journal/me/other" not in items  # this machine's rotation is over
    draft = Draft(k_main=opened.k_main, payload=opened.payload, slots=())
    after = contents.apply(draft, items, was=held(opened), me="me").payload
    assert after.entries["dev"].journal == JOURNAL
    assert after.entries["other"].journal is None


def test_items_that_are_not_shown_leave_the_vault(opened):
    draft = Draft(k_main=opened.k_main, payload=opened.payload, slots=())
    items = {key: content for key, content in held(opened).items() if key == "entry/other"}
    after = contents.apply(draft, items, was=held(opened), me="me").payload
    assert (list(after.entries), dict(after.seeds)) == (["other"], {})


def test_a_strict_box_moves_into_another_vault_of_the_id(strict):
    """With its slots and its generation, and opens there by its own passphrase."""
    opened, key = strict
    box, gen, serials, slots = contents.strict_parts(held(opened)["strict"])
    assert (box, gen, serials) == (opened.file.strict, opened.payload.strict_gen, (SERIAL,))
    main = tuple(slot for slot in opened.header.slots if slot.opens == "main")
    empty = Draft(
        k_main=opened.k_main,
        payload=dataclasses.replace(opened.payload, strict_serials=(), strict_key=key),
        slots=main,
    )
    moved = contents.apply(empty, held(opened), was={}, me="me")
    assert (moved.moved_strict, moved.payload.strict_gen, moved.payload.strict_key) == (box, gen, None)
    assert moved.slots == main + slots


def test_a_seed_that_became_strict_is_not_in_the_main_box_as_well(strict):
    """If another machine's edit kept the stored one."""
    opened, _ = strict
    draft = Draft(k_main=opened.k_main, payload=opened.payload, slots=opened.header.slots)
    items = {**held(opened), f"seed/{SERIAL}": {"secret": "JBSWY3DPEHPK3PXP"}}
    assert dict(contents.apply(draft, items, was=held(opened), me="me").payload.seeds) == {}


def test_a_strict_box_that_was_removed_leaves_no_serials(strict):
    opened, _ = strict
    draft = Draft(k_main=opened.k_main, payload=opened.payload, slots=opened.header.slots)
    assert contents.apply(draft, {}, was=held(opened), me="me").payload.strict_serials == ()


@pytest.mark.parametrize(
    ("key", "content"),
    [
        ("entry/dev", {"akid": 1}),
        ("entry/dev", {"akid": "a", "sak": "s", "created": 1, "journal": {}}),
        ("seed/x", {}),
        ("journal/m/x", {}),
        ("strict", {"box": "", "gen": 1, "serials": ["s"], "slots": []}),
        ("strict", {"box": "A" * 200, "gen": 1, "serials": [], "slots": []}),
        ("strict", {"box": "A", "gen": 1, "serials": ["s"], "slots": []}),
    ],
)
def test_a_content_of_another_form_is_refused(key, content):
    with pytest.raises(JsonError):
        contents.check(key, content)
