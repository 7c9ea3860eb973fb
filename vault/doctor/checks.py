"""The table of checks, and the run over it. docs/doctor.md is made from the table (scripts/make-doctor-docs)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vault.doctor import environment, files, log, process_commands, profiles, vault_checks
from vault.doctor.findings import ORDER, Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vault.doctor.facts import Facts

THEMES = {
    "files": "Files and folders",
    "profiles": "Profiles",
    "environment": "The environment",
    "vault": "The vault, its keys and the agent",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One check. ``why`` is what it costs to leave it, ``mend`` what to do; ``vault``: it needs the vault open."""

    name: str
    theme: str
    run: Callable[[Facts], Iterator[Finding]]
    why: str
    mend: str
    vault: bool = False
    network: bool = False
    fixes: bool = False


CHECKS: tuple[Check, ...] = (
    Check("broken-file", "files", files.broken_files,
          "Each tool takes a broken line in its own way: some fail, some pass over the line or over the whole file.",
          "Correct the line. A file that everybody may write is refused too; --fix closes it.", fixes=True),
    Check("broken-settings", "files", files.broken_settings,
          "A setting that cannot be is refused by every command rather than guessed at.", "Correct it in config.toml."),
    Check("plaintext-keys", "files", files.keys_in_plaintext,
          "Any program that runs as you, and any backup of your home, can read the key; one that is not temporary is good "
          "until somebody deletes it at AWS.",
          "`awsvault-py import` proves the key, stores it in the vault and takes it out of the file. A temporary key stays: "
          "the program that wrote it renews it."),
    Check("plaintext-cache", "files", files.cli_cache,
          "AWS CLI keeps the sessions of roles that it assumes by itself as plain JSON.",
          "--fix removes them. After `awsvault-py setup` the CLI assumes no role by itself, and keeps none.", fixes=True),
    Check("open-aws-files", "files", files.aws_files_open,
          "Whoever can write the configuration can have you run a command; whoever reads the credentials has the keys.",
          "--fix takes the rights of others away.", fixes=True),
    Check("open-vault-files", "files", files.our_files_open,
          "awsvault-py refuses to use a folder of its own that others can open.",
          "If nobody else has used it: --fix takes the rights of others away.", fixes=True),
    Check("git-work-tree", "files", files.git_trees,
          "One `git add .` puts the file into a repository, and its history keeps it.",
          "Name it in .gitignore; a key that was ever committed is to be rotated."),
    Check("read-differently", "files", files.read_differently,
          "AWS's tools have several parsers. Where they disagree, one tool works and the next one does not.",
          "Write the line as all of them read it."),
    Check("unknown-key", "files", files.unknown_keys,
          "A line is read by nobody: a misspelt key, one that is indented and so a part of the line above, one of another "
          "program. What it asks for is not done.", "Correct its name, or start the line at its left edge."),
    Check("keys-before-process", "profiles", profiles.keys_before_process,
          "Tools look for keys in ~/.aws/credentials before they run credential_process, and the SDKs of JavaScript and "
          "Go for those in ~/.aws/config too: they use the old key in plaintext and never call the vault.",
          "`awsvault-py import` moves the key; or remove the lines."),
    Check("role-before-process", "profiles", profiles.role_before_process,
          "A tool that finds role_arn assumes the role by itself: it asks for the MFA code, and keeps the session in "
          "clear.", "--fix, or `awsvault-py setup`, gives these keys the prefix awsvault_.", fixes=True),
    Check("rail-passed-by", "profiles", profiles.rails_passed_by,
          "A guard rail is kept by awsvault-py alone: a tool that gets the credentials by itself asks nobody and shortens "
          "nothing.", "`awsvault-py setup` has tools call awsvault-py for the profile."),
    Check("process-needs-shell", "profiles", process_commands.process_needs_shell,
          "boto3 and the AWS CLI run the command without a shell: ~ and $HOME are then a part of the name.",
          "An absolute path and plain words. --fix writes them where the command is ours.", fixes=True),
    Check("process-by-name", "profiles", process_commands.process_by_name,
          "A program started from the desktop, by cron or by an editor has another PATH than your shell.",
          "An absolute path. --fix writes it where the command is ours.", fixes=True),
    Check("process-missing", "profiles", process_commands.process_missing,
          "The program was moved or removed, so every tool fails with this profile.",
          "--fix writes the path of this program where the command is ours.", fixes=True),
    Check("process-older", "profiles", process_commands.process_older,
          "Two copies of awsvault-py are installed, and tools call the other one.",
          "--fix lets the profile call this one.", fixes=True),
    Check("broken-chain", "profiles", profiles.broken_chain,
          "The profile cannot give credentials: its source is missing, it goes in a circle, a value is impossible.",
          "The message names the line. `awsvault-py explain PROFILE` shows the whole chain."),
    Check("mfa-of-user", "profiles", profiles.mfa_of_user,
          "AWS answers such a serial as if the code were wrong.", "Write the device's ARN, which holds `:mfa/`."),
    Check("device-without-seed", "profiles", profiles.device_without_seed,
          "Tools without a terminal cannot ask for a code, and fail when the session is over.",
          "`awsvault-py mfa add NAME`, if you want the vault to make the codes.", vault=True),
    Check("seed-without-device", "profiles", profiles.seed_without_device,
          "The seed is stored, and nothing asks for its codes.",
          "Name the device in the key's profile, or remove the seed.", vault=True),
    Check("long-chained-role", "profiles", profiles.long_chained_roles,
          "A role that is assumed by a role, or with an MFA session, lasts an hour at most; tools that ask for more get an error.",
          "--fix writes 3600.", fixes=True),
    Check("custom-endpoint", "profiles", profiles.custom_endpoints,
          "Whoever runs it learns key ids and codes; over plain http, so does anybody on the way.",
          "Remove it unless it is yours. Plain http to another machine is refused (allow_http in config.toml)."),
    Check("keys-in-environment", "environment", environment.keys_in_environment,
          "Tools take them before AWS_PROFILE, so the profile that you chose is not the one that is used.", "Unset them."),
    Check("two-profile-variables", "environment", environment.two_profile_variables,
          "Two tools in one shell work in two accounts.", "Unset AWS_DEFAULT_PROFILE."),
    Check("unknown-profile", "environment", environment.unknown_profile,
          "Every tool fails until the variable is right.", "Correct or unset it."),
    Check("passphrase-in-environment", "environment", environment.passphrase_in_environment,
          "Every program that the shell starts can read it, and so open the vault.",
          "Use the agent, a keyring slot, or a passphrase command."),
    Check("clock", "environment", environment.clock,
          "Codes are valid for about a minute and a half, signatures for a quarter of an hour.",
          "Set the clock. Only with --network.", network=True),
    Check("no-vault", "vault", vault_checks.no_vault, "Nothing is kept yet.", "`awsvault-py import`, or `awsvault-py add NAME`."),
    Check("vault-unreadable", "vault", vault_checks.vault_unreadable,
          "The vault is damaged, or an older copy lies in its place.", "`awsvault-py restore` shows the copies there are."),
    Check("one-way-in", "vault", vault_checks.one_way_in,
          "Who forgets the passphrase loses the vault, and makes new keys at AWS.", "A recovery code on paper."),
    Check("no-backup", "vault", vault_checks.no_backup,
          "A lost disk is a lost vault: the automatic copies lie beside it. One from before a renewal opens by the old secrets.",
          "`awsvault-py backup FILE`, on another disk."),
    Check("no-pin", "vault", vault_checks.no_pin,
          "Without a pin an older vault that somebody puts in its place is not noticed, once.",
          "It is kept from the first unlock on; nothing is to be done on your only machine."),
    Check("keyring", "vault", vault_checks.keyring,
          "Without it the vault opens by its passphrase only.", "Start or unlock the desktop's keyring, or use the agent."),
    Check("old-key", "vault", vault_checks.old_keys,
          "The longer a key lives, the more places have seen it. AWS's own advice is 90 days. Counted from the day it came "
          "into the vault; `awsvault-py list --used` asks AWS for its real age.",
          "`awsvault-py rotate` replaces it, safe at every step.", vault=True),
    Check("rotation", "vault", vault_checks.rotations,
          "A rotation that stopped left two keys; one that is done keeps the old key, inactive, for a week.",
          "`awsvault-py rotate --finish`.", vault=True),
    Check("unreadable-log", "vault", log.unreadable_log,
          "`log` cannot show what was handed out before, and `log --verify` fails. A restored backup has an older key; "
          "`restore` carries the log over where a key at hand opens it, and says so before it acts where none does.",
          "If you know of no restore, compare with CloudTrail. The next export starts a new log by itself.", vault=True),
    Check("silent-agent", "vault", vault_checks.silent_agent,
          "Every export waits for an agent that is gone.", "--fix removes the socket; `awsvault-py unlock` starts a new one.",
          fixes=True),
    Check("unreadable-cache", "vault", vault_checks.odd_entries,
          "Each is a call to AWS that need not be.", "--fix removes them; they are made anew.", fixes=True),
)  # fmt: skip


def run(surroundings: Facts, *, network: bool) -> list[Finding]:
    """Every finding, the gravest first; checks that need the vault are named in one note where it is shut."""
    found: list[Finding] = []
    left_out: list[str] = []
    for check in CHECKS:
        if check.network and not network:
            continue
        if check.vault and surroundings.opened is None:
            left_out += [check.name] if surroundings.has_vault else []
            continue
        found += [replace(finding, check=check.name) for finding in check.run(surroundings)]
    if left_out:
        reason = surroundings.why_locked or "it did not open"
        found.append(
            Finding(
                check="left-out",
                level="note",
                where=surroundings.paths.vault,
                message=f"left out, since the vault is shut ({reason}): {', '.join(left_out)}",
                fix="run it again with the vault open without a person: a keyring slot or a passphrase command",
            )
        )
    return sorted(found, key=lambda finding: ORDER.index(finding.level))
