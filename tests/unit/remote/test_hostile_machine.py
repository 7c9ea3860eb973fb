"""A machine that has the key of the bucket's file, and writes what no machine writes: nothing here is lost or cannot be read again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.machines import Computer, way
from tests.vaults import entry
from vault import errors, limits
from vault.cli import terminal
from vault.remote import bucket_file
from vault.secret import Secret
from vault.store import vault
from vault.store.boxes import Strict
from vault.store.format import parse_file
from vault.store.payload import StoredSeed
from vault.sync.versions import MachineLine, SharedState

MINE = "AKIAI44QH8DHBEXAMPLE"
THEIRS = "AKIAI55QH8DHBEXAMPLE"


def forge(computer, change=lambda state: state, *, gen=None, key_gen=None):
    """Put a file of that state into the bucket, by what ``computer`` has."""
    remote, bucket = computer.local().remote, computer.bucket
    found = parse_file(bucket.data)
    read = bucket_file.read(found, remote.key, path="it")
    built = bucket_file.build(
        change(read.state),
        vault_id=found.header.vault_id,
        key=remote.key,
        key_gen=key_gen or read.key_gen,
        slots=read.slots,
        gen=gen or found.header.gen + 1,
        time=9,
    )
    bucket.serve(built.raw)


def claiming(computer, victim, number, *, in_line):
    """A state in which ``computer`` has edited dev after ``number`` edits of the machine ``victim``."""

    def change(state):
        me = computer.local().me
        (old,) = state.items["entry/dev"]
        line = state.machines[me]
        last = line.last + 1
        forged = replace(
            old,
            dot=old.dot._replace(machine=me, number=last),
            seen={**old.seen, me: last, victim: number},
            content={**old.content, "akid": THEIRS},
        )
        lines = {**state.machines, me: replace(line, last=last, marks={**line.marks, last: "mark"})}
        if in_line:
            lines[victim] = replace(lines[victim], last=number, marks={})
        return SharedState({**state.items, "entry/dev": (forged,)}, lines)

    return change


@pytest.mark.parametrize("in_line", [False, True])
@pytest.mark.parametrize("number", [100, 2**53])
def test_an_edit_that_nobody_can_have_seen_is_kept(laptop, desktop, number, in_line):
    """Its machine gets a new name, so that nothing stands on what it edits. The user is asked."""
    forge(desktop, claiming(desktop, laptop.local().me, number, in_line=in_line))
    laptop.store("dev", MINE)
    laptop.store("prod", MINE)
    done = laptop.sync()
    assert done.taken_over
    assert [one.name for one in done.waiting] == ["dev"]
    assert laptop.held() == {"dev": MINE, "prod": MINE}
    desktop.sync()
    laptop.sync(choices={"dev": laptop.local().me})
    laptop.store("dev", "AKIAI66QH8DHBEXAMPLE")
    laptop.sync()
    desktop.sync()
    assert laptop.held() == desktop.held() == {"dev": "AKIAI66QH8DHBEXAMPLE", "prod": MINE}


def test_an_entry_does_not_vanish_between_two_edits_that_stand_on_each_other(laptop, desktop):
    """It would be removed from the vault, and what the vault keeps of machines could not be read."""
    desktop.store("dev", THEIRS)
    desktop.store("test", THEIRS)
    desktop.sync()
    laptop.sync()
    laptop.store("dev", MINE)
    laptop.sync()
    me, other = laptop.local().me, desktop.local().me
    number = laptop.local().state.machines[me].last

    def change(state):
        (mine,) = state.items["entry/dev"]
        assert mine.seen[other] >= 1
        forged = replace(
            mine, dot=mine.dot._replace(machine=other, number=1), seen={other: 9, me: number}, content={**mine.content, "akid": THEIRS}
        )  # fmt: skip
        line = replace(state.machines[other], last=9, marks={9: "mark"})
        return SharedState({**state.items, "entry/dev": (forged,)}, {**state.machines, other: line})

    forge(desktop, change)
    assert [one.name for one in laptop.sync().waiting] == ["dev"]
    assert laptop.held() == {"dev": MINE, "test": THEIRS}
    laptop.store("prod", MINE)
    assert [one.name for one in laptop.sync().went] == ["prod"]


@pytest.mark.parametrize("gen", [2**53, 2**40])
def test_a_generation_after_which_none_can_follow_is_refused(laptop, desktop, gen):
    """And the file can be replaced."""
    forge(desktop, gen=gen)
    laptop.store("prod")
    with pytest.raises(errors.Damaged, match=f"generation {gen}") as caught:
        laptop.sync()
    assert "sync --accept" in caught.value.hint
    assert laptop.sync(accept=True).gen < limits.GENERATIONS_AHEAD
    desktop.sync()
    assert "prod" in desktop.held()


def test_a_key_of_a_later_generation_than_its_file_is_refused(laptop, desktop):
    """Every later key would count as an earlier one."""
    forge(desktop, key_gen=2**40)
    with pytest.raises(errors.Damaged, match="no machine writes that"):
        laptop.sync()
    laptop.sync(accept=True)
    assert laptop.local().remote.key_gen == 1


def crowd(state):
    line = MachineLine(last=0, name="one of many", at=9)
    return SharedState(
        state.items,
        {
            **state.machines,
            **{f"m{number}": line for number in range(limits.MAX_MACHINES - len(state.machines))},
        },
    )


def test_too_many_machines_come_to_no_new_one(laptop, desktop, bucket, tmp_path):
    """Its vault could not be read; those that are there already go on."""
    forge(desktop, crowd)
    laptop.sync()
    assert len(laptop.local().state.machines) == limits.MAX_MACHINES
    late = Computer(tmp_path, "late", bucket)
    with pytest.raises(errors.Damaged, match="over 1000 machines"):
        late.join()
    assert not vault.exists(late.paths)


def test_a_machine_without_room_for_a_new_name_keeps_its_vault(laptop, desktop, bucket):
    """It says why it does not sync."""
    copy = laptop.files()
    laptop.store("prod")
    laptop.sync()
    forge(desktop, crowd)
    laptop.put_back(copy)
    before = laptop.files()
    with pytest.raises(errors.Damaged, match="over 1000 machines") as caught:
        laptop.sync()
    assert "remote remove" in caught.value.hint
    assert laptop.files() == before


def test_a_time_at_the_end_of_time_is_shown(laptop, desktop):
    """As a date, whatever the system makes of such a year."""

    def change(state):
        me = desktop.local().me
        return SharedState(state.items, {**state.machines, me: replace(state.machines[me], at=2**53)})

    forge(desktop, change)
    (found,) = [one for one in laptop.sync().machines if not one.here]
    assert found.at == 2**53
    assert terminal.rfc3339(found.at).startswith("9999-12-")
    assert terminal.local(found.at).startswith("9999-12-")


def test_strict_seeds_without_room_for_their_slots(laptop, desktop):
    """Two honest machines can meet so: nothing changes, and the user is told what to remove."""
    key = vault.new_key()
    slot = way("another strict phrase").wrap(key, vault_id=laptop.opened().vault_id, opens="strict")
    seed = StoredSeed(secret=Secret("JBSWY3DPEHPK3PXP"), created=1)

    def with_strict(draft, _):
        payload = draft.payload.with_strict_seed("arn:aws:iam::111111111111:mfa/yourself")
        return replace(
            draft, payload=payload, slots=(*draft.slots, slot),
            strict=Strict(key=key, seeds={"arn:aws:iam::111111111111:mfa/yourself": seed}),
        )  # fmt: skip

    def with_slots(draft, found):
        wrapped = [
            way(f"a passphrase of slot {number}").wrap(draft.k_main, vault_id=found.header.vault_id)
            for number in range(limits.MAX_SLOTS - len(draft.slots))
        ]
        return replace(draft, slots=(*draft.slots, *wrapped))

    deadline = laptop._how()["deadline"]
    vault.rewrite(laptop.paths, laptop.k_main, with_strict, deadline=deadline)
    vault.rewrite(desktop.paths, desktop.k_main, with_slots, deadline=deadline)
    laptop.sync()
    for _ in range(2):
        with pytest.raises(errors.ConfigError, match="maximum is 8") as caught:
            desktop.sync()
    assert "slots remove" in caught.value.hint
    assert len(desktop.opened().header.slots) == limits.MAX_SLOTS
    assert desktop.opened().payload.strict_serials == ()


def test_a_sync_that_waited_for_another_one_goes_on(laptop, desktop):
    """It opened the vault before the other one wrote it."""
    stale = laptop.opened()
    desktop.store("theirs")
    desktop.sync()
    laptop.sync()
    laptop.store("mine", MINE)
    now, laptop.opened = laptop.opened, lambda: stale
    assert [one.name for one in laptop.sync().went] == ["mine"]
    laptop.opened = now
    assert set(laptop.held()) == {"dev", "theirs", "mine"}
    assert entry() == laptop.opened().payload.entries["dev"]
