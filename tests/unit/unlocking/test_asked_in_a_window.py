"""Questions and their answers: how often one is asked, what is said of a wrong one, and what the end of it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.example import KEY_ID, SECRET, SEED, SERIAL
from tests.home import PASSPHRASE, Home
from tests.unit.benches import NAME, Window
from tests.vaults import soon
from vault import errors
from vault.context import Context
from vault.keys import key_prompts
from vault.keys.verify import Verification
from vault.secret import Secret
from vault.store import strict_box, vault
from vault.store.format import SlotRecord
from vault.store.slots import new_sid, wrap_key
from vault.system import locks
from vault.system.clock import Deadline, SystemClock
from vault.system.files import Folder
from vault.system.paths import from_env
from vault.unlocking import key_handover, strict_seeds, unlock
from vault.unlocking.agent_keys import AgentKeys, keys_from_agent
from vault.unlocking.keys import CodeWait
from vault.upkeep import backups, recovery_code, rekey_plan

OWN = "a passphrase for the seeds alone"
STORED = vault.StoredSeed(secret=Secret(SEED), created=1)


def run_of(home, *, seconds=50.0, attended=False, **env):
    """A context without a passphrase at hand."""
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


def test_a_backup_of_another_machines_keyring_is_put_back(bench, monkeypatch, tmp_path):
    """Its slot's item is not to be had here: what this machine's keyring knows of the vault is nothing, and no bar."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    opened = with_keyrings_slot(bench)
    path = str(tmp_path / "copy")
    backups.write(opened, path)
    context = bench.context(AWSVAULT_KEYRING=None)
    chosen = backups.choose(context, path, accept=False)
    assert chosen.known_gen == 0
    assert backups.restore_backup(context, chosen).header.gen > opened.header.gen


# ── a new vault's keys, a backup, a recovery code ────────────────────────────────────────────


def test_renewing_the_keys_asks_for_a_passphrase(bench, home):
    """Nobody to ask is told with what was tried; a wrong answer is asked again, and the third is the end."""
    with pytest.raises(errors.Locked, match="prompt = none"):
        rekey_plan.open_by_secret(run_of(home), purpose="")
    window = Window(home, "wrong one", PASSPHRASE, "wrong", "wrong", "wrong")
    opened, passphrase = rekey_plan.open_by_secret(run_of(home), purpose="to change it")
    assert list(opened.payload.entries) == [NAME]
    assert passphrase == Secret(PASSPHRASE)
    assert len(window.heard("SETERROR")) == 1
    with pytest.raises(errors.WrongPassphrase):
        rekey_plan.open_by_secret(run_of(home), purpose="to change it")
    assert not window.left


def test_a_backup_is_opened_by_what_a_person_types(bench, home, tmp_path):
    """Its name is in the question; a wrong answer is asked again; nobody to ask is told; three wrong ones are the end."""
    path = str(tmp_path / "copy")
    backups.write(bench.opened(), path)
    with pytest.raises(errors.Locked, match="prompt = none"):
        backups.choose(run_of(home), path, accept=False)
    window = Window(home, "wrong one", PASSPHRASE, "wrong", "wrong", "wrong")
    chosen = backups.choose(run_of(home), path, accept=False)
    assert chosen.backup.entries == (NAME,)
    assert path in window.heard("SETDESC")[0]
    with pytest.raises(errors.WrongPassphrase, match="copy"):
        backups.choose(run_of(home), path, accept=False)
    assert not window.left


def test_a_copy_of_another_vault_is_told(bench, home, tmp_path):
    """It opens, and whoever restores it knows that it is not the vault that lies there."""
    other = Home(tmp_path / "other")
    other.make_vault("another")
    path = str(tmp_path / "copy")
    backups.write(vault.open_with_passphrase(from_env(other.env), Secret(PASSPHRASE), deadline=soon()), path)
    chosen = backups.choose(bench.context(AWSVAULT_KEYRING=None), path, accept=False)
    assert isinstance(chosen.problem, errors.Diverged)
    assert "another vault" in chosen.problem.message


def test_backups_that_the_passphrase_does_not_open_are_listed_without_their_entries(bench):
    """What opens none of them is asked of nobody: generation and time are shown, the content is not."""
    bench.edit(lambda p: p.with_entry("more", p.entries[NAME]))
    listed = backups.list_automatic(bench.context())
    assert listed[0].entries == (NAME,)
    context = bench.context()
    context.passphrase = Secret("another passphrase")
    assert backups.list_automatic(context) == [copy._replace(entries=None) for copy in listed]


def test_a_recovery_code_that_nobody_types_back_is_not_made(bench, home):
    """Cancelled: nothing was changed, and it says so."""
    Window(home)
    with pytest.raises(errors.Declined, match="no recovery code was created"):
        recovery_code.issue(run_of(home, attended=True))


# ── a key, a code, a yes ─────────────────────────────────────────────────────────────────────


def test_a_new_key_is_asked_for_piece_by_piece(bench, home):
    """A wrong shape is said and asked again; Enter at the seed means that codes are asked for."""
    window = Window(home, "not a key", KEY_ID, SECRET, SERIAL, "")
    made, found = key_prompts.ask_key(
        run_of(home, attended=True), name="dev", verify=lambda _: Verification(), prove=lambda _: None
    )
    assert found == Verification()
    assert (made.access_key_id, made.secret, made.mfa_serial, made.seed) == (
        KEY_ID,
        Secret(SECRET),
        SERIAL,
        None,
    )
    assert len(window.heard("SETERROR")) == 1
    for number in range(3):
        window.answer(number, "not a key")
    with pytest.raises(errors.Usage):
        key_prompts.ask_key(
            run_of(home, attended=True), name="dev", verify=lambda _: Verification(), prove=lambda _: None
        )
    assert not window.left


def test_a_code_with_a_digit_too_few_is_asked_for_again(bench, home, aws):
    """Nothing is sent to AWS that cannot be a code; how many digits one has is said."""
    bench.edit(lambda p: p.without_seed(SERIAL))
    window = Window(home, "12345", aws.world.code(SERIAL))
    assert bench.ask("dev").asked_aws
    assert window.heard("SETERROR") == ["a code has 6 digits"]
    assert len(aws.calls.codes()) == 1


def test_a_code_mistyped_is_asked_for_again_by_the_next_run(bench, home, aws):
    """AWS's refusal of it is no answer for who runs the command again at once: that one is asked."""
    bench.edit(lambda p: p.without_seed(SERIAL))
    wrong = f"{(int(aws.world.code(SERIAL)) + 1) % 1_000_000:06}"
    window = Window(home, wrong, aws.world.code(SERIAL))
    with pytest.raises(errors.Refused, match="one time pass code"):
        bench.ask("dev")
    assert bench.ask("dev").asked_aws
    assert not window.left
    assert [call.result for call in aws.calls.of("GetSessionToken")] == ["AccessDenied", "ok"]


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
