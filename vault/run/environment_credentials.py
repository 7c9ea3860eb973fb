"""Reads the credentials in AWS's environment variables, as if a profile named them. Needs no vault."""

from __future__ import annotations

from vault import errors
from vault.aws import credential_json
from vault.aws.fetched import check_fields
from vault.credentials.issued import Issued
from vault.profiles import aws_files
from vault.profiles.aws_files import Origin, Profile
from vault.profiles.build_chain import ChainBuilder, WalkedPath
from vault.profiles.chain import NamedSource
from vault.profiles.credential_variables import session_token_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context

NAME = "environment"  # used in place of a profile's name


def issued(context: Context) -> Issued:
    """The credentials in the environment. Raises ConfigError, which names the missing or invalid variable."""
    env = context.env
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        if not env.get(variable):
            raise errors.ConfigError(
                f"--env: {variable} is not set",
                hint="set it in the environment of this command, or name a profile",
            )
    fields = {
        "AccessKeyId": env["AWS_ACCESS_KEY_ID"],
        "SecretAccessKey": env["AWS_SECRET_ACCESS_KEY"],
        "SessionToken": session_token_in(env),
        "AccountId": env.get("AWS_ACCOUNT_ID"),
        "Expiration": env.get("AWS_CREDENTIAL_EXPIRATION"),
    }
    found = check_fields(fields, what="--env: the environment", now=context.clock.time())
    config = aws_files.load(env, home=context.paths.home)
    profile = Profile(NAME, None, None, (config.config_path, config.credentials_path))
    source = NamedSource("Environment", found.credentials.token is not None, Origin("AWS_ACCESS_KEY_ID", 0))
    chain = ChainBuilder(config, WalkedPath((profile,), (), source), env, as_sdk=False).build()
    line = credential_json.encode(found.credentials, expires=found.expiration, account_id=found.account_id)
    began = found.issued if found.expiration is not None else None
    return Issued(line, chain, began, found.expiration)
