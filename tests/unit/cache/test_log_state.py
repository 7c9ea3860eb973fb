"""What is known of a log without opening it: records, the key that opens it, and what was put aside."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.journals import KEYS, damage, write
from vault.cache.log_files import ASIDE, CURRENT, KEY
from vault.cache.log_state import LogState, look
from vault.secret import Secret

OWN, OTHER = KEYS["cache_key"], Secret(b"o" * 32)


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "log")


def state(path, *keys):
    return look(path, keys, vault_id=KEYS["vault_id"])


def test_no_log(path):
    """And none is made."""
    assert state(path, OWN) == LogState()
    assert not os.path.exists(path)


def test_the_key_that_opens_it(path):
    """Of several, that one."""
    write(path, "one")
    found = state(path, OTHER, OWN)
    assert (found.has_records, found.keyless, found.aside) == (True, False, ())
    assert found.opener is OWN


def test_none_of_the_keys_opens_it(path):
    """There are records all the same."""
    write(path, "one")
    assert state(path, OTHER) == state(path) == LogState(has_records=True)


def test_a_damaged_key(path):
    """Opens nothing."""
    write(path, "one")
    damage(path, KEY)
    assert state(path, OWN) == LogState(has_records=True)


def test_the_file_with_the_key_is_gone(path):
    """Records without it are told apart from a log that is empty."""
    write(path, "one")
    os.unlink(os.path.join(path, KEY))
    assert state(path, OWN) == LogState(has_records=True, keyless=True)
    os.unlink(os.path.join(path, CURRENT))
    assert state(path, OWN) == LogState()


def test_older_records_alone(path):
    """Count as records."""
    write(path, "one")
    os.rename(os.path.join(path, CURRENT), os.path.join(path, "older.1"))
    os.unlink(os.path.join(path, KEY))
    assert state(path, OWN).keyless


def test_logs_that_were_put_aside(path):
    """Each once, in order, however many files it has; beside a log or without one."""
    write(path, "one")
    for name in ("2.key", "2.records", "1.key"):
        shutil.copy(os.path.join(path, CURRENT), os.path.join(path, ASIDE + name))
    names = tuple(f"{ASIDE}{number}" for number in "12")
    assert state(path, OWN).aside == names
    os.unlink(os.path.join(path, CURRENT))
    os.unlink(os.path.join(path, KEY))
    assert state(path, OWN) == LogState(aside=names)
