"""The table of commands: name → section, where it lives, one line about it. A literal: no imports, no work.

The list that ``--help`` prints comes from here, so that no command has to be imported to be named.
"""

from __future__ import annotations

from typing import NamedTuple


class CommandRow(NamedTuple):
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
COMMANDS: dict[str, CommandRow] = {
    "init": CommandRow("start", "vault.cli.init:command", "Make the vault, opened by a passphrase."),
    "add": CommandRow("start", "vault.cli.add:command", "Store an access key under NAME."),
    "import": CommandRow("start", "vault.cli.import_:command", "Move access keys into the vault."),
    "setup": CommandRow("start", "vault.cli.setup:command", "Let profiles of ~/.aws/config call the vault."),
    "export": CommandRow(
        "use", "vault.cli.export:command", "Print the credentials of PROFILE, an exact name."
    ),
    "exec": CommandRow(
        "use", "vault.cli.exec_:command", "Run CMD with the credentials of PROFILE in its environment."
    ),
    "login": CommandRow("use", "vault.cli.login:command", "Open the AWS console as the role of PROFILE."),
    "whoami": CommandRow("use", "vault.cli.whoami:command", "Ask AWS who PROFILE is."),
    "clear": CommandRow("use", "vault.cli.clear:command", "Forget the cached sessions of PROFILE, or all."),
    "list": CommandRow(
        "keys", "vault.cli.list:command", "The profiles, their sessions, and the entries of the vault."
    ),
    "rotate": CommandRow("keys", "vault.cli.rotate:command", "Replace the access keys of NAMES by new ones."),
    "remove": CommandRow("keys", "vault.cli.remove:command", "Forget the entry NAME."),
    "mfa": CommandRow(
        "keys", "vault.cli.mfa:command", "MFA devices: store a seed, get a code, list, remove."
    ),
    "otp": CommandRow("keys", "vault.cli.mfa:code", "Print an MFA code; short for mfa code."),
    "panic": CommandRow(
        "keys",
        "vault.cli.panic:command",
        "Make every key of the vault inactive at AWS, and forget all sessions here.",
    ),
    "unlock": CommandRow(
        "vault", "vault.cli.unlock:command", "Open the vault and let the agent keep it open."
    ),
    "lock": CommandRow("vault", "vault.cli.lock:command", "Close the vault until a person opens it."),
    "passwd": CommandRow("vault", "vault.cli.passwd:command", "Change the passphrase."),
    "slots": CommandRow("vault", "vault.cli.slots:command", "The ways to open the vault: list, add, remove."),
    "rekey": CommandRow("vault", "vault.cli.rekey:command", "Renew the vault's master keys."),
    "backup": CommandRow(
        "vault", "vault.cli.backup:command", "Copy the vault to FILE, or print the sheet for its loss."
    ),
    "restore": CommandRow(
        "vault", "vault.cli.restore:command", "Show the automatic backups, or put a backup in place."
    ),
    "status": CommandRow(
        "look", "vault.cli.status:command", "What is open, until when, and which sessions are warm."
    ),
    "explain": CommandRow(
        "look", "vault.cli.explain:command", "Show how PROFILE gets its credentials, and what other tools do."
    ),
    "which": CommandRow("look", "vault.cli.which:command", "The profiles that lead to ACCOUNT-OR-ARN."),
    "doctor": CommandRow("look", "vault.cli.doctor:command", "Look for what is wrong, and mend it."),
    "log": CommandRow(
        "look", "vault.cli.log:command", "What was handed out: when, which profile and role, and who asked."
    ),
    "shell-init": CommandRow(
        "shell",
        "vault.cli.shell_init:command",
        "Print completion, prompt and a switch of profiles for SHELL.",
    ),
    "pick": CommandRow(
        "shell", "vault.cli.pick:command", "Choose a profile from a list, and print its name."
    ),
    "prompt": CommandRow(
        "shell", "vault.cli.prompt:command", "Print the profile and its time left, for a prompt."
    ),
    "completion": CommandRow("shell", "vault.cli.completion:command", "Print a completion script for SHELL."),
}

ALIASES = {"ls": "list", "rm": "remove"}
