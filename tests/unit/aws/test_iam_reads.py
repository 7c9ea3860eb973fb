"""IAM's reads about a refused role: what is asked, what is understood, what is not believed."""

from __future__ import annotations

import pytest

from vault import errors
from vault.aws import iam_reads
from vault.aws.service_call import Answer

ROLE = "arn:aws:iam::111111111111:role/team/R"
USER = "arn:aws:iam::111111111111:user/me"
TRUST = {"Version": "2012-10-17", "Statement": []}


def answering(fields):
    """A caller that answers with ``fields``, or raises them; and what it was asked."""
    asked = []

    def call(operation, *, once=False, **parameters):
        del once
        asked.append((operation, parameters))
        if isinstance(fields, Exception):
            raise fields
        return Answer(fields, None)

    return call, asked


def result(decision="allowed", action="sts:AssumeRole", **more):
    return {"EvalActionName": action, "EvalDecision": decision, **more}


def simulate(call, *actions):
    return iam_reads.simulate(
        call, principal=USER, actions=actions or ("sts:AssumeRole",), resource=ROLE,
        context={"aws:MultiFactorAuthPresent": "true", "sts:ExternalId": "e-1"},
    )  # fmt: skip


def test_simulation_sends_the_condition_keys():
    """With their types: AWS compares a boolean with a boolean."""
    call, asked = answering({"EvaluationResults": [result()]})
    (found,) = simulate(call)
    assert found == iam_reads.Simulation("sts:AssumeRole", "allowed", None, None, ())
    ((operation, parameters),) = asked
    assert (operation, parameters["PolicySourceArn"], parameters["ResourceArns"]) == (
        "SimulatePrincipalPolicy",
        USER,
        [ROLE],
    )
    assert [(e["ContextKeyName"], e["ContextKeyType"]) for e in parameters["ContextEntries"]] == [
        ("aws:MultiFactorAuthPresent", "boolean"), ("sts:ExternalId", "string"),
    ]  # fmt: skip


def test_what_else_decides():
    """The organization, the permissions boundary, and the policies by name, each once."""
    matched = [{"SourcePolicyId": "deny-all"}, {"SourcePolicyId": "deny-all"}, {}]
    call, _ = answering({"EvaluationResults": [result(
        "explicitDeny", OrganizationsDecisionDetail={"AllowedByOrganizations": False},
        PermissionsBoundaryDecisionDetail={"AllowedByPermissionsBoundary": True}, MatchedStatements=matched,
    )]})  # fmt: skip
    (found,) = simulate(call)
    assert (found.decision, found.organization, found.boundary, found.policies) == (
        "explicitDeny",
        False,
        True,
        ("deny-all",),
    )


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"EvaluationResults": [result("maybe")]},
        {"EvaluationResults": [result(action="s3:Get")]},
        {"EvaluationResults": [None]},
    ],
)
def test_answers_that_are_not_iams(fields):
    """An answer about another action, or without a decision, is not believed."""
    call, _ = answering(fields)
    with pytest.raises(errors.Unreachable) as caught:
        simulate(call)
    assert caught.value.code == "WrongAnswer"


@pytest.mark.parametrize("document", [TRUST, '{"Version": "2012-10-17", "Statement": []}'])
def test_role(document):
    """Its trust policy, whether or not boto3 decoded it, and its longest session."""
    call, asked = answering(
        {"Role": {"Arn": ROLE, "AssumeRolePolicyDocument": document, "MaxSessionDuration": 7200}}
    )
    assert iam_reads.role(call, name="R") == iam_reads.RoleDetails(ROLE, TRUST, 7200)
    assert asked == [("GetRole", {"RoleName": "R"})]


@pytest.mark.parametrize("role", [None, {}, {"Arn": ROLE}, {"Arn": ROLE, "AssumeRolePolicyDocument": "["}])
def test_role_without_a_policy_is_not_believed(role):
    """Nor one without an ARN."""
    call, _ = answering({"Role": role})
    with pytest.raises(errors.Unreachable, match="no valid"):
        iam_reads.role(call, name="R")


def test_role_that_does_not_exist():
    """Is an answer; another refusal is an error."""
    call, _ = answering(errors.Refused("no", code="NoSuchEntity"))
    assert iam_reads.role(call, name="R") is None
    call, _ = answering(errors.Refused("no", code="AccessDenied"))
    with pytest.raises(errors.Refused):
        iam_reads.role(call, name="R")
