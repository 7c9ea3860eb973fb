"""vault/inspect/log_records.py: the records of the log, each with what another record of its session says."""

from __future__ import annotations

import pytest

from tests.vaults import soon
from vault.cache.audit_log import AuditLog
from vault.context import from_process
from vault.credentials.audit import Record
from vault.inspect import log_records
from vault.system.paths import from_env
from vault.unlocking.key_access import open_keys

ROLE = "arn:aws:iam::222222222222:role/DeveloperRole"
ISSUED = Record(
    "1700000000", "exec", "dev", ROLE, "ASIAEXAMPLE", "1700003600", "sts", "1", "", "", "", "", "", "me@host"
)


@pytest.fixture
def context(home, monkeypatch):
    """A run in a home with a vault: each reads the passphrase's variable, which is then gone."""
    home.make_vault()

    def run():
        for name, value in home.env.items():
            monkeypatch.setenv(name, value)
        return from_process(attended=False)

    return run


@pytest.fixture
def append(home, context):
    """Adds raw records to the log."""

    def add(*raw):
        keys = open_keys(context(), purpose="to test")
        with AuditLog.open(from_env(home.env).log, cache_key=keys.cache_key, vault_id=keys.vault_id) as log:
            log.append(*raw, deadline=soon())

    return add


def test_a_cache_hit_has_the_role_and_name_of_the_issue(append, context):
    """Its own record does not know them; a record of another session stays as it is."""
    hit = ISSUED._replace(time="1700000100", role="", session="", origin="cache")
    other = hit._replace(access_key_id="ASIAOTHER")
    append(ISSUED.encode(), hit.encode(), other.encode())
    found = log_records.read(context())
    assert found.records == [ISSUED, hit._replace(role=ROLE, session="me@host"), other]
    assert found.problems == []


def test_a_record_of_another_form_is_a_problem_and_the_rest_is_read(append, context):
    """It is counted, never skipped without a word."""
    append(ISSUED.encode(), b"of another form")
    found = log_records.read(context())
    assert found.records == [ISSUED]
    assert found.problems == ["1 records cannot be read"]


def test_no_log_is_no_record(context):
    """Before the first export."""
    assert log_records.read(context()) == ([], [])
