"""Questions in a window: how often one is asked, and what its end means."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.home import PASSPHRASE
from tests.unit.benches import Window
from tests.vaults import soon
from vault import errors
from vault.context import Context
from vault.store import vault
from vault.store.format import SlotRecord
from vault.store.slots import new_sid, wrap_key
from vault.system import locks
from vault.system.clock import Deadline, SystemClock
from vault.system.files import Folder
from vault.system.paths import from_env
from vault.unlocking import unlock


def run_of(home, *, seconds=50.0, attended=False, **env):
    """A context without an available passphrase."""
    merged = home.with_env({"AWSVAULT_PASSPHRASE": None, **env})
    return Context(
        env=merged, paths=from_env(merged), clock=SystemClock(), deadline=Deadline.after(seconds), attended=attended
    )  # fmt: skip


# ── the vault's passphrase ───────────────────────────────────────────────────────────────────


def opening(home, **more):
    return unlock.unlock_unless(run_of(home, **more), purpose="to see", meanwhile=lambda: False)


def test_a_mistyped_passphrase_is_asked_for_again(bench, home):
    """What it is for is said each time, and why it is asked again; three wrong ones are the end."""
    window = Window(home, "wrong one", PASSPHRASE)
    assert opening(home).way == "prompt"
    assert len(window.heard("SETERROR")) == 1
    assert all("to see" in said for said in window.heard("SETDESC"))
    for number in range(3):
        window.answer(number, "wrong one")
    with pytest.raises(errors.WrongPassphrase):
        opening(home)


def test_a_window_that_cannot_be_opened_is_in_the_list(bench, home):
    """No silence follows, since nobody said no."""
    Window(home)
    home.settings('pinentry = "/nonexistent/pinentry"\n')
    for _ in range(2):
        with pytest.raises(errors.Locked, match=r"prompt \(cannot start pinentry \(/nonexistent/pinentry\)"):
            opening(home)


def test_a_question_that_nobody_answers_silences_the_next(bench, home):
    """The time is told, and who comes within the next half minute is not asked."""
    window = Window(home, None)
    with pytest.raises(errors.Locked, match="not answered within"):
        opening(home, seconds=1.0)
    asked = window.heard("GETPIN")
    with pytest.raises(errors.Locked, match="not asked again for"):
        opening(home)
    assert window.heard("GETPIN") == asked


def test_a_question_of_another_process_is_waited_for_and_told(bench, home):
    """While it is open there is no second one; at the end of the time it is in the list."""
    window = Window(home, PASSPHRASE)
    context = run_of(home, seconds=0.3)
    with (
        Folder.open(context.paths.state, create=True) as state,
        locks.lock(state, unlock.PROMPT_LOCK, deadline=soon()),
        pytest.raises(errors.Locked, match="another process was prompting"),
    ):
        unlock.unlock_unless(context, purpose="", meanwhile=lambda: False)
    assert unlock.unlock_unless(run_of(home), purpose="", meanwhile=lambda: True) is None
    assert not window.asked


def with_keyrings_slot(bench):
    """The vault with a slot of a keyring that is not this machine's."""
    context, opened = bench.context(), bench.opened()
    record = SlotRecord(type="keyring", sid=new_sid(), opens="main", wrap=b"", host="another")
    record = wrap_key(vault.new_key(), record, vault_id=opened.vault_id, key=opened.k_main)
    return vault.rewrite(
        context.paths,
        opened.k_main,
        lambda draft, _: replace(draft, slots=(*draft.slots, record)),
        deadline=soon(),
    )


def test_a_keyring_that_is_switched_off_is_in_the_list(bench, home):
    """Where the vault has a slot of one, and nobody can be asked, it stands there with the rest."""
    with_keyrings_slot(bench)
    with pytest.raises(errors.Locked, match=r"agent \(switched off\), keyring \(switched off\), prompt"):
        opening(home)
