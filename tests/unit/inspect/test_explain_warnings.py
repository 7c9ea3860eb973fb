"""The warnings of explain."""

from __future__ import annotations

import pytest

from tests.fakes.example import DEVELOPER
from tests.home import SCENARIO
from tests.unit.inspect.chains import IN_SSO, KEYS, OWN, SSO
from vault.inspect.explain import explain


@pytest.mark.parametrize(
    ("config", "env", "said"),
    [
        ("role_arn = nonsense\nsource_profile = b\n[profile b]\n" + KEYS, {}, "an export will fail: "),
        ("awsvault_rolearn = x\n" + OWN, {}, "did you mean awsvault_role_arn?"),
        (OWN + "region = us-east-1 # mine\n", {}, "~/.aws/config:3: botocore reads the comment"),
        (OWN, {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}, "AWS_ACCESS_KEY_ID is set"),
        (
            OWN,
            {"AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "b"},
            "AWS CLI v1 and boto3 use AWS_DEFAULT_PROFILE",
        ),
        (KEYS, {}, "awsvault-py import"),
        (KEYS + "aws_session_token = x\n", {}, "its key at ~/.aws/config:2 is temporary"),
        ("aws_access_key_id = test\naws_secret_access_key = test\n", {}, "cannot be moved into the vault"),
    ],
)
def test_warnings(at_home, config, env, said):
    """What AWS will refuse, what is misspelled, and where AWS's tools differ; for a key, what you can do about it."""
    found = explain(at_home("[profile a]\n" + config, **env), "a").warnings
    assert any(said in warning for warning in found)
    assert not any("awsvault-py setup" in warning for warning in found)


def test_notes_about_other_profiles_are_not_shown(at_home):
    """A value that AWS's tools read differently, outside the chain, is no warning."""
    text = "[profile other]\nregion = us-east-1 # mine\n" + SCENARIO
    assert not any("botocore" in warning for warning in explain(at_home(text), "dev").warnings)
    text = SCENARIO.replace("region = us-west-2\n", "region = us-west-2 # mine\n")
    assert any("botocore" in warning for warning in explain(at_home(text), "dev").warnings)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("parent_profile = base", "config:8: only old versions of aws-vault read parent_profile; use include_profile instead"),
        ("inlcude_profile = base", "config:8: inlcude_profile is not a known key; did you mean include_profile?"),
        ("my key = 1", "config:8: 'my key' is not a valid name for a key; correct the name"),
    ],
)  # fmt: skip
def test_a_line_that_no_tool_reads_is_reported_once(at_home, line, said):
    """A misspelled key is a note, one that its indentation hides a warning, one with the prefix an error."""
    found = explain(
        at_home(
            SCENARIO.replace(
                "[profile dev]\nregion = us-west-2\n", f"[profile dev]\nregion = us-west-2\n{line}\n"
            )
        ),
        "dev",
    )
    assert [warning for warning in found.warnings if "config:8" in warning] == [f"~/.aws/{said}"]


POWER = "arn:aws:iam::aws:policy/PowerUserAccess"


@pytest.mark.parametrize(
    ("profile", "lines", "said"),
    [
        ("dev", f"awsvault_read_only = yes\nawsvault_policy_arns = {POWER}\n", "an export will fail: ~/.aws/config:8: awsvault_policy_arns and awsvault_read_only each allow"),
        ("dev", f"awsvault_policy_arns = {POWER.replace('aws:iam', 'aws-cn:iam')}\n", "is in the partition aws-cn, but the session is for aws; use a policy"),
        ("shared-services", "awsvault_read_only = yes\n", "awsvault_read_only cannot be enforced"),
        ("dev", "awsvault_read_only = yes\n", None),
    ],
)  # fmt: skip
def test_guard_rails_that_no_export_can_keep(at_home, profile, lines, said):
    """What every export refuses before it calls AWS is a warning; what it can keep is none."""
    text = SCENARIO.replace(f"[profile {profile}]\n", f"[profile {profile}]\n{lines}")
    found = explain(at_home(text), profile).warnings
    assert any(said in warning for warning in found) if said else not found


@pytest.mark.parametrize("prefix", ["sso_", "awsvault_sso_"])
def test_read_only_without_a_role_of_its_own(at_home, prefix):
    """Nothing can narrow what a sign-in gives out, so explain says what each export will say; a role after it is narrowed."""
    first = f"[profile first]\n{IN_SSO.replace('sso_', prefix)}awsvault_read_only = true\n{SSO}"
    (said,) = [one for one in explain(at_home(first), "first").warnings if "read_only" in one]
    assert said == (
        "an export will fail: profile first: awsvault_read_only cannot be enforced: only the session of a role can be "
        "limited by a policy; set awsvault_read_only in a profile with a role, or ignore it once: "
        "awsvault-py exec --write first -- COMMAND"
    )
    after = f"[profile after]\nrole_arn = {DEVELOPER}\nsource_profile = first\n{first}"
    assert not any("read_only" in one for one in explain(at_home(after), "after").warnings)
