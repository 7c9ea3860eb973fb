"""An access key on its way into the vault: from JSON, the environment, a profile or a person, looked at on the way.

Nothing is stored and AWS is not asked here. Secrets never come from the command line.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple, TypeVar

from vault import limits
from vault.aws import key_format
from vault.errors import ConfigError, NotFound, Refused, Usage
from vault.mfa import codes
from vault.profiles import aws_files
from vault.profiles.credential_variables import session_token_in
from vault.secret import Secret
from vault.text import nearest, safe, trimmed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.context import Context
    from vault.keys.verify import Proof
    from vault.mfa.codes import Seed

_FIELDS = ("AccessKeyId", "SecretAccessKey", "MfaSerial", "MfaSeed")
_JSON_HINT = 'the form is {"AccessKeyId":"AKIA…","SecretAccessKey":"…","MfaSerial":"arn:…","MfaSeed":"…"}, the last two optional'
_TRIES = 3  # a paste goes wrong twice at most
WRONG_SECRET, WRONG_ID = "SignatureDoesNotMatch", "InvalidClientTokenId"  # AWS's words for them
T = TypeVar("T")


class NewKey(NamedTuple):
    """A key that has the right shape. ``warning`` is for the person: where it still lies in clear."""

    access_key_id: str
    secret: Secret
    mfa_serial: str | None = None
    seed: Seed | None = None
    warning: str | None = None


def checked(access_key_id: str, secret: Secret, mfa_serial: str | None, seed: Secret | None) -> NewKey:
    """The four values, each of the right shape. Usage names what is wrong."""
    key_id = key_format.check_access_key_id(access_key_id)
    secret = key_format.check_secret(secret)
    serial = check_serial(mfa_serial) if mfa_serial else None
    parsed = codes.parse_seed(seed) if seed is not None and len(seed) else None
    if parsed is not None and serial is None:
        raise Usage("there is an MFA seed and no MFA serial", hint="give the device's ARN too: MfaSerial")
    if parsed is not None:
        check_aws_seed(parsed)
    return NewKey(key_id, secret, serial, parsed)


def check_serial(serial: str) -> str:
    """``serial`` of a device that gives codes; Usage, since it was typed or piped and stands in no file."""
    try:
        return codes.check_serial(trimmed(serial))
    except ConfigError as error:
        hint = error.hint if error.hint != ConfigError.hint else "the IAM console shows it beside the device"
        raise Usage(error.message, hint=hint) from None


def check_aws_seed(seed: Seed) -> None:
    """Usage for a seed whose codes STS cannot take: AWS's virtual devices have six digits."""
    if seed.digits != limits.CODE_DIGITS:
        raise Usage(
            f"the MFA seed makes codes of {seed.digits} digits, and STS takes {limits.CODE_DIGITS}",
            hint="this is the seed of another service's device",
        )


def from_json(raw: bytes) -> NewKey:
    """The key in ``add --stdin``'s JSON. Usage (exit 2) for everything that is not exactly that."""
    if len(raw) > limits.MAX_STDIN:
        raise Usage(f"--stdin has more than {limits.MAX_STDIN} bytes", hint=_JSON_HINT)
    fields = json_fields(raw, known=_FIELDS, required=_FIELDS[:2], hint=_JSON_HINT)
    seed = fields.get("MfaSeed")
    return checked(
        fields["AccessKeyId"],
        _secret(fields["SecretAccessKey"]),
        fields.get("MfaSerial"),
        _secret(seed) if seed else None,
    )


def json_fields(
    raw: bytes, *, known: tuple[str, ...], required: tuple[str, ...], hint: str
) -> dict[str, str]:
    """A flat JSON object of texts. Usage names a key that is unknown, missing, doubled or no text, never a value."""
    if not raw.strip():
        raise Usage("--stdin is empty", hint=hint)
    try:
        value = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_no_doubles)
    except UnicodeDecodeError:
        raise Usage("--stdin is not UTF-8 text", hint=hint) from None
    except json.JSONDecodeError as error:
        raise Usage(
            f"--stdin is not JSON: line {error.lineno}, column {error.colno}: {error.msg}", hint=hint
        ) from None
    except RecursionError:
        raise Usage("--stdin is nested too deeply", hint=hint) from None
    if not isinstance(value, dict):
        raise Usage("--stdin is JSON, but no object", hint=hint)
    for key, held in value.items():
        if key not in known:
            near = nearest(key, list(known))
            raise Usage(
                f'--stdin has the key "{safe(key, limit=40)}", which is not known',
                hint=f"did you mean {near}?" if near else hint,
            )
        if not isinstance(held, str):
            raise Usage(f"--stdin: {key} is no text", hint=hint)
    missing = next((key for key in required if not value.get(key)), None)
    if missing is not None:
        raise Usage(f"--stdin lacks {missing}", hint=hint)
    return value


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise Usage(f'--stdin has the key "{safe(key, limit=40)}" twice', hint=_JSON_HINT)
        found[key] = value
    return found


def _secret(text: str) -> Secret:
    return Secret(text.encode("utf-8", "surrogatepass"))


def from_env(context: Context) -> NewKey:
    """The key in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Usage where they are not set, or are temporary."""
    env = context.env
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        if not env.get(name):
            raise Usage(
                f"--env: {name} is not set", hint="export both variables, or leave --env out to be asked"
            )
    if session_token_in(env):
        raise Usage(
            "--env: AWS_SESSION_TOKEN or AWS_SECURITY_TOKEN is set, so these are temporary credentials",
            hint="add the user's own key, which has no token",
        )
    secret = Secret(env["AWS_SECRET_ACCESS_KEY"].encode("utf-8", "surrogateescape"))
    return checked(env["AWS_ACCESS_KEY_ID"], secret, None, None)._replace(
        warning="the key is still in this shell's environment: unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY"
    )


def from_profile(context: Context, name: str) -> NewKey:
    """The static key of a profile in AWS's files, with its mfa_serial. NotFound, Usage, ConfigError."""
    config = aws_files.load(context.env, home=context.paths.home)
    profile = config.profile(name)
    if profile is None:
        raise NotFound(
            f'no profile "{safe(name)}" in {safe(config.config_path)} or {safe(config.credentials_path)}',
            hint=config.meant(name) or "run: awsvault-py list",
        )
    key_id, secret = profile.own("aws_access_key_id"), profile.own("aws_secret_access_key")
    if key_id is None or secret is None:
        absent = "aws_access_key_id" if key_id is None else "aws_secret_access_key"
        raise Usage(
            f'profile "{safe(name)}" ({profile.origin}) holds no {absent}',
            hint="name a profile that has both in AWS's files, or leave --from-profile out to be asked",
        )
    token = profile.own("aws_session_token") or profile.own("aws_security_token")
    if token is not None:
        raise Usage(
            f'{token.origin}: profile "{safe(name)}" has a session token, so its key is temporary',
            hint="add the user's own key, which has no token",
        )
    serial = profile.get("mfa_serial")
    if serial is not None:
        try:
            codes.check_serial(serial.value)
        except ConfigError as error:
            raise ConfigError(f"{serial.origin}: {error.message}", hint=error.hint) from None
    try:
        key = checked(key_id.value, _secret(secret.value), serial.value if serial is not None else None, None)
    except Usage as error:
        raise Usage(f"{key_id.origin}: {error.message}", hint=error.hint) from None
    return key._replace(
        warning=f"the key still stands in clear at {key_id.origin}, and AWS's tools take it from there first: "
        "remove these lines once the profile works"
    )


def by_asking(context: Context, *, name: str, prove: Callable[[NewKey], Proof]) -> tuple[NewKey, Proof]:
    """The key a person types or pastes, and what AWS said of it: each value asked again where it is wrong.

    ``prove`` asks AWS, as soon as there is something to ask about. Usage after three wrong shapes, Refused after three
    keys that AWS refuses.
    """
    asking = _Asking(context, name)
    key_id, secret, proof = _known_to_aws(asking, prove)

    def serial(complaint: str) -> str | None:
        typed = asking.plain("ARN of the user's MFA device (Enter for none)", complaint)
        found = check_serial(typed) if typed else None
        check_account(found, proof)
        return found

    device = until_right(serial)
    if device is None:
        return NewKey(key_id, secret), proof
    seed = until_right(lambda c: _seed_or_none(asking.hidden(SEED_QUESTION, c)))
    return NewKey(key_id, secret, device, seed), proof


class _Asking:
    """The questions about one key, each with time to fetch the answer."""

    def __init__(self, context: Context, name: str) -> None:
        self._context = context
        self._name = name

    def plain(self, question: str, complaint: str) -> str:
        deadline = self._context.new_deadline(limits.ATTENDED_PROMPT_TIME)
        return self._context.interaction.plain(question, deadline=deadline, complaint=complaint)

    def hidden(self, question: str, complaint: str) -> Secret:
        deadline = self._context.new_deadline(limits.ATTENDED_PROMPT_TIME)
        return self._context.interaction.hidden(question, deadline=deadline, complaint=complaint)

    def key_id(self, complaint: str = "") -> str:
        question = f"Access key id for {self._name}"
        return until_right(lambda c: key_format.check_access_key_id(self.plain(question, c)), complaint)

    def secret(self, complaint: str = "") -> Secret:
        question = "Secret access key (not shown)"
        return until_right(lambda c: key_format.check_secret(self.hidden(question, c)), complaint)


def _known_to_aws(asking: _Asking, prove: Callable[[NewKey], Proof]) -> tuple[str, Secret, Proof]:
    """An id and a secret that belong together. The one that AWS refuses is asked for again, and the other is kept."""
    key_id, secret, tries = asking.key_id(), asking.secret(), _TRIES
    while True:
        try:
            return key_id, secret, prove(NewKey(key_id, secret))
        except Refused as error:
            tries -= 1
            if not tries or error.code not in (WRONG_SECRET, WRONG_ID):
                raise
            odd = key_format.odd_lengths(key_id, secret)
            more = f" ({odd})" if odd else ""
            if error.code == WRONG_SECRET:
                secret = asking.secret(
                    f"AWS says that this is not the secret of {key_id}{more}; give it again"
                )
            else:
                key_id = asking.key_id(f"AWS knows no active key {key_id}{more}; give its id again")


def check_account(serial: str | None, proof: Proof) -> None:
    """Usage where the device is of another account than the key is."""
    if proof.identity is not None and serial is not None and serial.startswith("arn:"):
        account = serial.split(":")[4]
        if account != proof.identity.account:
            raise Usage(
                f"the MFA device is of account {account}, and the key is of {proof.identity.account}",
                hint="give the ARN of a device of the key's own user",
            )


SEED_QUESTION = "MFA seed, base32 or otpauth:// (not shown; Enter to be asked for codes instead)"


def until_right(once: Callable[[str], T], complaint: str = "") -> T:
    """What ``once`` gives, called again with the complaint where it raises Usage; the third Usage is the caller's."""
    tries = _TRIES
    while True:
        try:
            return once(complaint)
        except Usage as error:
            tries -= 1
            if not tries:
                raise
            complaint = f"{error.message}; {error.hint}"


def _seed_or_none(text: Secret) -> Seed | None:
    if not len(text):
        return None
    seed = codes.parse_seed(text)
    check_aws_seed(seed)
    return seed
