"""Checks for aws-vault's environment variables, and says what has the same effect here. Shows no value: some are secrets."""

from __future__ import annotations

from vault.doctor.findings import Finding
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.doctor.facts import Facts

_FAMILY = "AWS_VAULT_"
# The variables that awsvault-py reads too (vault/migrate/foreign_stores).
READ = ("AWS_VAULT_FILE_DIR", "AWS_VAULT_FILE_PASSPHRASE", "AWS_VAULT_SECRET_SERVICE_COLLECTION_NAME")
_GIVES = "to get the vault's passphrase from {}, set passphrase_command in config.toml"
_PASS = _GIVES.format("pass")
_1PASSWORD = _GIVES.format("1Password")
_PROTON = _GIVES.format("Proton Pass")
_TOKEN = f"unset it, because it is a secret; {_1PASSWORD}"
_KEYRING = "to unlock the vault with the desktop's keyring: awsvault-py slots add keyring"
_MFA_TTL = "set session_duration in config.toml, or awsvault_session_duration in the profile"
_YUBIKEY = "set mfa_process in the profile to the ykman command that prints a code"

INSTEAD: dict[str, str] = {
    "AWS_VAULT_BACKEND": "keys are in the vault file; for the ways to unlock it: awsvault-py slots list",
    "AWS_VAULT_PROMPT": "set AWSVAULT_PROMPT to auto, tty, pinentry, notification or none",
    "AWS_VAULT_KEYCHAIN_NAME": _KEYRING,
    "AWS_VAULT_BIOMETRICS": _KEYRING,
    "AWS_VAULT_PASS_PASSWORD_STORE_DIR": _PASS,
    "AWS_VAULT_PASS_CMD": _PASS,
    "AWS_VAULT_PASS_PREFIX": _PASS,
    "AWS_VAULT_OP_TIMEOUT": _1PASSWORD,
    "AWS_VAULT_OP_VAULT_ID": _1PASSWORD,
    "AWS_VAULT_OP_ITEM_TITLE_PREFIX": _1PASSWORD,
    "AWS_VAULT_OP_ITEM_TAG": _1PASSWORD,
    "AWS_VAULT_OP_CONNECT_HOST": _1PASSWORD,
    "AWS_VAULT_OP_CONNECT_TOKEN": _TOKEN,
    "AWS_VAULT_OP_SERVICE_ACCOUNT_TOKEN": _TOKEN,
    "AWS_VAULT_OP_DESKTOP_ACCOUNT_ID": _1PASSWORD,
    "AWS_VAULT_PROTON_PASS_SHARE_ID": _PROTON,
    "AWS_VAULT_PROTON_PASS_ITEM_TITLE_PREFIX": _PROTON,
    "AWS_VAULT_PROTON_PASS_API_BASE": _PROTON,
    "AWS_VAULT_PROTON_PASS_TIMEOUT": _PROTON,
    "AWS_VAULT_DURATION": "add --duration, or set role_duration and session_duration in config.toml",
    "AWS_VAULT_STDOUT": "to print the sign-in URL: awsvault-py login --print PROFILE",
    "AWS_VAULT_AUTO_LOGOUT": "to keep console sign-ins apart: awsvault-py login --browser firefox PROFILE",
    "AWS_VAULT_PROFILE_ENV": "add --profile-env: awsvault-py exec --profile-env PROFILE -- CMD",
    "AWS_VAULT_DISABLE_HELP_MESSAGE": "unset it: exec writes about its shell only to a terminal",
    "AWS_VAULT_YKMAN_VERSION": _YUBIKEY,
    "YKMAN_OATH_CREDENTIAL_NAME": _YUBIKEY,
    "YKMAN_OATH_DEVICE_SERIAL": _YUBIKEY,
    "AWS_SESSION_TOKEN_TTL": _MFA_TTL,
    "AWS_CHAINED_SESSION_TOKEN_TTL": _MFA_TTL,
    "AWS_ASSUME_ROLE_TTL": "set role_duration in config.toml, or duration_seconds in the profile",
    "AWS_FEDERATION_TOKEN_TTL": "add --duration: awsvault-py login --duration TIME PROFILE",
    "AWS_MIN_TTL": "unset it: awsvault-py refreshes sessions before they expire",
    "AWS_MFA_SERIAL": "set mfa_serial in the profile",
    "AWS_SESSION_TAGS": "set session_tags in the profile",
    "AWS_TRANSITIVE_TAGS": "set transitive_session_tags in the profile",
    "AWS_SOURCE_IDENTITY": "set source_identity in the profile",
}


def unread_variables(facts: Facts) -> Iterator[Finding]:
    """A variable of aws-vault is set that awsvault-py does not read."""
    for name in sorted(facts.env):
        unknown = name.startswith(_FAMILY) and name not in READ
        if facts.env[name] and (name in INSTEAD or unknown):
            yield Finding(
                level="note",
                where=safe(name, limit=80),
                message="it is a variable of aws-vault, which awsvault-py does not read",
                hint=INSTEAD.get(name, "unset it, unless another program reads it"),
            )
