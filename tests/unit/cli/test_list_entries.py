"""list of a vault whose entries no profile names, and of none that opens."""

from __future__ import annotations

import pytest

from tests.fakes.example import KEY_ID
from tests.home import failed

pytestmark = pytest.mark.usefixtures("inside")


def test_a_wrong_passphrase_is_exit_4(home):
    """And says where it is from."""
    home.make_vault()
    failed(home.run("list", AWSVAULT_PASSPHRASE="another passphrase"), 4, "AWSVAULT_PASSPHRASE")


def test_no_vault_is_exit_5(home):
    """Commands that need one name the way to it."""
    failed(
        home.run("list"),
        5,
        "no vault",
        "run: awsvault-py add NAME; to use a backup: awsvault-py restore FILE",
    )


def test_list_piped_is_a_line_an_entry(home):
    """Fields with tabs between, no header, no colour."""
    home.make_vault()
    fields = home.run("ls").stdout.rstrip("\n").split("\t")
    assert fields[:5] == ["shared-services", KEY_ID, "", "", "stored"]
