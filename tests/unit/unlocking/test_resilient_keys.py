"""Keys that outlast the agent: the first that are asked after its end are those of this process, and they stay."""

from __future__ import annotations

import pytest

from vault import errors
from vault.unlocking.agent_keys import AgentGone
from vault.unlocking.resilient_keys import ResilientKeys


class Some:
    """Keys that answer with their name, until they are ``gone``."""

    def __init__(self, name):
        self.name, self.gone, self.closed = name, None, 0
        self.vault_id = self.cache_key = name

    def _answer(self, *_args, **_more):
        if self.gone is not None:
            raise self.gone
        return self.name

    newest_cache_key = has_entry = entry = contents = take_code = note_code = open_strict = _answer

    def close(self):
        self.closed += 1


CALLS = {
    "newest_cache_key": (),
    "has_entry": ("a",),
    "entry": ("a",),
    "contents": (),
    "take_code": ("serial", None),
    "note_code": ("serial", "123456"),
    "open_strict": (None,),
}


@pytest.fixture
def keys():
    """Keys of the agent, those of this process, and how often the latter were asked for."""
    agents, own, opened = Some("agent"), Some("own"), []

    def otherwise():
        opened.append(1)
        return own

    return ResilientKeys(agents, otherwise=otherwise), agents, own, opened


@pytest.mark.parametrize("call", CALLS)
def test_every_question_goes_on_without_the_agent(keys, call):
    """Whichever comes first after its end. What the agent was, is closed."""
    resilient, agents, _, opened = keys
    more = {"deadline": None} if call == "note_code" else {}
    getattr(resilient, call)(*CALLS[call], **more)
    assert opened == []
    agents.gone = AgentGone("it locked")
    answer = getattr(resilient, call)(*CALLS[call], **more)
    assert answer in ("own", None)
    assert (opened, agents.closed, resilient.vault_id, resilient.cache_key) == ([1], 1, "own", "own")


def test_the_vault_is_opened_once(keys):
    """An agent that comes back later is not asked again."""
    resilient, agents, _, opened = keys
    agents.gone = AgentGone("it locked")
    resilient.contents()
    agents.gone = None
    assert resilient.contents() == "own"
    assert opened == [1]


def test_another_error_is_that_of_the_question(keys):
    """A code that comes too late is no reason to open the vault."""
    resilient, agents, _, opened = keys
    agents.gone = errors.Refused("no")
    with pytest.raises(errors.Refused):
        resilient.contents()
    assert (opened, agents.closed) == ([], 0)


def test_keys_of_this_process_that_fail_too_are_the_error(keys):
    """There is no third."""
    resilient, agents, own, opened = keys
    agents.gone = AgentGone("it locked")
    own.gone = errors.Locked("no passphrase")
    with pytest.raises(errors.Locked):
        resilient.contents()
    assert opened == [1]
