"""An agent that has the vault open, and nobody to give the passphrase: what works all the same, and what else is said."""

from __future__ import annotations

import os

import pytest

from tests.home import PASSPHRASE, failed
from tests.unit.agent.at_home import reach, running
from tests.unit.cli.conftest import here
from tests.vaults import soon
from vault.secret import Secret
from vault.store import boxes, vault
from vault.store.format import parse_file
from vault.system.paths import from_env
from vault.upkeep import agent_backup

pytestmark = pytest.mark.usefixtures("unmeasured")

__all__ = ["here"]


@pytest.fixture
def home(tmp_path_factory, aws):
    with running(tmp_path_factory.mktemp("h"), aws) as made:
        yield made


def test_names_ages_and_copies_need_no_passphrase(home, here, aws):
    """list --used, status --policy, setup and backup, by what the agent tells of entries and opens for them."""
    used = here(home, "list", "--used")
    assert (used.returncode, used.stdout.count("shared-services")) == (0, 1), used.stderr
    assert here(home, "status", "--policy", "90d").returncode == 0
    assert here(home, "setup", "--dry-run").returncode == 0
    with open(home.config_path, "w", encoding="utf-8") as file:
        file.write(
            "[profile x]\nrole_arn = arn:aws:iam::222222222222:role/R\nsource_profile = shared-services\n"
        )
    assert "credential_process" in here(home, "setup", "--dry-run").stdout
    copy = home.root + "/copy"
    done = here(home, "backup", copy)
    assert (done.returncode, "The agent verified" in done.stderr) == (0, True), done.stderr
    opened = vault.open_with_passphrase(from_env(home.env), Secret(PASSPHRASE), deadline=soon())
    with open(copy, "rb") as file:
        assert boxes.open_main(parse_file(file.read()), opened.k_main, path="copy") is not None
    failed(here(home, "backup", copy), 10, "already exists")


@pytest.mark.parametrize(
    "line", ["remove --yes shared-services", "rotate --dry-run", "backup --sheet", "slots add recovery"]
)
def test_what_needs_the_main_key_says_so(home, here, line):
    """Not that the vault is locked, nor to unlock it, which it is."""
    done = here(home, *line.split())
    failed(done, 3, "main key", "does not give out the main key", "AWSVAULT_PASSPHRASE_FILE")
    assert "vault is locked" not in done.stderr
    assert "unlock" not in done.stderr
    secret = home.root + "/secret"
    with open(secret, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(PASSPHRASE)
    if line.startswith(("rotate", "backup")):
        assert here(home, *line.split(), AWSVAULT_PASSPHRASE_FILE=secret).returncode == 0, "the hint is true"


def test_a_locked_agent_can_still_be_unlocked(home, here):
    """Where that helps: not for what needs the main key, which the agent would not give out then either."""
    agent = reach(home)
    agent.ask("LOCK", hold=False)
    agent.close()
    failed(here(home, "whoami", "shared-services"), 3, "tried agent (locked)", "awsvault-py unlock")
    for line in ("remove --yes shared-services", "slots add recovery"):
        done = here(home, *line.split())
        failed(done, 3, "the vault is locked; tried agent (locked)", "set AWSVAULT_PASSPHRASE_FILE\n")
    for line in ("slots remove --yes x", "rekey"):
        failed(
            here(home, *line.split()),
            3,
            "the passphrase or a recovery code is needed",
            "set AWSVAULT_PASSPHRASE_FILE\n",
        )


def test_clear_says_that_the_main_key_is_missing(home, here):
    """Not that the vault could not be unlocked, which it is; and the agent forgets its sessions all the same."""
    done = here(home, "clear")
    assert done.returncode == 0
    assert "because that needs the main key, which the agent does not give out" in done.stderr


def test_a_vault_that_changes_all_the_time_is_opened_here(home, here, monkeypatch):
    """No copy is made of what the agent may not have opened."""
    paths = from_env(home.env)
    opens = agent_backup._agent_opens

    def changed(context):
        opened = vault.open_with_passphrase(paths, Secret(PASSPHRASE), deadline=soon())
        name = f"more-{opened.header.gen}"
        vault.edit(
            paths, opened.k_main, lambda p: p.with_entry(name, p.entries["shared-services"]), deadline=soon()
        )
        return opens(context)

    monkeypatch.setattr(agent_backup, "_agent_opens", changed)
    failed(here(home, "backup", home.root + "/copy"), 3, "main key")
    assert not os.path.exists(home.root + "/copy")
