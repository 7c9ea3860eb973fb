"""What scripts/make-reference says about the JSON of commands that change the vault, its entries and devices; json_output.py has
the others.
"""

from __future__ import annotations

from scripts.reference.json_slots import REKEYED
from scripts.reference.json_types import (
    ALWAYS,
    BOOLEAN,
    KNOWN,
    NUMBER,
    OBJECT,
    OBJECTS,
    TEXT,
    TEXTS,
    TIME,
    Rows,
    one_of,
)

_DEVICE = "the MFA device's ARN"
_WARNINGS = {"warnings": (TEXTS, ALWAYS, "")}
_LEFT = "files and keyring items that could not be deleted"

# Commands without --json, each with the reason. A test compares this list with the commands.
WITHOUT = {
    "exec": "CMD has the output",
    "help": "text for the user",
    "pick": "prints a profile name, for scripts",
    "prompt": "prints a line for a shell prompt",
    "completion": "prints code for a shell",
    "shell-init": "prints code for a shell",
    "mfa qr": "shows a secret, only on a terminal",
}

ACTIONS: dict[str, Rows] = {
    "init": {
        "vault": (TEXT, ALWAYS, "the path of the vault"),
        "opened_by": (TEXTS, ALWAYS, "the kinds of its slots"),
        **_WARNINGS,
    },
    "init --from": {
        "vault": (TEXT, ALWAYS, "the path of the vault"),
        "opened_by": (TEXTS, ALWAYS, "the kinds of its slots"),
        "url": (TEXT, "if it has a remote", "the remote"),
        **_WARNINGS,
    },
    "add NAME": {
        "name": (TEXT, ALWAYS, "the entry"),
        "access_key_id": (TEXT, ALWAYS, ""),
        "account": (TEXT, KNOWN, "12 digits"),
        "user": (TEXT, KNOWN, "the IAM user's name"),
        "mfa_serial": (TEXT, "if it has an MFA device", _DEVICE),
        "mfa": (one_of("none", "asked", "strict", "stored"), ALWAYS, "as in `list`"),
        "verified": (BOOLEAN, ALWAYS, "whether AWS accepted the key"),
        "replaced": (BOOLEAN, ALWAYS, "whether it replaced an entry"),
        "vault": (TEXT, "if the vault was created", "its path"),
        "config_file": (TEXT, "unless the profile calls awsvault-py", "where to write `config_lines`"),
        "config_lines": (TEXTS, "with `config_file`", "the profile; nothing was written"),
        **_WARNINGS,
    },
    "remove NAME": {
        "name": (TEXT, ALWAYS, "the entry"),
        "access_key_id": (TEXT, ALWAYS, "its key, which is still valid at AWS"),
        "account": (TEXT, KNOWN, "12 digits"),
        "user": (TEXT, KNOWN, "the IAM user's name"),
        "mfa_serial": (TEXT, "if it had an MFA device", _DEVICE),
        "seed_removed": (BOOLEAN, ALWAYS, "whether the device's seed was removed too"),
    },
    "panic": {
        "keys": (OBJECTS, ALWAYS, "the access keys"),
        "keys[].name": (TEXT, ALWAYS, "the entry"),
        "keys[].access_key_id": (TEXT, ALWAYS, ""),
        "keys[].inactive": (BOOLEAN, ALWAYS, "whether the key is inactive at AWS, or deleted"),
        "keys[].known": (
            BOOLEAN,
            ALWAYS,
            "`false` if AWS does not accept the key: a newer one may have replaced it",
        ),
        "keys[].user": (
            TEXT,
            "unless `known`, if the vault has it",
            "the IAM user who may have the newer key",
        ),
        "keys[].host": (TEXT, "if it is not AWS's own", "the host that answered"),
        "keys[].result": (TEXT, ALWAYS, "what happened"),
        "keys[].error": (TEXT, "unless `inactive`, if the call failed", "what was found"),
        "keys[].hint": (TEXT, "with `error`", "what to do"),
        "keys[].exit_code": (NUMBER, "with `error`", "[what it means](exit-codes.md)"),
        "cached_sessions": (NUMBER, ALWAYS, "how many cached sessions were deleted"),
        "sign_ins": (NUMBER, ALWAYS, "how many sign-ins to IAM Identity Center were deleted"),
        "locked": (BOOLEAN, ALWAYS, "whether the vault is locked"),
        "lock_error": (TEXT, "unless `locked`", "why not"),
        "users": (TEXTS, ALWAYS, "the ARNs of the users of the keys"),
        "policy": (OBJECT, ALWAYS, "an IAM policy for these users and the roles, which ends their sessions"),
    },
    "mfa add NAME": {
        "name": (TEXT, ALWAYS, "the entry"),
        "serial": (TEXT, ALWAYS, "the device's ARN"),
        "mfa": (one_of("asked", "strict", "stored"), ALWAYS, "as in `list`"),
        "verified": (
            BOOLEAN,
            ALWAYS,
            "whether AWS accepted a code of the seed; a seed of `--stdin` is not verified",
        ),
        **_WARNINGS,
    },
    "mfa remove NAME": {
        "serial": (TEXT, ALWAYS, "the device's ARN"),
        "entries": (TEXTS, ALWAYS, "the entries that used it"),
        "seed_removed": (BOOLEAN, ALWAYS, "whether the vault had its seed"),
        "deactivated": (BOOLEAN, ALWAYS, "whether it was deleted at AWS too"),
    },
    "mfa enroll NAME": {
        "name": (TEXT, ALWAYS, "the entry"),
        "serial": (TEXT, ALWAYS, "the ARN of the new device"),
        "resumed": (BOOLEAN, ALWAYS, "whether an interrupted run was continued"),
        "left_at_aws": (TEXT, "if it could not be deleted", "a device of an interrupted run, not enabled"),
        "previous_device_in": (TEXTS, ALWAYS, "the lines of AWS's files that have the previous device"),
    },
    "mfa resync NAME": {
        "serial": (TEXT, ALWAYS, "the device's ARN"),
        "entry": (TEXT, ALWAYS, "the entry whose key called AWS"),
    },
    "unlock": {
        "kept": (BOOLEAN, ALWAYS, "whether the vault stays unlocked; otherwise each command unlocks it"),
        "idle_until": (TIME, "if `kept`", "when it locks if it is not used"),
        "until": (TIME, "if `kept`", "when it locks in any case"),
        "strict_until": (TIME, "with `--strict`, if the agent runs", "when the strict seeds lock"),
        **_WARNINGS,
    },
    "unlock --install-service": {
        "files": (TEXTS, ALWAYS, "the units of systemd that were written"),
        "next": (TEXT, ALWAYS, "the command that starts them"),
    },
    "lock": {
        "locked": (BOOLEAN, ALWAYS, "`false` if there is no vault"),
        "was_unlocked": (BOOLEAN, ALWAYS, "whether an agent had the keys"),
        "ended_servers": (OBJECTS, ALWAYS, "the credentials servers that were ended"),
        "ended_servers[].server": (TEXT, ALWAYS, "its process and command line"),
        "ended_servers[].command_continues": (BOOLEAN, KNOWN, "whether it runs a command, which continues"),
    },
    "passwd": {**REKEYED, **_WARNINGS},
    "passwd --strict": {
        "generation": REKEYED["generation"],
        **{at: row for at, row in REKEYED.items() if at.startswith("removed")},
        "left": (TEXTS, ALWAYS, _LEFT),
        **_WARNINGS,
    },
    "rekey": REKEYED,
    "restore FILE": {
        "vault": (TEXT, ALWAYS, "the path of the vault"),
        "generation": (NUMBER, ALWAYS, "its generation now"),
        "name": (TEXT, ALWAYS, "the backup; with `--accept` alone, the vault itself"),
        "written": (TIME, ALWAYS, "when it was written"),
        "opened_by": (TEXTS, ALWAYS, "the kinds of its slots"),
        "entries": (TEXTS, ALWAYS, "the names of its entries"),
        "outdated": (BOOLEAN, ALWAYS, "whether it is from before a rekey: then run `passwd`"),
        **_WARNINGS,
    },
    "login PROFILE": {
        "profile": (TEXT, "unless `--env` is given", ""),
        "role_arn": (TEXT, "for a role", ""),
        "page": (TEXT, ALWAYS, "the page of the console"),
        "expires": (TIME, KNOWN, "the expiry of the session"),
        "url": (
            TEXT,
            "unless a browser opened it",
            "the sign-in URL. Anyone who has it can sign in for 15 minutes",
        ),
    },
}
