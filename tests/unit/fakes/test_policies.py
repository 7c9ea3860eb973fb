"""The stand-in's policies: what it evaluates, what it refuses to take, and what IAM says about them."""

from __future__ import annotations

import json

import pytest

from tests.fakes import example, policies

YOURSELF = "arn:aws:iam::111111111111:user/yourself"
HERE = "arn:aws:iam::111111111111:role/HereRole"
ROOT = "arn:aws:iam::111111111111:root"
NO_POLICY = "because no identity-based policy allows the sts:AssumeRole action"


def policy(effect="Allow", action="sts:AssumeRole", resource="*", **more):
    statement = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def assume(sts, arn=None, **more):
    return sts.assume_role(RoleArn=arn or example.role("OpenRole"), RoleSessionName="somebody", **more)


def test_identity_policy_is_needed(aws, client, refused):
    """Without a policy that allows it, in AWS's words; with one it passes."""
    user = aws.world.user("yourself")
    user.policies = []
    with refused(403, "AccessDenied", NO_POLICY):
        assume(client())
    policies.attach(aws.world, user, policy(resource=example.role("OpenRole")))
    assume(client())
    with refused(403, "AccessDenied", NO_POLICY):
        assume(client(), example.role("PathRole"))


def test_reasons_can_be_left_out(aws, client, refused):
    """AWS does not always give a reason."""
    aws.world.user("yourself").policies, aws.world.gives_reasons = [], False
    with refused(403, "AccessDenied", "sts:AssumeRole on resource: " + example.role("OpenRole")) as _:
        try:
            assume(client())
        except Exception as error:
            assert "because" not in str(error)
            raise


def test_deny_wins_and_conditions_count(aws, client, mfa_session, refused):
    """A Deny without MFA refuses the key, and not its session with MFA."""
    user = aws.world.user("yourself")
    condition = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    user.policies = [json.dumps(policy()), json.dumps(policy("Deny", "*", Condition=condition))]
    with refused(403, "AccessDenied", "with an explicit deny in an identity-based policy"):
        assume(client())
    assume(client(keys=mfa_session))


def test_service_control_policy_refuses_in_awss_words(aws, client, refused):
    """Whatever the user's policies allow."""
    aws.world.service_control["111111111111"] = [json.dumps(policy("Deny"))]
    with refused(403, "AccessDenied", "with an explicit deny in a service control policy"):
        assume(client())


def test_user_named_in_its_own_account_needs_no_policy(aws, client, refused):
    """The trust policy alone allows it; the account as principal does not."""
    aws.world.user("yourself").policies = []
    aws.world.add_role(HERE, trusts=(ROOT,))
    with refused(403, "AccessDenied", NO_POLICY):
        assume(client(), HERE)
    aws.world.roles[HERE].trusts = (YOURSELF,)
    assume(client(), HERE)


def test_statement_added_to_a_trust_policy(aws, client, refused):
    """With its own conditions; each action that the call needs must be in it."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": YOURSELF},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": "e-1", "sts:RoleSessionName": "somebody"}},
    }
    arn = example.role("ClosedRole")
    policies.trust(aws.world, aws.world.roles[arn], statement)
    with refused(403, "AccessDenied"):
        assume(client(), arn)
    assume(client(), arn, ExternalId="e-1")
    for more, action in (
        ({"Tags": [{"Key": "a", "Value": "b"}]}, "TagSession"),
        ({"SourceIdentity": "me"}, "SetSourceIdentity"),
    ):
        with refused(403, "AccessDenied", f"sts:{action}"):
            assume(client(), arn, ExternalId="e-1", **more)


@pytest.mark.parametrize(
    "document",
    [
        {"Statement": []},
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*"}]},
        policy(Principal={"AWS": ROOT}),
        policy(effect="Yes"),
        policy(Conditions={}),
    ],
)
def test_malformed_identity_policies_are_refused(aws, document):
    """No version, no resource, a principal, a wrong effect, an unknown field."""
    with pytest.raises(ValueError, match="Malformed"):
        policies.attach(aws.world, aws.world.user("yourself"), document)


@pytest.mark.parametrize(
    "principal",
    ["arn:aws:iam::111111111111:user/nobody", "yourself", "arn:aws:sts::111111111111:assumed-role/x/y"],
)
def test_principal_must_exist(aws, principal):
    """AWS takes no statement for a user or role that does not exist, nor for a session."""
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    with pytest.raises(ValueError, match="Invalid principal"):
        policies.trust(aws.world, aws.world.roles[example.DEVELOPER], statement)


def test_operator_that_is_not_played_is_an_error():
    """A test must not pass by a typo."""
    with pytest.raises(ValueError, match="StringEqual"):
        policies.holds({"StringEqual": {"sts:ExternalId": "x"}}, {"sts:ExternalId": "x"})


def test_get_role_shows_a_role_of_the_own_account_only(aws, client, refused):
    """Its trust policy with all conditions, as URL-encoded JSON; another account's role does not exist there."""
    aws.world.add_role(
        HERE, trusts=(ROOT,), mfa=True, external_id="e-1", max_session=7200, needs_user_name=True
    )
    found = client("iam").get_role(RoleName="HereRole")["Role"]
    (statement,) = found["AssumeRolePolicyDocument"]["Statement"]
    assert (found["Arn"], found["Path"], found["MaxSessionDuration"]) == (HERE, "/", 7200)
    assert statement["Condition"] == {
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
        "StringEquals": {"sts:ExternalId": "e-1", "sts:RoleSessionName": "${aws:username}"},
    }
    with refused(404, "NoSuchEntity"):
        client("iam").get_role(RoleName="OpenRole")


def test_simulation_says_what_the_service_does(aws, client, refused):
    """For the user's policies, with the given context, and for those of the organization."""
    user, iam = aws.world.user("yourself"), client("iam")
    condition = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    user.policies = [json.dumps(policy(Condition=condition))]

    def decision(*entries):
        (found,) = iam.simulate_principal_policy(
            PolicySourceArn=YOURSELF,
            ActionNames=["sts:AssumeRole"],
            ResourceArns=[HERE],
            ContextEntries=list(entries),
        )["EvaluationResults"]
        return found

    mfa = {
        "ContextKeyName": "aws:MultiFactorAuthPresent",
        "ContextKeyValues": ["true"],
        "ContextKeyType": "boolean",
    }
    user.policies.append(json.dumps(policy(action="iam:*")))
    assert decision()["EvalDecision"] == "implicitDeny"
    assert decision(mfa)["EvalDecision"] == "allowed"
    aws.world.service_control["111111111111"] = [json.dumps(policy("Deny"))]
    assert decision(mfa)["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}
    with refused(404, "NoSuchEntity"):
        iam.simulate_principal_policy(PolicySourceArn=example.DEVELOPER, ActionNames=["sts:AssumeRole"])
    with refused(403, "AccessDenied"):
        robot = ("AKIAROBOTROBOEXAMPLE", "robotXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
        client("iam", keys=robot).simulate_principal_policy(
            PolicySourceArn=YOURSELF, ActionNames=["sts:AssumeRole"]
        )
