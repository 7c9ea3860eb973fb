"""``auto`` as role_session_name and source_identity: vault/profiles/attribution.py, and what AWS sees of it."""

from __future__ import annotations

import json

import pytest

from tests.fakes import webidentity
from tests.fakes.example import ISSUER, role
from tests.home import SCENARIO, failed


@pytest.fixture
def home(home, aws):
    """The README's home; the role ``Strict`` has to be assumed under the name of the IAM user."""
    aws.world.add_role(
        role("Strict"),
        trusts=("arn:aws:iam::111111111111:root",),
        needs_user_name=True,
        allows_source_identity=True,
    )
    home.config(SCENARIO)
    home.run("add", "shared-services", "--stdin", stdin=json.dumps(STORED))
    return home


STORED = {
    "AccessKeyId": "AKIAIOSFODNN7EXAMPLE",
    "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "MfaSerial": "arn:aws:iam::111111111111:mfa/yourself",
    "MfaSeed": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
}


def strict(*lines):
    """The scenario with a profile for the role that wants the user's name."""
    head = f"[profile strict]\nregion = us-west-2\nsource_profile = shared-services\nrole_arn = {role('Strict')}\n"
    return SCENARIO + head + "".join(f"{line}\n" for line in lines)


def sent(aws, name):
    return [call.parameters.get(name) for call in aws.calls.of("AssumeRole")]


@pytest.mark.parametrize("key", ["role_session_name", "awsvault_role_session_name"])
def test_auto_is_the_name_of_the_iam_user(home, aws, key):
    """A trust policy with sts:RoleSessionName = ${aws:username} lets it pass; without auto it does not."""
    home.config(strict())
    failed(home.run("export", "strict"), 7, "AccessDenied")
    home.config(strict(f"{key} = auto"))
    home.export("strict")
    assert sent(aws, "RoleSessionName")[-1] == "yourself"


def test_source_identity_auto(home, aws):
    """The same name, on its own."""
    home.config(strict("awsvault_source_identity = auto", "role_session_name = yourself"))
    home.export("strict")
    assert sent(aws, "SourceIdentity") == ["yourself"]


def test_the_log_and_explain_have_the_name(home):
    """Not the word auto."""
    home.config(strict("role_session_name = auto"))
    home.export("strict")
    (record,) = json.loads(home.run("log", "--json").stdout)["records"]
    assert record["session"] == "yourself"
    assert "yourself" in home.run("explain", "strict").stdout
    assert (
        json.loads(home.run("explain", "strict", "--json").stdout)["chain"][-1]["role_session_name"]
        == "yourself"
    )


def test_a_key_of_an_unknown_user_falls_back_to_user_and_host(home, aws):
    """One that was added without asking AWS, and one that is not in the vault."""
    home.run("add", "shared-services", "--replace", "--no-verify", "--stdin", stdin=json.dumps(STORED))
    home.config(strict("role_session_name = auto", "source_identity = auto").replace("Strict", "NamedRole"))
    home.export("strict", USER="me")
    (name,) = sent(aws, "RoleSessionName")
    assert name.startswith("me@")
    assert sent(aws, "SourceIdentity") == [name]


def test_auto_and_the_name_itself_are_one_session(home, aws):
    """The digest has what AWS is asked for, so the second is a cache hit."""
    home.config(strict("role_session_name = auto"))
    first = home.export("strict")
    home.config(strict("role_session_name = yourself"))
    assert home.export("strict") == first


def test_an_agent_knows_the_name(home, aws):
    """The user comes with the key from the agent's worker."""
    home.config(strict("role_session_name = auto"))
    on = {"AWSVAULT_AGENT": "auto"}
    try:
        assert home.run("unlock", **on).returncode == 0
        home.export("strict", AWSVAULT_PASSPHRASE=None, **on)
    finally:
        home.run("lock", **on)
    assert sent(aws, "RoleSessionName") == ["yourself"]


@pytest.mark.parametrize("key", ["role_session_name", "awsvault_role_session_name"])
def test_a_web_identity_falls_back_to_user_and_host(home, aws, tmp_path, key):
    """Nobody knows the user of the token."""
    token = tmp_path / "token"
    token.write_text(webidentity.make(aws.world, issuer=ISSUER, subject="repo:example"))
    home.config(
        f"[profile web]\nrole_arn = {role('WebRole')}\nweb_identity_token_file = {token}\n{key} = auto\n"
    )
    home.export("web", USER="me")
    (call,) = aws.calls.of("AssumeRoleWithWebIdentity")
    assert call.parameters["RoleSessionName"].startswith("me@")
