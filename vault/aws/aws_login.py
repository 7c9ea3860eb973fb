"""Credentials that ``aws login`` of the AWS CLI keeps. Only reads its cache: signing in is the AWS CLI's part."""

from __future__ import annotations

import os

from vault import errors, limits
from vault.aws.fetched import check_fields, expiry, json_object
from vault.system.user_files import read_users_file
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.aws.fetched import Fetched
    from vault.aws.provider_inputs import ProviderContext
    from vault.profiles.chain import Login


def credentials_of(source: Login, context: ProviderContext) -> Fetched:
    """The credentials of ``aws login``, while they are valid. Errors: Refused (sign in again), ConfigError."""
    from hashlib import sha256

    folder = context.env.get("AWS_LOGIN_CACHE_DIRECTORY")
    folder = folder or os.path.join(context.home, ".aws", "login", "cache")
    path = os.path.join(folder, sha256(source.session.strip().encode()).hexdigest() + ".json")
    what = f"{source.origin}: what aws login keeps"
    again = f"run: aws login --profile {safe(source.profile)}"
    raw = read_users_file(path, limit=limits.MAX_TOKEN_FILE)
    if raw is None:
        raise errors.Refused(f"{what}: nobody has signed in here", hint=again, code="SignedOut")
    held = json_object(raw, what=what).get("accessToken")
    if not isinstance(held, dict):
        raise errors.ConfigError(f"{what} holds no credentials", hint=again)
    now = context.deadline.clock.time()
    if not isinstance(held.get("expiresAt"), str) or expiry(held["expiresAt"], what=what) <= now:
        raise errors.Refused(f"{what} has expired", hint=again, code="SignedOut")
    fields = {
        "AccessKeyId": held.get("accessKeyId"),
        "SecretAccessKey": held.get("secretAccessKey"),
        "SessionToken": held.get("sessionToken"),
        "Expiration": held.get("expiresAt"),
        "AccountId": held.get("accountId"),
    }
    return check_fields(fields, what=what, now=now)
