"""Seeds and their codes: RFC 6238 by cryptography's TOTP, seeds from base32 or otpauth:// text, and checks of serials.

Pure: no files, no clock, no network. No message contains the text of a seed.
"""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote, unquote_plus

from vault import errors, limits
from vault.records import NamedTuple
from vault.secret import Secret
from vault.text import safe

ALGORITHMS = ("SHA1", "SHA256", "SHA512")
PERIOD_LEAST, PERIOD_MOST = 15, 120  # seconds; AWS's devices have 30
DIGITS_LEAST, DIGITS_MOST = 6, 8

_HINT = "paste the base32 text (letters A-Z, digits 2-7) that AWS shows under 'Show secret key', or the whole otpauth:// URI"
_NO_SEED_HINT = (
    "the seed is the long text under 'Show secret key'; without one, leave it out and type codes when asked"
)
_ARN = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:(mfa|sms-mfa|u2f|user)/[\w+=/,.@-]+", re.ASCII)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")  # copied from web pages and word processors
_BETWEEN = re.compile("[\\s\u2010-\u2015\u2212-]+")  # spaces of any width, and dashes
_DECIDES = re.compile(r"[?&](?:amp;)?(secret|algorithm|digits|period)=([^&#]*)", re.IGNORECASE)
_SERIAL = re.compile(r"[\w+=/:,.@-]{9,256}", re.ASCII)  # STS's service model


class Seed(NamedTuple):
    """What a TOTP device shares with AWS. ``secret`` has the raw bytes; ``period`` is in seconds."""

    secret: Secret
    algorithm: str = "SHA1"
    digits: int = 6
    period: int = 30

    def base32(self) -> Secret:
        """The secret in the form of the vault and of authenticator apps: base32 without padding."""
        return Secret(base64.b32encode(self.secret.reveal()).rstrip(b"="))


def parse_seed(text: Secret) -> Seed:
    """A seed from base32 (spaces, dashes, case and padding do not matter) or an otpauth:// URI. Errors: Usage."""
    raw = text.reveal()
    if len(raw) > limits.MAX_SEED_TEXT:
        raise errors.Usage(
            f"the MFA seed has {len(raw)} bytes; at most {limits.MAX_SEED_TEXT} are allowed", hint=_HINT
        )
    # A label may have any encoding; the fields read below must be ASCII.
    words = _INVISIBLE.sub("", raw.decode("utf-8", "surrogateescape")).strip()
    if words[:10].lower() == "otpauth://":
        return _from_uri(words)
    if "://" in words:
        raise errors.Usage("the MFA seed is a URI, but not an otpauth:// one", hint=_HINT)
    return Seed(_secret(words))


def _from_uri(text: str) -> Seed:
    """The seed of an otpauth:// URI. Reads only what decides the code, so nothing else can be wrong."""
    kind = re.split(r"[/?#]", text[10:], maxsplit=1)[0]
    if kind.lower() != "totp":
        raise errors.Usage(
            f"the otpauth:// URI is of type {safe(kind, limit=20)}, but AWS's devices are of type totp",
            hint=_HINT,
        )
    fields: dict[str, str] = {}
    for name, value in _DECIDES.findall(text):
        name, value = name.lower(), unquote_plus(value).strip()  # noqa: PLW2901
        if value and fields.setdefault(name, value) != value:
            raise errors.Usage(f"the otpauth:// URI has {name} twice, with different values", hint=_HINT)
    algorithm = fields.get("algorithm", "SHA1").upper().replace("-", "").removeprefix("HMAC")
    if algorithm not in ALGORITHMS:
        raise errors.Usage(
            f"the otpauth:// URI has algorithm {safe(algorithm, limit=20)}; supported are SHA1, SHA256 and SHA512"
        )
    return Seed(
        _secret(fields.get("secret", "")),
        algorithm,
        _number(fields, "digits", 6, DIGITS_LEAST, DIGITS_MOST),
        _number(fields, "period", 30, PERIOD_LEAST, PERIOD_MOST),
    )


def _number(fields: dict[str, str], name: str, default: int, least: int, most: int) -> int:
    text = fields.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,3}", text, re.ASCII) or not least <= int(text) <= most:
        raise errors.Usage(
            f"the otpauth:// URI has {name} {safe(text, limit=20)}; supported are {least} to {most}"
        )
    return int(text)


def _secret(text: str) -> Secret:
    packed = _BETWEEN.sub("", text).upper().rstrip("=")
    if packed.isascii() and packed.isdigit() and len(packed) in range(DIGITS_LEAST, DIGITS_MOST + 1):
        raise errors.Usage(f"this is an MFA code of {len(packed)} digits, not the seed", hint=_NO_SEED_HINT)
    if not packed:
        raise errors.Usage("the MFA seed is empty", hint=_HINT)
    if not packed.isascii():
        raise errors.Usage("the MFA seed has characters other than ASCII", hint=_HINT)
    wrong = next((c for c in packed if c not in "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), None)
    if wrong is not None:
        like = {"0": " (the letter O?)", "1": " (the letter I or L?)", "8": " (the letter B?)"}.get(wrong, "")
        raise errors.Usage(
            f"the MFA seed has {safe(wrong)!r}, which is not a base32 character{like}", hint=_HINT
        )
    try:
        raw = base64.b32decode(packed + "=" * (-len(packed) % 8))
    except binascii.Error:
        raise errors.Usage(
            f"the MFA seed has {len(packed)} base32 characters, which is not a valid length: some are missing",
            hint=_HINT,
        ) from None
    if not limits.SEED_LEAST <= len(raw) <= limits.SEED_MOST:
        raise errors.Usage(
            f"the MFA seed has {len(raw)} bytes; {limits.SEED_LEAST} to {limits.SEED_MOST} are supported",
            hint=_HINT,
        )
    return Secret(raw)


def code(seed: Seed, step: int) -> str:
    """The code of time step ``step``, which is Unix time // ``seed.period`` (RFC 6238 section 4.2)."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.twofactor.totp import TOTP

    algorithm: hashes.SHA1 | hashes.SHA256 | hashes.SHA512
    match seed.algorithm:
        case "SHA256":
            algorithm = hashes.SHA256()
        case "SHA512":
            algorithm = hashes.SHA512()
        case _:
            algorithm = hashes.SHA1()  # noqa: S303  # what AWS's devices use (RFC 6238)
    totp = TOTP(seed.secret.reveal(), seed.digits, algorithm, seed.period, enforce_key_length=False)
    return totp.generate(step * seed.period).decode("ascii")


def uri(seed: Seed, *, label: str, issuer: str = "AWS") -> Secret:
    """The otpauth:// URI that authenticator apps read from a QR code."""
    from urllib.parse import quote

    query = f"secret={seed.base32().reveal_text()}&issuer={quote(issuer)}"
    if seed[1:] != ("SHA1", 6, 30):  # some apps fail on parameters with the default value
        query += f"&algorithm={seed.algorithm}&digits={seed.digits}&period={seed.period}"
    return Secret(f"otpauth://totp/{quote(issuer)}:{quote(label, safe='@')}?{query}")


def check_serial(serial: str) -> str:
    """``serial`` if it can belong to a device with codes. Otherwise ConfigError says what is wrong."""
    shown = safe(serial, limit=120)
    if not serial.strip():
        raise errors.ConfigError("mfa_serial is empty")
    if serial != serial.strip() or " " in serial:
        raise errors.ConfigError(
            f"mfa_serial {shown} has a space in it", hint="remove it: an ARN has no spaces"
        )
    if serial[0] in "\"'" or serial[-1] in "\"'":
        raise errors.ConfigError(
            f"mfa_serial {shown} is in quotes", hint="remove them: AWS's files have no quotes"
        )
    if "%" in serial and unquote(serial) != serial:
        raise errors.ConfigError(
            f"mfa_serial {shown} is percent-encoded", hint="copy the ARN from the IAM console"
        )
    if not _SERIAL.fullmatch(serial):
        raise errors.ConfigError(
            f"mfa_serial {shown} is neither an ARN nor a serial number (9 to 256 of A-Z a-z 0-9 + = / : , . @ _ -)"
        )
    if serial.startswith("arn:"):
        _check_arn(serial, shown)
    elif "/" in serial:
        raise errors.ConfigError(
            f"mfa_serial {shown} is only part of an ARN",
            hint="use the whole ARN, as the IAM console shows it",
        )
    return serial


def _check_arn(serial: str, shown: str) -> None:
    match = _ARN.fullmatch(serial)
    if match is None:
        raise errors.ConfigError(
            f"mfa_serial {shown} is not the ARN of an MFA device",
            hint="it looks like arn:aws:iam::111111111111:mfa/NAME",
        )
    kind = match.group(1)
    if kind == "user":
        meant = serial.replace(":user/", ":mfa/", 1)
        raise errors.ConfigError(
            f"mfa_serial {shown} is the ARN of a user", hint=f"the user's device may be {safe(meant)}"
        )
    if kind == "u2f":
        raise errors.ConfigError(
            f"mfa_serial {shown} is a FIDO security key, which has no codes for STS",
            hint="remove it, and add a virtual device to the user: awsvault-py mfa enroll NAME",
        )
