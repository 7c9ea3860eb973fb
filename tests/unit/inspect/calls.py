"""A refused call as tests start from it."""

from __future__ import annotations

from vault.inspect.refused_call import RefusedCall

USER = "arn:aws:iam::111111111111:user/yourself"
ROLE = "arn:aws:iam::111111111111:role/team/SameRole"
FAR = "arn:aws:iam::222222222222:role/FarRole"


def call(**more):
    """A call of the user with MFA, for a role in its own account."""
    given = {
        "role_arn": ROLE, "caller": USER, "principal": USER, "profile": "dev", "entry": "shared-services", "mfa": True,
        "session_name": "me@host", "duration": 3600, "region": "us-east-1", **more,
    }  # fmt: skip
    return RefusedCall(**given)
