"""A recovery code counts only if the user typed it back."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from vault import errors
from vault.secret import Secret
from vault.store.slots.recovery import new_code, read_code, write_code
from vault.system.tty import NoAnswer
from vault.upkeep import recovery_code


class Reader:
    """A user who types ``answers`` in turn; "code" stands for what was shown, an exception is raised."""

    def __init__(self, *answers):
        self.answers, self.shown, self.complaints = list(answers), None, []

    def tell(self, text):
        self.shown = read_code(Secret(text)) or self.shown

    def hidden(self, _question, *, deadline, complaint=""):
        assert deadline == "soon"
        self.complaints.append(complaint)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return Secret(write_code(self.shown) if answer == "code" else answer)


def issue(user):
    return recovery_code.issue(SimpleNamespace(interaction=user, new_deadline=lambda _seconds: "soon"))


def test_another_code_is_refused_after_three_tries():
    """Also a well-formed one. It is not in the message."""
    other = write_code(new_code())
    user = Reader(other, "x", "")
    with pytest.raises(errors.Declined) as caught:
        issue(user)
    assert [bool(one) for one in user.complaints] == [False, True, True]
    assert write_code(user.shown) not in caught.value.message
    assert other not in caught.value.message


@pytest.mark.parametrize(
    ("reason", "told"),
    [("cancelled", ""), ("timeout", ": no answer in time"), ("impossible", ": no answer in time")],
)
def test_a_prompt_that_was_left_makes_no_code(reason, told):
    """Exit 10, with the reason unless it was the user's."""
    with pytest.raises(errors.Declined) as caught:
        issue(Reader(NoAnswer(reason, "no answer in time")))
    assert caught.value.exit_code == 10
    assert caught.value.message == f"no recovery code was created{told}"


def test_the_code_that_was_typed_back_is_the_one_that_was_shown():
    """At the third try still; each call makes a new one."""
    first, second = Reader("x", "y", "code"), Reader("code")
    assert issue(first) == first.shown
    assert issue(second) == second.shown != first.shown


@pytest.mark.parametrize(
    ("prompt", "terminal", "possible"),
    [
        ("auto", True, True),
        ("tty", True, True),
        ("auto", False, False),
        ("pinentry", True, False),
        ("none", True, False),
    ],
)
def test_a_code_needs_a_terminal(monkeypatch, prompt, terminal, possible):
    """A window closes before the code is copied."""
    monkeypatch.setattr(recovery_code, "has_terminal", lambda: terminal)
    assert recovery_code.can_be_issued(SimpleNamespace(settings=SimpleNamespace(prompt=prompt))) is possible
