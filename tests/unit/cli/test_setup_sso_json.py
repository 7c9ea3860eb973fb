"""docs/reference/json.md against what `setup --sso` prints; test_json_reference.py has the other commands."""

from __future__ import annotations

import pytest

from tests import signins
from tests.unit.cli.json_tables import compare, extend, printed

pytestmark = pytest.mark.usefixtures("inside")


def test_setup_of_a_sign_in(home, aws):
    """New profiles, one that goes, and one that stays for its own line; in the older form there is no session."""
    home.make_vault()
    home.config(signins.config())
    aws.world.assign("222222222222", "DeveloperRole", "Reader", account_name="acme")
    for name in ("corp", "older"):
        assert home.run("sso", "login", name, "--device").returncode == 0
    words = ("--sso", "corp", "--name", "{role}", "--account", "222*", "--json")
    done = printed(home, "setup", *words, "--yes")
    aws.world.sso.assigned["222222222222"] = {"DeveloperRole": None, "Third": None}
    planned = printed(home, "setup", *words, "--prune", "--dry-run")
    extend(home, "[profile Third]\nawsvault_sso_generated = corp\ncredential_process = op read x\n")
    skipped = printed(home, "setup", *words, "--dry-run")
    older = printed(home, "setup", "--sso", "older", "--name", "o-{role}", *words[4:], "--dry-run")
    assert "session" not in older
    compare("setup --sso SESSION", done, planned, skipped, older)
