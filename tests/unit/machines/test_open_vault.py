"""Commands about machines on a machine without a vault: the way to the vault of another machine is named."""

from __future__ import annotations

import os

import pytest

from tests.fakes.s3 import URL
from tests.home import failed

COMMANDS = [("sync",), ("remote", "show"), ("remote", "remove", "--yes"), ("remote", "add", URL)]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_without_a_vault(desktop, words):
    more = desktop.at if words[:2] == ("remote", "add") else ()
    failed(desktop.run(*words, *more), 5, "there is no vault", "init --from s3://BUCKET/KEY", "add NAME")


def test_a_lost_vault_is_restored_instead(laptop):
    """Its automatic backups are there, and the hint stays theirs."""
    laptop.add("prod", 1)
    os.unlink(laptop.home.file("vault.avlt"))
    done = laptop.run("sync")
    failed(done, 5, "restore")
    assert "init --from" not in done.stderr
