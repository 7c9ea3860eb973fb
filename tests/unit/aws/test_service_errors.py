"""AWS's refusals as errors: the code that callers compare, and a hint about the cause."""

from __future__ import annotations

import pytest

from vault.aws import service_errors


@pytest.mark.parametrize(
    ("code", "message", "known"),
    [
        ("InvalidAuthenticationCode", "Authentication code for device is not valid", service_errors.MFA_CODE),
        ("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. ", service_errors.MFA_CODE),
        ("AccessDenied", "MultiFactorAuthentication failed, unable to validate MFA code", service_errors.MFA_SERIAL),
        ("AccessDenied", "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code. ", service_errors.MFA_MISSING),
    ],
)  # fmt: skip
def test_each_refusal_of_an_mfa_code(code, message, known):
    """IAM and STS have different words for it; the fix is the same."""
    error = service_errors.refusal(code, message, status=403, operation="X")
    assert (error.code, "mfa" in error.hint) == (known, True)


def test_wrong_region_is_not_a_wrong_key():
    """AWS has SignatureDoesNotMatch for both; a good key must not be replaced because of a region."""
    said = "Credential should be scoped to a valid region. "
    error = service_errors.refusal("SignatureDoesNotMatch", said, status=403, operation="AssumeRole")
    assert ("region" in error.hint, "--replace" in error.hint) == (True, False)
    wrong = service_errors.refusal("SignatureDoesNotMatch", "", status=403, operation="AssumeRole")
    assert "--replace" in wrong.hint


@pytest.mark.parametrize(
    ("code", "message", "status", "hint"),
    [
        ("Throttling", "Rate exceeded", 400, "AWS limits the rate"),
        ("InternalFailure", "", 500, "the problem is on AWS's side"),
        ("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining", 400, "a role assumed by a role lasts at most one hour"),
        ("AccessDenied", "User: arn:aws:iam::1:user/me is not authorized to perform: sts:TagSession on resource: r", 403, "must also allow sts:TagSession"),
        ("AccessDenied", "User: u is not authorized to perform: sts:AssumeRole on resource: r because no identity-based policy allows the sts:AssumeRole action", 403, "the caller's policies do not allow sts:AssumeRole"),
        ("AccessDenied", "User: u is not authorized to perform: sts:AssumeRole on resource: r", 403, "the role's trust policy does not allow"),
    ],
)  # fmt: skip
def test_hint_names_the_cause(code, message, status, hint):
    """If AWS gives a reason, the hint follows it."""
    assert hint in service_errors.refusal(code, message, status=status, operation="AssumeRole").hint
