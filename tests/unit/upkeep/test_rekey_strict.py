"""The key of the strict seeds: it is replaced, removed with the last seed, and an old one opens nothing stored later."""

from __future__ import annotations

import pytest

from tests.fakes.example import SEED, SERIAL
from tests.home import PASSPHRASE
from tests.unit.benches import NAME, Bench, Window
from tests.vaults import CREATED, soon
from tests.vectors import reader
from vault import errors
from vault.keys import entries, mfa_devices
from vault.mfa import codes
from vault.secret import Secret
from vault.store import boxes, restore, vault
from vault.unlocking import key_handover, strict_seeds
from vault.upkeep import backups, rekey, rekey_plan, rekey_strict

OWN, NEXT = Secret("a passphrase for the seeds alone"), Secret("another one for the same seeds")
MADE = vault.StoredSeed(secret=Secret(SEED), created=CREATED)
OTHER = "arn:aws:iam::111111111111:mfa/another"
PASS = Secret(PASSPHRASE)


@pytest.fixture
def bench(home, aws, cheaply):
    home.scenario()
    home.make_vault(seed=None)
    return Bench(home, aws)


def put(bench, serial=SERIAL, *, passphrase=OWN):
    return strict_seeds.store(
        bench.context(), bench.opened(), NAME, serial, MADE, passphrase=lambda: passphrase
    )


def keys_of(bench, passphrase=OWN):
    return strict_seeds.unwrapped(bench.context(), bench.opened().file, passphrase)


def seeds(opened, key):
    """What is in the box, by the program and by the independent reader."""
    found = boxes.open_strict(opened.file, opened.payload, key, path="it").seeds
    payload = reader.open_main(opened.file.raw, opened.k_main.reveal())
    assert set(reader.open_strict(opened.file.raw, payload, key.reveal())) == set(found)
    return set(found)


def change(bench, old=OWN, new=NEXT):
    context, opened = bench.context(), bench.opened()
    return rekey_strict.carry_out(context, opened, rekey_strict.make_plan(context, opened, old, new)).opened


def rekey_whole(bench, passphrase=OWN):
    context, opened = bench.context(), bench.opened()
    opened = vault.open_with_passphrase(context.paths, PASS, deadline=soon())
    fresh = (
        rekey_strict.make_plan(context, opened, passphrase, passphrase) if passphrase is not None else None
    )
    return rekey.carry_out(context, rekey_plan.make_plan(context, opened, passphrase=PASS), strict=fresh)


def gone(opened):
    """Box and slot of the strict seeds are as in a vault that never had one."""
    payload = reader.open_main(opened.file.raw, opened.k_main.reveal())
    key = reader.strict_key(opened.file.raw, payload)
    assert reader.open_strict(opened.file.raw, payload, key) == {}
    assert [slot.opens for slot in opened.header.slots] == ["main"]
    assert "strict_serials" not in payload


# ── another passphrase, another key ──────────────────────────────────────────────────────────


def test_another_passphrase_brings_another_key(bench):
    """Neither the old passphrase nor its key opens the current file; the seeds stay, and the other slots."""
    before = put(bench)
    old = keys_of(bench)
    after = change(bench)
    assert seeds(after, keys_of(bench, NEXT)) == {SERIAL}
    with pytest.raises(errors.WrongPassphrase):
        keys_of(bench, OWN)
    with pytest.raises(errors.Damaged):
        boxes.open_strict(after.file, after.payload, old, path="it")
    assert (after.k_main, after.cache_key) == (before.k_main, before.cache_key)


@pytest.mark.parametrize("replace_key", [change, rekey_whole], ids=["passwd --strict", "rekey"])
def test_an_old_copy_of_the_box_opens_nothing_stored_later(bench, replace_key):
    """Anyone with the old file and the old passphrase has the old key: it opens no seed that is stored later."""
    copy = put(bench)
    old = keys_of(bench)
    replace_key(bench)
    put(bench, OTHER, passphrase=NEXT if replace_key is change else OWN)
    after = bench.opened()
    with pytest.raises(errors.Damaged):
        boxes.open_strict(after.file, after.payload, old, path="it")
    assert seeds(copy, old) == {SERIAL}


def test_another_passphrase_leaves_no_earlier_backup(bench):
    """It would open with the old one. Your own copy is restored only with --accept, and the hint names passwd --strict."""
    opened = put(bench)
    stick = bench.home.root + "/stick"
    backups.write(opened, stick)
    put(bench, OTHER)
    assert restore.automatic(bench.context().paths)
    after = change(bench)
    assert restore.automatic(bench.context().paths) == []
    assert after.payload.rekeyed == after.header.gen
    with pytest.raises(errors.RolledBack) as caught:
        backups.choose(bench.context(), stick, accept=False)
    assert "passwd --strict" in caught.value.hint


def test_a_wrong_passphrase_changes_nothing(bench):
    """Not even the vault's own."""
    before = put(bench)
    for wrong in (PASS, NEXT):
        with pytest.raises(errors.WrongPassphrase):
            change(bench, wrong)
    assert bench.opened().header.gen == before.header.gen


def test_without_strict_seeds_there_is_no_passphrase_to_change(bench):
    """The error names the command that stores one."""
    with pytest.raises(errors.NotFound) as caught:
        change(bench)
    assert "mfa add" in caught.value.hint


def test_a_rekey_without_the_strict_passphrase_keeps_the_strict_key(bench):
    """Box and slot stay byte for byte, and the result says so."""
    before = put(bench)
    done = rekey_whole(bench, None)
    assert done.strict_kept
    assert done.opened.file.strict == before.file.strict
    assert seeds(done.opened, keys_of(bench)) == {SERIAL}
    assert not rekey_whole(bench).strict_kept
    assert bench.opened().file.strict != before.file.strict


def test_another_process_that_changed_it_first_is_not_undone(bench):
    """A plan for a key that is no longer the vault's is not written."""
    put(bench)
    context, opened = bench.context(), bench.opened()
    late = rekey_strict.make_plan(context, opened, OWN, Secret("a third, which comes too late"))
    change(bench)
    with pytest.raises(errors.StorageError, match="another process"):
        rekey_strict.carry_out(context, opened, late)
    assert seeds(bench.opened(), keys_of(bench, NEXT)) == {SERIAL}


# ── a seed that goes ─────────────────────────────────────────────────────────────────────────


def stored_beside(bench):
    given = mfa_devices.NewDevice(SERIAL, codes.parse_seed(Secret(SEED)))
    mfa_devices.add_to_entry(bench.context(), bench.opened(), NAME, given)


REMOVALS = {
    "mfa remove": lambda b: mfa_devices.remove(b.context(), b.opened(), SERIAL),
    "remove": lambda b: entries.remove(b.context(), b.opened(), NAME),
    "mfa add": stored_beside,
    "an edit": lambda b: b.edit(lambda p: p.without_seed(SERIAL)),
}


@pytest.mark.parametrize("way", REMOVALS)
def test_the_last_strict_seed_removes_box_and_slot(bench, way):
    """No prompt; the next strict seed gets a passphrase and a key of its own."""
    put(bench)
    old = keys_of(bench)
    REMOVALS[way](bench)
    after = bench.opened()
    gone(after)
    assert after.payload.strict_serials == ()
    if way == "remove":
        return
    put(bench, OTHER, passphrase=NEXT)
    assert seeds(bench.opened(), keys_of(bench, NEXT)) == {OTHER}
    with pytest.raises(errors.Damaged):
        boxes.open_strict(bench.opened().file, bench.opened().payload, old, path="it")


def test_one_of_two_seeds_is_removed_from_the_box(bench, home):
    """The box is rewritten, so there is a prompt for the passphrase; no key opens the removed seed from the file."""
    put(bench, OTHER)
    put(bench)
    window = Window(home, "not the one", OWN.reveal().decode())
    mfa_devices.remove(bench.context(AWSVAULT_PROMPT="pinentry", DISPLAY=":0"), bench.opened(), SERIAL)
    assert window.left == []
    assert seeds(bench.opened(), keys_of(bench)) == {OTHER}
    assert bench.opened().payload.strict_serials == (OTHER,)


def test_one_of_two_seeds_stays_without_a_prompt(bench):
    """Removed means removed: else the seed would stay in the file. The error says what helps."""
    put(bench, OTHER)
    before = put(bench)
    with pytest.raises(errors.StrictClosed):
        mfa_devices.remove(bench.context(), bench.opened(), SERIAL)
    assert bench.opened().header.gen == before.header.gen


def test_enter_skips_a_forgotten_passphrase(bench, home):
    """The seed is off the list and stays in the box; removing the last one removes the whole box."""
    put(bench, OTHER)
    put(bench)
    Window(home, "")
    mfa_devices.remove(bench.context(AWSVAULT_PROMPT="pinentry", DISPLAY=":0"), bench.opened(), SERIAL)
    assert bench.opened().payload.strict_serials == (OTHER,)
    assert seeds(bench.opened(), keys_of(bench)) == {SERIAL, OTHER}
    mfa_devices.remove(bench.context(), bench.opened(), OTHER)
    gone(bench.opened())


def test_a_box_that_an_older_version_left_is_replaced(bench):
    """That version took the last seed off the list only: a new passphrase is accepted, and slots remove drops what is left."""
    put(bench)
    context, opened = bench.context(), bench.opened()

    def as_before(draft, _):
        from dataclasses import replace

        box = vault.Strict(key=old, seeds={SERIAL: MADE})
        return replace(draft, payload=replace(draft.payload, strict_serials=()), strict=box)

    old = keys_of(bench)
    left = vault.rewrite(context.paths, opened.k_main, as_before, deadline=soon())
    assert [slot.opens for slot in left.header.slots] == ["main", "strict"]
    opened = vault.open_with_passphrase(context.paths, PASS, deadline=soon())
    plan = rekey_plan.make_plan(context, opened, passphrase=PASS, without=opened.header.slots[-1])
    assert plan.question() is None
    put(bench, OTHER, passphrase=NEXT)
    assert seeds(bench.opened(), keys_of(bench, NEXT)) == {OTHER}
    with pytest.raises(errors.StorageError, match="changed the slots"):
        rekey.carry_out(context, plan)


def test_slots_remove_drops_an_orphaned_box(bench):
    """As an older version left it; the master keys are replaced, as with any slot."""
    from dataclasses import replace

    put(bench)
    key = keys_of(bench)
    context, opened = bench.context(), bench.opened()
    vault.rewrite(
        context.paths,
        opened.k_main,
        lambda draft, _: replace(
            draft,
            payload=replace(draft.payload, strict_serials=()),
            strict=vault.Strict(key=key, seeds={SERIAL: MADE}),
        ),
        deadline=soon(),
    )
    opened = vault.open_with_passphrase(context.paths, PASS, deadline=soon())
    plan = rekey_plan.make_plan(context, opened, passphrase=PASS, without=opened.header.slots[-1])
    gone(rekey.carry_out(context, plan).opened)


def test_the_hint_of_slots_remove_is_true(bench):
    """It names the device; once that is removed the slot is gone."""
    put(bench)
    opened = vault.open_with_passphrase(bench.context().paths, PASS, deadline=soon())
    with pytest.raises(errors.Usage) as caught:
        rekey_plan.make_plan(bench.context(), opened, passphrase=PASS, without=opened.header.slots[-1])
    assert f"mfa remove {SERIAL}" in caught.value.hint
    assert "passwd --strict" in caught.value.hint
    mfa_devices.remove(bench.context(), bench.opened(), SERIAL)
    gone(bench.opened())


def test_an_agent_that_has_them_open_closes_them(desk, beside, cheaply):
    """It has the old key: status does not show them as open, and the next code asks for the new passphrase."""
    beside.give()
    context, opened = desk.context(), desk.keys(desk.context()).opened
    opened = strict_seeds.store(context, opened, NAME, OTHER, MADE, passphrase=lambda: OWN)
    key = strict_seeds.unwrapped(context, opened.file, OWN)
    key_handover.close_strict(context, vault_id=opened.vault_id)
    assert not beside.client().ask("HELLO")["strict"]
    assert key_handover.hand_over_strict(context, key, vault_id=opened.vault_id)
    assert beside.client().ask("HELLO")["strict"]
    rekey_strict.carry_out(context, opened, rekey_strict.make_plan(context, opened, OWN, NEXT))
    status = beside.client().ask("STATUS", first=0)
    assert (status["strict_left"], beside.client().ask("HELLO")["strict"]) == (0, False)
    assert beside.client().ask("HELLO")["main"]
