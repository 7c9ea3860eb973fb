"""The IAM policy that a rotation needs, for the key's own user and nothing else.

From the IAM user guide, "Managing access keys for IAM users".
"""

from __future__ import annotations

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "RotateOwnAccessKeys",
            "Effect": "Allow",
            "Action": [
                "iam:ListAccessKeys",
                "iam:GetAccessKeyLastUsed",
                "iam:CreateAccessKey",
                "iam:UpdateAccessKey",
                "iam:DeleteAccessKey",
            ],
            "Resource": "arn:aws:iam::*:user/${aws:username}",
        }
    ],
}
ASK_FOR_POLICY = "ask your administrator for the policy that this prints: awsvault-py rotate --print-policy"
