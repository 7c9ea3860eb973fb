"""The options of the commands of every day, as click reads them."""

from __future__ import annotations

import pytest

from tests.home import failed


@pytest.fixture
def home(home):
    home.scenario()
    home.make_vault()
    return home


@pytest.mark.parametrize("option", ["--yes", "--mfa-code=123456"])
def test_options_of_live_alone_are_refused(option, home):
    """Before a profile is chosen."""
    failed(home.run("explain", "dev", option), 2, f"{option.partition('=')[0]} needs --live", "add --live")


def test_profile_as_an_option(home):
    """Means the same as the argument."""
    assert home.run("explain", "--profile", "dev").stdout == home.run("explain", "dev").stdout


def test_one_record_of_the_log(home):
    """A number is a value that click reads."""
    assert home.run("log", "--last", "1").returncode == 0
    assert home.run("log", "--last", "0").returncode == 2
