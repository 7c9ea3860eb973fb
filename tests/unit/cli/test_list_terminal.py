"""list at a terminal."""

from __future__ import annotations

import pytest

from tests.home import PASSPHRASE
from tests.terminal_user import Terminal

pytestmark = pytest.mark.usefixtures("unmeasured")


def test_three_wrong_passphrases_are_exit_4(home):
    """Typing errors are asked again, guesses are not."""
    home.make_vault()
    person = Terminal(home, "list")
    for _ in range(3):
        person.answers("Passphrase: ", "not the passphrase")
    assert person.ends() == 4


def test_list_on_a_terminal_is_a_table(home):
    """With a header, and without colour where NO_COLOR is set."""
    home.make_vault()
    person = Terminal(home, "list", NO_COLOR="1")
    person.answers("Passphrase: ", PASSPHRASE)
    assert person.ends() == 0
    assert "ENTRY" in person.shown
    assert "\x1b[" not in person.shown.split("ENTRY")[1]
