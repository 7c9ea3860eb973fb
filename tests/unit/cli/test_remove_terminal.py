"""remove at a terminal: its question, and Ctrl-C at it."""

from __future__ import annotations

import json

import pytest

from tests.home import PASSPHRASE
from tests.terminal_user import Terminal

pytestmark = pytest.mark.usefixtures("unmeasured")


def listed(home):
    return {e["name"]: e for e in json.loads(home.run("list", "--json").stdout)["entries"]}


@pytest.mark.parametrize(("answer", "code", "left"), [("y", 0, 0), ("n", 10, 1), ("", 10, 1)])
def test_the_question_of_remove(home, answer, code, left):
    """Yes removes; no and Enter do not."""
    home.make_vault()
    person = Terminal(home, "remove", "shared-services")
    person.answers("Passphrase: ", PASSPHRASE)
    person.answers("[y/N] ", answer)
    assert person.ends() == code
    assert "with its MFA seed" in person.shown
    assert len(listed(home)) == left


def test_ctrl_c_at_the_question_of_remove(home):
    """Nothing is removed."""
    home.make_vault()
    person = Terminal(home, "remove", "shared-services")
    person.answers("Passphrase: ", PASSPHRASE)
    assert person.interrupts("[y/N] ") == 130
    assert len(listed(home)) == 1
