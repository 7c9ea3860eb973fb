"""The command that prints a code of a YubiKey, and names that it cannot have."""

from __future__ import annotations

import shlex

import pytest

from vault.mfa import yubikey
from vault.settings import command_words


@pytest.mark.parametrize("account", ["aws", "Amazon Web Services:you@work", "büro", "a" * 64])
def test_the_command_survives_the_config_file(account):
    """Split as AWS's tools split it, the account's name is one word."""
    words = yubikey.command_of("/usr/bin/ykman", account)
    assert command_words(shlex.join(words)) == words
    assert words == ("/usr/bin/ykman", "oath", "accounts", "code", "-s", account)
    assert yubikey.is_command(words)


@pytest.mark.parametrize(
    "account",
    ["", "-h", " a", "a ", "a'b", 'a"b', "a\\b", "a #b", "a;b", "a\nb", "\x1b[2J", "a" * 65, "ü" * 33],
)
def test_other_names_are_refused(account):
    """What a config file or a shell would read in another way."""
    with pytest.raises(ValueError, match=r"character|start"):
        yubikey.command_of("ykman", account)


@pytest.mark.parametrize("words", [("ykman", "list"), ("pass", "oath", "accounts", "code"), ("ykman",)])
def test_other_commands_need_no_touch(words):
    """They get the time of other programs, and no message."""
    assert not yubikey.is_command(words)
