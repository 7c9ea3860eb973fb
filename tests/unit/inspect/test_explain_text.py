"""The facts of a chain, each value with its place."""

from __future__ import annotations

import pytest

from tests.fakes.example import DEVELOPER, KEY_ID, READ_ONLY, SECRET, SERIAL
from tests.home import SCENARIO
from tests.unit.inspect.chains import BARE, OWN, facts, locked
from vault.inspect import explain_text
from vault.inspect.explain import explain


def test_values_with_their_places(at_home):
    """Each value of a role with its file and line, and also the region of another profile or a variable."""
    text = (
        f"[profile k]\n{OWN.replace('export a', 'export k')}mfa_serial = {SERIAL}\n"
        f"[profile a]\nrole_arn = {DEVELOPER}\nsource_profile = k\nregion = eu-west-1\nexternal_id = e\n"
        "awsvault_source_identity = me\nsession_tags = a=b, c=d\ntransitive_session_tags = a\n"
        "duration_seconds = 1800\nservices = local\n[services local]\nsts =\n  endpoint_url = http://127.0.0.1:1\n"
    )
    found = explain(at_home(text, AWS_DEFAULT_REGION="ap-south-1"), "a")
    session, role = facts(found.steps[1]), facts(found.steps[2])
    assert session["device"] == (SERIAL, "~/.aws/config:3")
    assert session["region"] == ("eu-west-1", "~/.aws/config:7")
    assert session["endpoint"] == ("http://127.0.0.1:1", "~/.aws/config:16")
    assert role["external_id"] == ("e", "~/.aws/config:8")
    assert role["source_identity"] == ("me", "~/.aws/config:9")
    assert role["session_tags"] == ("a=b, c=d", "~/.aws/config:10")
    assert role["transitive_session_tags"] == ("a", "~/.aws/config:11")
    assert role["lasts"] == ("30m: duration_seconds", "~/.aws/config:12")
    assert found.facts[0][1:] == ("ap-south-1", "AWS_DEFAULT_REGION")


def test_a_long_role_and_its_code(at_home):
    """Over an hour: assumed with the key, with a code of its own, and what happens if no code is available."""
    text = SCENARIO.replace("region = us-west-2\n", "region = us-west-2\nduration_seconds = 14400\n")
    found = explain(at_home(text), "dev")
    assert [step.title for step in found.steps] == ["key 'shared-services' in the vault", f"role {DEVELOPER}"]
    role = facts(found.steps[1])
    assert role["lasts"][0].startswith("4h: duration_seconds; directly with the key")
    assert "the MFA session of the key gives one hour" in role["code"][0]
    assert any("so each new one needs an MFA code" in warning for warning in found.warnings)


def test_a_role_of_a_role_lasts_an_hour_at_most(at_home):
    """The reason is shown with the duration."""
    text = (
        SCENARIO + f"[profile far]\nrole_arn = {READ_ONLY}\nsource_profile = dev\nduration_seconds = 7200\n"
    )
    assert facts(explain(at_home(text), "far").steps[-1])["lasts"] == (
        "1h: limited to one hour: a role assumed by a role lasts at most one hour",
        "~/.aws/config:22",
    )


@pytest.mark.parametrize(
    ("arn", "host"),
    [
        ("arn:aws-cn:iam::222222222222:role/R", "https://sts.cn-northwest-1.amazonaws.com.cn"),
        ("arn:aws-us-gov:iam::222222222222:role/R", "https://sts.us-gov-west-1.amazonaws.com"),
        (DEVELOPER, "https://sts.us-east-1.amazonaws.com"),
    ],
)
def test_a_partition_is_the_roles_own(at_home, arn, host):
    """Without a region, the session and the role are requested in the role's partition."""
    text = f"[profile a]\nrole_arn = {arn}\nsource_profile = k\n[profile k]\nawsvault_credential = k\n"
    steps = explain(at_home(text), "a").steps
    assert [facts(step)["endpoint"] for step in steps[1:]] == [(host, ""), (host, "")]


@pytest.mark.parametrize(
    ("more", "step"),
    [("", 1), ("awsvault_session = off\n", 1), ("duration_seconds = 7200\n", 1)],
)
def test_a_device_that_only_the_locked_vault_knows_is_unknown(desk, home, more, step):
    """No file names one, and "none" would be wrong: for the key's session, and for a role that the key assumes itself."""
    home.config(BARE.replace("[profile dev]\n", f"[profile dev]\n{more}"))
    assert facts(explain(locked(desk), "dev").steps[step])["MFA"][0] == explain_text.UNKNOWN_DEVICE
    assert "MFA" not in facts(explain(desk.context(), "dev").steps[step])


def test_the_roles_device_is_shown_with_what_is_unknown(desk, home):
    """The device stored with the key would come first."""
    home.config(BARE.replace("[profile dev]\n", f"[profile dev]\nmfa_serial = {SERIAL}\n"))
    session = facts(explain(locked(desk), "dev").steps[1])
    assert (session["device"][0], session["stored"][0]) == (SERIAL, explain_text.UNKNOWN_DEVICE)


def test_the_device_that_only_the_role_names(at_home):
    """It is used for the key's session, and its place is the role's line."""
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


def test_a_code_for_the_role_of_a_plaintext_key(at_home):
    """Only a key in the vault has a session: the code goes with the role, and there is no fallback."""
    text = (
        f"[profile a]\nregion = us-east-1\nrole_arn = {DEVELOPER}\nsource_profile = k\nmfa_serial = {SERIAL}\n"
        f"[profile k]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"
    )
    assert facts(explain(at_home(text), "a").steps[-1])["code"][0] == "one code for this role"


def test_the_policy_of_a_read_only_profile(at_home):
    """The role session is read only, and explain says so."""
    text = SCENARIO.replace("[profile dev]\n", "[profile dev]\nawsvault_read_only = true\n")
    found = explain(at_home(text), "dev")
    assert facts(found.steps[-1])["policy"] == ("read only", "")
    assert "policy" not in facts(explain(at_home(SCENARIO), "dev").steps[-1])
