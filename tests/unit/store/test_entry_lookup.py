"""An entry by its exact name."""

from __future__ import annotations

import pytest

from tests.vaults import entry
from vault import errors
from vault.secret import Secret
from vault.store.entry_lookup import find_entry
from vault.store.payload import Payload

PAYLOAD = Payload(cache_key=Secret(bytes(32))).with_entry("shared-services", entry())


def test_an_entry_is_found_by_its_exact_name():
    """And by no other, however similar: a key is deleted or replaced by this name."""
    assert find_entry(PAYLOAD, "shared-services") is PAYLOAD.entries["shared-services"]
    for name in ("shared", "Shared-Services", "shared-services "):
        with pytest.raises(errors.NotFound):
            find_entry(PAYLOAD, name)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("shared-service", 'did you mean "shared-services"?'), ("entirely-other", "run: awsvault-py list")],
)
def test_the_most_similar_name_is_the_hint(name, hint):
    """If there is one."""
    with pytest.raises(errors.NotFound, match=f'the vault has no entry "{name}"') as caught:
        find_entry(PAYLOAD, name)
    assert (caught.value.hint, caught.value.exit_code) == (hint, 5)


def test_a_hostile_name_does_not_reach_the_terminal():
    """It is escaped."""
    with pytest.raises(errors.NotFound) as caught:
        find_entry(PAYLOAD, "\x1b[31m")
    assert "\x1b" not in caught.value.message
