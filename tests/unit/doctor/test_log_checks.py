"""The check of the log: what was put aside, and a key file that is gone."""

from __future__ import annotations

import os

from tests.home import PASSPHRASE
from tests.unit.doctor.homes import BREAK, findings, log_under
from tests.vaults import soon
from vault.secret import Secret
from vault.store import vault
from vault.system.paths import from_env


def test_a_log_that_was_put_aside_is_a_note(home):
    """The next export starts a new log. The earlier one is named, and so is a missing key file."""
    BREAK["unreadable-log"](home)
    assert findings(home)["unreadable-log"].level == "warning"
    opened = vault.open_with_passphrase(from_env(home.env), Secret(PASSPHRASE), deadline=soon())
    log_under(home, opened.cache_key)
    found = findings(home)["unreadable-log"]
    assert (found.level, "unreadable.1" in found.message) == ("note", True)
    os.unlink(os.path.join(from_env(home.env).log, "key"))
    found = findings(home)["unreadable-log"]
    assert (found.level, "key file" in found.message) == ("warning", True)
