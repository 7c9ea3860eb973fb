"""Whose credentials these are."""

from __future__ import annotations

import pytest

from vault.aws.credentials import Identity


@pytest.mark.parametrize(
    ("arn", "user"),
    [
        ("arn:aws:iam::111111111111:user/yourself", "yourself"),
        ("arn:aws:iam::111111111111:user/team/of/yourself", "yourself"),
        ("arn:aws-cn:iam::111111111111:user/yourself", "yourself"),
        ("arn:aws:iam::111111111111:root", None),
        ("arn:aws:iam::111111111111:user/", None),
        ("arn:aws:sts::111111111111:assumed-role/DeveloperRole/yourself", None),
        ("arn:aws:sts::111111111111:federated-user/yourself", None),
    ],
)
def test_the_user_of_an_arn(arn, user):
    """Without its path; a role, the root user and a federated user have none."""
    assert Identity("111111111111", arn, "AIDA").user == user
