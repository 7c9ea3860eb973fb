"""The environment of a program that is started has no variable that leads to the passphrase."""

from __future__ import annotations

import pytest

from vault.system import passphrase_variables

OWN = (
    "AWSVAULT_PASSPHRASE",
    "AWSVAULT_PASSPHRASE_FILE",
    "AWSVAULT_PASSPHRASE_FD",
    "AWSVAULT_PASSPHRASE_COMMAND",
)


@pytest.mark.parametrize("name", OWN)
def test_none_of_them_is_passed_on(name):
    """Neither the secret nor what leads to it."""
    assert passphrase_variables.for_child({name: "x", "PATH": "/bin"}) == {"PATH": "/bin"}


def test_all_else_is_passed_on():
    """Other variables of the same beginning too; the environment that was given stays as it is."""
    env = {
        **dict.fromkeys(OWN, "x"),
        "AWSVAULT_HOME": "/h",
        "AWSVAULT_PASSPHRASES": "y",
        "AWS_PROFILE": "dev",
    }
    before = dict(env)
    assert passphrase_variables.for_child(env) == {
        "AWSVAULT_HOME": "/h", "AWSVAULT_PASSPHRASES": "y", "AWS_PROFILE": "dev",
    }  # fmt: skip
    assert env == before
