"""The table of commands: name → section, module, summary. A literal: no imports, no work.

``--help`` prints its list from this table, so that it imports no command. To fit the list on one screen, it shows only the
names of the least used commands.
"""

from __future__ import annotations

from vault.records import NamedTuple


class CommandRow(NamedTuple):
    """One command. ``target`` is ``module:attribute``; the attribute is a click command.

    If ``brief``, --help shows only its name.
    """

    section: str
    target: str
    summary: str
    brief: bool = False


# In the order in which a user needs them.
SECTIONS = {
    "start": "Getting started",
    "use": "Using credentials",
    "keys": "Keys and devices",
    "vault": "The vault",
    "look": "Status and diagnosis",
    "shell": "Shell integration",
}

# Within a section, the most used command comes first.
COMMANDS: dict[str, CommandRow] = {
    "init": CommandRow(
        "start", "vault.cli.init:command", "Create the vault, protected by a passphrase.", brief=True
    ),
    "add": CommandRow("start", "vault.cli.add:command", "Store an access key under NAME."),
    "import": CommandRow("start", "vault.cli.import_:command", "Move access keys into the vault."),
    "setup": CommandRow(
        "start", "vault.cli.setup:command", "Set up profiles in ~/.aws/config to use the vault."
    ),
    "help": CommandRow("start", "vault.cli.help:command", "Show the help of COMMAND.", brief=True),
    "export": CommandRow("use", "vault.cli.export:command", "Print the credentials of PROFILE (exact name)."),
    "exec": CommandRow("use", "vault.cli.exec_:command", "Run CMD with the credentials of PROFILE."),
    "login": CommandRow(
        "use", "vault.cli.login:command", "Sign in to the AWS console as the role of PROFILE."
    ),
    "sso": CommandRow(
        "use", "vault.cli.sso:command", "Sign in to IAM Identity Center: login, logout, status."
    ),
    "serve": CommandRow(
        "use", "vault.cli.serve:command", "Serve the credentials of PROFILE to other programs.", brief=True
    ),
    "whoami": CommandRow("use", "vault.cli.everyday:whoami", "Show the AWS identity of PROFILE."),
    "clear": CommandRow(
        "use", "vault.cli.clear:command", "Delete the cached sessions of PROFILE, or all of them.", brief=True
    ),
    "list": CommandRow(
        "keys", "vault.cli.everyday:list_", "List the profiles, their sessions, and the entries of the vault."
    ),
    "rotate": CommandRow(
        "keys", "vault.cli.rotate:command", "Replace the access keys of NAMES with new ones."
    ),
    "remove": CommandRow("keys", "vault.cli.remove:command", "Remove the entry NAME.", brief=True),
    "mfa": CommandRow("keys", "vault.cli.mfa:command", "Manage MFA devices: seeds, codes, enrollment."),
    "otp": CommandRow("keys", "vault.cli.mfa:code", "Print an MFA code (short for mfa code).", brief=True),
    "panic": CommandRow(
        "keys",
        "vault.cli.panic:command",
        "Deactivate all keys of the vault at AWS, and delete all cached sessions.",
        brief=True,
    ),
    "unlock": CommandRow(
        "vault", "vault.cli.unlock:command", "Unlock the vault and let the agent keep it unlocked."
    ),
    "lock": CommandRow("vault", "vault.cli.lock:command", "Lock the vault until you unlock it."),
    "passwd": CommandRow("vault", "vault.cli.passwd:command", "Change the passphrase.", brief=True),
    "sync": CommandRow("vault", "vault.cli.sync:command", "Sync the vault with your other machines."),
    "remote": CommandRow(
        "vault",
        "vault.cli.remote:command",
        "Share the vault with your other machines, through a bucket of S3.",
        brief=True,
    ),
    "slots": CommandRow(
        "vault", "vault.cli.slots:command", "List, add, or remove ways to unlock the vault.", brief=True
    ),
    "rekey": CommandRow("vault", "vault.cli.rekey:command", "Replace the vault's master keys.", brief=True),
    "backup": CommandRow(
        "vault", "vault.cli.backup:command", "Back up the vault to FILE, or print a recovery sheet."
    ),
    "restore": CommandRow(
        "vault", "vault.cli.restore:command", "List the automatic backups, or restore a backup.", brief=True
    ),
    "status": CommandRow(
        "look",
        "vault.cli.everyday:status",
        "Show whether the vault is unlocked, and which sessions are cached.",
    ),
    "explain": CommandRow(
        "look", "vault.cli.everyday:explain", "Show how PROFILE gets its credentials, step by step."
    ),
    "which": CommandRow(
        "look", "vault.cli.which:command", "Find the profiles for an account, user or role.", brief=True
    ),
    "doctor": CommandRow("look", "vault.cli.doctor:command", "Check for problems, and fix them."),
    "log": CommandRow(
        "look", "vault.cli.everyday:log", "Show which credentials were issued, when, and to which program."
    ),
    "shell-init": CommandRow(
        "shell",
        "vault.cli.shell_init:command",
        "Print the SHELL integration: completion, prompt, profile switch.",
    ),
    "pick": CommandRow("shell", "vault.cli.pick:command", "Choose a profile from a list and print its name."),
    "prompt": CommandRow(
        "shell",
        "vault.cli.prompt:command",
        "Print the profile and when its session expires, for a shell prompt.",
        brief=True,
    ),
    "completion": CommandRow(
        "shell", "vault.cli.completion:command", "Print a completion script for SHELL.", brief=True
    ),
}

# Other names of commands, which --help does not list. ALIAS_OPTIONS has the options that some of them add.
ALIASES = {
    "ls": "list",
    "rm": "remove",
    "delete": "remove",
    "console": "login",
    "env": "export",
    "shell": "exec",
}
ALIAS_OPTIONS = {"env": ("--format", "env")}
