"""An access key on its way into the vault, from JSON, the environment or a profile; every value is checked.

Stores nothing and does not ask AWS. Secrets never come from the command line. Prompts: vault/keys/key_prompts.py.
"""

from __future__ import annotations

from vault import limits
from vault.aws import key_format
from vault.errors import ConfigError, Usage
from vault.keys.stdin_json import read_fields
from vault.mfa import codes
from vault.profiles import aws_files
from vault.profiles.credential_variables import session_token_in
from vault.records import NamedTuple
from vault.secret import Secret
from vault.text import safe, trimmed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.keys.verify import Verification
    from vault.mfa.codes import Seed

_FIELDS = ("AccessKeyId", "SecretAccessKey", "MfaSerial", "MfaSeed")
_JSON_HINT = (
    'the form is {"AccessKeyId":"AKIA…","SecretAccessKey":"…","MfaSerial":"arn:…","MfaSeed":"…"}; '
    "the last two are optional"
)
WRONG_SECRET, WRONG_ID = "SignatureDoesNotMatch", "InvalidClientTokenId"  # AWS's error codes


class NewKey(NamedTuple):
    """A key with values of the right form. ``warning`` tells the user where the key still is in plaintext."""

    access_key_id: str
    secret: Secret
    mfa_serial: str | None = None
    seed: Seed | None = None
    warning: str | None = None


def check_key(access_key_id: str, secret: Secret, mfa_serial: str | None, seed: Secret | None) -> NewKey:
    """The four values, each of the right form. Usage names what is wrong."""
    key_id = key_format.check_access_key_id(access_key_id)
    secret = key_format.check_secret(secret)
    serial = check_serial(mfa_serial) if mfa_serial else None
    parsed = parse_seed(seed) if seed is not None else None
    if parsed is not None and serial is None:
        raise Usage("there is an MFA seed but no MFA serial", hint="give the device's ARN too: MfaSerial")
    return NewKey(key_id, secret, serial, parsed)


def check_serial(serial: str) -> str:
    """``serial`` if it is a device that has codes. Usage, because it was typed or piped and is in no file."""
    try:
        return codes.check_serial(trimmed(serial))
    except ConfigError as error:
        hint = error.hint if error.hint != ConfigError.hint else "the IAM console shows the ARN of the device"
        raise Usage(error.message, hint=hint) from None


def parse_seed(text: Secret) -> Seed | None:
    """The seed in ``text``, None if that is empty. Usage if STS cannot take its codes: AWS's virtual devices have six digits."""
    if not len(text):
        return None
    seed = codes.parse_seed(text)
    if seed.digits != limits.CODE_DIGITS:
        raise Usage(
            f"the MFA seed makes codes of {seed.digits} digits, but STS takes {limits.CODE_DIGITS}",
            hint="this seed is for a device of another service",
        )
    return seed


def from_json(raw: bytes) -> NewKey:
    """The key in the JSON of ``add --stdin``. Usage (exit 2) for everything else."""
    fields = read_fields(raw, known=_FIELDS, required=_FIELDS[:2], hint=_JSON_HINT)
    return check_key(
        fields["AccessKeyId"],
        as_secret(fields["SecretAccessKey"]),
        fields.get("MfaSerial"),
        as_secret(fields.get("MfaSeed", "")),
    )


def as_secret(text: str) -> Secret:
    """Text from JSON or a file, whatever it contains."""
    return Secret(text.encode("utf-8", "surrogatepass"))


def from_env(context: Context) -> NewKey:
    """The key in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Usage if they are not set, or are temporary credentials."""
    env = context.env
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        if not env.get(name):
            raise Usage(
                f"--env: {name} is not set",
                hint="set both variables, or leave out --env to type the key at a prompt",
            )
    if session_token_in(env):
        raise Usage(
            "--env: AWS_SESSION_TOKEN or AWS_SECURITY_TOKEN is set, so these are temporary credentials",
            hint="add the user's access key, which has no session token",
        )
    secret = Secret(env["AWS_SECRET_ACCESS_KEY"].encode("utf-8", "surrogateescape"))
    return check_key(env["AWS_ACCESS_KEY_ID"], secret, None, None)._replace(
        warning="the key is still in this shell's environment. Run: unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY"
    )


def from_profile(context: Context, name: str) -> NewKey:
    """The static key of a profile in AWS's files, with its mfa_serial. NotFound, Usage, ConfigError."""
    config = aws_files.load(context.env, home=context.paths.home)
    profile = config.profile(name)
    if profile is None:
        raise config.not_found(name)
    key_id, secret = profile.own("aws_access_key_id"), profile.own("aws_secret_access_key")
    if key_id is None or secret is None:
        absent = "aws_access_key_id" if key_id is None else "aws_secret_access_key"
        raise Usage(
            f'profile "{safe(name)}" ({profile.origin}) has no {absent}',
            hint="name a profile that has both keys in AWS's files, or leave out --from-profile to type the key at a prompt",
        )
    token = profile.own("aws_session_token") or profile.own("aws_security_token")
    if token is not None:
        raise Usage(
            f'{token.origin}: profile "{safe(name)}" has a session token, so its key is temporary',
            hint="add the user's access key, which has no session token",
        )
    serial = profile.get("mfa_serial")
    if serial is not None:
        try:
            codes.check_serial(serial.value)
        except ConfigError as error:
            raise ConfigError(f"{serial.origin}: {error.message}", hint=error.hint) from None
    try:
        key = check_key(
            key_id.value, as_secret(secret.value), serial.value if serial is not None else None, None
        )
    except Usage as error:
        raise Usage(f"{key_id.origin}: {error.message}", hint=error.hint) from None
    return key._replace(
        warning=f"the key is still in plaintext at {key_id.origin}, and AWS's tools use that one first. "
        "Remove these lines once the profile works"
    )


def check_device_account(serial: str | None, found: Verification) -> None:
    """Usage if the device is in another account than the key."""
    if found.identity is not None and serial is not None and serial.startswith("arn:"):
        account = serial.split(":")[4]
        if account != found.identity.account:
            raise Usage(
                f"the MFA device is in account {account}, but the key is in {found.identity.account}",
                hint="give the ARN of a device of the key's own user",
            )
