"""A credential_process that calls awsvault-py with --policy or --policy-arn restricts awsvault-py's own commands too."""

from __future__ import annotations

import json
import shlex

import pytest

from tests.fakes.example import role
from tests.home import COMMAND, SCENARIO, failed

READ = "arn:aws:iam::aws:policy/ReadOnlyAccess"
OTHER = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
DENY = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}
ARN = "PolicyArns.member.1.arn"
OWN = "credential_process = {command} export dev"
WAYS = pytest.mark.parametrize("way", ["export", "exec", "login"])


@pytest.fixture
def home(home):
    """The README's home, with a vault."""
    home.scenario()
    home.make_vault()
    return home


def run(home, way, profile, *more):
    """The command, which must go well."""
    words = {"export": [profile], "exec": [profile, "--", "true"], "login": ["--print", profile]}[way]
    done = home.run(way, *more, *words)
    assert done.returncode == 0, done.stderr


def limited(more):
    """The scenario, with a profile that exports dev with ``more``."""
    return f"{SCENARIO}[profile limited]\ncredential_process = {{command}} export dev {more}\n"


def policies(aws):
    """The first managed policy and the inline one of each role session."""
    return [(call.parameters.get(ARN), call.parameters.get("Policy")) for call in aws.calls.of("AssumeRole")]


@WAYS
def test_a_profile_that_exports_another_with_a_policy_has_it(home, aws, way):
    """As if AWS's tools had run the line. The profile that it exports is not restricted."""
    home.config(limited(f"--policy-arn {READ}"))
    run(home, way, "limited")
    run(home, way, "dev")
    assert policies(aws) == [(READ, None), (None, None)]


@WAYS
def test_a_profile_with_a_policy_in_its_own_line_has_it(home, aws, way):
    """Also for the profiles that get their credentials through it."""
    home.config(
        f"{SCENARIO}[profile one]\nawsvault_role_arn = {role('Hop1')}\nawsvault_source_profile = shared-services\n"
        f"credential_process = {{command}} export one --policy-arn={READ}\n"
        f"[profile two]\nrole_arn = {role('Hop2')}\nsource_profile = one\n"
    )
    run(home, way, "one")
    run(home, way, "two")
    assert policies(aws)[0] == policies(aws)[-1] == (READ, None)


def test_the_line_itself_still_works(home, aws):
    """AWS's tools run it, so the same policy is given twice. Another one would widen it."""
    home.config(SCENARIO.replace(OWN, f"{OWN} --policy-arn {READ}"))
    home.export("dev", "--policy-arn", READ)
    failed(
        home.run("export", "dev", "--policy-arn", OTHER), 2, "--policy-arn", "credential_process --policy-arn"
    )
    assert policies(aws) == [(READ, None)]


def test_a_policy_file_of_the_line_is_read(home, aws, tmp_path):
    """Its path must be absolute, because nobody knows in which folder a tool runs the line, or whether it replaces ~."""
    path = tmp_path / "my policy.json"
    path.write_text(json.dumps(DENY))
    home.config(limited(f"--policy {shlex.quote(str(path))} --policy-arn {READ}"))
    home.export("limited")
    assert [(arn, json.loads(text)) for arn, text in policies(aws)] == [(READ, DENY)]
    for other in ("policy.json", "~/policy.json", '""'):
        home.config(limited(f"--policy {other}"))
        failed(
            home.run("export", "limited"),
            6,
            "config:20: credential_process --policy",
            "absolute",
            "write the whole path",
        )


def test_a_wrong_policy_in_the_line_is_an_error_with_its_place(home):
    """Exit code 6: the mistake is in the file."""
    home.config(limited("--policy-arn ReadOnlyAccess"))
    failed(home.run("export", "limited"), 6, "config:20: credential_process --policy-arn", "not the ARN")


def test_the_policy_of_the_line_and_that_of_the_keys_are_not_added_up(home, aws):
    """AWS would allow what either of them allows."""
    home.config(limited(f"--policy-arn {READ}") + f"awsvault_policy_arns = {OTHER}\n")
    failed(
        home.run("export", "limited"),
        6,
        "awsvault_policy_arns",
        "credential_process --policy-arn",
        "each allow",
    )
    assert not policies(aws)


@pytest.mark.parametrize(
    "words",
    ["export --policy-arn", "exec dev --policy-arn", "export --source dev --policy-arn"],
    ids=lambda words: words.split()[1],
)
def test_a_policy_in_a_call_that_cannot_be_followed_is_an_error(home, aws, words):
    """The profile has a role too, which would give the whole session."""
    line = f"credential_process = {COMMAND} {words} {READ}"
    home.config(SCENARIO.replace(OWN, line))
    failed(home.run("export", "dev"), 6, ":8", "--policy-arn", "awsvault_policy_arns")
    assert not list(aws.calls)


def test_explain_shows_it(home):
    """As a policy of the last role."""
    home.config(limited(f"--policy-arn {READ}"))
    assert READ in home.run("explain", "limited").stdout
    assert READ not in home.run("explain", "dev").stdout


def test_an_agent_answers_with_the_policy(home, aws):
    """The answer that it keeps for the profile is the restricted one."""
    home.config(limited(f"--policy-arn {READ}"))
    home.settle()
    on = {"AWSVAULT_AGENT": "auto"}
    try:
        assert home.run("unlock", **on).returncode == 0
        assert home.export("limited", **on) == home.export("limited", **on) != home.export("dev", **on)
    finally:
        home.run("lock", **on)
    assert policies(aws) == [(READ, None), (None, None)]


@pytest.mark.parametrize("more", ["--duration 15m", "--region eu-west-1", "--mfa-code 123456", "--fresh"])
def test_what_restricts_nothing_is_for_the_tools_that_run_the_line(home, aws, more):
    """A code there is a used one. For a shorter session there is awsvault_max_duration."""
    home.config(SCENARIO.replace(OWN, f"{OWN} {more}"))
    home.export("dev")
    home.export("dev")
    (call,) = aws.calls.of("AssumeRole")
    assert call.parameters.get("DurationSeconds") in (None, "3600")


def test_write_in_the_line_lifts_nothing(home, aws):
    """export does not have it; what has no other credentials is told so."""
    home.config(f"{limited('--write')}awsvault_read_only = on\n")
    failed(home.run("export", "limited"), 6, "config:20", "--write")
    home.config(SCENARIO.replace(OWN, f"{OWN} --write\nawsvault_read_only = on"))
    home.export("dev")
    assert policies(aws) == [(READ, None)]
