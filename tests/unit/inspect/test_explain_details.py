"""What explain tells of devices, policies and helpers, and what it asks the agent for."""

from __future__ import annotations

import pytest

from tests.fakes.example import DEVELOPER, KEY_ID, SECRET, SERIAL
from tests.home import SCENARIO
from tests.unit.agent.serving import TIMES
from tests.unit.inspect.test_explain import at_home, facts
from vault import errors
from vault.credentials import obtain
from vault.credentials.request import Request
from vault.inspect import explain_text
from vault.inspect.explain import UNKNOWN, explain
from vault.inspect.which import MatchingProfile, end_of
from vault.profiles import aws_files
from vault.profiles.resolve import resolve
from vault.secret import Secret

__all__ = ["at_home"]

BARE = SCENARIO.replace(f"mfa_serial = {SERIAL}\n", "")


def locked(desk, **env):
    """A context in which nothing opens the vault."""
    context = desk.context(**env)
    context.passphrase = None
    return context


def test_the_vault_is_opened_where_nobody_need_be_asked(desk, home):
    """A passphrase that is given: whether the key is there is known, and the device that is stored with it."""
    home.config(BARE)
    found = explain(desk.context(), "dev")
    assert "assumed" not in facts(found.steps[0])
    assert facts(found.steps[1])["device"] == (SERIAL, "stored with the key")
    assert facts(found.steps[1])["session"][0] == "not cached"


def test_a_profile_whose_key_is_not_in_the_vault_is_not_said_to_have_one(desk, home):
    """The vault was looked into, so the missing key is an error here as in an export."""
    home.config("[profile other]\nregion = us-east-1\n")
    with pytest.raises(errors.ConfigError, match="has no credentials"):
        explain(desk.context(), "other")
    assert "assumed" in facts(explain(locked(desk), "other").steps[0])


def test_a_passphrase_that_is_wrong_leaves_the_files_explained(desk):
    """The chain is shown as with a locked vault."""
    context = locked(desk)
    context.passphrase = Secret("wrong horse battery staple")
    assert "assumed" in facts(explain(context, "dev").steps[0])


@pytest.mark.parametrize(
    ("more", "step"),
    [("", 1), ("awsvault_session = off\n", 1), ("duration_seconds = 7200\n", 1)],
)
def test_a_device_that_only_the_locked_vault_knows_is_unknown(desk, home, more, step):
    """No file names one: "none" would be a lie, in the key's session as in a role that the key assumes itself."""
    home.config(BARE.replace("[profile dev]\n", f"[profile dev]\n{more}"))
    assert facts(explain(locked(desk), "dev").steps[step])["MFA"][0] == explain_text.UNKNOWN_DEVICE
    assert "MFA" not in facts(explain(desk.context(), "dev").steps[step])


def test_a_device_of_the_role_is_told_beside_what_is_unknown(desk, home):
    """The key's own would come first."""
    home.config(BARE.replace("[profile dev]\n", f"[profile dev]\nmfa_serial = {SERIAL}\n"))
    session = facts(explain(locked(desk), "dev").steps[1])
    assert (session["device"][0], session["stored"][0]) == (SERIAL, explain_text.UNKNOWN_DEVICE)


def test_without_a_vault_there_is_no_device(at_home):
    """Nothing is locked, so nothing is unknown."""
    assert facts(explain(at_home(BARE), "dev").steps[1])["MFA"][0].startswith("none")


def test_the_device_that_is_stored_with_the_key(desk, beside, home):
    """No file names it: the agent does, and so explain says what an export would do."""
    home.config(BARE)
    beside.give()
    found = explain(desk.context(), "dev")
    assert [step.title for step in found.steps][1] == "MFA session of the key"
    assert facts(found.steps[1])["device"] == (SERIAL, "stored with the key")
    assert facts(found.steps[1])["session"][0] == "not cached"


def test_the_device_that_only_the_role_names(at_home):
    """It serves for the key's session, and its line is the role's."""
    text = BARE.replace("[profile dev]\n", f"[profile dev]\nmfa_serial = {SERIAL}\n")
    session = facts(explain(at_home(text), "dev").steps[1])
    assert session["device"][0] == SERIAL
    assert session["device"][1].startswith("~/.aws/config:")


def test_the_program_that_gives_codes(at_home):
    """mfa_process of the key's profile."""
    text = SCENARIO.replace(
        "[profile shared-services]\n", "[profile shared-services]\nmfa_process = ykman oath code x\n"
    )
    assert facts(explain(at_home(text), "shared-services").steps[1])["code from"][0] == "ykman oath code x"


def test_a_code_for_the_role_of_a_key_in_clear(at_home):
    """There is no session of a key that is not the vault's: the code goes with the role, and there is no other way."""
    text = (
        f"[profile a]\nregion = us-east-1\nrole_arn = {DEVELOPER}\nsource_profile = k\nmfa_serial = {SERIAL}\n"
        f"[profile k]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"
    )
    assert facts(explain(at_home(text), "a").steps[-1])["code"][0] == "one for this role"


def test_the_policy_of_a_read_only_profile(at_home):
    """The role is narrowed, and that is a fact of it."""
    text = SCENARIO.replace("[profile dev]\n", "[profile dev]\nawsvault_read_only = true\n")
    found = explain(at_home(text), "dev")
    assert facts(found.steps[-1])["policy"] == ("read only", "")
    assert "policy" not in facts(explain(at_home(SCENARIO), "dev").steps[-1])


def test_a_command_with_a_quote_too_many_fails_in_awss_tools(at_home):
    """The vault's key is found all the same; what the AWS CLI and the SDKs meet is told with its line."""
    text = "[profile a]\nawsvault_credential = k\ncredential_process = awsvault-py export 'a\n"
    sdk = explain(at_home(text), "a").sdk
    assert sdk.startswith("fail: ")
    assert "config:3: credential_process is not a valid command line" in sdk


@pytest.mark.parametrize("called", ["awsvault-py", "AWSVAULT-PY", "awsvault-py login a"])
def test_a_command_of_ours_that_is_no_export(at_home, called):
    """The vault's key is found all the same; AWS's tools run a command that gives them nothing."""
    text = f"[profile a]\nawsvault_credential = k\ncredential_process = {called}\n"
    found = explain(at_home(text), "a")
    assert called in found.sdk
    assert "fails: " in found.sdk
    assert any("do not use the vault" in warning for warning in found.warnings)


def test_notes_of_other_profiles_are_not_told(at_home):
    """A value that AWS's tools read otherwise, beside the chain, is no warning about it."""
    text = "[profile other]\nregion = us-east-1 # mine\n" + SCENARIO
    assert not any("botocore" in warning for warning in explain(at_home(text), "dev").warnings)
    text = SCENARIO.replace("region = us-west-2\n", "region = us-west-2 # mine\n")
    assert any("botocore" in warning for warning in explain(at_home(text), "dev").warnings)


@pytest.mark.parametrize(("serial", "account"), [("", None), (f"mfa_serial = {SERIAL}\n", "111111111111")])
def test_where_a_program_leads_is_told_by_its_device_alone(at_home, serial, account):
    """What a credential_process prints nobody knows before it ran; an account that the file names is shown."""
    context = at_home(f"[profile a]\ncredential_process = op read x\n{serial}")
    chain = resolve(aws_files.load(context.env, home=context.paths.home), "a", env=context.env)
    assert end_of(chain) == MatchingProfile("a", account, None)


def test_the_session_that_is_held_is_told_without_the_vault(desk, beside):
    """An agent that was given the cache's key alone: how long the profile's own session lives, and nothing of the key's."""
    obtain.credentials(desk.context(AWSVAULT_AGENT="off"), Request("dev"), purpose="")
    opened = desk.keys(desk.context()).opened
    beside.client().unlock(
        vault_id=opened.vault_id, main=None, cache=opened.cache_key, times=TIMES, person=True
    )
    key, role = (facts(step)["session"][0] for step in explain(locked(desk), "dev").steps[1:])
    assert key == UNKNOWN
    assert role.startswith("cached, expires in 5")
    (other,) = (facts(step)["session"][0] for step in explain(locked(desk), "prod").steps[2:])
    assert other == "not cached"


def settings_of(found):
    return [(fact.name, fact.value, fact.place) for fact in found.facts if fact.name != "region"]


def test_the_line_that_decides_whether_a_session_is_made(at_home):
    """The role's own line counts, the source's is shown as overridden; what does not count for the role is not shown."""
    text = (
        "[profile k]\nawsvault_credential = k\nawsvault_session = on\nawsvault_environment = sandbox\n"
        f"[profile a]\nrole_arn = {DEVELOPER}\nsource_profile = k\nawsvault_session = off\n"
    )
    found = explain(at_home(text), "a")
    assert settings_of(found) == [
        ("awsvault_session", "off", "~/.aws/config:8"),
        ("awsvault_session", "on (overridden by ~/.aws/config:8)", "~/.aws/config:3"),
        ("awsvault_credential", "k", "~/.aws/config:2"),
    ]
    assert [item["type"] for item in found.document["chain"]] == ["access-key", "assume-role"]
    assert ("awsvault_environment", "sandbox", "~/.aws/config:4") in settings_of(explain(at_home(text), "k"))


def test_a_command_that_makes_no_session_is_named(at_home):
    """--no-session in the source's own command decides as a line of ours does."""
    text = (
        "[profile k]\ncredential_process = awsvault-py export k --no-session\n"
        f"[profile a]\nrole_arn = {DEVELOPER}\nsource_profile = k\n"
    )
    assert settings_of(explain(at_home(text), "a")) == [
        ("--no-session", "in credential_process", "~/.aws/config:2")
    ]
    text += "[profile b]\nrole_arn = {DEVELOPER}\nsource_profile = c\n"
    text += "[profile c]\ncredential_process = awsvault-py export --no-session d\n"
    text += "[profile d]\nawsvault_credential = d\nawsvault_session = on\n"
    assert settings_of(explain(at_home(text), "b")) == [
        ("awsvault_session", "on (overridden by ~/.aws/config:10)", "~/.aws/config:13"),
        ("awsvault_credential", "d", "~/.aws/config:12"),
        ("--no-session", "in credential_process", "~/.aws/config:10"),
    ]


def test_a_session_setting_without_a_session(at_home):
    """There is no MFA session of a key in a file: the line is shown with that."""
    text = "[profile a]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\nawsvault_session = off\n"
    ((name, value, _),) = settings_of(explain(at_home(text), "a"))
    assert (name, value[:3]) == ("awsvault_session", "off")
    assert "no effect" in value


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("parent_profile = base", "config:8: only old versions of aws-vault read parent_profile; use include_profile instead"),
        ("inlcude_profile = base", "config:8: inlcude_profile is not a known key; did you mean include_profile?"),
        ("my key = 1", "config:8: 'my key' is not a valid name for a key; correct the name"),
    ],
)  # fmt: skip
def test_a_line_that_nobody_reads_is_told_once(at_home, line, said):
    """Of the profile and of its source, with the place and what to do."""
    found = explain(
        at_home(
            SCENARIO.replace(
                "[profile dev]\nregion = us-west-2\n", f"[profile dev]\nregion = us-west-2\n{line}\n"
            )
        ),
        "dev",
    )
    assert [warning for warning in found.warnings if "config:8" in warning] == [f"~/.aws/{said}"]
