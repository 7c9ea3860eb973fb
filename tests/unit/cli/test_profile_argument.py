"""The command line that repeats a choice."""

from __future__ import annotations

import shlex

import pytest

from tests.home import PASSPHRASE
from tests.terminal_user import Terminal
from vault.cli.profile_argument import repeated

AT_TERMINAL = {"AWSVAULT_PASSPHRASE": PASSPHRASE, "TERM": "xterm", "NO_COLOR": "1"}


@pytest.fixture
def home(home):
    """The README's home, with a vault."""
    home.scenario()
    home.make_vault()
    return home


def choosing(home, *arguments, **env):
    return Terminal(home, *arguments, **{**AT_TERMINAL, **env})


def test_repeated_leaves_out_the_code():
    """A code is good once; what follows -- is not an option of exec."""
    argv = ["exec", "--mfa-code", "123456", "--fresh", "--", "run", "--mfa-code", "7"]
    assert repeated(argv, "dev") == ["exec", "--fresh", "dev", "--", "run", "--mfa-code", "7"]
    assert repeated(["login", "--mfa-code=123456"], "dev") == ["login", "dev"]


@pytest.mark.parametrize("name", ["-x", "--fresh", "-", "--"])
def test_the_line_that_repeats_a_choice_does_so_for_a_name_with_a_dash(home, name):
    """It is run as it is shown: it names that profile, and is no option."""
    home.config(
        f"[profile {name}]\nregion = eu-west-1\ncredential_process = {{command}} export shared-services\n"
    )
    person = choosing(home, "explain")
    person.sees(f"> {name}")
    person.child.send("\r")
    person.ends()
    line = person.shown.split("to repeat this: ")[1].splitlines()[0].strip()
    again = home.run(*shlex.split(line)[1:])
    assert again.stdout.startswith(f"{name}\n"), again
    done = home.run(*repeated(["exec", "--", "true"], name))
    assert done.returncode == 0, done
