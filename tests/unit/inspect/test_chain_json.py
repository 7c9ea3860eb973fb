"""A chain as JSON: an item for each kind of source and each call."""

from __future__ import annotations

import pytest

from tests.fakes.example import DEVELOPER, READ_ONLY, SERIAL
from tests.home import SCENARIO
from tests.unit.inspect.chains import IN_SSO, KEYS, OWN, SSO, WEB
from vault.inspect.explain import explain


@pytest.mark.parametrize(
    ("text", "item"),
    [
        (KEYS, {"type": "access-key", "file": "CONFIG", "access_key_id": "AKIAIOSFODNN7EXAMPLE"}),
        (OWN, {"type": "access-key", "credential": "a"}),
        ("awsvault_credential = k\n", {"type": "access-key", "credential": "k"}),
        ("credential_process = op read 'a b'\n", {"type": "process", "command": "op read 'a b'"}),
        (IN_SSO + SSO, {"type": "sso", "sso_session": "corp", "sso_account_id": "222222222222", "sso_role_name": "Reader"}),
        (IN_SSO.replace("sso_session = corp", "sso_start_url = https://corp.example/start\nsso_region = us-east-1"),
         {"type": "sso", "sso_account_id": "222222222222", "sso_role_name": "Reader"}),
        ("sso_session = corp\n" + SSO, {"type": "sso", "sso_session": "corp"}),
        (OWN + IN_SSO.replace("sso_", "awsvault_sso_") + SSO,
         {"type": "sso", "sso_session": "corp", "sso_account_id": "222222222222", "sso_role_name": "Reader"}),
        (WEB, {"type": "web-identity", "role_arn": DEVELOPER, "token_file": "/tokens/x"}),
        (WEB + "role_session_name = me\n",
         {"type": "web-identity", "role_arn": DEVELOPER, "token_file": "/tokens/x", "role_session_name": "me"}),
        ("login_session = arn:aws:sts::111111111111:user\n", {"type": "login", "login_session": "arn:aws:sts::111111111111:user"}),
    ],
)  # fmt: skip
def test_the_source_as_json(at_home, home, text, item):
    """The first item says what the source is, and has only what the files set."""
    document = explain(at_home("[profile a]\n" + text), "a").document
    assert document["chain"][0] == {key: home.config_path if v == "CONFIG" else v for key, v in item.items()}
    assert (document["profile"], document["region"]) == ("a", "us-east-1")


@pytest.mark.parametrize("name", ["Environment", "Ec2InstanceMetadata", "EcsContainer"])
def test_a_named_source_as_json(at_home, name):
    """The machine's own credentials, and the role that they assume."""
    text = f"[profile a]\nregion = eu-west-1\nrole_arn = {DEVELOPER}\ncredential_source = {name}\n"
    assert explain(at_home(text), "a").document == {
        "profile": "a",
        "region": "eu-west-1",
        "chain": [
            {"type": "named-source", "name": name},
            {"type": "assume-role", "role_arn": DEVELOPER, "duration_seconds": 3600, "region": "eu-west-1"},
        ],
        "warnings": [],
    }


def test_a_chain_as_json(at_home):
    """The source first; session-token for the vault's key; each role with what its own profile sets."""
    text = SCENARIO + (
        f"[profile far]\nregion = eu-west-1\nrole_arn = {READ_ONLY}\nsource_profile = dev\nexternal_id = e-1\n"
        "role_session_name = me\nduration_seconds = 900\n"
    )
    assert explain(at_home(text), "far").document["chain"] == [
        {"type": "access-key", "credential": "shared-services"},
        {"type": "session-token", "mfa_serial": SERIAL, "duration_seconds": 43_200},
        {"type": "assume-role", "role_arn": DEVELOPER, "duration_seconds": 3600, "region": "us-west-2"},
        {
            "type": "assume-role",
            "role_arn": READ_ONLY,
            "role_session_name": "me",
            "external_id": "e-1",
            "duration_seconds": 900,
            "region": "eu-west-1",
        },
    ]


@pytest.mark.parametrize("text", [KEYS, "credential_process = tool\n", IN_SSO + SSO, WEB])
def test_only_a_key_in_the_vault_has_a_session(at_home, text):
    """session-token appears only for a key in the vault, whatever device the profile names."""
    found = explain(at_home(f"[profile a]\nmfa_serial = {SERIAL}\n{text}"), "a").document
    assert len(found["chain"]) == 1
