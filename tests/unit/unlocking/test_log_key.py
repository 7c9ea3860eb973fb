"""The log's key across a new cache key."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.home import PASSPHRASE
from tests.vaults import CHEAP, soon
from vault import errors
from vault.cache.audit_log import AuditLog
from vault.credentials import audit, forget_sessions
from vault.secret import Secret
from vault.store import vault
from vault.upkeep import rekey, rekey_plan


def used(bench):
    """How often each profile is in the log, by the vault's own key."""
    opened = bench.opened()
    return audit.used(bench.context().paths.log, cache_key=opened.cache_key, vault_id=opened.vault_id)


class Killed(BaseException):
    """What nobody catches."""


def killed_after(work):
    """As ``work``, and then dead."""

    def done(*given, **more):
        work(*given, **more)
        raise Killed

    return done


@pytest.mark.parametrize("way", ["clear", "rekey"])
def test_the_log_outlives_new_keys_whose_maker_was_killed(bench, monkeypatch, way):
    """Dead after the vault was written and before anything else: the log goes on, whole, under the new cache key."""
    got, context = bench.ask("dev"), bench.context()
    audit.log_issued(context, bench.keys(context), got, use="export")
    opened = vault.open_with_passphrase(context.paths, Secret(PASSPHRASE), deadline=soon())
    with monkeypatch.context() as patched, pytest.raises(Killed):
        if way == "clear":
            patched.setattr(vault, "edit", killed_after(vault.edit))
            forget_sessions.replace_cache_key(context, opened)
        else:
            patched.setattr(rekey, "_write", killed_after(rekey._write))
            rekey.carry_out(
                context, rekey_plan.make_plan(context, opened, passphrase=Secret(PASSPHRASE), kdf=CHEAP)
            )
    assert bench.opened().cache_key != opened.cache_key
    audit.log_issued(context, bench.keys(context), got, use="export")
    assert used(bench) == Counter(dev=2)
    keys = bench.keys(context)
    with AuditLog.open(context.paths.log, cache_key=keys.cache_key, vault_id=keys.vault_id) as journal:
        assert journal.read(deadline=soon()).problems == []


def test_a_log_that_cannot_be_kept_stops_a_new_cache_key_before_it_is_there(bench):
    """Its folder is open to others: nothing is changed, and the agent's keys stay those of the vault."""
    got, context = bench.ask("dev"), bench.context()
    audit.log_issued(context, bench.keys(context), got, use="export")
    opened = bench.opened()
    os.chmod(context.paths.log, 0o777)
    with pytest.raises(errors.UnsafeFile):
        forget_sessions.replace_cache_key(context, opened)
    assert bench.opened().cache_key == opened.cache_key
