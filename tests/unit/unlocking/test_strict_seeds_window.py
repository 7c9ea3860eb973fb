"""The strict passphrase in a window, and strict seeds that two processes store."""

from __future__ import annotations

import pytest

from tests.fakes.example import SEED, SERIAL
from tests.home import PASSPHRASE
from tests.unit.benches import NAME, Window
from tests.vaults import soon
from vault import errors
from vault.secret import Secret
from vault.store import strict_box, vault
from vault.unlocking import key_handover, strict_seeds
from vault.unlocking.agent_keys import AgentKeys, keys_from_agent
from vault.unlocking.keys import CodeWait

OWN = "a passphrase for the seeds alone"


STORED = vault.StoredSeed(secret=Secret(SEED), created=1)


# ── strict seeds ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def strictly(bench, cheaply):
    """The vault's seed behind a passphrase of its own; ``before`` is the vault as it was."""
    before = bench.opened()
    bench.before = before
    strict_seeds.store(bench.context(), before, NAME, SERIAL, STORED, passphrase=lambda: Secret(OWN))
    return bench


def test_the_strict_passphrase_is_asked_for_three_times(strictly, home):
    """The vault's own is as wrong as any; after three it ends, with nothing opened."""
    window = Window(home, PASSPHRASE, OWN, "wrong", "wrong", "wrong")
    context = strictly.context()
    assert strict_seeds.stored_seed(context, strictly.opened(), SERIAL, purpose="to resynchronize") == STORED
    assert "to resynchronize" in window.heard("SETDESC")[0]
    with pytest.raises(errors.WrongPassphrase):
        strict_seeds.ask(context, purpose="")
    with pytest.raises(errors.StrictClosed, match="cancelled"):
        strict_seeds.ask(context, purpose="")


def test_a_key_of_an_older_strict_box_is_a_closed_one(strictly):
    """Somebody wrote the box under another key since: it is closed, not damaged."""
    with pytest.raises(errors.StrictClosed, match="locked again"):
        strict_box.seed(strictly.opened(), SERIAL, key=vault.new_key())


def test_two_who_make_the_first_strict_seed_do_not_lose_one(strictly):
    """The second finds that there is a passphrase by now, and changes nothing."""
    with pytest.raises(errors.AlreadyExists, match="another process"):
        strict_seeds.store(
            strictly.context(), strictly.before, NAME, SERIAL + "-2", STORED, passphrase=lambda: Secret("another passphrase")
        )  # fmt: skip
    assert strictly.opened().payload.strict_serials == (SERIAL,)


def test_strict_seeds_are_opened_for_one_use_or_in_the_agent(strictly, beside, home):
    """A process's own keys have them for itself; the agent's have them for five minutes; a locked agent takes none."""
    Window(home, OWN, OWN, OWN)
    own = strictly.keys(strictly.context())
    own.open_strict(strict_seeds.ask(strictly.context(), purpose=""))
    assert own.take_code(SERIAL, CodeWait(soon(), 35)) is not None
    beside.give()
    keys = keys_from_agent(strictly.context())
    assert isinstance(keys, AgentKeys)
    keys.open_strict(strict_seeds.ask(strictly.context(), purpose=""))
    assert beside.state.strict_left > 0
    beside.lock()
    with pytest.raises(errors.StrictClosed, match="did not accept"):
        keys.open_strict(strict_seeds.ask(strictly.context(), purpose=""))
    keys.close()
    assert not key_handover.hand_over_strict(
        strictly.context(AWSVAULT_AGENT="off"), vault.new_key(), vault_id=bytes(16)
    )
