"""Tables in terminals of any width, and the colors of their cells."""

from __future__ import annotations

import pytest

from tests.unit.cli import five_profiles
from vault.cli.terminal import expires_in, key_age


@pytest.fixture
def home(home):
    return five_profiles.at(home)


@pytest.mark.parametrize(("command", "left_out"), [(("list", "--profiles"), "SOURCE"), (("log",), "PARENT")])
def test_eighty_columns_show_the_columns_that_fit(home, command, left_out):
    """The rest is one table; a wide terminal and --json have all of it."""
    home.export("dev")
    wide = five_profiles.at_terminal(home, *command, COLUMNS="220", NO_COLOR="1").splitlines()
    fitting = five_profiles.at_terminal(home, *command, COLUMNS="80", NO_COLOR="1").splitlines()
    assert sum("PROFILE" in line for line in fitting) == 1
    assert max(len(line.rstrip()) for line in fitting) <= 80
    assert left_out in "".join(wide)
    assert left_out not in "".join(fitting)


@pytest.mark.parametrize("command", [("list", "--profiles"), ("log",)])
def test_a_narrow_terminal_gets_a_block_a_row(home, command):
    """A name can be read and copied: nothing is folded to a few letters a line."""
    home.export("dev")
    wide = five_profiles.at_terminal(home, *command, COLUMNS="100", NO_COLOR="1").splitlines()
    narrow = five_profiles.at_terminal(home, *command, COLUMNS="40", NO_COLOR="1").splitlines()
    assert sum("PROFILE" in line for line in wide) == 1
    rows = [line.split() for line in narrow if line.startswith("PROFILE")]
    assert ["PROFILE", "dev"] in rows
    assert any(line.startswith("ROLE") and line.endswith("role/DeveloperRole") for line in narrow)


@pytest.mark.parametrize(
    ("left", "style"), [(None, ""), (10, "red"), (299, "red"), (300, "yellow"), (1_799, "yellow"), (1_800, "green")]
)  # fmt: skip
def test_life_has_three_colours(left, style):
    """Red at the end, yellow before it."""
    assert expires_in(left).style == style


def test_a_key_that_is_due_is_yellow():
    """Ninety days."""
    assert key_age(91 * 86_400).style == "yellow"
    assert key_age(89 * 86_400).style == ""
