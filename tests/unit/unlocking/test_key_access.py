"""The way to the keys beside an agent that opens, locks or is overtaken in between."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.fakes.example import KEY_ID
from tests.home import PASSPHRASE
from tests.unit.agent.at_home import until
from tests.vaults import soon
from vault import errors
from vault.credentials import obtain, planned
from vault.credentials.request import Request
from vault.secret import Secret
from vault.store import vault
from vault.unlocking import key_access

NAME = "shared-services"


OPEN = """
[profile open]
awsvault_role_arn = arn:aws:iam::222222222222:role/OpenRole
awsvault_source_profile = shared-services

[profile shared-services]
region = us-east-1
"""


def edit(desk, change):
    context = desk.context()
    vault.edit(context.paths, desk.keys(context).opened.k_main, change, deadline=soon())


def test_who_waited_takes_what_the_agent_got_meanwhile(desk, beside):
    """Another process opened the vault while this process's passphrase was fetched: it is not opened a second time."""
    fifo, program = (os.path.join(desk.home.root, name) for name in ("fifo", "give"))
    os.mkfifo(fifo)
    with open(program, "w", encoding="utf-8") as file:
        file.write(f"read -r line <{fifo}\necho '{PASSPHRASE}'\n")
    context = desk.context(AWSVAULT_PASSPHRASE_COMMAND=f"/bin/sh {program}")
    gates = []

    def asked():
        try:
            gates.append(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:  # nobody reads yet
            return False
        return True

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(key_access.key_access, context, purpose="")
        until(asked, seconds=60)
        beside.give()
        os.write(gates[0], b"\n")
        os.close(gates[0])
        way = waiting.result(60)
    assert (way.way, way.opened) == ("agent", None)
    assert way.keys.has_entry(NAME)
    way.keys.close()


def test_an_agent_that_locks_in_the_middle_is_done_without(desk, beside):
    """What was begun with the agent's keys is done again with the vault's own, and the user learns nothing of it."""
    beside.give()
    context = desk.context()
    ready, ways = planned.load(context), []

    def work(keys):
        ways.append(keys)
        if len(ways) == 1:
            beside.lock()
        return obtain.issue(context, Request("dev"), keys, ready)

    got, way = key_access.with_keys(context, work, purpose="")
    ways[0].close()
    assert [type(keys).__name__ for keys in ways] == ["AgentKeys", "OpenedKeys"]
    assert way.way == "AWSVAULT_PASSPHRASE"
    assert got.chain.profile == "dev"


def test_keys_that_were_begun_are_used_and_no_others(desk, beside, monkeypatch):
    """The worker that opens the vault meanwhile is the one that answers."""
    beside.give()
    context = desk.context()
    begun = key_access.begin(context)
    monkeypatch.setattr(key_access, "key_access", None)
    found, access = key_access.with_keys(context, lambda keys: keys.has_entry(NAME), purpose="", begun=begun)
    begun.close()
    assert (found, access) == (True, (begun, None, "agent"))


def test_keys_that_were_begun_and_are_gone_are_done_without(desk, beside):
    """The agent was locked while this process loaded the rest."""
    beside.give()
    context = desk.context()
    begun = key_access.begin(context)
    beside.lock()
    begun.close()
    found, access = key_access.with_keys(context, lambda keys: keys.has_entry(NAME), purpose="", begun=begun)
    begun.close()  # it has asked for another worker
    assert (found, access.way) == (True, "AWSVAULT_PASSPHRASE")


@pytest.mark.parametrize("hold", [False, True])
def test_a_locked_agent_begins_nothing(desk, beside, hold):
    """Neither by its time nor by ``lock``."""
    beside.give()
    beside.lock(hold=hold)
    assert key_access.begin(desk.context()) is None


def with_key(new):
    """The change that a rotation makes in the vault."""
    return lambda p: p.with_entry(
        NAME, replace(p.entries[NAME], access_key_id=new.id, secret=Secret(new.secret))
    )


@pytest.mark.parametrize(
    ("is_open", "fork_ends"), [(False, False), (True, False), (True, True)], ids=["off", "agent", "fork ends"]
)
def test_a_key_that_was_rotated_meanwhile_is_read_again(desk, beside, aws, is_open, fork_ends):
    """AWS forgot the key that was read a moment ago: the vault's new one is tried, once, however the vault was opened.

    The agent's fork may have ended while AWS was asked: the next one knows nothing but the new key.
    """
    desk.home.config(OPEN)
    edit(desk, lambda p: p.with_entry(NAME, replace(p.entries[NAME], mfa_serial=None)))
    if is_open:
        beside.give()
    new = aws.world.add_key(aws.world.user("yourself"))

    def rotate():
        del aws.world.keys[KEY_ID]
        edit(desk, with_key(new))
        if fork_ends:
            used[0].close()

    aws.faults.hook("GetSessionToken", "before", rotate)
    aws.faults.add(
        "GetSessionToken", "refuse", code="InvalidClientTokenId", message="as arranged", status=403
    )
    context, used = desk.context(), []
    ready = planned.load(context)

    def work(keys):
        used.append(keys)
        return obtain.issue(context, Request("open"), keys, ready)

    got, _ = key_access.with_keys(context, work, purpose="")
    for keys in used if is_open else ():
        keys.close()
    assert got.chain.profile == "open"
    assert [call.access_key_id for call in aws.calls.of("GetSessionToken")] == [KEY_ID, new.id]


def test_a_process_that_waited_for_a_rotated_key_reads_it_again(desk, aws):
    """The one who asked AWS leaves word of the refusal; those who wait for the same link then try the new key as well."""
    desk.home.config(OPEN)
    edit(desk, lambda p: p.with_entry(NAME, replace(p.entries[NAME], mfa_serial=None)))
    new = aws.world.add_key(aws.world.user("yourself"))
    del aws.world.keys[KEY_ID]
    context, used = desk.context(), []
    ready = planned.load(context)

    def work(keys):
        used.append(keys)
        if len(used) == 2:  # what it has read of the vault is the old key
            edit(desk, with_key(new))
        return obtain.issue(context, Request("open"), keys, ready)

    with pytest.raises(errors.Refused, match="InvalidClientTokenId"):
        key_access.with_keys(context, work, purpose="")
    got, _ = key_access.with_keys(context, work, purpose="")
    assert got.chain.profile == "open"
    assert [call.access_key_id for call in aws.calls.of("GetSessionToken")] == [KEY_ID, new.id]


@pytest.mark.parametrize("found", [True, False])
def test_a_key_from_another_machine_is_tried_once(desk, aws, found):
    """After a refusal of a key that the vault still has: where the command looks for another, and only if there is one."""
    desk.home.config(OPEN)
    edit(desk, lambda p: p.with_entry(NAME, replace(p.entries[NAME], mfa_serial=None)))
    new = aws.world.add_key(aws.world.user("yourself"))
    del aws.world.keys[KEY_ID]
    context, asked = desk.context(), []
    ready = planned.load(context)

    def newer_key(given, opened, error):
        asked.append((given is context, opened is not None, error.key_id))
        if found:
            edit(desk, with_key(new))
        else:
            error.hint = "sync on that machine"
        return found

    context.newer_key = newer_key

    def export():
        return key_access.with_keys(
            context, lambda keys: obtain.issue(context, Request("open"), keys, ready), purpose=""
        )

    if found:
        assert export()[0].chain.profile == "open"
    else:
        with pytest.raises(errors.Refused) as refused:
            export()
        assert refused.value.hint == "sync on that machine"
    assert asked == [(True, True, KEY_ID)]
    assert [call.access_key_id for call in aws.calls.of("GetSessionToken")] == [KEY_ID, new.id][: 1 + found]
