"""What AWS's files need where there is no vault: a sign-in only, a key too, or neither."""

from __future__ import annotations

import pytest

from tests.home import SCENARIO
from tests.signins import config
from tests.unit.inspect.chains import KEYS
from vault.errors import NotFound
from vault.signin import needed
from vault.signin.needed import SignInNeeded
from vault.store.file import NoVault

OLDER = "[profile older]" + config().partition("[profile older]")[2]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (config(), SignInNeeded("corp", only=True)),
        (config().partition("[profile dev]")[0], SignInNeeded("corp", only=True)),
        (OLDER, SignInNeeded("older", only=True)),
        (config() + SCENARIO, SignInNeeded("corp", only=False)),
        (config() + f"[profile plain]\n{KEYS}", SignInNeeded("corp", only=False)),
        (config() + "[profile half]\nawsvault_role_arn = no role\n", SignInNeeded("corp", only=True)),
        (SCENARIO, None),
        ("", None),
        ("[profile dev\n", None),
    ],
    ids=[
        "profiles",
        "section",
        "older form",
        "a key too",
        "plaintext key",
        "a wrong one",
        "keys",
        "empty",
        "broken",
    ],
)
def test_what_the_files_need(home, text, found):
    home.config(text)
    assert needed.of_files(home.env, home=home.root) == found


@pytest.mark.parametrize(
    ("error", "some"),
    [(NoVault("none"), True), (NoVault("none", hint="restore"), False), (NotFound("a profile"), False)],
)
def test_only_a_missing_vault_counts(home, error, some):
    """With another hint, there are backups to restore."""
    home.config(config())
    assert (needed.without_vault(error, home.env, home=home.root) is not None) == some
