"""Both of AWS's files from text, for the tests of this folder."""

from typing import NamedTuple

from vault.limits import ROLE_DURATION, SESSION_DURATION
from vault.profiles.aws_files import merge
from vault.profiles.ini_parser import parse
from vault.profiles.resolve import resolve


class Durations(NamedTuple):
    """The durations of a config.toml that sets none."""

    session_duration: int = SESSION_DURATION
    role_duration: int = ROLE_DURATION


USER = "arn:aws:iam::111111111111:mfa/yourself"
DEV = "arn:aws:iam::222222222222:role/DeveloperRole"
PROD = "arn:aws:iam::333333333333:role/ReadOnlyRole"

KEYS = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"

SCENARIO = f"""\
[profile shared-services]
region = us-east-1
credential_process = awsvault-py export shared-services
mfa_serial = {USER}

[profile dev]
region = us-west-2
credential_process = awsvault-py export dev
awsvault_role_arn = {DEV}
awsvault_source_profile = shared-services
mfa_serial = {USER}

[profile prod]
region = eu-west-1
credential_process = awsvault-py export prod
awsvault_role_arn = {PROD}
awsvault_source_profile = shared-services
mfa_serial = {USER}
"""


def config_of(config="", credentials=""):
    """A Config as if the two texts were files called config and credentials."""
    return merge(
        parse(config, path="config", kind="config"),
        parse(credentials, path="credentials", kind="credentials"),
    )


def chain_of(name, config="", credentials="", *, entries=(), env=None, **more):
    """The chain of ``name``. With ``entries`` None, it is unknown which entries the vault has."""
    known = None if entries is None else (lambda entry: entry in entries)
    return resolve(config_of(config, credentials), name, env=env or {}, has_entry=known, **more)
