"""Which lines of AWS's files setup would change, and what it says of the profiles that it leaves."""

from __future__ import annotations

import pytest

from tests.unit.migrate.files import US, after, setup
from vault.migrate import setup_source_only
from vault.migrate.edit_plan import Skipped

ROLE = "arn:aws:iam::222222222222:role/DeveloperRole"
OTHER = "arn:aws:iam::111111111111:mfa/other"


def test_a_plaintext_key_is_for_import():
    """Setting up such a profile would hide the key and not secure it."""
    keys = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrEXAMPLE\n"
    plan = setup("", "[old]\n" + keys).run(["old"])
    (one,) = plan.skipped
    assert one.profile == "old"
    assert one.reason.startswith("its key is in plaintext at credentials:2")
    assert "awsvault-py import" in one.reason
    assert (plan.config, plan.credentials) == ([], [])


KEYS = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"


@pytest.mark.parametrize("source_only", [False, True])
@pytest.mark.parametrize("role", ["", f"role_arn = {ROLE}\nsource_profile = default\n"])
@pytest.mark.parametrize("kind", ["credentials", "config"])
def test_a_plaintext_key_is_for_import_even_if_the_vault_has_it(kind, role, source_only):
    """After setup, tools would use the plaintext key without the role: botocore with one file, JavaScript with both."""
    config, credentials = f"[default]\n{role}", f"[default]\n{KEYS}"
    if kind == "config":
        config, credentials = config + KEYS, ""
    run = setup(config, credentials, entries=("default",))
    plan = setup_source_only.run(run, []) if source_only else run.run([])
    assert (plan.done, plan.config, plan.credentials) == ([], [], [])
    (one,) = plan.skipped
    assert one.reason.startswith(f"its key is in plaintext at {kind}:")
    assert "awsvault-py import" in one.reason


def test_a_role_on_such_a_key_is_set_up_all_the_same():
    """Its own profile has no key: it calls awsvault-py for the role; the profile of the key stays."""
    run = setup(
        f"[profile dev]\nrole_arn = {ROLE}\nsource_profile = default\n",
        f"[default]\n{KEYS}",
        entries=("default",),
    )
    assert run.run([]).done == ["dev"]
    assert [one.profile for one in run.plan.skipped] == ["default"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (KEYS + "aws_session_token = t\n", "is temporary"),
        ("aws_access_key_id = test\naws_secret_access_key = test\n", "does not begin with AKIA"),
        (
            "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\n",
            ("without aws_secret_access_key", "is incomplete"),
        ),
    ],
)
@pytest.mark.parametrize("entries", [(), ("old",)])
def test_a_key_that_import_would_skip_is_not_sent_to_import(lines, said, entries):
    """The reason is shown here, so that you do not go back and forth."""
    (one,) = setup("", "[old]\n" + lines, entries=entries).run(["old"]).skipped
    assert any(text in one.reason for text in ((said,) if isinstance(said, str) else said))
    assert "import" not in one.reason


def test_a_profile_of_another_program_is_told_how_to_import():
    """The reason names the import, and the profile still works as it is."""
    plan = setup("[profile old]\ncredential_process = aws-vault export --format=json old\n").run(["old"])
    assert plan.skipped == [
        Skipped(
            "old",
            "aws-vault provides its credentials. To move its key into the vault: awsvault-py import --aws-vault",
        )
    ]
    assert plan.config == []


def test_a_role_under_both_names_keeps_the_prefixed_one():
    """awsvault-py reads the one with the prefix; the plain one would keep tools from calling it."""
    run = setup(f"[profile work]\nawsvault_role_arn = {ROLE}\nrole_arn = {OTHER}\nsource_profile = work\n")
    assert run.run([]).done == ["work"]
    assert after(run)[0] == (
        f"[profile work]\ncredential_process = {US} export work\nawsvault_role_arn = {ROLE}\nawsvault_source_profile = work\n"
    )


def test_a_profile_that_is_set_up_only_gets_the_entrys_name():
    """The entry has another name; the call stays to the byte."""
    config = f"[profile old]\ncredential_process = {US} export old --no-session\n"
    run = setup(config, named={"old": "work"})
    assert run.run_for({"work"}).done == ["old"]
    assert after(run)[0] == config.replace("[profile old]\n", "[profile old]\nawsvault_credential = work\n")


def test_a_broken_chain_of_a_moved_key_is_skipped_with_the_reason():
    """The key is moved all the same. Broken chains of other keys are not mentioned."""
    config = f"[profile mine]\nrole_arn = {ROLE}\n[profile theirs]\nrole_arn = {ROLE}\n"
    (one,) = setup(config, named={"mine": "mine"}).run_for({"mine"}).skipped
    assert one.profile == "mine"
    assert "neither source_profile nor credential_source" in one.reason


def test_an_unreadable_process_in_the_other_file_stays():
    """One file calls awsvault-py, the other has a line that cannot be read: only you know which is meant."""
    run = setup(
        '[profile work]\ncredential_process = awsvault-py "export\n',
        f"[work]\ncredential_process = {US} export work\n",
    )
    plan = run.run(["work"])
    assert plan.skipped == [
        Skipped("work", "another program also provides its credentials (config:2); remove one")
    ]
    assert (plan.config, plan.credentials) == ([], [])
