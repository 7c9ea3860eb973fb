"""The profiles of a sign-in as edits of the config file: what is written, what is kept, which names are refused."""

from __future__ import annotations

import pytest

from tests.signins import place
from tests.unit.migrate.files import US, files
from vault import errors
from vault.aws.sso_lists import SsoAccount
from vault.migrate import sso_profiles
from vault.migrate.sso_names import AssignedRole
from vault.migrate.sso_profiles import SignInProfiles
from vault.profiles.chain import Sso
from vault.profiles.resolve import resolve

DEV, PROD = "222222222222", "333333333333"
SECTION = (
    "# own\n[sso-session corp]\nsso_start_url = https://example.awsapps.com/start\nsso_region = us-east-1\n"
)


def block(
    name, account=DEV, role="Admin", *, more="", marker="corp", session="awsvault_sso_session = corp\n"
):
    return (
        f"[profile {name}]\ncredential_process = {US} export {name}\n{session}awsvault_sso_account_id = {account}\n"
        f"awsvault_sso_role_name = {role}\nawsvault_sso_generated = {marker}\n{more}"
    )


def roles(**given):
    return {
        name.replace("_", "/"): AssignedRole(SsoAccount(account, "", ""), role)
        for name, (account, role) in given.items()
    }


WANTED = roles(dev=(DEV, "Admin"), prod=(PROD, "Admin"))


def run(config, wanted=WANTED, *, credentials="", at=None, gone=(), prune=False, entries=(), **more):
    """The config file afterwards, and the plan."""
    held = files(config, credentials)
    wish = SignInProfiles(at or place(), wanted, (US,), entries.__contains__, **more)
    plan = sso_profiles.planned(held, wish, gone=lambda *role: role in gone, prune=prune)
    assert plan.credentials == []
    return held.config.apply(plan.config).decode(), plan


def source(config, profile):
    held = files(config).merged
    return resolve(held, profile, env={}, has_entry=lambda _: False).source


def test_new_profiles():
    """At the end, each with what awsvault-py reads, its call for everyone else, and the marker."""
    after, plan = run(SECTION)
    assert after == f"{SECTION}\n{block('dev')}\n{block('prod', PROD)}"
    assert plan.done == ["dev", "prod"]
    found = source(after, "prod")
    assert isinstance(found, Sso)
    assert (found.session, found.account_id, found.role_name) == ("corp", PROD, "Admin")


def test_a_second_run_changes_nothing():
    """Not one byte, also with a region and other lines of the user's."""
    after, _ = run(SECTION, region="eu-west-1")
    assert after.count("region = eu-west-1\ncredential_process") == 2
    mine = after.replace(
        "awsvault_sso_generated = corp\n", "awsvault_sso_generated = corp\n# mine\noutput = json\n"
    )
    assert run(mine, region="us-east-1")[0] == mine


def test_without_a_section_the_profile_has_all_five_keys():
    """The older form: it names URL and region itself, and the marker is the URL."""
    at = place(None)
    after, _ = run("", at=at)
    assert (
        f"awsvault_sso_start_url = {at.start_url}\nawsvault_sso_region = us-east-1\nawsvault_sso_account_id"
        in after
    )
    assert f"awsvault_sso_generated = {at.start_url}\n" in after
    assert "sso_session" not in after
    assert source(after, "dev").start_url == at.start_url


def test_what_is_wrong_in_a_generated_profile_is_set():
    """The program has moved, a line is missing, a region is asked for; comments, order, spacing and options stay."""
    old = (
        f"{SECTION}[profile dev]\n# why\noutput=json\nawsvault_sso_generated=corp\n"
        f"credential_process=/old/awsvault-py export dev --duration 1h ; note\nawsvault_sso_account_id={DEV}\n\n# end\n"
    )
    after, plan = run(old, roles(dev=(DEV, "Admin")), region="eu-west-1")
    assert after == old.replace(
        "/old/awsvault-py export dev --duration 1h ; note", f"{US} export dev --duration 1h"
    ).replace(
        f"awsvault_sso_account_id={DEV}\n",
        f"awsvault_sso_account_id={DEV}\nawsvault_sso_session=corp\nawsvault_sso_role_name=Admin\nregion=eu-west-1\n",
    )
    assert plan.done == ["dev"]


def test_the_older_form_becomes_that_of_the_session():
    """Keys of the place that no longer belong are removed: botocore demands that they agree."""
    old = block(
        "dev", session="awsvault_sso_start_url = https://old.example\nawsvault_sso_region = us-east-1\n"
    )
    after, _ = run(SECTION + old, roles(dev=(DEV, "Admin")))
    assert "sso_start_url = https://old" not in after
    assert source(after, "dev").session == "corp"


def test_another_programs_process_stays():
    """The user has put it there."""
    mine = SECTION + block("dev").replace(US, "/opt/theirs")
    after, plan = run(mine, roles(dev=(DEV, "Admin")))
    assert after == mine
    assert [left.profile for left in plan.skipped] == ["dev"]
    assert "another program provides its credentials (config:6)" in plan.skipped[0].reason


@pytest.mark.parametrize("name", ["#1", "a ;b"])
def test_a_session_whose_name_is_no_value(name):
    """botocore takes any name in quotes. In a profile it would be a comment."""
    with pytest.raises(errors.ConfigError, match="would be read as a comment"):
        run(SECTION, at=place(name))


# ── names that are taken ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("[profile dev]\nregion = x\n", "config:5: profile dev was not written by setup --sso corp, but it is the name for"),
        (block("dev", marker="other"), "config:5: profile dev was not written by setup --sso corp"),
        (block("dev").replace("awsvault_sso_generated = corp\n", ""), "was not written by setup"),
        ("[profile DEV]\nregion = x\n", "config:5: profile DEV differs in case only from dev, the name for role Admin in"),
        (block("Dev", role="Old"), "config:5: profile Dev differs in case only from dev"),
        (block("dev", PROD), f"profile dev is role Admin in account {PROD}, but now that is the name for role Admin in "),
    ],
)  # fmt: skip
def test_a_name_that_is_taken(config, said):
    """By a profile of the user's, of another sign-in, of another role: both are named, and nothing is planned."""
    with pytest.raises(errors.ConfigError) as caught:
        run(SECTION + config)
    assert said in caught.value.message
    assert DEV in caught.value.message
    assert "--name" in caught.value.hint or "--prune" in caught.value.hint


def test_names_of_the_credentials_file_and_the_vault_are_taken_too():
    """SDKs read such a profile as one."""
    with pytest.raises(errors.ConfigError, match="credentials:1: profile dev was not written by"):
        run(SECTION, credentials="[dev]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n")
    with pytest.raises(
        errors.ConfigError, match="the vault has a key named dev, which is also the name for role"
    ):
        run(SECTION, entries=("dev",))


# ── prune ───────────────────────────────────────────────────────────────────────────────────────


def test_prune_removes_what_is_gone():
    """Of this sign-in's marked profiles: a role that is gone, and one that has another name now. No other."""
    others = f"[profile mine]\nregion = x\n\n{block('other', role='Gone', marker='other')}\n"
    old = f"{SECTION}\n{block('left', role='Gone')}\n{others}{block('renamed')}\n{block('filtered', PROD, 'Reader')}"
    after, plan = run(old, gone=[(DEV, "Gone")], prune=True)
    assert (
        after
        == f"{SECTION}\n{others}{block('filtered', PROD, 'Reader')}\n{block('dev')}\n{block('prod', PROD)}"
    )
    assert plan.warnings == []
    kept, plan = run(old, gone=[(DEV, "Gone")])
    assert kept.startswith(old)
    assert "or that have another name now: 2." in plan.warnings[0]


def test_prune_gives_back_the_bytes_before():
    """Written, and all roles gone: the file as it was."""
    after, _ = run(SECTION)
    gone = [role.key for role in WANTED.values()]
    assert run(after, {}, gone=gone, prune=True)[0] == SECTION


def test_prune_keeps_comments_and_what_follows():
    """They are not setup's."""
    old = (
        SECTION
        + block("dev").replace("\ncredential", " # here\n# mine\ncredential")
        + "\n# next\n[profile next]\n"
    )
    assert (
        run(old, {}, gone=[(DEV, "Admin")], prune=True)[0]
        == SECTION + "# here\n# mine\n\n# next\n[profile next]\n"
    )


@pytest.mark.parametrize(
    ("config", "credentials", "reason"),
    [
        (block("dev", more="output = json\n"), "", "it has output (line 11), which setup did not write"),
        (block("dev") + block("dev"), "", "more than one section"),
        (block("dev"), "[dev]\nregion = x\n", "more than one section"),
    ],
)
def test_prune_keeps_a_profile_with_lines_of_the_user(config, credentials, reason):
    """It is named with the reason."""
    after, plan = run(SECTION + config, {}, credentials=credentials, gone=[(DEV, "Admin")], prune=True)
    assert after == SECTION + config
    assert reason in plan.skipped[0].reason


def test_prune_removes_a_region_and_warns_of_those_who_use_the_profile():
    """setup writes a region too. Profiles that have it as source are named."""
    users = "[profile b]\nawsvault_role_arn = r\nawsvault_source_profile = dev\n[profile c]\ninclude_profile = dev\n"
    after, plan = run(
        SECTION + users + "\n" + block("dev", more="region = x\n"), {}, gone=[(DEV, "Admin")], prune=True
    )
    assert after == SECTION + users
    assert [warning.partition(":")[2] for warning in plan.warnings] == [
        "7: profile b uses dev, which is removed",
        "9: profile c uses dev, which is removed",
    ]


def test_prune_lets_a_name_mean_another_role():
    """Of an account that was closed, and one that was opened with its name."""
    after, _ = run(SECTION + block("dev", "444444444444"), roles(dev=(DEV, "Admin")), prune=True)
    assert after == SECTION + block("dev")


def test_a_marked_profile_without_a_role_is_never_removed():
    """It cannot be told what it was."""
    old = SECTION + "[profile dev]\nawsvault_sso_generated = corp\n"
    assert run(old, {}, gone=[("", "")], prune=True)[0] == old
