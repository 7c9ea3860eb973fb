"""Credentials that ``aws login`` of the AWS CLI stores. Only reads its cache: the AWS CLI does the signing in."""

from __future__ import annotations

import os

from vault import errors, limits
from vault.aws.fetched import check_fields, expiry, json_object
from vault.system.user_files import read_users_file
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.aws.fetched import FetchedCredentials
    from vault.aws.provider_inputs import ProviderContext
    from vault.profiles.chain import Login


def credentials_of(source: Login, context: ProviderContext) -> FetchedCredentials:
    """The credentials of ``aws login``, while they are valid. Errors: Refused (sign in again), ConfigError."""
    from hashlib import sha256

    folder = context.env.get("AWS_LOGIN_CACHE_DIRECTORY")
    folder = folder or os.path.join(context.home, ".aws", "login", "cache")
    path = os.path.join(folder, sha256(source.session.strip().encode()).hexdigest() + ".json")
    what = f"{source.origin}: profile {safe(source.profile)} uses aws login"
    cache = f"{source.origin}: the cache of aws login"
    again = f"run: aws login --profile {safe(source.profile)}"
    raw = read_users_file(path, limit=limits.MAX_TOKEN_FILE)
    if raw is None:
        raise errors.Refused(
            f"{what}, but you are not signed in on this machine", hint=again, code="SignedOut"
        )
    cached = json_object(raw, what=cache).get("accessToken")
    if not isinstance(cached, dict):
        raise errors.ConfigError(f"{what}, but its cache has no credentials", hint=again)
    now = context.deadline.clock.time()
    if not isinstance(cached.get("expiresAt"), str) or expiry(cached["expiresAt"], what=cache) <= now:
        raise errors.Refused(f"{what}, but the sign-in has expired", hint=again, code="SignedOut")
    fields = {
        "AccessKeyId": cached.get("accessKeyId"),
        "SecretAccessKey": cached.get("secretAccessKey"),
        "SessionToken": cached.get("sessionToken"),
        "Expiration": cached.get("expiresAt"),
        "AccountId": cached.get("accountId"),
    }
    return check_fields(fields, what=cache, now=now)
