"""What scripts/make-reference says about the JSON of each command: field → (type, when it is present, meaning).

``a[].b`` is the field ``b`` of each object in the list ``a``; ``chain[x].b`` of those whose ``type`` is ``x``. A test runs each
command and compares (tests/unit/cli/test_json_reference.py).
"""

from __future__ import annotations

from scripts.reference.json_actions import ACTIONS
from scripts.reference.json_changes import CHANGES, IMPORT_UNDONE, SETUP, YUBIKEY
from scripts.reference.json_live import LIVE
from scripts.reference.json_log import LOG
from scripts.reference.json_sign_ins import LISTED, OF_STATUS, SIGN_INS
from scripts.reference.json_slots import HARDWARE, SLOTS
from scripts.reference.json_sync import SYNC
from scripts.reference.json_types import (
    ALWAYS,
    BOOLEAN,
    KNOWN,
    NUMBER,
    OBJECTS,
    SECONDS,
    TEXT,
    TEXTS,
    TIME,
    Rows,
    one_of,
)

_STORED = "the MFA device's ARN"
_STEPS = one_of("create", "prove", "retire", "drop", "grace", "undo")
_STEP = "the step of a rotation that is not finished; `grace`: the old key is inactive and kept"
_AGED: Rows = {
    "name": (TEXT, ALWAYS, "the entry"),
    "access_key_id": (TEXT, ALWAYS, "its access key"),
    "age_seconds": (SECONDS, ALWAYS, "the key's age"),
    "age_known": (
        BOOLEAN,
        ALWAYS,
        "whether the age is AWS's; otherwise it counts from when the key was stored",
    ),
    "last_used": (TIME, "if AWS tells it", "when AWS last saw the key"),
    "last_service": (TEXT, "with `last_used`", "for which service, such as `s3`"),
}


def _each(of: str, rows: Rows) -> Rows:
    return {f"{of}[].{name}": row for name, row in rows.items()}


# A title begins with the command line.
OUTPUT: dict[str, Rows] = {
    "export PROFILE": {
        "Version": (NUMBER, ALWAYS, "1, as AWS's tools require"),
        "AccessKeyId": (TEXT, ALWAYS, ""),
        "SecretAccessKey": (TEXT, ALWAYS, ""),
        "SessionToken": (TEXT, "for a session", "absent for a long-lived key (`--no-session`)"),
        "Expiration": (TIME, "for a session", "the expiry"),
        "AccountId": (TEXT, KNOWN, "12 digits"),
    },
    "list": {
        "profiles": (OBJECTS, ALWAYS, "the profiles of AWS's files, in their order"),
        **_each(
            "profiles",
            {
                "profile": (TEXT, ALWAYS, "its name"),
                "account": (TEXT, KNOWN, "12 digits"),
                "identity": (
                    TEXT,
                    KNOWN,
                    "the ARN of the role or user; for Identity Center the role's name",
                ),
                "source": (
                    TEXT,
                    "unless `problem`",
                    "the entry, or the type of another source as `explain` has it",
                ),
                "environment": (TEXT, "if the profile sets it", "`awsvault_environment`"),
                "expires": (TIME, "if a session is cached", "the expiry of the session"),
                "problem": (TEXT, "if the profile does not resolve", "what is wrong"),
            },
        ),
        "entries": (OBJECTS, ALWAYS, "the entries of the vault, by name"),
        **_each(
            "entries",
            {
                "name": (TEXT, ALWAYS, ""),
                "access_key_id": (TEXT, ALWAYS, ""),
                "account": (TEXT, KNOWN, "12 digits"),
                "user": (TEXT, KNOWN, "the IAM user's name"),
                "mfa_serial": (TEXT, "if it has an MFA device", _STORED),
                "mfa": (
                    one_of("none", "asked", "strict", "stored"),
                    ALWAYS,
                    "where its codes come from: there is no device; a prompt; a strict seed; a stored seed",
                ),
                "created": (TIME, ALWAYS, "when the key was stored"),
                "rotation": (_STEPS, "during a rotation", _STEP),
                "conflict": (TEXT, "if it waits for an answer", "what happened on two machines"),
            },
        ),
        "waiting": (
            OBJECTS,
            "if the vault has a remote",
            "what waited for your answer at the last sync, also what the vault shows no version of",
        ),
        "waiting[].kind": (one_of("entry", "seed", "strict"), ALWAYS, ""),
        "waiting[].name": (TEXT, ALWAYS, "the entry, or the device's ARN"),
        "waiting[].why": (TEXT, ALWAYS, "what happened"),
    },
    "list --used": {
        "entries": (OBJECTS, ALWAYS, "the entries of the vault, by name"),
        **_each("entries", _AGED),
        "entries[].kept_until": (TIME, "while an old key is kept", "until when"),
        "entries[].trouble": (TEXT, "if AWS did not tell the age", "why"),
    },
    "status": {
        "state": (
            one_of("open", "locked", "held", "none"),
            ALWAYS,
            "the vault is unlocked; it is locked and the agent runs; you locked it with `lock`; no agent runs",
        ),
        "pid": (NUMBER, "if the agent runs", "its process"),
        "opened": (TIME, "if `open`", "when the vault was unlocked"),
        "idle_until": (TIME, "if `open`", "when it locks if it is not used"),
        "until": (TIME, "if `open`", "when it locks in any case"),
        "strict_until": (TIME, "if the strict seeds are unlocked", "when they lock"),
        "warnings": (TEXTS, ALWAYS, ""),
        **HARDWARE,
        "remote": (TEXT, "if there is one, and the cache key is available", "the remote's URL"),
        "last_synced": (TIME, "if the vault has a remote", "when this machine last synced"),
        "waiting": (NUMBER, "if the vault has a remote", "how many items waited for your answer then"),
        "sessions": (OBJECTS, ALWAYS, "the cached sessions"),
        "sessions[].profile": (TEXT, ALWAYS, ""),
        "sessions[].expires": (TIME, ALWAYS, "the expiry"),
        "sessions[].due": (TIME, ALWAYS, "from when on an export refreshes the session first"),
        "sessions[].held": (one_of("agent", "disk"), ALWAYS, "where it is cached"),
        "keys": (OBJECTS, "if the vault unlocks without a prompt", "the entries of the vault, by name"),
        "keys[].name": (TEXT, ALWAYS, "the entry"),
        "keys[].access_key_id": (TEXT, ALWAYS, ""),
        "keys[].created": (TIME, ALWAYS, "when the key was stored"),
        "keys[].rotation": (_STEPS, "during a rotation", _STEP),
        "keys[].kept_until": (TIME, "while an old key is kept", "until when"),
        "given_for_an_hour": (OBJECTS, "with `keys`", "roles' sessions of one hour, for lack of a code"),
        "given_for_an_hour[].profile": (TEXT, ALWAYS, ""),
        "given_for_an_hour[].expires": (TIME, ALWAYS, "the expiry"),
        "given_for_an_hour[].wanted_seconds": (SECONDS, ALWAYS, "the duration that was requested"),
        "sign_ins": OF_STATUS,
        **_each("sign_ins", LISTED),
    },
    "status --policy AGE": {
        "keys": (OBJECTS, ALWAYS, "the entries of the vault, by name"),
        **_each("keys", _AGED),
        "keys[].due": (BOOLEAN, ALWAYS, "whether the key is older than AGE, or its rotation is not finished"),
    },
    "explain PROFILE": {
        "profile": (TEXT, ALWAYS, "its whole name"),
        "region": (TEXT, ALWAYS, ""),
        "chain": (OBJECTS, ALWAYS, "the source first, then each call to STS"),
        "chain[].type": (
            one_of(
                "access-key",
                "process",
                "web-identity",
                "sso",
                "login",
                "named-source",
                "session-token",
                "assume-role",
            ),
            ALWAYS,
            (
                "a key; a `credential_process`; a token's role; Identity Center; `aws login`; `credential_source`; "
                "GetSessionToken; AssumeRole"
            ),
        ),
        "chain[access-key].credential": (TEXT, "for a key in the vault", "the entry"),
        "chain[access-key].file": (TEXT, "for a key in AWS's files", "the file"),
        "chain[access-key].access_key_id": (TEXT, "for a key in AWS's files", ""),
        "chain[process].command": (TEXT, ALWAYS, "as the profile has it"),
        "chain[web-identity].role_arn": (TEXT, ALWAYS, ""),
        "chain[web-identity].token_file": (TEXT, ALWAYS, ""),
        "chain[web-identity].role_session_name": (TEXT, "if set", ""),
        "chain[sso].sso_session": (TEXT, "if set", "the name of the `sso-session` section"),
        "chain[sso].sso_account_id": (TEXT, "if set", "12 digits"),
        "chain[sso].sso_role_name": (TEXT, "if set", ""),
        "chain[login].login_session": (TEXT, ALWAYS, "as the profile has it"),
        "chain[named-source].name": (
            one_of("Environment", "Ec2InstanceMetadata", "EcsContainer"),
            ALWAYS,
            "",
        ),
        "chain[session-token].mfa_serial": (TEXT, "if the key has an MFA device", _STORED),
        "chain[session-token].duration_seconds": (SECONDS, ALWAYS, "the duration of the MFA session"),
        "chain[assume-role].role_arn": (TEXT, ALWAYS, ""),
        "chain[assume-role].role_session_name": (TEXT, "if set", ""),
        "chain[assume-role].external_id": (TEXT, "if set", ""),
        "chain[assume-role].mfa_serial": (TEXT, "if the call has an MFA code", _STORED),
        "chain[assume-role].duration_seconds": (SECONDS, ALWAYS, "the duration of the role session"),
        "chain[assume-role].region": (TEXT, ALWAYS, "where STS is called"),
        "chain[assume-role].policy": (
            TEXT,
            "with `awsvault_policy_file`",
            "the session policy, as it is sent",
        ),
        "chain[assume-role].policy_arns": (
            TEXTS,
            "with `awsvault_policy_arns`",
            "the managed session policies",
        ),
        "warnings": (TEXTS, ALWAYS, "what is wrong with the profile, or has no effect"),
    },
    **LIVE,
    "which ACCOUNT-OR-ARN": {
        "profiles": (OBJECTS, ALWAYS, "the profiles that lead there, by name"),
        "profiles[].profile": (TEXT, ALWAYS, ""),
        "profiles[].account": (TEXT, KNOWN, "12 digits"),
        "profiles[].identity": (
            TEXT,
            KNOWN,
            "the ARN of the role or user; for Identity Center the role's name",
        ),
    },
    "whoami": {
        "profile": (TEXT, "unless the credentials are those of the environment", ""),
        "account": (TEXT, ALWAYS, "12 digits"),
        "arn": (TEXT, ALWAYS, "as GetCallerIdentity returns it"),
        "user_id": (TEXT, ALWAYS, "the unique ID of the user or role"),
        "expires": (TIME, "for a session", "the expiry"),
    },
    "doctor": {
        "findings": (OBJECTS, ALWAYS, "errors, warnings and notes"),
        "findings[].level": (one_of("error", "warning", "note"), ALWAYS, ""),
        "findings[].check": (TEXT, ALWAYS, "the check's name ([doctor](../doctor.md))"),
        "findings[].where": (TEXT, ALWAYS, "a file and line, a folder, a variable or the vault"),
        "findings[].message": (TEXT, ALWAYS, "what was found"),
        "findings[].fix": (TEXT, "unless there is nothing to do", "what to do"),
        "fixed": (TEXTS, "with `--fix`", "the files that were changed or removed"),
        "not_fixed": (TEXTS, "with `--fix`", "the files that another program writes, each with the reason"),
    },
    "serve PROFILE": {
        "profile": (TEXT, ALWAYS, ""),
        "url": (TEXT, ALWAYS, "for AWS_CONTAINER_CREDENTIALS_FULL_URI"),
        "socket": (TEXT, "with `--bind unix:PATH`", "the path of the socket"),
        "token_file": (TEXT, ALWAYS, "for AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
        "pid": (NUMBER, ALWAYS, "the server's process"),
        "ends": (TIME, "with `--for`", "when the server ends"),
    },
    **LOG,
    **SIGN_INS,
    "mfa list": {
        "devices": (OBJECTS, ALWAYS, ""),
        "devices[].serial": (TEXT, ALWAYS, "the device's ARN"),
        "devices[].seed_stored": (BOOLEAN, ALWAYS, "whether the vault has its seed, strict or not"),
        "devices[].strict": (BOOLEAN, ALWAYS, "whether the seed is strict"),
        "devices[].entries": (TEXTS, ALWAYS, "the entries that use it"),
    },
    "mfa code NAME": {
        "serial": (TEXT, ALWAYS, "the device's ARN"),
        "code": (TEXT, ALWAYS, "the digits; a zero may be the first"),
        "expires": (TIME, ALWAYS, "until when AWS accepts it"),
    },
    **SLOTS,
    "restore": {
        "backups": (OBJECTS, ALWAYS, "the automatic backups, the newest first"),
        "backups[].name": (TEXT, ALWAYS, "for `restore NAME`"),
        "backups[].generation": (NUMBER, ALWAYS, "the number of writes to the vault until then"),
        "backups[].written": (TIME, ALWAYS, ""),
        "backups[].opened_by": (TEXTS, ALWAYS, "the kinds of its slots"),
        "backups[].entries": (TEXTS, "if it opens without a prompt", "the names of its entries"),
    },
    "backup FILE": {
        "file": (TEXT, ALWAYS, "the copy's absolute path"),
        "generation": (NUMBER, ALWAYS, "the number of writes to the vault so far"),
        "bytes": (NUMBER, ALWAYS, "the copy's size"),
    },
    "clear PROFILE": {
        "profile": (TEXT, ALWAYS, ""),
        "deleted": (NUMBER, ALWAYS, "the number of cached sessions, on disk and in the agent"),
    },
    "clear": {
        "files": (
            NUMBER,
            ALWAYS,
            "the number of files of the cache that were deleted: sessions and notes about them",
        ),
        "cache_key_replaced": (BOOLEAN, ALWAYS, "whether the vault has a new cache key"),
    },
    **SETUP,
    "import": {
        "applied": (BOOLEAN, ALWAYS, "whether the keys were stored and the files changed"),
        "keys": (OBJECTS, ALWAYS, "the keys that can be imported"),
        "keys[].entry": (TEXT, ALWAYS, "the name of the entry"),
        "keys[].access_key_id": (TEXT, ALWAYS, ""),
        "keys[].account": (TEXT, "if AWS verified the key", "12 digits"),
        "keys[].user": (TEXT, "if AWS verified the key of a user", "the IAM user's name"),
        "keys[].profiles": (TEXTS, ALWAYS, "the profiles that use the key"),
        "keys[].found_in": (TEXTS, ALWAYS, "the files and lines, or another program's store"),
        "keys[].stored": (BOOLEAN, ALWAYS, "whether the vault has the key now"),
        **CHANGES,
    },
    "rotate": {
        "keys": (OBJECTS, ALWAYS, "the entries, in the order in which they were rotated"),
        "keys[].name": (TEXT, ALWAYS, "the entry"),
        "keys[].result": (
            one_of("planned", "unchanged", "rotated", "restored", "deleted", "failed"),
            ALWAYS,
            "`planned` with `--dry-run`; `restored` with `--undo`; `deleted` if only the old key went",
        ),
        "keys[].access_key_id": (TEXT, "unless `failed`", "its access key now"),
        "keys[].age_seconds": (SECONDS, "unless `failed`, `rotated` or `restored`", "the key's age at AWS"),
        "keys[].notes": (TEXTS, ALWAYS, "what else uses the key, and other remarks"),
        "keys[].plan": (TEXT, "if `planned`", "what `rotate` would do"),
        "keys[].replaced": (TEXT, "if `rotated` or `restored`", "the access key that was replaced"),
        "keys[].deleted": (TEXTS, ALWAYS, "the access keys that were deleted at AWS"),
        "keys[].kept_until": (TIME, "if an old key is kept, inactive", "until when"),
        "keys[].waiting": (
            TEXTS,
            ALWAYS,
            "the other machines that have not synced and may still use the old key",
        ),
        "keys[].active_until": (
            TIME,
            "if `waiting` is not empty",
            "until when the old key stays active for them at the latest",
        ),
        "keys[].error": (TEXT, "if `failed`", "what was found"),
        "keys[].hint": (TEXT, "if `failed`", "what to do"),
        "keys[].exit_code": (NUMBER, "if `failed`", "[what it means](exit-codes.md)"),
    },
    "import --undo": IMPORT_UNDONE,
    **ACTIONS,
    **SYNC,
    "mfa add NAME --yubikey ACCOUNT": YUBIKEY,
    "version": {"version": (TEXT, ALWAYS, "such as `0.9.0`")},
}

INPUT: dict[str, Rows] = {
    "add NAME --stdin": {
        "AccessKeyId": (TEXT, ALWAYS, ""),
        "SecretAccessKey": (TEXT, ALWAYS, ""),
        "MfaSerial": (TEXT, "required with `MfaSeed`", _STORED),
        "MfaSeed": (TEXT, "optional", "base32 or an `otpauth://` URL"),
    },
    "mfa add NAME --stdin": {
        "MfaSerial": (TEXT, "optional, if the entry has a device", _STORED),
        "MfaSeed": (TEXT, "optional with `MfaSerial`", "base32 or an `otpauth://` URL"),
    },
}
