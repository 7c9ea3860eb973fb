"""A record of the log as JSON: vault/cli/log_record.py. docs/reference/json.md is compared in test_json_reference.py."""

from __future__ import annotations

from vault.cli.log_record import json_record
from vault.credentials.audit import NO_KEY, REMOTE, Record, decode


def test_a_record_of_a_key_has_no_expiry_and_nothing_empty():
    """What is not known is left out, so that no reader takes an empty text for a value."""
    record = Record(
        "1700000000", "export", "dev", "", "AKIAIOSFODNN7EXAMPLE", "", "key", "", "", "", "", "", ""
    )
    assert json_record(record) == {
        "time": "2023-11-14T22:13:20Z",
        "use": "export",
        "profile": "dev",
        "access_key_id": "AKIAIOSFODNN7EXAMPLE",
        "from": "key",
    }


ISSUED = Record(
    "1700000000", "export", "dev", "arn:aws:iam::222222222222:role/team/DeveloperRole", "ASIAEXAMPLE", "1700003600", "sts", "1",
    "sh", "2", "sh", "", "", "yourself@host",
)  # fmt: skip


def test_a_record_has_the_thirteen_fields_of_every_version():
    """Version 0.9.0 would take one with more for a record that was tampered with."""
    assert ISSUED.encode().count(b"\0") == 12
    assert decode(ISSUED.encode()) == ISSUED


def test_a_record_of_an_earlier_version_is_read():
    """It has no session name. A later version may have added a field."""
    before = ISSUED._replace(session="")
    assert decode(before.encode()) == before
    assert "session" not in json_record(before)
    assert decode(ISSUED.encode() + b"\0more") == ISSUED
    assert decode(ISSUED.encode().rpartition(b"\0")[0]) is None


def test_a_record_of_the_remote_says_what_was_done():
    """Not as the name of a session."""
    record = Record("1700000000", "sync", "", "", NO_KEY, "", REMOTE, "", "", "", "", "", "", "1 came: +prod")
    assert decode(record.encode()) == record
    assert json_record(record) == {
        "time": "2023-11-14T22:13:20Z", "use": "sync", "profile": "", "from": "remote", "what": "1 came: +prod"
    }  # fmt: skip
