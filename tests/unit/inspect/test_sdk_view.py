"""What AWS's own tools do with a profile."""

from __future__ import annotations

import pytest

from tests.fakes.example import DEVELOPER
from tests.unit.inspect.chains import IN_SSO, KEYS, OWN, SSO, WEB
from vault.inspect.explain import explain


@pytest.mark.parametrize(
    ("config", "credentials", "said"),
    [
        (OWN, "", "run awsvault-py export a"),
        (OWN, "[a]\n" + KEYS, "use the plaintext key AKIAIOSFODNN7EXAMPLE in ~/.aws/credentials:2, and never run credential_process"),
        (OWN + KEYS, "", "run awsvault-py export a; but the SDKs of JavaScript and Go use the plaintext key AKIAIOSFODNN7EXAMPLE"),
        (OWN + f"role_arn = {DEVELOPER}\nawsvault_source_profile = b\n[profile b]\n{KEYS}", "", "fail: "),
        (OWN + f"role_arn = {DEVELOPER}\nsource_profile = b\n[profile b]\n{KEYS}", "", f"assume {DEVELOPER} themselves"),
        (OWN + WEB, "", "exchange the web identity token"),
        (OWN + IN_SSO + SSO, "", "ask IAM Identity Center for role Reader"),
        ("credential_process = awsvault-py export b\n[profile b]\n" + KEYS, "", "run awsvault-py export b"),
        (f"role_arn = {DEVELOPER}\ncredential_source = Ec2InstanceMetadata\n", "", "use the role of this EC2 instance"),
        ("awsvault_credential = k\n", "", "fail: "),
        ("awsvault_credential = k\nlogin_session = arn:aws:sts::111111111111:user\n", "", "use the session of aws login"),
    ],
)  # fmt: skip
def test_what_an_sdk_really_does(at_home, config, credentials, said):
    """By the order of AWS's own tools, which ignore the keys with the prefix."""
    found = explain(at_home("[profile a]\n" + config, credentials), "a")
    assert said in found.sdk
    assert "vault" not in found.sdk.replace("awsvault-py", "")


def test_an_alias_uses_the_vault(at_home):
    """A profile whose process exports another profile is meant so: setup does not change it, and nothing is wrong."""
    call = 'credential_process = awsvault-py export "my key"\n'
    context = at_home(f'[profile a]\n{call}[profile "my key"]\n{call}')
    found = explain(context, "a")
    assert found.sdk.endswith("awsvault-py export 'my key'")
    assert not any("use the vault" in warning for warning in found.warnings)


def test_a_command_with_an_unclosed_quote_fails_in_awss_tools(at_home):
    """explain finds the vault's key; what the AWS CLI and the SDKs do is shown with its line."""
    text = "[profile a]\nawsvault_credential = k\ncredential_process = awsvault-py export 'a\n"
    sdk = explain(at_home(text), "a").sdk
    assert sdk.startswith("fail: ")
    assert "config:3: credential_process is not a valid command line" in sdk


@pytest.mark.parametrize("called", ["awsvault-py", "AWSVAULT-PY", "awsvault-py login a"])
def test_a_call_of_awsvault_py_that_is_no_export(at_home, called):
    """explain finds the vault's key; AWS's tools run a command that gives them nothing."""
    text = f"[profile a]\nawsvault_credential = k\ncredential_process = {called}\n"
    found = explain(at_home(text), "a")
    assert called in found.sdk
    assert "fails: " in found.sdk
    assert any("do not use the vault" in warning for warning in found.warnings)
