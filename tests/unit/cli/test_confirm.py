"""Questions before something changes: what is told if the answer is no, or if there is none."""

from __future__ import annotations

import pytest

from tests.home import failed
from tests.terminal_user import Terminal

pytestmark = pytest.mark.usefixtures("unmeasured")


@pytest.mark.parametrize("typed", ["n\n", "\x04"])
def test_a_no_is_told_in_one_word(home, typed):
    """Also if it is Ctrl-D; on a line of its own, with what the user can do."""
    home.make_vault()
    person = Terminal(home, "remove", "shared-services", AWSVAULT_PASSPHRASE="correct horse battery staple")
    person.sees("[y/N] ")
    person.child.send(typed)
    assert person.ends() == 10
    assert person.shown.endswith(
        "\r\nawsvault-py: error: cancelled\r\nawsvault-py: hint: to start over, run the command again\r\n"
    )
    assert "shared-services" in home.run("list").stdout


def test_where_nobody_can_answer_the_reason_and_the_option_are_named(home):
    """A script learns that it needs --yes."""
    home.make_vault()
    failed(home.run("remove", "shared-services"), 10, "error: cancelled: prompts are disabled", "use --yes")
