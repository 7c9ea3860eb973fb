"""Session policies of export and exec: --policy, --policy-arn, awsvault_policy_file and awsvault_policy_arns."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.fakes.example import DEV, role
from tests.home import SCENARIO, failed
from vault import limits

NARROW = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "iam:List*", "Resource": "*"},
}
DENY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "iam:ListAccessKeys", "Resource": "*"}],
}
MANAGED = "arn:aws:iam::aws:policy/ReadOnlyAccess"
OTHER = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"


@pytest.fixture
def home(home):
    """The README's home, with a vault."""
    home.scenario()
    home.make_vault()
    return home


@pytest.fixture
def written(tmp_path):
    """Writes a policy to a file, in the form of an editor, and gives its path."""

    def write(policy, name="policy.json"):
        path = tmp_path / name
        path.write_text(policy if isinstance(policy, str) else json.dumps(policy, indent=4))
        return str(path)

    return write


def in_dev(*lines):
    """The scenario with lines in the profile dev."""
    return SCENARIO.replace("[profile dev]\n", "[profile dev]\n" + "\n".join(lines) + "\n")


def whole_but(policy):
    """``policy`` with everything else allowed, as a policy of only Deny statements is sent if no other one goes with it."""
    return {
        **policy,
        "Statement": [*policy["Statement"], {"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }


def assumed(aws):
    """The calls of AssumeRole, in order."""
    return aws.calls.of("AssumeRole")


def may_list_keys(home, aws, found):
    """Whether the credentials that were exported may call iam:ListAccessKeys at the stand-in."""
    aws.world.add_user("reader", account=DEV)
    iam = boto3.client(
        "iam",
        aws_access_key_id=found["AccessKeyId"],
        aws_secret_access_key=found["SecretAccessKey"],
        aws_session_token=found["SessionToken"],
        region_name="us-east-1",
        endpoint_url=home.env["AWS_ENDPOINT_URL"],
    )
    try:
        iam.list_access_keys(UserName="reader")
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDenied"
        assert "session policy" in error.response["Error"]["Message"]
        return False
    return True


def test_a_policy_narrows_the_session_of_a_role(home, aws, written):
    """It is sent without blanks, and the session cannot do what it does not allow."""
    whole = home.export("dev")
    narrowed = home.export("dev", "--policy", written({**NARROW, "Statement": DENY["Statement"]}))
    assert whole["AccessKeyId"] != narrowed["AccessKeyId"]
    assert "Policy" not in assumed(aws)[0].parameters
    assert assumed(aws)[1].parameters["Policy"] == json.dumps(whole_but(DENY), separators=(",", ":"))
    assert may_list_keys(home, aws, whole)
    assert not may_list_keys(home, aws, narrowed)


def test_sessions_with_and_without_a_policy_never_answer_for_each_other(home, aws, written):
    """Each has its own name in the cache; the second request of each is a cache hit."""
    ways = [
        (),
        ("--policy", written(NARROW)),
        ("--policy", written(DENY, "other.json")),
        ("--policy-arn", MANAGED),
        ("--policy-arn", MANAGED, "--policy", written(NARROW)),
        ("--policy-arn", MANAGED, "--policy-arn", OTHER),
    ]
    first = [home.export("dev", *way)["AccessKeyId"] for way in ways]
    assert len(set(first)) == len(ways)
    assert [home.export("dev", *way)["AccessKeyId"] for way in ways] == first
    assert len(assumed(aws)) == len(ways)
    home.settle()
    assert [home.export("dev", *way)["AccessKeyId"] for way in reversed(ways)] == first[::-1]
    assert len(assumed(aws)) == len(ways)


def test_an_agent_keeps_no_narrowed_session_for_the_profile(home, aws, written):
    """What export PROFILE gets from memory is the whole session, before and after."""
    home.settle()
    on = {"AWSVAULT_AGENT": "auto"}
    try:
        assert home.run("unlock", **on).returncode == 0
        narrowed = home.export("dev", "--policy", written(NARROW), **on)
        whole = home.export("dev", **on)
        assert home.export("dev", **on) == whole
        assert home.export("dev", "--policy", written(NARROW), **on) == narrowed
        assert whole != narrowed
    finally:
        home.run("lock", **on)
    assert len(assumed(aws)) == 2


def test_a_profile_sets_a_policy(home, aws, written):
    """awsvault_policy_file and awsvault_policy_arns apply to each session of the role."""
    home.config(
        in_dev(f"awsvault_policy_file = {written(NARROW)}", f"awsvault_policy_arns = {MANAGED}, {OTHER}")
    )
    home.export("dev")
    (call,) = assumed(aws)
    assert call.parameters["Policy"] == json.dumps(NARROW, separators=(",", ":"))
    assert call.parameters["PolicyArns.member.1.arn"] == MANAGED
    assert call.parameters["PolicyArns.member.2.arn"] == OTHER


def test_a_change_of_the_policy_file_counts_at_once(home, aws, written):
    """Although no file of AWS's has changed; the earlier text finds its earlier session."""
    path = written(NARROW)
    home.config(in_dev(f"awsvault_policy_file = {path}"))
    home.settle()
    before = home.export("dev")
    assert home.export("dev") == before
    written(DENY)
    after = home.export("dev")
    assert after["AccessKeyId"] != before["AccessKeyId"]
    written(NARROW)
    assert home.export("dev") == before
    assert len(assumed(aws)) == 2


def test_the_policy_is_for_the_last_role_only(home, aws, written):
    """With it, a role could not assume the next one."""
    home.config(
        SCENARIO
        + f"[profile hop1]\nrole_arn = {role('Hop1')}\nsource_profile = shared-services\n"
        + f"[profile hop2]\nrole_arn = {role('Hop2')}\nsource_profile = hop1\nawsvault_policy_arns = {MANAGED}\n"
    )
    home.export("hop2")
    assert ["PolicyArns.member.1.arn" in call.parameters for call in assumed(aws)] == [False, True]


@pytest.mark.parametrize("command", ["export", "exec"])
def test_read_only_and_a_policy_that_allows_would_widen_each_other(home, aws, written, command):
    """AWS allows what either of them allows. A policy that only denies can be added."""
    home.config(in_dev("awsvault_read_only = on"))
    ending = ("--", "true") if command == "exec" else ()
    done = home.run(command, "dev", "--policy", written(NARROW), *ending)
    failed(done, 2, "--policy", "awsvault_read_only", "Deny")
    failed(home.run(command, "dev", "--policy-arn", OTHER, *ending), 2, "--policy-arn", "awsvault_read_only")
    assert not assumed(aws)
    assert home.run(command, "dev", "--policy", written(DENY), *ending).returncode == 0
    (call,) = assumed(aws)
    assert call.parameters["PolicyArns.member.1.arn"] == MANAGED
    assert json.loads(call.parameters["Policy"]) == DENY


def test_policies_of_two_profiles_that_allow_are_an_error_with_both_lines(home, aws, written):
    """The guard rails of the source profile hold for the role too."""
    text = in_dev(f"awsvault_policy_file = {written(NARROW)}").replace(
        "[profile shared-services]\n", f"[profile shared-services]\nawsvault_policy_arns = {MANAGED}\n"
    )
    home.config(text)
    failed(home.run("export", "dev"), 6, "awsvault_policy_file", "awsvault_policy_arns", ":2")
    failed(home.run("export", "prod", "--policy-arn", OTHER), 2, "--policy-arn", "awsvault_policy_arns")
    assert not assumed(aws)
    home.export("prod")
    assert assumed(aws)[0].parameters["PolicyArns.member.1.arn"] == MANAGED


def test_deny_statements_of_two_places_are_joined(home, aws, written):
    """Each of them still denies."""
    home.config(in_dev(f"awsvault_policy_file = {written(DENY)}"))
    more = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}
    home.export("dev", "--policy", written(more, "more.json"))
    (call,) = assumed(aws)
    found = json.loads(call.parameters["Policy"])
    assert found == whole_but({**DENY, "Statement": [*DENY["Statement"], more["Statement"]]})


def test_a_user_without_a_role_cannot_have_a_policy(home, aws, written):
    """GetSessionToken has none; nothing is issued without it."""
    failed(home.run("export", "shared-services", "--policy", written(NARROW)), 10, "--policy", "role")
    home.config(
        SCENARIO.replace(
            "[profile shared-services]\n", f"[profile shared-services]\nawsvault_policy_arns = {MANAGED}\n"
        )
    )
    failed(home.run("export", "shared-services"), 10, "awsvault_policy_arns", "role")
    failed(home.run("exec", "shared-services", "--no-session", "--", "true"), 10, "awsvault_policy_arns")
    assert not list(aws.calls)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "line 1"),
        ("[]", "Statement"),
        ('{"Statement": [], "Statement": []}', "twice"),
        ('{"Statement": []}', "Statement"),
        (
            '{"Version": ["2012-10-17"], "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}',
            "Version",
        ),
        ('{"Statement": {"Action": "*", "Resource": "*"}}', "Effect"),
        ('{"Statement": {"Effect": "allow", "Action": "*", "Resource": "*"}}', "Effect"),
        ('{"Statement": {"Effect": "Allow", "Resource": "*"}}', "Action"),
        ('{"Statement": [{"Effect": "Allow", "Action": "*"}]}', "Resource"),
        ('{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}}', "Principal"),
        ("[" * 60000, "nested"),
        (b"\xff".decode("latin-1") * 70_000, "over the limit"),
    ],
)
def test_an_invalid_policy_is_reported_before_any_call(home, aws, written, text, said):
    """With the option, exit code 2; in a profile, 6 with the line of the config."""
    path = written(text)
    failed(home.run("export", "dev", "--policy", path), 2, "--policy", said)
    home.config(in_dev(f"awsvault_policy_file = {path}"))
    failed(home.run("export", "dev"), 6, f"{home.config_path}:", "awsvault_policy_file", said)
    assert not list(aws.calls)


def test_a_policy_file_that_others_can_write_is_refused(home, aws, written, tmp_path):
    """They could widen the session. One that is missing or has a relative path is an error too."""
    path = written(NARROW)
    (tmp_path / "policy.json").chmod(0o666)
    failed(
        home.run("export", "dev", "--policy", path),
        6,
        "--policy: ",
        "policy.json can be written by every user",
        "run: chmod 600 ",
    )
    home.config(in_dev(f"awsvault_policy_file = {path}"))
    failed(
        home.run("export", "dev"),
        6,
        "config:7: awsvault_policy_file: ",
        "policy.json can be written by every user",
    )
    home.config(in_dev("awsvault_policy_file = policy.json"))
    failed(home.run("export", "dev"), 6, "absolute")
    home.config(in_dev("awsvault_policy_file = ~/none.json"))
    failed(home.run("export", "dev"), 6, "no such file")
    home.config(in_dev("awsvault_policy_arns = ReadOnlyAccess"))
    failed(home.run("export", "dev"), 6, "ARN")
    assert not list(aws.calls)


def test_a_policy_that_aws_cannot_pack_is_explained_with_figures(home, aws, written):
    """AWS's percentage becomes the part by which the policy has to shrink."""
    arns = [f"arn:aws:s3:::{index:x}-{index * 7919 % 65521:x}" for index in range(60)]
    wide = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": arns}}
    assert len(json.dumps(wide, separators=(",", ":"))) < limits.SESSION_POLICY_MOST
    aws.world.packed_most = 200
    done = home.run("export", "dev", "--policy", written(wide))
    failed(done, 7, "PackedPolicyTooLarge", "% of allotted space", "shorten the policy by more than")
    failed(home.run("export", "dev", "--policy", written(json.dumps({**wide, "Id": "x" * 2048}))), 2, "2048")


def test_explain_shows_the_policies(home, written):
    """Each statement and each ARN; --json has them as they are sent. No call is made."""
    home.config(in_dev(f"awsvault_policy_file = {written(NARROW)}", f"awsvault_policy_arns = {MANAGED}"))
    shown = home.run("explain", "dev").stdout
    assert "allow iam:List* on *" in shown
    assert MANAGED in shown
    assert "awsvault_policy_file" in shown
    last = json.loads(home.run("explain", "dev", "--json").stdout)["chain"][-1]
    assert (json.loads(last["policy"]), last["policy_arns"]) == (NARROW, [MANAGED])


def test_a_misspelt_policy_key_is_an_error(home):
    """It would not be kept otherwise, and no other tool knows the prefix."""
    home.config(in_dev(f"awsvault_policy_arn = {MANAGED}"))
    failed(home.run("export", "dev"), 6, "awsvault_policy_arns")


def test_a_file_and_arns_of_different_profiles_do_not_widen_each_other(home, aws, written):
    """include_profile brings the other one. In one profile they are one policy."""
    base = f"[profile base]\nawsvault_policy_file = {written(NARROW)}\n"
    home.config(in_dev(f"awsvault_policy_arns = {MANAGED}", "include_profile = base") + base)
    failed(
        home.run("export", "dev"),
        6,
        "config:7: awsvault_policy_arns",
        "config:22: awsvault_policy_file",
        "each allow",
    )
    written(DENY)
    home.export("dev")
    home.config(in_dev("include_profile = base") + f"{base}awsvault_policy_arns = {MANAGED}\n")
    home.export("dev")
    assert [call.parameters["PolicyArns.member.1.arn"] for call in assumed(aws)] == [MANAGED]


def test_statements_with_the_same_sid_are_joined_without_it(home, aws, written):
    """AWS accepts a Sid once in a policy. One that has it twice is refused here."""
    named = {**DENY, "Statement": [{"Sid": "No", **DENY["Statement"][0]}]}
    home.config(in_dev(f"awsvault_policy_file = {written(named)}"))
    more = {**named, "Statement": [{**named["Statement"][0], "Action": "s3:*"}]}
    home.export("dev", "--policy", written(more, "more.json"))
    (call,) = assumed(aws)
    assert [each.get("Sid") for each in json.loads(call.parameters["Policy"])["Statement"]] == [None] * 3
    twice = written({**DENY, "Statement": named["Statement"] * 2}, "twice.json")
    failed(
        home.run("export", "prod", "--policy", twice), 2, "statement 2 has the Sid of an earlier statement"
    )


@pytest.mark.parametrize("way", ["export", "exec", "server", "login", "federated"])
def test_a_policy_that_only_denies_leaves_the_rest(home, aws, written, way):
    """A session may do nothing that no policy allows, so everything else is allowed beside it."""
    path = written(DENY)
    words = {
        "export": ["dev"],
        "exec": ["dev", "--", "true"],
        "server": ["--server", "dev", "--", "true"],
        "login": ["--print", "dev"],
        "federated": ["--print", "shared-services"],
    }[way]
    command = {"federated": "login", "server": "exec"}.get(way, way)
    assert home.run(command, "--policy", path, *words).returncode == 0
    (call,) = aws.calls.of("GetFederationToken" if way == "federated" else "AssumeRole")
    assert json.loads(call.parameters["Policy"]) == whole_but(DENY)


def test_a_policy_that_only_denies_stays_one_beside_another(home, aws, written):
    """Read-only, or any policy that allows."""
    home.config(in_dev(f"awsvault_policy_file = {written(DENY)}"))
    home.export("dev", "--policy-arn", MANAGED)
    home.config(in_dev(f"awsvault_policy_file = {written(DENY)}", "awsvault_read_only = on"))
    home.export("dev", "--fresh")
    assert [json.loads(call.parameters["Policy"]) for call in assumed(aws)] == [DENY, DENY]
