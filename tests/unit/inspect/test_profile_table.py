"""A row for each profile: one that does not resolve costs the others nothing, and each key is read once."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.fakes.example import DEV, DEVELOPER, PROD, READ_ONLY, SHARED
from vault import errors
from vault.credentials import remember
from vault.inspect import profile_table
from vault.secret import CacheKey

NAMES = ["shared-services", "dev", "prod"]


def rows(desk, context=None):
    context = context or desk.context()
    keys = desk.keys(context)
    return {row.profile: row for row in profile_table.rows(context, keys, keys.contents())}


def append(home, text):
    with open(f"{home.root}/.aws/config", "a", encoding="utf-8") as file:
        file.write(text)


def test_a_profile_that_does_not_resolve_is_a_row(desk, home):
    """With its problem, and nothing else; a file that cannot be read is an error."""
    append(home, "[profile lost]\nrole_arn = arn:aws:iam::222222222222:role/X\nsource_profile = gone\n")
    found = rows(desk)
    assert list(found) == [*NAMES, "lost"]
    assert "gone" in found["lost"].problem
    assert found["lost"][1:6] == (None,) * 5
    assert not any(found[name].problem for name in NAMES)
    append(home, "[profile\n")
    with pytest.raises(errors.ConfigError):
        rows(desk)


@pytest.mark.parametrize(
    "lines",
    [
        "source_profile = bad",
        f"role_arn = {DEVELOPER}\nsource_profile = bad",
        f"role_arn = {DEVELOPER}\nsource_profile = dev\nduration_seconds = soon",
        f"role_arn = {DEVELOPER}\ncredential_source = Nowhere",
        f"awsvault_role_arn = {DEVELOPER}\nawsvault_source_profile = dev\nawsvault_policy_file = /nowhere/policy.json",
        f"awsvault_role_arn = {DEVELOPER}\nawsvault_source_profile = dev\nawsvault_policy_arns = x",
        f"awsvault_role_arn = {DEVELOPER}\nawsvault_source_profile = dev\nawsvault_read_only = perhaps",
        "include_profile = nobody",
        "services = nothing\nawsvault_credential = shared-services",
        "awsvault_credential = nobody",
        "sso_session = nothing",
        "region = not a region\nawsvault_credential = shared-services",
        "credential_process = '",
    ],
)
def test_whatever_is_wrong_with_a_profile_the_others_are_shown(desk, home, lines):
    """No mistake in one profile is an error of list."""
    desk.ask("dev")
    append(home, f"[profile bad]\n{lines}\n")
    found = rows(desk)
    assert list(found) == [*NAMES, "bad"]
    assert found["dev"].expires is not None


def test_roles_and_the_key_itself(desk):
    """Account and identity of the role, and of the key as it was stored."""
    found = rows(desk)
    assert (found["dev"].account, found["dev"].identity) == (DEV, DEVELOPER)
    assert (found["prod"].account, found["prod"].identity) == (PROD, READ_ONLY)
    assert {row.source for row in found.values()} == {"shared-services"}
    assert found["shared-services"].account in (None, SHARED)


def test_only_a_sessions_own_profile_shows_its_expiry(desk):
    """Of two roles with one key, the one that was asked for; an expired session is none."""
    expires = desk.ask("dev").expires
    found = rows(desk)
    assert (found["dev"].expires, found["prod"].expires) == (expires, None)
    desk.clock.sleep(expires - desk.clock.time())
    assert rows(desk)["dev"].expires is None


def test_each_entry_is_read_once(desk):
    """Also one that does not exist."""
    keys, read = desk.keys(desk.context()), []
    real = keys.entry
    counting = SimpleNamespace(
        vault_id=keys.vault_id, has_entry=keys.has_entry, entry=lambda name: read.append(name) or real(name)
    )
    once = profile_table.EachEntryOnce(counting)
    for _ in range(2):
        assert once.entry("shared-services") is not None
        assert once.entry("none") is None
    assert read == ["shared-services", "none"]


def test_sessions_on_disk(desk):
    """What the next export of a profile finds there. Without a key there are none to see, nor after they expired."""
    context = desk.context()
    keys = desk.keys(context)
    key = CacheKey(keys.cache_key, keys.vault_id)
    assert list(profile_table.on_disk(context, None)) == []
    assert list(profile_table.on_disk(context, key)) == []
    issued = desk.ask("dev")
    remember.on_disk(desk.cache(), issued)
    (found,) = profile_table.on_disk(desk.context(), key)
    assert found == ("dev", issued.issued, issued.expires)
    assert list(profile_table.on_disk(desk.context(), None)) == []
    desk.clock.sleep(issued.expires - desk.clock.time())
    assert list(profile_table.on_disk(desk.context(), key)) == []
