"""The stand-in gives sessions by the rules of AWS's token service, and refuses in its words."""

from __future__ import annotations

import pytest

from tests.fakes import example

DENIED = "User: {} is not authorized to perform: sts:AssumeRole on resource: {}"
YOURSELF = "arn:aws:iam::111111111111:user/yourself"
WRONG_CODE = "MultiFactorAuthentication failed with invalid MFA one time pass code. "


def assume(sts, role="OpenRole", name="somebody", **more):
    arn = role if role.startswith("arn:") else example.role(role)
    return sts.assume_role(RoleArn=arn, RoleSessionName=name, **more)


def test_identity_of_a_user_a_session_and_a_role(client, mfa_session):
    """GetCallerIdentity names the user for key and session, and role and session name for a role."""
    assert client().get_caller_identity()["Arn"] == YOURSELF
    assert client(keys=mfa_session).get_caller_identity()["Arn"] == YOURSELF
    given = assume(client(keys=mfa_session), "team/PathRole", "me")
    who = client(keys=given["Credentials"]).get_caller_identity()
    assert (
        who["Arn"] == given["AssumedRoleUser"]["Arn"] == "arn:aws:sts::222222222222:assumed-role/PathRole/me"
    )
    assert who["UserId"] == given["AssumedRoleUser"]["AssumedRoleId"]
    assert who["Account"] == "222222222222"


def test_one_mfa_session_opens_two_roles(aws, client, mfa_session):
    """The MFA of a GetSessionToken call satisfies the trust policies of many roles, with one code."""
    for role in (example.DEVELOPER, example.READ_ONLY):
        assume(client(keys=mfa_session), role)
    assert len(aws.calls.codes()) == 1


def test_role_session_carries_no_mfa(aws, client, mfa_session, refused):
    """MFA does not go from role to role: a second hop that asks for it is closed."""
    aws.world.add_role(example.role("NeedsMfa"), trusts=(example.role("OpenRole"),), mfa=True)
    first = assume(client(keys=mfa_session), "OpenRole")
    with refused(403, "AccessDenied", "sts:AssumeRole"):
        assume(client(keys=first["Credentials"]), "NeedsMfa")


def test_role_that_asks_for_mfa_is_closed_without(client, refused):
    """A trust policy with aws:MultiFactorAuthPresent refuses key and plain session alike."""
    plain = client().get_session_token()["Credentials"]
    for keys in (None, plain):
        with refused(403, "AccessDenied", DENIED.format(YOURSELF, example.DEVELOPER)):
            assume(client(keys=keys), example.DEVELOPER)


def test_direct_code_opens_a_role(aws, client):
    """A code sent with AssumeRole itself is MFA too."""
    assume(client(), example.DEVELOPER, SerialNumber=example.SERIAL, TokenCode=aws.code())


def test_code_is_good_once(aws, client, refused):
    """A second use of a code is refused, by the same action or another."""
    code = aws.code()
    client().get_session_token(SerialNumber=example.SERIAL, TokenCode=code)
    with refused(403, "AccessDenied", WRONG_CODE):
        client().get_session_token(SerialNumber=example.SERIAL, TokenCode=code)
    with refused(403, "AccessDenied", WRONG_CODE):
        assume(client(), example.DEVELOPER, SerialNumber=example.SERIAL, TokenCode=code)
    aws.world.clock.advance(30)
    client().get_session_token(SerialNumber=example.SERIAL, TokenCode=aws.code())


def test_earlier_step_is_spent_by_a_later_one(aws, client, refused):
    """After the code of a step, that of the step before is refused although it is in tolerance."""
    before = aws.code(steps=-1)
    client().get_session_token(SerialNumber=example.SERIAL, TokenCode=aws.code())
    with refused(403, "AccessDenied", WRONG_CODE):
        client().get_session_token(SerialNumber=example.SERIAL, TokenCode=before)


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_code_one_step_away_is_taken(aws, client, steps):
    """A clock may be one step early or late."""
    aws.world.clock.freeze()
    client().get_session_token(SerialNumber=example.SERIAL, TokenCode=aws.code(steps=steps))


@pytest.mark.parametrize("steps", [-3, -2, 2, 3])
def test_code_two_steps_away_is_refused(aws, client, refused, steps):
    """Two steps are too far."""
    aws.world.clock.freeze()
    with refused(403, "AccessDenied", WRONG_CODE):
        client().get_session_token(SerialNumber=example.SERIAL, TokenCode=aws.code(steps=steps))


def test_wrong_serial_and_halves(aws, client, refused):
    """A serial of nobody, of another user, or half of the pair each have their sentence."""
    aws.world.add_device(
        "arn:aws:iam::111111111111:mfa/other", seed="GEZDGNBVGY3TQOJQ", user=aws.world.user("colleague")
    )
    for serial in ("arn:aws:iam::111111111111:mfa/nobody", "arn:aws:iam::111111111111:mfa/other"):
        with refused(
            403, "AccessDenied", "unable to validate MFA code.  Please verify your MFA serial number"
        ):
            client().get_session_token(SerialNumber=serial, TokenCode=aws.code())
    for half in ({"SerialNumber": example.SERIAL}, {"TokenCode": aws.code()}):
        with refused(403, "AccessDenied", "must provide both MFA serial number and one time pass code."):
            client().get_session_token(**half)


@pytest.mark.parametrize("algorithm", ["SHA1", "SHA256", "SHA512"])
def test_devices_of_each_hash(aws, client, algorithm):
    """Codes by SHA-1, SHA-256 and SHA-512 are all understood."""
    user = aws.world.add_user(
        "hashed", key=("AKIAHASHEDHASEXAMPLE", "secret"), seed="MZXW6YTBOI======", algorithm=algorithm
    )
    serial = aws.world.devices_of(user)[0].serial
    sts = client(keys=("AKIAHASHEDHASEXAMPLE", "secret"))
    sts.get_session_token(SerialNumber=serial, TokenCode=aws.code(serial))


def test_durations(client, mfa_session, refused):
    """Own maximum of the role, an hour for chains (also from a GetSessionToken session), bounds of the shapes."""
    assume(client(), "LongOpenRole", DurationSeconds=43200)
    with refused(
        400,
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    ):
        assume(client(), "OpenRole", DurationSeconds=3601)
    chain = (
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
    )
    with refused(400, "ValidationError", chain):
        assume(client(keys=mfa_session), "LongRole", DurationSeconds=3601)
    hop = assume(client(keys=mfa_session), "Hop1", DurationSeconds=3600)["Credentials"]
    with refused(400, "ValidationError", chain):
        assume(client(keys=hop), "Hop2", DurationSeconds=7200)
    for seconds in (899, 43201):
        with refused(400, "ValidationError", "failed to satisfy constraint: Member must have value"):
            assume(client(), "LongOpenRole", DurationSeconds=seconds)
    for seconds in (899, 129601):
        with refused(400, "ValidationError", "at 'durationSeconds' failed"):
            client().get_session_token(DurationSeconds=seconds)
    client().get_session_token(DurationSeconds=129600)


def test_long_role_by_a_direct_code(aws, client):
    """Twelve hours of a role that asks for MFA: with a code of its own, from the key."""
    code = {"SerialNumber": example.SERIAL, "TokenCode": aws.code()}
    given = assume(client(), "LongRole", DurationSeconds=43200, **code)["Credentials"]
    assert abs(given["Expiration"].timestamp() - aws.world.now() - 43200) < 5


def test_eight_hops(client, mfa_session):
    """A chain of eight roles goes through."""
    keys = mfa_session
    for hop in range(1, 9):
        keys = assume(client(keys=keys), f"Hop{hop}")["Credentials"]
    assert client(keys=keys).get_caller_identity()["Arn"].endswith("assumed-role/Hop8/somebody")


@pytest.mark.parametrize("role", ["ClosedRole", "NoSuchRole", "Hop2", "InstanceRole", "WebRole"])
def test_closed_and_missing_roles_get_the_same_answer(client, refused, role):
    """Whether a role exists is not told to whom it does not trust."""
    with refused(403, "AccessDenied", DENIED.format(YOURSELF, example.role(role))):
        assume(client(), role)


def test_identity_policy_without_assume_role(aws, client, refused):
    """The caller's own policy must allow the role too."""
    aws.world.user("yourself").denied = {"sts:AssumeRole"}
    with refused(403, "AccessDenied", "because no identity-based policy allows the sts:AssumeRole action"):
        assume(client(), "OpenRole")


def test_external_id(client, refused):
    """A role that asks for an external id opens to that one only."""
    assume(client(), "PartnerRole", ExternalId="example-external-id")
    for wrong in ({}, {"ExternalId": "another-id"}):
        with refused(403, "AccessDenied", "sts:AssumeRole"):
            assume(client(), "PartnerRole", **wrong)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        (
            "RoleSessionName",
            "a b",
            (
                r"Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy "
                r"regular expression pattern: [\w+=,.@-]*"
            ),
        ),
        ("RoleSessionName", "a", "Member must have length greater than or equal to 2"),
        ("RoleSessionName", "é" * 3, "regular expression pattern"),
        ("RoleSessionName", "x" * 65, "Member must have length less than or equal to 64"),
        ("ExternalId", "a|b", "at 'externalId' failed"),
        ("ExternalId", "x", "at 'externalId' failed"),
        ("SerialNumber", "short", "at 'serialNumber' failed"),
        ("TokenCode", "12345", "at 'tokenCode' failed"),
        ("TokenCode", "12345x", "at 'tokenCode' failed"),
        ("SourceIdentity", "a:b", "at 'sourceIdentity' failed"),
        ("RoleArn", "arn:aws:iam", "at 'roleArn' failed"),
        ("RoleArn", "not-an-arn-but-long-enough", "not-an-arn-but-long-enough is invalid"),
    ],
)
def test_shapes_of_parameters(client, refused, field, value, words):
    """Each parameter's length and pattern are held, in the service model's words."""
    fields = {"RoleArn": example.role("OpenRole"), "RoleSessionName": "ok", field: value}
    with refused(400, "ValidationError", words):
        client().assume_role(**fields)


def test_all_breaches_are_told_at_once(client, refused):
    """One answer names every parameter that is wrong, also a missing one."""
    with refused(400, "ValidationError", "2 validation errors detected: "):
        client().assume_role(RoleArn="x", RoleSessionName=" x ")
    with refused(
        400,
        "ValidationError",
        "Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null",
    ):
        client().assume_role(RoleArn=example.DEVELOPER)


def test_session_credentials_get_no_session_token(client, mfa_session, refused):
    """GetSessionToken is for keys alone."""
    role = assume(client(), "OpenRole")["Credentials"]
    for keys in (mfa_session, role):
        with refused(403, "AccessDenied", "Cannot call GetSessionToken with session credentials"):
            client(keys=keys).get_session_token()


def test_other_actions_of_sts_are_closed_to_a_session(client, mfa_session, refused):
    """GetSessionToken's credentials may assume roles and ask who they are, nothing else."""
    assert client().get_access_key_info(AccessKeyId=example.KEY_ID)["Account"] == "111111111111"
    with refused(403, "AccessDenied"):
        client(keys=mfa_session).get_access_key_info(AccessKeyId=example.KEY_ID)


def test_expired_session(aws, client, mfa_session, refused):
    """Ended sessions are told from unknown ones."""
    assert aws.world.expire(mfa_session["AccessKeyId"]) == 1
    with refused(403, "ExpiredToken", "The security token included in the request is expired"):
        client(keys=mfa_session).get_caller_identity()
    role = assume(client(), "OpenRole")["Credentials"]
    aws.world.max_skew = 1e9
    aws.world.clock.advance(3601)
    with refused(403, "ExpiredToken"):
        client(keys=role).get_caller_identity()


def test_region_that_is_off(aws, client, refused):
    """Sessions are refused there, the identity is still told."""
    aws.world.disabled_regions.add(("111111111111", "ap-east-1"))
    there = client(region="ap-east-1")
    assert there.get_caller_identity()["Account"] == "111111111111"
    words = "STS is not activated in this region for account:111111111111. Your account administrator can activate"
    with refused(403, "RegionDisabledException", words):
        there.get_session_token()
    with refused(403, "RegionDisabledException", words):
        assume(there)
    assume(client(region="eu-west-1"))


def test_revoked_sessions_are_refused(aws, client, mfa_session, refused):
    """A policy that revokes older sessions closes a user's session and leaves new ones open."""
    aws.world.user("yourself").revoked_before = aws.world.now() + 1
    with refused(403, "AccessDenied", "explicit deny"):
        assume(client(keys=mfa_session))


POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
MANAGED = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def test_federation_is_for_a_users_own_key_alone(aws, client, mfa_session, refused):
    """GetFederationToken refuses every session; what it gives is no user and no role, and calls neither IAM nor STS."""
    given = client().get_federation_token(Name="me", Policy=POLICY)
    assert given["FederatedUser"]["Arn"] == "arn:aws:sts::111111111111:federated-user/me"
    keys = given["Credentials"]
    assert client(keys=keys).get_caller_identity()["Arn"] == given["FederatedUser"]["Arn"]
    role = assume(client(keys=mfa_session), "OpenRole")["Credentials"]
    for session in (keys, role, mfa_session):
        with refused(403, "AccessDenied", "GetFederationToken with session credentials"):
            client(keys=session).get_federation_token(Name="me", Policy=POLICY)
    with refused(403, "AccessDenied"):
        client(keys=keys).get_session_token()
    with refused(403, "AccessDenied"):
        assume(client(keys=keys), "OpenRole")
    with refused(403, "InvalidClientTokenId"):
        client("iam", keys=keys).get_user()
    aws.world.user("yourself").denied.add("sts:GetFederationToken")
    with refused(403, "AccessDenied", "sts:GetFederationToken"):
        client().get_federation_token(Name="me", Policy=POLICY)


def test_shapes_of_a_federation(client, refused):
    """Names have 2 to 32 characters, policies 2,048 together, ten managed ones at most, 15 minutes to 36 hours."""
    for name in ("a", "a" * 33, "a b"):
        with refused(400, "ValidationError", "'name'"):
            client().get_federation_token(Name=name, Policy=POLICY)
    for seconds in (899, 129601):
        with refused(400, "ValidationError", "'durationSeconds'"):
            client().get_federation_token(Name="me", Policy=POLICY, DurationSeconds=seconds)
    for policy in ("{", "[]", '"text"', "{}"):
        with refused(400, "MalformedPolicyDocument"):
            client().get_federation_token(Name="me", Policy=policy)
    with refused(400, "ValidationError", "policyArns"):
        client().get_federation_token(Name="me", PolicyArns=[{"arn": MANAGED}] * 11)
    with refused(400, "PackedPolicyTooLarge"):
        client().get_federation_token(Name="me", Policy=POLICY + " " * 1940, PolicyArns=[{"arn": MANAGED}])
    with refused(400, "ValidationError"):
        client().get_federation_token(Name="me", PolicyArns=[{"arn": "arn:aws:iam::222222222222:policy/x"}])
