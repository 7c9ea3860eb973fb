"""The table of commands: name → section, where it lives, one line about it. A literal: no imports, no work.

The list that ``--help`` prints comes from here, so that no command has to be imported to be named.
"""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One command. ``target`` is ``module:attribute``; the attribute is a click command."""

    section: str
    target: str
    summary: str


# Sections in the order in which a person meets them.
SECTIONS = {
    "start": "Getting started",
    "use": "Using credentials",
    "keys": "Keys and devices",
    "vault": "The vault",
    "look": "Looking closer",
    "shell": "In a shell",
}

# Within a section what is reached for most comes first.
COMMANDS: dict[str, Row] = {
    "init": Row("start", "vault.cli.init:command", "Make the vault, opened by a passphrase."),
    "add": Row("start", "vault.cli.add:command", "Store an access key under NAME."),
    "import": Row("start", "vault.cli.import_:command", "Move access keys into the vault."),
    "setup": Row("start", "vault.cli.setup:command", "Let profiles of ~/.aws/config call the vault."),
    "export": Row("use", "vault.cli.export:command", "Print the credentials of PROFILE, an exact name."),
    "exec": Row(
        "use", "vault.cli.exec_:command", "Run CMD with the credentials of PROFILE in its environment."
    ),
    "login": Row("use", "vault.cli.login:command", "Open the AWS console as the role of PROFILE."),
    "whoami": Row("use", "vault.cli.whoami:command", "Ask AWS who PROFILE is."),
    "clear": Row("use", "vault.cli.clear:command", "Forget the cached sessions of PROFILE, or all."),
    "list": Row(
        "keys", "vault.cli.list:command", "The profiles, their sessions, and the entries of the vault."
    ),
    "rotate": Row("keys", "vault.cli.rotate:command", "Replace the access keys of NAMES by new ones."),
    "remove": Row("keys", "vault.cli.remove:command", "Forget the entry NAME."),
    "mfa": Row("keys", "vault.cli.mfa:command", "MFA devices: store a seed, get a code, list, remove."),
    "otp": Row("keys", "vault.cli.mfa:code", "Print an MFA code; short for mfa code."),
    "panic": Row(
        "keys",
        "vault.cli.panic:command",
        "Make every key of the vault inactive at AWS, and forget all sessions here.",
    ),
    "unlock": Row("vault", "vault.cli.unlock:command", "Open the vault and let the agent keep it open."),
    "lock": Row("vault", "vault.cli.lock:command", "Close the vault until a person opens it."),
    "passwd": Row("vault", "vault.cli.passwd:command", "Change the passphrase."),
    "slots": Row("vault", "vault.cli.slots:command", "The ways to open the vault: list, add, remove."),
    "rekey": Row("vault", "vault.cli.rekey:command", "Renew the vault's master keys."),
    "backup": Row(
        "vault", "vault.cli.backup:command", "Copy the vault to FILE, or print the sheet for its loss."
    ),
    "restore": Row(
        "vault", "vault.cli.restore:command", "Show the automatic backups, or put a backup in place."
    ),
    "status": Row(
        "look", "vault.cli.status:command", "What is open, until when, and which sessions are warm."
    ),
    "explain": Row(
        "look", "vault.cli.explain:command", "Show how PROFILE gets its credentials, and what other tools do."
    ),
    "which": Row("look", "vault.cli.which:command", "The profiles that lead to ACCOUNT-OR-ARN."),
    "doctor": Row("look", "vault.cli.doctor:command", "Look for what is wrong, and mend it."),
    "log": Row(
        "look", "vault.cli.log:command", "What was handed out: when, which profile and role, and who asked."
    ),
    "shell-init": Row(
        "shell",
        "vault.cli.shell_init:command",
        "Print completion, prompt and a switch of profiles for SHELL.",
    ),
    "pick": Row("shell", "vault.cli.pick:command", "Choose a profile from a list, and print its name."),
    "prompt": Row("shell", "vault.cli.prompt:command", "Print the profile and its time left, for a prompt."),
    "completion": Row("shell", "vault.cli.completion:command", "Print a completion script for SHELL."),
}

ALIASES = {"ls": "list", "rm": "remove"}
