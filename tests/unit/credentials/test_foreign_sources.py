"""Exports of chains that do not start at a vault key, by the command as SDKs run it, against a live peer."""

import hashlib
import json
import os
import sys
import time

import pytest

from tests.fakes import webidentity
from tests.fakes.example import ISSUER, KEY_ID, SECRET, SERIAL, SSO_TOKEN, role
from tests.home import failed
from vault import limits

pytestmark = pytest.mark.usefixtures("unmeasured")

TOP = f"[profile top]\nregion = us-east-1\nrole_arn = {role('FromInstanceRole')}\n"
FOUND = "222222222222"


@pytest.fixture
def home(home):
    home.make_vault()
    return home


def roles(aws):
    return [call.parameters["RoleArn"] for call in aws.calls if call.action == "AssumeRole"]


def tool(home, answer):
    """A credential_process that prints ``answer`` and writes a line for each of its runs."""
    script = f"{home.root}/tool.py"
    with open(script, "w", encoding="utf-8") as file:
        file.write(
            f"import sys\nopen({home.root + '/runs'!r}, 'a').write('x')\nsys.stdout.write({answer!r})\n"
        )
    return f"{sys.executable} {script}"


def given(aws):
    """A session of the example's user, and how a credential_process prints it."""
    arn = "arn:aws:iam::111111111111:user/yourself"
    user = aws.world.users[arn]
    session = aws.world.add_session(
        kind="session", account=user.account, arn=arn, user_id=user.user_id, user=arn, seconds=3600
    )
    answer = json.dumps(
        {"Version": 1, "AccessKeyId": session.key_id, "SecretAccessKey": session.secret,
         "SessionToken": session.token, "Expiration": "2999-01-01T00:00:00Z"}
    )  # fmt: skip
    return session, answer


def runs(home):
    with open(f"{home.root}/runs", encoding="utf-8") as file:
        return len(file.read())


def test_static_keys(home, aws):
    """A plaintext key in AWS's file, as the source of a role with MFA: the code goes with the role."""
    home.config(
        f"[profile a]\nregion = us-east-1\nrole_arn = {role('DeveloperRole')}\nsource_profile = k\nmfa_serial = {SERIAL}\n"
        f"[profile k]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"
    )
    assert home.export("a")["AccountId"] == FOUND
    assert "GetSessionToken" not in [call.action for call in aws.calls]
    home.export("a")
    assert len(roles(aws)) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ('"SessionToken": "t", "Expiration": "2099-01-01T00:00:00Z"', "expire in"),
        ('"SessionToken": "t"', "never expire"),
    ],
)
def test_provider_credentials_over_max_duration_are_refused(home, answer, said):
    """Another program's credentials cannot be shortened, so no command issues them under the guard rail."""
    made = f'{{"Version": 1, "AccessKeyId": "{KEY_ID}", "SecretAccessKey": "{SECRET}", {answer}}}'
    profile = f"[profile p]\nregion = us-east-1\ncredential_process = {tool(home, made)}\n"
    home.config(profile)
    assert home.export("p")["AccessKeyId"] == KEY_ID
    home.config(profile + "awsvault_max_duration = 1h\n")
    for command in (["export", "p"], ["exec", "p", "--", "true"], ["exec", "--server", "p", "--", "true"]):
        failed(home.run(*command), 10, "profile p", "awsvault_max_duration is 3600 s", said)


def test_a_static_key_under_max_duration_is_refused(home):
    """It never expires; a role from it is held to the guard rail."""
    home.config(
        f"[profile k]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\nawsvault_max_duration = 15m\n"
        f"[profile a]\nregion = us-east-1\nrole_arn = {role('OpenRole')}\nsource_profile = k\n"
    )
    failed(home.run("export", "k"), 10, "profile k", "never expire")
    left = home.export("a")["Expiration"]
    assert time.mktime(time.strptime(left, "%Y-%m-%dT%H:%M:%SZ")) - time.mktime(time.gmtime()) <= 901


def test_static_key_itself(home):
    """Without a role the key is the answer, as in AWS's tools, without an Expiration."""
    home.config(f"[profile k]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n")
    assert home.export("k") == {"Version": 1, "AccessKeyId": KEY_ID, "SecretAccessKey": SECRET}


def test_process(home, aws):
    """The other program is asked each time; the role's session from it is cached, sealed."""
    session, answer = given(aws)
    command = tool(home, answer)
    home.config(
        f"[profile a]\nregion = us-east-1\nrole_arn = {role('OpenRole')}\nsource_profile = p\n"
        f"[profile p]\ncredential_process = {command}\n"
    )
    assert home.export("p")["SessionToken"] == session.token
    assert home.export("a")["AccountId"] == FOUND
    assert home.export("a")["AccountId"] == FOUND
    assert len(roles(aws)) == 1
    assert runs(home) == 2


def test_a_process_that_depends_on_its_environment_is_asked_each_time(home):
    """One command gives two accounts under two variables, homes or folders: neither answers for the other."""
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 7200))
    command = tool(home, "")
    with open(f"{home.root}/tool.py", "a", encoding="utf-8") as file:
        file.write(
            "import json, os\n"
            "read = os.environ.get('TEAM', '') + os.path.basename(os.environ['HOME'])\n"
            f"print(json.dumps({{'Version': 1, 'AccessKeyId': {KEY_ID!r}, 'SecretAccessKey': read,"
            f" 'SessionToken': 't', 'Expiration': {ends!r}}}))\n"
        )
    home.config(f"[profile p]\nregion = us-east-1\ncredential_process = {command}\n")
    config = {"AWS_CONFIG_FILE": home.config_path}
    places = [("one", home.root), ("two", home.root), ("one", "/nowhere"), ("one", home.root)]
    found = [home.export("p", TEAM=team, HOME=folder, **config)["SecretAccessKey"] for team, folder in places]
    assert found == ["onehome", "twohome", "onenowhere", "onehome"]
    assert runs(home) == 4


def test_a_role_from_a_process_is_cached_for_its_files(home, aws):
    """Another AWS_PROFILE or config file may give the process another identity, so its role is fetched again."""
    _, answer = given(aws)
    home.config(
        f"[profile a]\nregion = us-east-1\nrole_arn = {role('OpenRole')}\nsource_profile = p\n"
        f"[profile p]\ncredential_process = {tool(home, answer)}\n"
    )
    for team in ("one", "two", "one"):
        assert home.export("a", AWS_PROFILE=team)["AccountId"] == FOUND
    assert len(roles(aws)) == 2


def test_process_with_a_key(home):
    """A process may give a key that does not expire: it is passed on, never cached, and asked again each time."""
    answer = json.dumps({"Version": 1, "AccessKeyId": KEY_ID, "SecretAccessKey": SECRET})
    home.config(f"[profile p]\ncredential_process = {tool(home, answer)}\n")
    for _ in range(2):
        assert home.export("p") == {"Version": 1, "AccessKeyId": KEY_ID, "SecretAccessKey": SECRET}
    assert runs(home) == 2


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("hello", "not a JSON object"),
        ("", "not a JSON object"),
        ("x" * (limits.MAX_PROCESS_OUTPUT + 1), f"wrote more than {limits.MAX_PROCESS_OUTPUT} bytes"),
        (json.dumps({"Version": 1, "AccessKeyId": KEY_ID}), "no valid SecretAccessKey"),
        (json.dumps({"Version": 1, "AccessKeyId": KEY_ID, "SecretAccessKey": SECRET,
                     "Expiration": "2020-01-01T00:00:00Z"}), "already expired"),
    ],
    ids=["no JSON", "silent", "huge", "half a key", "over"],
)  # fmt: skip
def test_broken_process(home, answer, said):
    """A process with an invalid answer is exit 6 with file and line, nothing on stdout, and no secret of its answer."""
    home.config(f"[profile p]\ncredential_process = {tool(home, answer)}\n")
    done = home.run("export", "p")
    failed(done, 6, "config:2", said)
    assert SECRET not in done.stderr


def test_web_identity(home, aws):
    """A token file becomes a session, which then assumes a role."""
    token = f"{home.root}/token"
    with open(token, "w", encoding="utf-8") as file:
        file.write(webidentity.make(aws.world, issuer=ISSUER, subject="repo:example"))
    home.config(
        TOP
        + f"source_profile = w\n[profile w]\nrole_arn = {role('WebRole')}\nweb_identity_token_file = {token}\n"
    )
    for _ in range(2):
        assert home.export("top")["AccountId"] == FOUND
    assert [call.action for call in aws.calls] == ["AssumeRoleWithWebIdentity", "AssumeRole"]


def test_identity_center(home, aws):
    """The AWS CLI's sign-in gives a role, which then assumes another, at once: that it was missing is not remembered."""
    home.config(
        TOP
        + f"source_profile = s\n[profile s]\nsso_session = corp\nsso_account_id = {FOUND}\nsso_role_name = PortalRole\n"
        "[sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.example/start\n"
    )
    failed(home.run("export", "s"), 7, "not signed in", "awsvault-py sso login corp")
    folder = f"{home.root}/.aws/sso/cache"
    os.makedirs(folder)
    with open(f"{folder}/{hashlib.sha1(b'corp').hexdigest()}.json", "w", encoding="utf-8") as file:
        json.dump({"accessToken": SSO_TOKEN, "expiresAt": "2999-01-01T00:00:00Z"}, file)
    for _ in range(2):
        assert home.export("top")["AccountId"] == FOUND
    assert [call.action for call in aws.calls] == ["GetRoleCredentials", "AssumeRole"]


def test_instance(home, aws):
    """An instance's role assumes another; its own credentials are never cached."""
    home.config(TOP + "credential_source = Ec2InstanceMetadata\n")
    env = {"AWS_EC2_METADATA_DISABLED": None, "AWS_EC2_METADATA_SERVICE_ENDPOINT": aws.url}
    assert home.export("top", **env)["AccountId"] == FOUND
    assert roles(aws) == [role("FromInstanceRole")]
    failed(home.run("export", "top", "--fresh"), 6, "AWS_EC2_METADATA_DISABLED")


def test_container(home, aws):
    """A container's role assumes another."""
    home.config(TOP + "credential_source = EcsContainer\n")
    env = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{aws.url}/container/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "example-container-token",
    }
    assert home.export("top", **env)["AccountId"] == FOUND


def test_environment(home, aws):
    """Keys of the environment are used if the profile says so, and nowhere else."""
    home.config(
        f"[profile a]\nregion = us-east-1\nrole_arn = {role('OpenRole')}\ncredential_source = Environment\n"
    )
    env = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
    assert home.export("a", **env)["AccountId"] == FOUND
    failed(home.run("export", "a", "--fresh"), 6, "AWS_ACCESS_KEY_ID is not set")


def test_wrapper_around_ourselves(home):
    """A wrapper that hides a call of awsvault-py ends soon with a reason, not at the deadline."""
    script = f"{home.root}/wrapper"
    with open(script, "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\nexec {sys.executable} -m vault export a "$@"\n')
    os.chmod(script, 0o755)
    home.config(f"[profile a]\ncredential_process = {script}\n")
    failed(home.run("export", "a"), 6, "credential_process")
