"""The profiles to choose from: in the order of use, searchable by role, and none guessed."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.unit.profiles.files import DEV, config_of
from vault import errors
from vault.inspect import pick
from vault.unlocking import manual_lock


def test_a_name_that_nothing_starts_with(desk):
    """NotFound; several that start so are no answer, and the list is shown."""
    with pytest.raises(errors.NotFound) as caught:
        pick.exact_or_only(desk.context(), "deb")
    assert "dev" in caught.value.hint
    desk.home.config("[profile dev]\n[profile prod]\n[profile prod-eu]\n[profile prom]\n")
    assert pick.exact_or_only(desk.context(), "pro") is None
    assert pick.exact_or_only(desk.context(), "prod") == "prod"
    assert pick.exact_or_only(desk.context(), "de") == "dev"
    assert pick.exact_or_only(desk.context(), "dev") == "dev"


def test_no_profile_at_all(desk):
    """The hint says how to get one."""
    with pytest.raises(errors.NotFound) as caught:
        pick.pick_profile(desk.context().without_aws_files(), "Which?")
    assert "awsvault-py add" in caught.value.hint


@pytest.mark.parametrize("term", ["dumb", None])
def test_a_terminal_that_cannot_show_a_list(desk, monkeypatch, term):
    """No list is tried there."""
    monkeypatch.setattr("vault.system.prompts.Interaction.ways", lambda _self: ["tty"])
    assert not pick.possible(desk.context(TERM=term))
    assert pick.possible(desk.context(TERM="xterm"))


def test_items_in_the_order_of_use():
    """Then in the order of the files. Account and role are shown, production is marked, and odd values cost nothing."""
    config = config_of(
        "[profile a]\n[profile b]\nawsvault_environment = production\n"
        f"[profile c]\nrole_arn = {DEV}\nawsvault_environment = test\n[profile d]\nrole_arn = odd\n"
        "[profile e]\nawsvault_sso_account_id = 222222222222\nawsvault_sso_role_name = Reader\n"
    )
    found = pick.items(config, used=Counter(c=2, d=1))
    assert [item.name for item in found] == ["c", "d", "a", "b", "e"]
    assert found[4] == ("e", "222222222222 Reader", False)
    assert found[0] == ("c", "222222222222 DeveloperRole test", False)
    assert found[1] == ("d", "", False)
    assert found[3] == ("b", "PRODUCTION", True)


def test_the_order_of_use_needs_no_prompt(desk, monkeypatch):
    """Without an available key nothing is counted; after a manual lock no key is looked for."""
    context, looked = desk.context(), []
    monkeypatch.setattr(pick.cache_key, "find", lambda *_args: looked.append(True))
    assert pick.used(context) == Counter()
    assert looked == [True]
    manual_lock.mark(context.paths)
    assert pick.used(context) == Counter()
    assert looked == [True]
