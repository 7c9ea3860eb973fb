"""The log of issued credentials, under newer keys and on a disk that does not take it."""

from __future__ import annotations

import shutil
from collections import Counter

from vault.credentials import audit, forget_sessions


def used(bench):
    """How often each profile is in the log, by the vault's own key."""
    opened = bench.opened()
    return audit.used(bench.context().paths.log, cache_key=opened.cache_key, vault_id=opened.vault_id)


def test_an_answer_of_older_keys_is_logged_under_the_newest(bench):
    """Another process replaced the cache key meanwhile: the record is in the log that everybody reads."""
    got = bench.ask("dev")
    context = bench.context()
    keys = bench.keys(context)
    audit.log_issued(context, keys, got, use="export")
    forget_sessions.replace_cache_key(context, keys.opened)
    audit.log_issued(context, keys, got, use="export")
    assert used(bench) == Counter(dev=2)


def test_a_log_that_cannot_be_written_stops_no_answer(bench):
    """A file lies where its folder should be: the session is handed out, by either way."""
    got = bench.ask("dev")
    context, opened = bench.context(), bench.opened()
    path = context.paths.log
    shutil.rmtree(path, ignore_errors=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write("mine")
    audit.log_issued(context, bench.keys(context), got, use="export")
    audit.log_disk_hit(
        path, cache_key=opened.cache_key, vault_id=opened.vault_id, profile="dev", line=got.line,
        expires=got.expires, asker="1", wait=1,
    )  # fmt: skip
    with open(path, encoding="utf-8") as file:
        assert file.read() == "mine"
