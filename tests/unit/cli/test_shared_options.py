"""-p and --profile, which mean the same as the argument."""

from __future__ import annotations

import pytest

from tests.home import failed


@pytest.fixture
def ready(home):
    home.scenario()
    home.make_vault()
    return home


@pytest.mark.parametrize("command", ["whoami", "explain", "export"])
@pytest.mark.parametrize("words", [["-p", "dev"], ["--profile", "dev"], ["--profile=dev"]])
def test_the_profile_as_an_option(ready, here, command, words):
    """As the AWS CLI has it: the same as the argument."""
    assert here(ready, command, *words, "--json").stdout == here(ready, command, "dev", "--json").stdout


@pytest.mark.parametrize(
    "words", [["otp"], ["mfa", "code"], ["mfa", "qr"], ["mfa", "resync"], ["mfa", "enroll"], ["remove"], ["clear"],
              ["mfa", "remove"], ["mfa", "add", "--stdin"], ["exec"], ["login"], ["whoami"], ["explain"], ["export"]],
    ids=" ".join,
)  # fmt: skip
def test_a_profile_given_twice_is_usage(ready, here, words):
    """Which of the two is meant is not guessed."""
    failed(here(ready, *words, "--profile", "dev", "prod"), 2, "given twice")


@pytest.mark.parametrize("words", [["otp"], ["mfa", "code"]], ids=" ".join)
def test_the_name_of_an_entry_as_an_option(ready, here, words, aws, moved_clock):
    """A code by --profile; without any name it is usage, as before."""
    assert here(ready, *words, "--profile", "shared-services").stdout.strip().isdigit()
    failed(here(ready, *words), 2, "NAME")
