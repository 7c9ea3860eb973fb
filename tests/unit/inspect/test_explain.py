"""What explain finds: items of --json for every kind of source, facts with their places, and what AWS's tools would do."""

import pytest

from tests.fakes.example import DEVELOPER, READ_ONLY, SERIAL
from tests.home import SCENARIO
from vault import errors
from vault.context import Context
from vault.inspect.explain import explain
from vault.inspect.which import matching_profiles
from vault.system.clock import Deadline, SystemClock
from vault.system.paths import from_env

KEYS = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"
SSO = "[sso-session corp]\nsso_region = eu-central-1\nsso_start_url = https://corp.example/start\n"
IN_SSO = "sso_session = corp\nsso_account_id = 222222222222\nsso_role_name = Reader\n"
WEB = f"role_arn = {DEVELOPER}\nweb_identity_token_file = /tokens/x\n"
OWN = "credential_process = awsvault-py export a\n"


@pytest.fixture
def at_home(home):
    """``at_home(CONFIG, CREDENTIALS, **ENV)`` is the Context of a command in a home with these files, and no vault."""

    def make(config, credentials="", **env):
        home.config(config)
        with open(f"{home.root}/.aws/credentials", "w", encoding="utf-8") as file:
            file.write(credentials)
        merged = home.with_env({"AWS_ENDPOINT_URL": None, "AWSVAULT_PASSPHRASE": None, **env})
        clock = SystemClock()
        return Context(
            env=merged, paths=from_env(merged), clock=clock, deadline=Deadline.after(50, clock=clock)
        )

    return make


def facts(step):
    return {fact.name: (fact.value, fact.place) for fact in step.facts}


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
    """The first item says what the source is, and holds only what the files set."""
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
def test_no_session_of_a_foreign_source(at_home, text):
    """session-token appears for a key of the vault only, whatever device the profile names."""
    found = explain(at_home(f"[profile a]\nmfa_serial = {SERIAL}\n{text}"), "a").document
    assert len(found["chain"]) == 1


def test_values_with_their_places(at_home):
    """Each value of a role with its file and line, the region of another profile and of a variable too."""
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
    """Over an hour: straight from the key, a code for it alone, and what happens where none can be had."""
    text = SCENARIO.replace("region = us-west-2\n", "region = us-west-2\nduration_seconds = 14400\n")
    found = explain(at_home(text), "dev")
    assert [step.title for step in found.steps] == ["key 'shared-services' in the vault", f"role {DEVELOPER}"]
    role = facts(found.steps[1])
    assert role["lasts"][0].startswith("4h: duration_seconds; directly with the key")
    assert "one hour through the key's session" in role["code"][0]
    assert any("each new session of it needs an MFA code" in warning for warning in found.warnings)


def test_a_role_of_a_role_is_held_to_an_hour(at_home):
    """The reason stands beside the length."""
    text = (
        SCENARIO + f"[profile far]\nrole_arn = {READ_ONLY}\nsource_profile = dev\nduration_seconds = 7200\n"
    )
    assert facts(explain(at_home(text), "far").steps[-1])["lasts"] == (
        "1h: limited to one hour: a role assumed by a role lasts at most one hour",
        "~/.aws/config:22",
    )


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
    """By the order of AWS's own tools, which the prefixed keys are nothing to."""
    found = explain(at_home("[profile a]\n" + config, credentials), "a")
    assert said in found.sdk
    assert "vault" not in found.sdk.replace("awsvault-py", "")


@pytest.mark.parametrize(
    ("config", "env", "said"),
    [
        ("role_arn = nonsense\nsource_profile = b\n[profile b]\n" + KEYS, {}, "an export will fail: "),
        ("awsvault_rolearn = x\n" + OWN, {}, "did you mean awsvault_role_arn?"),
        (OWN + "region = us-east-1 # mine\n", {}, "~/.aws/config:3: botocore reads the comment"),
        (OWN, {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}, "AWS_ACCESS_KEY_ID is set"),
        (OWN, {"AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "b"}, "AWS CLI v1 and boto3 use the latter"),
        (KEYS, {}, "awsvault-py import"),
        (KEYS + "aws_session_token = x\n", {}, "config:2 is temporary"),
        ("aws_access_key_id = test\naws_secret_access_key = test\n", {}, "cannot be moved into the vault"),
    ],
)
def test_warnings(at_home, config, env, said):
    """What will be refused, what is misspelt, and where AWS's tools differ; of a key, what a user can do about it."""
    found = explain(at_home("[profile a]\n" + config, **env), "a").warnings
    assert any(said in warning for warning in found)
    assert not any("awsvault-py setup" in warning for warning in found)


def test_an_alias_uses_the_vault(at_home):
    """A profile whose process exports another one is as its owner wants it: setup leaves it, and nothing is wrong."""
    ours = 'credential_process = awsvault-py export "my key"\n'
    context = at_home(f'[profile a]\n{ours}[profile "my key"]\n{ours}')
    found = explain(context, "a")
    assert found.sdk.endswith("awsvault-py export 'my key'")
    assert not any("use the vault" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("arn", "host"),
    [
        ("arn:aws-cn:iam::222222222222:role/R", "https://sts.cn-northwest-1.amazonaws.com.cn"),
        ("arn:aws-us-gov:iam::222222222222:role/R", "https://sts.us-gov-west-1.amazonaws.com"),
        (DEVELOPER, "https://sts.us-east-1.amazonaws.com"),
    ],
)
def test_a_partition_is_the_roles_own(at_home, arn, host):
    """Without a region, the key's session and the role are asked for where the role's partition has them."""
    text = f"[profile a]\nrole_arn = {arn}\nsource_profile = k\n[profile k]\nawsvault_credential = k\n"
    steps = explain(at_home(text), "a").steps
    assert [facts(step)["endpoint"] for step in steps[1:]] == [(host, ""), (host, "")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"role_arn = {DEVELOPER}\nsource_profile = b\n[profile b]\nrole_arn = {DEVELOPER}\nsource_profile = a\n",
         "config:6: profile loop: a -> b -> a"),
        (f"role_arn = {DEVELOPER}\nsource_profile = gone\n", "config:3: profile a names source_profile 'gone'"),
        (f"role_arn = {DEVELOPER}\ncredential_source = ec2instancemetadata\n", "config:3: credential_source"),
        (f"role_arn = {DEVELOPER}\nsource_profile = a\nduration_seconds = ten\n" + KEYS, "config:4: duration_seconds must be a number of seconds, not 'ten'"),
        ("region = us_east_1\n" + KEYS, "config:2: region 'us_east_1' is not a valid region name"),
    ],
)  # fmt: skip
def test_mistakes_have_their_line(at_home, text, said):
    """A chain that leads nowhere is an error with its file and line."""
    with pytest.raises(errors.ConfigError) as caught:
        explain(at_home("[profile a]\n" + text), "a")
    assert said in caught.value.message


WAYS = SCENARIO + (
    f"[profile again]\nrole_arn = {DEVELOPER}\nsource_profile = shared-services\n"
    "[profile pathed]\nrole_arn = arn:aws:iam::222222222222:role/team/Deep\nsource_profile = shared-services\n"
    f"[profile portal]\n{IN_SSO}[profile web]\n{WEB.replace('DeveloperRole', 'WebRole')}"
    f"[profile broken]\nrole_arn = {DEVELOPER}\nsource_profile = gone\n{SSO}"
)


@pytest.mark.parametrize(
    ("wanted", "profiles"),
    [
        ("222222222222", ["again", "dev", "pathed", "portal", "web"]),
        ("111111111111", ["shared-services"]),
        (DEVELOPER, ["again", "dev"]),
        ("arn:aws:sts::222222222222:assumed-role/DeveloperRole/me", ["again", "dev"]),
        ("arn:aws:sts::222222222222:assumed-role/Deep/me", ["pathed"]),
        ("arn:aws:iam::111111111111:user/yourself", ["shared-services"]),
        ("ReadOnlyRole", ["prod"]),
        ("Deep", ["pathed"]),
        ("Reader", ["portal"]),
    ],
)
def test_which(at_home, wanted, profiles):
    """An account, a role's or user's ARN, that of a session, or a role's name; broken profiles are passed over."""
    assert [way.profile for way in matching_profiles(at_home(WAYS), wanted)] == profiles


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        ("DevloperRole", "did you mean DeveloperRole?"),
        ("222222222223", "did you mean 222222222222?"),
        (DEVELOPER.replace("Developer", "Devloper"), f"did you mean {DEVELOPER}?"),
        ("no-such-thing-anywhere", "run: awsvault-py list"),
        (DEVELOPER.replace("arn:aws:", "arn:aws-cn:"), f"did you mean {DEVELOPER}?"),
    ],
)
def test_which_none(at_home, wanted, hint):
    """None leads there: the nearest that one leads to."""
    with pytest.raises(errors.NotFound, match="no profile leads to") as caught:
        matching_profiles(at_home(WAYS), wanted)
    assert caught.value.hint == hint
