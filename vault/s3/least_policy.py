"""The least IAM policy that a sync needs, as text to paste. Pure; asks nobody."""

from __future__ import annotations

import json

from vault.profiles.endpoints import partition_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vault.s3.address import Address

PROBES = ".probe-"  # between an object's key and the random end of a probe's key


def text(address: Address, *, region: str, kms_key: str = "") -> str:
    """The policy for one object, and for the throw-away objects beside it with which `remote add` tries the bucket."""
    partition = partition_of(region)
    bucket = f"arn:{partition.name}:s3:::{address.bucket}"
    vault, probes = f"{bucket}/{address.key}", f"{bucket}/{address.key}{PROBES}*"
    statements: list[dict[str, Any]] = [
        _allow("Sync", ["s3:GetObject", "s3:PutObject"], [vault, probes]),
        _allow("EndOfProbe", ["s3:DeleteObject"], [probes]),
        # Without it, S3 answers 403 for an object that does not exist.
        {
            **_allow("TellAbsent", ["s3:ListBucket"], [bucket]),
            "Condition": {"StringLike": {"s3:prefix": [address.key, f"{address.key}{PROBES}*"]}},
        },
    ]
    if kms_key:
        by_s3 = {"StringEquals": {"kms:ViaService": f"s3.{region}.{partition.suffix}"}}
        statements.append(
            {**_allow("KmsKey", ["kms:GenerateDataKey", "kms:Decrypt"], [kms_key]), "Condition": by_s3}
        )
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2) + "\n"


def _allow(sid: str, actions: list[str], resources: list[str]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
