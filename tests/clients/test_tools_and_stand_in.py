"""The real tools work with the stand-in without awsvault-py, so that a failure with it is awsvault-py's."""

from __future__ import annotations

import json

import pytest

from tests.clients.tools import TOOLS
from tests.fakes.example import KEY_ID, SECRET, SERIAL, role
from vault.profiles import values

pytestmark = pytest.mark.usefixtures("unmeasured")

# What would change a tool's mind if it read the key without its prefix.
VALUES = {
    "role_arn": role("DeveloperRole"),
    "source_profile": "other",
    "credential_source": "Environment",
    "mfa_serial": SERIAL,
    "duration_seconds": "7200",
    "region": "eu-west-1",
    "endpoint_url": "http://127.0.0.1:9",
}


def test_tool_with_keys_of_its_own(tool, home, aws):
    """Keys in AWS's own file: the user, and for those that can be told where, a role assumed by the tool."""
    with open(f"{home.root}/.aws/credentials", "w", encoding="utf-8") as file:
        file.write(f"[shared-services]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n")
    home.config(
        "[profile shared-services]\nregion = us-east-1\n"
        f"[profile open]\nregion = us-west-2\nrole_arn = {role('OpenRole')}\nsource_profile = shared-services\n"
    )
    user = tool.identity(home, "shared-services", aws.url)
    assert user["Arn"] == "arn:aws:iam::111111111111:user/yourself"
    if tool.assumes_at_the_endpoint:
        found = tool.identity(home, "open", aws.url)
        assert found["Arn"].startswith("arn:aws:sts::222222222222:assumed-role/OpenRole/")
        assert aws.calls.of("AssumeRole")[0].region == "us-west-2"


def test_tool_with_a_wrong_secret(tool, home, aws):
    """The stand-in refuses a tool's signature by another secret."""
    with open(f"{home.root}/.aws/credentials", "w", encoding="utf-8") as file:
        file.write(f"[shared-services]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = wrong\n")
    home.config("[profile shared-services]\nregion = us-east-1\n")
    done = tool.run(home, "shared-services", aws.url)
    assert done.returncode != 0
    assert "signature" in done.stderr.lower()


def test_no_tool_says_a_word_about_our_keys(tool, home, aws):
    """A profile that holds every key of awsvault-py, prefixed, works: nothing on stderr, and no other identity."""
    answer = {"Version": 1, "AccessKeyId": KEY_ID, "SecretAccessKey": SECRET}
    with open(f"{home.root}/answer.json", "w", encoding="utf-8") as file:
        json.dump(answer, file)
    prefixed = "".join(f"awsvault_{key} = {VALUES.get(key, 'x')}\n" for key in values.KNOWN)
    assert prefixed.count("\n") > 35
    home.config(
        f'[profile all]\nregion = us-east-1\ncredential_process = /bin/cat "{home.root}/answer.json"\n{prefixed}'
        f"[profile other]\n{prefixed}"
    )
    assert tool.identity(home, "all", aws.url)["Arn"] == "arn:aws:iam::111111111111:user/yourself"


@pytest.mark.parametrize("name", ["go", "java", "rust"])
def test_a_warning_would_be_seen(name, home, aws):
    """These SDKs report a section that they do not know on stderr: so there is no such section, and silence means something."""
    home.config(
        f"[profile a]\nregion = us-east-1\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"
        "[awsvault a]\nx = 1\n"
    )
    done = TOOLS[name].run(home, "a", aws.url)
    assert json.loads(done.stdout)["Account"] == "111111111111"
    assert "ignor" in done.stderr.lower()
