"""What S3's refusals mean, as errors: takes the answer's code and message. Pure; imports no SDK."""

from __future__ import annotations

from vault import errors
from vault.aws import service_errors
from vault.text import safe

_POLICY = "to see what a sync needs, run: awsvault-py remote add --print-policy {url}"
_OTHER = (
    "to sync by other credentials, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for one run, or name a profile: "
    "awsvault-py remote add --profile PROFILE {url}"
)
_BY_KEY = {
    "InvalidAccessKeyId": "the key was deleted, is inactive, or belongs to another partition; ",
    "InvalidClientTokenId": "the key was deleted, is inactive, or belongs to another partition; ",
    "ExpiredToken": "the session has expired; ",
    "InvalidToken": "the session is not valid here; ",
    "TokenRefreshRequired": "the session has expired; ",
    "SignatureDoesNotMatch": "the secret does not belong to this access key ID, or the endpoint is behind a proxy that "
    "changes requests; ",
}
_REGIONS = frozenset(
    {
        "PermanentRedirect",
        "AuthorizationHeaderMalformed",
        "IllegalLocationConstraintException",
        "InvalidRegionName",
    }
)
_LATER = frozenset({"TemporaryRedirect", "Redirect", "OperationAborted", "RequestTimeout"})
UNSUPPORTED = "NotImplemented"


class NoConditionalWrites(errors.ConfigError):
    """The server does not implement conditional writes (6)."""


def refusal(
    code: str, message: str, *, status: int, operation: str, url: str, region: str, bucket_region: str = ""
) -> errors.Error:
    """The error for S3's answer ``code``: ``message``. ``region`` is that of the signature, ``bucket_region`` what the answer
    says about the bucket's.
    """
    said = f"{safe(code, limit=80)}: {safe(' '.join(message.split()))}" if message else safe(code, limit=80)
    about = f"{url}: S3 refused {operation}: {said}"
    if status == 501 or code == UNSUPPORTED:
        return NoConditionalWrites(
            f"{url}: the server does not implement what a sync needs: {said}", hint=no_conditions()
        )
    if code in _LATER or service_errors.is_retryable(code, status):
        slow = code in service_errors.THROTTLED
        return errors.Unreachable(
            f"{url}: S3 {'throttled' if slow else 'could not complete'} {operation}: {said}",
            code=code,
            sent=True,
            hint=service_errors.THROTTLED_HINT if slow else service_errors.FAILING_HINT,
        )
    if code in _REGIONS or status in (301, 302, 307, 308):
        return _refused(about, code or "PermanentRedirect", message, _region_hint(region, bucket_region))
    return _refused(about, code, message, _hint(code, url))


def no_conditions() -> str:
    """What to do where a server does not keep conditions."""
    return (
        "use a bucket of Amazon S3, or a server that supports If-Match and If-None-Match when it writes; "
        "two machines could overwrite each other's edits here"
    )


def _refused(about: str, code: str, message: str, hint: str) -> errors.Refused:
    error = errors.Refused(about, code=code, hint=hint)
    error.said = message
    return error


def _hint(code: str, url: str) -> str:
    if code in _BY_KEY:
        return _BY_KEY[code] + _OTHER.format(url=url)
    if code == "NoSuchBucket":
        return (
            "create the bucket, or correct its name; if it is elsewhere, name its endpoint by --endpoint-url"
        )
    if code in ("RequestTimeTooSkewed", "RequestExpired"):
        return (
            "set this machine's clock (for example with timedatectl set-ntp true), then run the command again"
        )
    if code.startswith("KMS."):
        return "check that the KMS key exists, is enabled, and is in the bucket's region"
    return f"{_POLICY.format(url=url)}; {_OTHER.format(url=url)}"


def _region_hint(region: str, bucket_region: str) -> str:
    if bucket_region and bucket_region != region:
        return f"the bucket is in another region: run the command again with --region {safe(bucket_region)}"
    return (
        "name the region of the bucket by --region, and its endpoint by --endpoint-url if it is not AWS's own"
    )
