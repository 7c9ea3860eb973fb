"""A new vault's passphrase: none that is too short, mistyped or missing, and no prompt where one is given."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.vaults import CHEAP, soon
from vault import errors
from vault.context import Context
from vault.secret import Secret
from vault.settings import Settings
from vault.store import vault
from vault.system.clock import Deadline, SystemClock
from vault.system.paths import from_env
from vault.upkeep import create

GOOD = "correct horse battery staple orbit"


class Typist:
    """A user who types ``answers`` in turn."""

    def __init__(self, *answers):
        self.answers, self.complaints = list(answers), []

    def possible(self):
        return True

    def hidden(self, _question, *, complaint="", **_more):
        self.complaints.append(complaint)
        return Secret(self.answers.pop(0))


@pytest.fixture
def run(tmp_path):
    """``run(PASSPHRASE, USER)`` is a Context; without a user there is no prompt."""

    def make(passphrase=None, user=None):
        class Run(Context):
            @property
            def interaction(self):
                return user or super().interaction

        env = {"HOME": str(tmp_path), "AWSVAULT_HOME": str(tmp_path / "v"), "AWSVAULT_AGENT": "off"}
        clock = SystemClock()
        return Run(
            env=env, paths=from_env(env), clock=clock, deadline=Deadline.after(50, clock=clock),
            passphrase=passphrase and Secret(passphrase), settings=Settings(prompt="none", agent="off"),
        )  # fmt: skip

    return make


def test_a_passphrase_that_is_too_short_is_refused(run):
    """Wherever it comes from, and it is not repeated."""
    for call in (
        lambda: create.choose_passphrase(run("tooshort")),
        lambda: create.passphrase_from_stdin(b"tooshort\n"),
    ):
        with pytest.raises(errors.Usage) as caught:
            call()
        assert "tooshort" not in caught.value.message + caught.value.hint


def test_no_passphrase_and_no_prompt_is_locked(run):
    """Exit 3; the hint names the variable."""
    with pytest.raises(errors.Locked) as caught:
        create.choose_passphrase(run(), what="X")
    assert "AWSVAULT_PASSPHRASE_FILE" in caught.value.hint
    with pytest.raises(errors.Locked) as caught:
        create.ask_new_passphrase(run(GOOD), what="X", otherwise="the other command")
    assert "the other command" in caught.value.hint


def test_a_mistyped_passphrase_is_asked_for_again(run):
    """Three times, with the reason; then exit 2."""
    user = Typist("short", GOOD, GOOD + "x", GOOD, GOOD)
    chosen = create.choose_passphrase(run(user=user))
    assert (chosen.secret, chosen.source) == (Secret(GOOD), create.PROMPT)
    assert [bool(one) for one in user.complaints] == [False, True, False, True, False]
    with pytest.raises(errors.Usage):
        create.choose_passphrase(run(user=Typist(*[GOOD, GOOD + "x"] * 3)))


def test_a_given_passphrase_costs_no_prompt(run):
    """One line end of stdin is not part of it; a weak one comes with its warning."""
    assert create.choose_passphrase(run(GOOD, Typist())).secret == Secret(GOOD)
    assert create.passphrase_from_stdin(GOOD.encode() + b"\r\n") == (Secret(GOOD), None, "stdin")
    assert create.passphrase_from_stdin(b"password1234").warning


@pytest.mark.parametrize(("source", "offers"), [(create.PROMPT, 1), ("stdin", 0)])
def test_only_a_typed_passphrase_is_kept_for_the_next_command(run, monkeypatch, source, offers):
    """The vault opens with it; a second vault is refused and the first one stays as it is."""
    offered = []
    monkeypatch.setattr(
        create, "key_handover", SimpleNamespace(offer=lambda *_args, **more: offered.append(more))
    )
    context, chosen = run(), create.ChosenPassphrase(Secret(GOOD), None, source)
    opened = create.create_vault(context, chosen, kdf=CHEAP)
    assert len(offered) == offers
    with pytest.raises(errors.AlreadyExists):
        create.create_vault(context, chosen, kdf=CHEAP)
    assert (
        vault.open_with_passphrase(context.paths, Secret(GOOD), deadline=soon()).vault_id == opened.vault_id
    )
