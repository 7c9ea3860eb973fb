"""What is shared, and what a machine keeps of it, as JSON and back."""

from __future__ import annotations

import copy
import dataclasses
import json

import pytest

from tests.faults.sync_world import World
from tests.unit.sync.examples import entry, pair
from tests.vaults import CHEAP
from vault import limits
from vault.secret import Secret
from vault.store import strict_json
from vault.store.slots.passphrase import PassphraseSlot
from vault.store.strict_json import JsonError
from vault.sync import shown, state_codec
from vault.sync.local import BucketPlace, LocalSync, Remote
from vault.sync.versions import SharedState

SLOT = PassphraseSlot(Secret("correct horse battery staple"), kdf=CHEAP)


def local(machine, **more):
    record = SLOT.wrap(Secret(bytes(32)), vault_id=bytes(16))
    place = BucketPlace(url="s3://example-bucket/vault", region="eu-west-1", **more)
    remote = Remote(place=place, key=Secret(bytes(32)), key_gen=1, slots=(record,), gen=7, seen={"laptop": 1})
    return LocalSync(
        me=machine.name, name="my laptop", state=machine.state, shown=machine.shown, remote=remote
    )


def whole(value):
    """Through the bytes of a box."""
    return strict_json.parse(strict_json.compact(value))


def test_what_a_machine_keeps_comes_back():
    """Conflicts, removals, and what each stands on."""
    laptop, desktop = pair(entry__dev=entry(), entry__old=entry("AKIAIOSFODNN8EXAMPLE"))
    laptop.store("entry/dev", entry("AKIAI44QH8DHBEXAMPLE")).remove("entry/old", renamed_to="new")
    desktop.store("entry/dev", entry("AKIAI55QH8DHBEXAMPLE")).store(
        "entry/old", entry("AKIAIOSFODNN9EXAMPLE")
    )
    laptop.meets(desktop)
    assert shown.conflicts(laptop.shown)
    for one in (
        local(laptop),
        local(desktop, kms="alias/vault", endpoint="https://localhost:9000", profile="p"),
    ):
        assert state_codec.local_of(whole(state_codec.local_json(one))) == one


@pytest.mark.usefixtures("untraced")
def test_every_state_of_a_world_comes_back():
    """Whatever eight machines make of it in a world of accidents."""
    world = World(3)
    for count in range(40, 400, 40):
        world.run(count)
        for machine in world.machines:
            found = machine.local
            machine.name, machine.state, machine.shown = found.me, found.state, found.shown
            one = local(machine)
            assert state_codec.local_of(whole(state_codec.local_json(one))) == one
        native = shown.contents(shown.show(world.bucket.state, {}))
        value = whole(state_codec.state_json(world.bucket.state, native=native))
        assert state_codec.state_of(value, native=native) == world.bucket.state


def test_the_content_that_a_box_shows_is_not_repeated():
    """And what lies beside it is there."""
    laptop, desktop = pair(entry__dev=entry())
    laptop.store("entry/dev", entry("AKIAI44QH8DHBEXAMPLE"))
    desktop.store("entry/dev", entry("AKIAI55QH8DHBEXAMPLE"))
    laptop.meets(desktop)
    native = {"entry/dev": entry("AKIAI44QH8DHBEXAMPLE")}
    text = json.dumps(state_codec.state_json(laptop.state, native=native))
    assert ("AKIAI44QH8DHBEXAMPLE" in text, "AKIAI55QH8DHBEXAMPLE" in text) == (False, True)


def test_a_content_that_is_nested_deeply_is_kept_as_a_text():
    """A later version's entry may be as deep as a box allows; below a version there is less room."""
    laptop, _ = pair(entry__dev=entry(later={"a": [{"b": [1]}]}))
    one = local(laptop)
    value = state_codec.local_json(one)
    assert isinstance(value["items"]["entry/dev"][0]["x"], str)
    assert state_codec.local_of(whole({"above": value})["above"]) == one


def changed(change):
    laptop, _ = pair(entry__dev=entry())
    value = whole(state_codec.local_json(local(laptop)))
    change(value)
    return value


def version(value):
    return value["items"]["entry/dev"][0]


@pytest.mark.parametrize(
    "change",
    [
        lambda v: v.update(v=2),
        lambda v: v.update(v=True),
        lambda v: v.pop("shown"),
        lambda v: v.update(later=1),
        lambda v: v.update(me="nobody"),
        lambda v: v.update(me="../laptop"),
        lambda v: v["items"].update(other=v["items"]["entry/dev"]),
        lambda v: v["items"].update({"entry/": v["items"]["entry/dev"]}),
        lambda v: v["items"].update({"journal/laptop": v["items"]["entry/dev"]}),
        lambda v: v["items"].update({"entry/dev": []}),
        lambda v: v["items"].update({"journal/../dev": v["items"]["entry/dev"]}),
        lambda v: v["items"].update({"seed/x": v["items"]["entry/dev"]}),
        lambda v: version(v)["g"].pop("mfa"),
        lambda v: version(v)["g"].update(other=["laptop", 1]),
        lambda v: v["items"].update({"entry/dev": [copy.deepcopy(version(v)) for _ in range(257)]}),
        lambda v: version(v).pop("by"),
        lambda v: version(v).update(later=1),
        lambda v: version(v).update(d=["laptop", 0]),
        lambda v: version(v).update(d=["laptop"]),
        lambda v: version(v).update(d=["laptop", 9]),
        lambda v: version(v).update(g={}),
        lambda v: version(v).pop("x"),
        lambda v: version(v).update(x=1),
        lambda v: version(v).update(x="{"),
        lambda v: version(v).update(by="n" * 256),
        lambda v: v["machines"]["laptop"].pop("w"),
        lambda v: v["machines"]["laptop"].update(later=1),
        lambda v: v["machines"]["laptop"].update(w={"01": "m"}),
        lambda v: v["machines"]["laptop"].update(w={"x": "m"}),
        lambda v: v["machines"]["laptop"].update(w={"1": "m" * 65}),
        lambda v: v["machines"].update({f"m{n}": v["machines"]["laptop"] for n in range(1_000)}),
        lambda v: v["shown"].update({"entry/none": {"on": []}}),
        lambda v: v["shown"].update({"entry/dev": {"on": [], "why": "bored"}}),
        lambda v: v["shown"].update({"entry/dev": {"why": "changed"}}),
        lambda v: v["remote"].update(key="AA"),
        lambda v: v["remote"].update(key="A" * 44),
        lambda v: v["remote"].update(slots=[]),
        lambda v: v["remote"].update(old=["AA"]),
        lambda v: v["remote"].update(old=[v["remote"]["key"]] * 9),
        lambda v: v["remote"].update(region=1),
        lambda v: v["remote"].update(later=1),
    ],
)  # fmt: skip
def test_anything_else_is_refused(change):
    """With a reason that quotes no value."""
    with pytest.raises(JsonError) as refused:
        state_codec.local_of(changed(change))
    assert "AKIA" not in str(refused.value)


def test_earlier_keys_of_the_bucket_come_back():
    """In their order. A vault that has none says nothing of them."""
    before = local(pair(entry__dev=entry())[0])
    assert "old" not in state_codec.local_json(before)["remote"]
    after = before
    for number in range(1, 11):
        remote = after.remote.with_new_key(Secret(bytes([number]) * 32), after.remote.slots, number + 1)
        after = dataclasses.replace(after, remote=remote)
    found = state_codec.local_of(whole(state_codec.local_json(after))).remote
    assert found == after.remote
    assert [key.reveal()[0] for key in found.old] == [9, 8, 7, 6, 5, 4, 3, 2]


def test_a_version_whose_content_is_nowhere_is_refused():
    value = whole(state_codec.state_json(pair(entry__dev=entry())[0].state, native={"entry/dev": entry()}))
    with pytest.raises(JsonError, match="no content"):
        state_codec.state_of(value, native={})


def test_more_than_a_reader_takes_is_not_written():
    """A vault with it could not be read again."""
    line = pair(entry__dev=entry())[0].state.machines["laptop"]
    for state in (
        SharedState(machines={f"m{number}": line for number in range(limits.MAX_MACHINES + 1)}),
        SharedState(items={"entry/dev": ()}),
    ):
        with pytest.raises(JsonError):
            state_codec.state_json(state, native={})


def test_an_empty_state_comes_back():
    assert (
        state_codec.state_of(whole(state_codec.state_json(SharedState(), native={})), native={})
        == SharedState()
    )
