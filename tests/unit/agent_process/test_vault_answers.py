"""What a worker of the agent answers from the vault."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from tests.fakes.example import KEY_ID, SERIAL
from tests.unit.agent.serving import TIMES
from tests.vaults import soon
from vault import errors
from vault.agent.link import Hello
from vault.agent.protocol import LENGTH, AgentRequest
from vault.agent.protocol import parse_answer as parsed
from vault.agent_process import vault_answers
from vault.store import vault
from vault.unlocking import agent_keys, seen_generations


@pytest.fixture
def keys(desk, beside):
    beside.give()
    made = agent_keys.keys_from_agent(desk.context())
    yield made
    made.close()


# ── in the fork ──────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def fork(desk, beside):
    """``fork(OP, …)`` is what a fork of the open agent answers."""
    beside.give()
    answer = vault_answers.answerer(beside.paths, beside.page, beside.state)
    said = []
    return lambda op, **fields: parsed(answer(AgentRequest(op, fields, 0), said.append)[LENGTH:])


def test_a_fork_says_what_is_not_there(fork):
    """An entry or a seed that the vault lacks is an answer and no error."""
    assert fork("GET_ENTRY", name="nobody") == {"ok": True, "found": False}
    nobodys = SERIAL.replace("yourself", "nobody")
    assert fork("TOTP", serial=nobodys, most=0, skew=0, after=0) == {"ok": True, "found": False}


def test_a_fork_gives_a_key_and_its_list(fork):
    """All that a session takes of the key, and rows without a secret."""
    found = fork("GET_ENTRY", name="shared-services")
    assert (found["akid"], found["mfa_serial"]) == (KEY_ID, SERIAL)
    listed = fork("LIST", first=0)
    assert listed["total"] == len(listed["rows"]) == 2
    assert found["sak"] not in str(listed)
    assert fork("LIST", first=2)["rows"] == []


def test_a_fork_gives_the_key_of_the_sign_ins(fork, desk, keys):
    """If the user has never signed in, there is none. The agent's keys say the same."""
    assert fork("SSO_KEY") == {"ok": True, "found": False}
    assert keys.sso_key() is None
    key = vault.new_key()
    opened = desk.keys(desk.context()).opened
    vault.edit(desk.context().paths, opened.k_main, lambda p: replace(p, sso_key=key), deadline=soon())
    keys.close()
    keys.restart()
    assert keys.sso_key() == key


def test_a_fork_notes_and_makes_codes_in_one_ledger(fork, aws):
    """A code that was typed is not made again; the error of a second one is told by its name."""
    code = aws.world.code(SERIAL)
    assert fork("NOTE_CODE", serial=SERIAL, code=code, within=5000)["text"] == code
    again = fork("NOTE_CODE", serial=SERIAL, code=code, within=5000)
    assert (again["ok"], again["why"], again["kind"]) == (False, "failed", "UsedCode")


def test_a_fork_of_an_agent_that_saw_a_newer_vault_gives_nothing(fork, desk, beside):
    """The file was put back: the generation that the agent has seen tells, before a key leaves."""
    opened = desk.keys(desk.context()).opened
    hello = Hello.of(beside.client().ask("HELLO"))
    later = replace(opened.file, header=replace(opened.header, gen=opened.header.gen + 5))
    seen_generations.tell(replace(opened, file=later), beside.client(), hello=hello)
    answer = fork("GET_ENTRY", name="shared-services")
    assert (answer["ok"], answer["kind"]) == (False, errors.RolledBack.__name__)


def test_a_fork_of_an_agent_that_has_seen_no_generation_answers(desk, beside):
    """The agent was opened and not told yet how new the vault is: nothing to compare with is no bar."""
    opened = desk.keys(desk.context()).opened
    beside.client().unlock(
        vault_id=opened.vault_id, main=opened.k_main, cache=opened.cache_key, times=TIMES, person=True
    )
    assert beside.state.seen == []
    answer = vault_answers.answerer(beside.paths, beside.page, beside.state)
    found = parsed(answer(AgentRequest("HAS_ENTRY", {"name": "shared-services"}, 0), print)[LENGTH:])
    assert found == {"ok": True, "found": True}


def test_an_error_of_a_fork_keeps_its_exit_code(desk, beside):
    """The vault was moved away: 5 as without the agent, and not "this is a bug"."""
    beside.give()
    place = desk.context().paths.vault
    os.rename(place, place + ".away")
    keys = agent_keys.keys_from_agent(desk.context())
    with pytest.raises(errors.NotFound, match="there is no vault"):
        keys.entry("shared-services")
    keys.close()
