"""A command that needs the secret itself: where it comes from, and how often it may be wrong."""

from __future__ import annotations

import pytest

from tests.patience import PATIENCE
from vault import errors
from vault.context import Context
from vault.secret import Secret
from vault.system.clock import Deadline, SystemClock
from vault.system.paths import from_env
from vault.upkeep import secret_prompt


class Typist:
    """Types one answer after the other; keeps what it was asked."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def possible(self):
        return True

    def hidden(self, question, *, note, complaint, **_):
        self.asked.append((question, note, complaint))
        return Secret(self.answers.pop(0))


class Asked(Context):
    """A command's context, with somebody to ask."""

    typist: Typist | None = None

    @property
    def interaction(self):
        return self.typist or super().interaction


@pytest.fixture
def opening(home):
    """``opening(*typed, **ENV)``: what opens with "right", and what was asked; without ``typed`` there is no prompt."""

    def run(*typed, **env):
        merged = home.with_env({"AWSVAULT_PASSPHRASE": None, **env})
        given = Secret(merged.pop("AWSVAULT_PASSPHRASE", ""))
        context = Asked(
            env=merged, paths=from_env(merged), clock=SystemClock(), deadline=Deadline.after(PATIENCE),
            passphrase=given,
        )  # fmt: skip
        context.typist = Typist(*typed) if typed else None
        found = secret_prompt.open_with_secret(context, open_with, note="To copy it.")
        return found, context.typist.asked

    return run


def open_with(secret):
    if secret.reveal_text() != "right":
        raise errors.WrongPassphrase("wrong")
    return "open"


def test_a_secret_of_the_environment(opening):
    """Nobody is asked."""
    assert opening("unused", AWSVAULT_PASSPHRASE="right") == ("open", [])


def test_a_wrong_secret_of_the_environment(opening):
    """Its source is named, and a prompt does not hide the mistake."""
    with pytest.raises(errors.WrongPassphrase, match=r"^wrong \(it is from .*AWSVAULT_PASSPHRASE"):
        opening("right", AWSVAULT_PASSPHRASE="other")


def test_neither_a_secret_nor_a_prompt(opening):
    """The vault stays locked; what was tried is said."""
    with pytest.raises(errors.Locked, match=r"prompt \(prompts are disabled \(prompt = none\)\)"):
        opening()


def test_the_third_try_is_right(opening):
    """Each time with what it is for, and why it is asked again."""
    assert opening("a", "b", "right")[1] == [
        ("Passphrase", "To copy it.", ""),
        ("Passphrase", "To copy it.", "wrong; try again."),
        ("Passphrase", "To copy it.", "wrong; try again."),
    ]


def test_the_third_try_is_the_last(opening):
    """Its error is the command's."""
    with pytest.raises(errors.WrongPassphrase, match=r"^wrong$"):
        opening("a", "b", "c", "right")
