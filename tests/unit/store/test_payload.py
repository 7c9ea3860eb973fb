"""The content of a vault as a value."""

from __future__ import annotations

from tests.vaults import entry
from vault.secret import Secret
from vault.store.payload import Payload, StoredSeed


def test_no_secret_is_in_the_text_of_a_payload():
    """repr is what tracebacks and logs show."""
    payload = Payload(cache_key=Secret(b"k" * 32), unknown={"x-new": "canary"}).with_entry("a", entry())
    shown = repr(
        payload.with_seed("s", StoredSeed(secret=Secret("canary"), created=1, unknown={"y": "canary"}))
    )
    for hidden in ("canary", "wJalr", "kkkk"):
        assert hidden not in shown


def test_entries_and_seeds_come_and_go():
    """Each call gives a new payload and leaves the old one."""
    empty = Payload(cache_key=Secret(bytes(32)))
    seed = StoredSeed(secret=Secret("JBSWY3DPEHPK3PXP"), created=1)
    full = empty.with_entry("a", entry()).with_seed("s", seed)
    assert (list(full.entries), list(full.seeds)) == (["a"], ["s"])
    assert full.without_entry("a").without_seed("s") == empty
    assert empty.without_entry("a").without_seed("s") == empty
