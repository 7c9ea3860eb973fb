"""The table of checks, and the run over it. docs/doctor.md is made from the table (scripts/make-doctor-docs)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vault.doctor import (
    aws_vault_variables,
    chain_checks,
    environment_checks,
    file_checks,
    hardware_checks,
    log_checks,
    machine_checks,
    process_checks,
    profile_checks,
    sign_in_checks,
    vault_checks,
)
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
    """One check. ``why`` says what happens if the user does nothing, ``advice`` says what to do.

    ``vault``: needs the unlocked vault. ``network``: runs only with --network. ``fixable``: --fix can fix it.
    """

    name: str
    theme: str
    run: Callable[[Facts], Iterator[Finding]]
    why: str
    advice: str
    vault: bool = False
    network: bool = False
    fixable: bool = False


CHECKS: tuple[Check, ...] = (
    Check("broken-file", "files", file_checks.broken_files,
          "Each tool treats a broken line in its own way: some fail, some ignore the line or the whole file.",
          "Correct the line. awsvault-py also refuses a file that every user can change; --fix removes their rights.",
          fixable=True),
    Check("broken-settings", "files", file_checks.broken_settings,
          "No command runs with a wrong setting.", "Correct it in config.toml or in the variable."),
    Check("plaintext-keys", "files", file_checks.keys_in_plaintext,
          "Any program that runs as you, and any backup of your home folder, can read the key. Unless it is temporary, it "
          "works until someone deletes it at AWS.",
          "`awsvault-py import` verifies the key, stores it in the vault and removes it from the file. It leaves a temporary "
          "key in place, because the program that wrote the key refreshes it."),
    Check("plaintext-cache", "files", file_checks.cli_cache,
          "The AWS CLI stores the sessions of roles that it assumes as plaintext JSON.",
          "--fix removes them. After `awsvault-py setup`, the CLI no longer assumes roles itself and stores no sessions.",
          fixable=True),
    Check("plaintext-sign-in", "files", sign_in_checks.plaintext_token,
          "Any program that runs as you can read the token, and get the credentials of each of your accounts and roles with it.",
          "`aws sso logout` ends the AWS CLI's sign-in and removes its tokens. If the AWS CLI signs in again for a profile, "
          "`awsvault-py setup` makes it call awsvault-py.", vault=True),
    Check("open-aws-files", "files", file_checks.aws_files_open,
          "Anyone who can change the configuration can make you run a command. Anyone who can read the credentials file has "
          "your keys.",
          "--fix removes the rights of other users.", fixable=True),
    Check("open-vault-files", "files", file_checks.vault_files_open,
          "awsvault-py refuses to use its own folders if other users can open them.",
          "If nobody else has used the folder, let --fix remove the rights of other users.", fixable=True),
    Check("git-work-tree", "files", file_checks.git_trees,
          "One `git add .` commits the file, and the history keeps it.",
          "Add it to .gitignore. Rotate a key that was ever committed."),
    Check("read-differently", "files", file_checks.read_differently,
          "AWS's tools have different parsers. Where these disagree, one tool works and another does not.",
          "Write the line so that all tools read it the same way."),
    Check("unknown-key", "files", file_checks.unknown_keys,
          "The line has no effect.", "Correct the name of the key, or remove the indentation."),
    Check("keys-before-process", "profiles", profile_checks.keys_before_process,
          "Tools look for keys in ~/.aws/credentials before they run credential_process; the SDKs for JavaScript and Go "
          "also look in ~/.aws/config. They use the old plaintext key and never call the vault.",
          "`awsvault-py import` moves the key. Or remove the lines."),
    Check("role-before-process", "profiles", profile_checks.role_before_process,
          "A tool that finds role_arn assumes the role itself: it asks for the MFA code and stores the session in "
          "plaintext. A tool that finds the keys of IAM Identity Center looks for a token of its own.", "--fix or `awsvault-py setup` adds the prefix awsvault_ to these keys.", fixable=True),
    Check("rail-passed-by", "profiles", profile_checks.guard_rails_bypassed,
          "Only awsvault-py applies guard rails. A tool that gets the credentials itself does not ask for confirmation and "
          "does not shorten sessions.", "`awsvault-py setup` makes tools call awsvault-py for the profile."),
    Check("process-needs-shell", "profiles", process_checks.process_needs_shell,
          "Without a shell, ~ and $HOME are taken literally.",
          "Use an absolute path and plain words. --fix writes them if the command calls awsvault-py.", fixable=True),
    Check("process-by-name", "profiles", process_checks.process_by_name,
          "A program started by the desktop, cron or an editor has a different PATH than your shell.",
          "Use an absolute path. --fix writes it if the command calls awsvault-py.", fixable=True),
    Check("process-missing", "profiles", process_checks.process_missing,
          "The program was moved or removed, so every tool fails with this profile.",
          "--fix writes the path of this program if the command calls awsvault-py.", fixable=True),
    Check("process-older", "profiles", process_checks.process_older,
          "Two copies of awsvault-py are installed, and tools call the other one.",
          "--fix makes the profile call this one.", fixable=True),
    Check("broken-chain", "profiles", chain_checks.broken_chain,
          "Every command and tool fails with this profile.",
          "The message names the line. `awsvault-py explain PROFILE` shows the whole chain."),
    Check("mfa-of-user", "profiles", chain_checks.mfa_of_user,
          "AWS refuses every code, as if the code were wrong.", "Use the device's ARN, which contains `:mfa/`."),
    Check("device-without-seed", "profiles", chain_checks.device_without_seed,
          "Tools without a terminal cannot ask for a code, and fail when the session expires.",
          "Run `awsvault-py mfa add NAME` if you want the vault to compute the codes.", vault=True),
    Check("program-without-device", "profiles", chain_checks.program_without_device,
          "The key's sessions are without MFA, and roles that demand MFA refuse them.",
          "Name the device in the key's profile, or remove mfa_process.", vault=True),
    Check("seed-without-device", "profiles", chain_checks.seed_without_device,
          "Nothing uses the seed.", "Name the device in the key's profile, or remove the seed.", vault=True),
    Check("long-chained-role", "profiles", chain_checks.long_chained_roles,
          "AWS limits such a session to one hour; a tool that requests more gets an error.",
          "--fix writes 3600.", fixable=True),
    Check("custom-endpoint", "profiles", chain_checks.custom_endpoints,
          "Its operator sees key IDs and MFA codes. Over plain http, so does anyone on the network.",
          "Remove it unless it is yours. awsvault-py refuses plain http to another machine, unless allow_http in "
          "config.toml lists it."),
    Check("signed-out", "profiles", sign_in_checks.signed_out,
          "Tools without a terminal fail with the profiles of this sign-in. At a terminal, `exec` and `login` offer to sign in.",
          "Run the command that the finding names.", vault=True),
    Check("keys-in-environment", "environment", environment_checks.keys_in_environment,
          "They take precedence over AWS_PROFILE, so tools do not use the profile that you chose.", "Unset them."),
    Check("two-profile-variables", "environment", environment_checks.two_profile_variables,
          "Two tools in the same shell may work in different accounts.", "Unset AWS_DEFAULT_PROFILE."),
    Check("unknown-profile", "environment", environment_checks.unknown_profile,
          "Every tool fails until you correct the variable.", "Correct or unset it."),
    Check("passphrase-in-environment", "environment", environment_checks.passphrase_in_environment,
          "Every program that the shell starts can read it, and can then unlock the vault.",
          "Use the agent, a keyring slot or a passphrase command."),
    Check("aws-vault-variable", "environment", aws_vault_variables.unread_variables,
          "The variable has no effect on awsvault-py: what it changed in aws-vault, such as the TTL of sessions, has its default.",
          "Do what the finding says, and unset the variable if no other program reads it."),
    Check("clock", "environment", environment_checks.clock,
          "MFA codes are valid for about 90 seconds, signatures for 15 minutes.", "Set the clock.", network=True),
    Check("no-vault", "vault", vault_checks.no_vault,
          "No key is stored yet.", "Run `awsvault-py import` or `awsvault-py add NAME`."),
    Check("vault-unreadable", "vault", vault_checks.vault_unreadable,
          "No key can be used.", "`awsvault-py restore` shows the available backups."),
    Check("one-way-in", "vault", vault_checks.one_way_in,
          "If you forget or lose it, you lose the vault and have to create new keys at AWS.", "Add a recovery code on paper."),
    Check("no-backup", "vault", vault_checks.no_backup,
          "If you lose the disk, you lose the vault: the automatic backups are on the same disk. A backup from before a "
          "rekey unlocks with the old secrets.",
          "Run `awsvault-py backup FILE`, with a file on another disk."),
    Check("no-pin", "vault", vault_checks.no_pin,
          "Without a pin, awsvault-py would not notice if the vault were replaced with an older copy now.",
          "The first unlock creates the pin. If this is your only machine, there is nothing to do."),
    Check("keyring", "vault", vault_checks.keyring,
          "Without it, only the passphrase unlocks the vault.", "Start or unlock the desktop's keyring, or use the agent."),
    Check("hardware-slot", "vault", hardware_checks.slot_fails,
          "This way to unlock the vault does not work; with a TPM, programs that run without you cannot unlock it. Nothing is "
          "lost: the passphrase still unlocks it, and so does a recovery code.",
          "Do what the finding says. If the device is gone for good, remove its slot."),
    Check("tpm-lockout", "vault", hardware_checks.tpm_lockout,
          "Other programs cannot use their keys in the TPM for some time. The vault's slot is not subject to that.",
          "Find the program that has the wrong PIN."),
    Check("old-key", "vault", vault_checks.old_keys,
          "The older a key is, the more places it may have leaked to. AWS recommends rotation after 90 days. The age counts "
          "from the day the key was stored; `awsvault-py list --used` asks AWS for its real age.",
          "`awsvault-py rotate` replaces it. You can interrupt it at any step.", vault=True),
    Check("rotation", "vault", vault_checks.rotations,
          "An interrupted rotation leaves two keys. A complete rotation keeps the old key, inactive, for a week; before that, the old "
          "key stays active until all machines that share the vault have synced.",
          "Run the command that the finding names.", vault=True),
    Check("old-sync", "vault", machine_checks.old_sync,
          "This machine may use a key that another one has replaced: AWS refuses it from seven days after the rotation on. And the "
          "other machines lack this machine's edits.",
          "Run `awsvault-py sync`. A machine that you no longer use leaves with `awsvault-py remote remove`."),
    Check("sync-conflict", "vault", machine_checks.waiting,
          "Each machine goes on with the version that it had, or with none, until you choose.",
          "Run `awsvault-py sync`, which shows the versions and asks."),
    Check("unsent-edit", "vault", machine_checks.unsent,
          "The other machines do not have the edit, and it is lost with this machine.", "Run `awsvault-py sync`.", vault=True),
    Check("remote-profile", "vault", machine_checks.profile_missing,
          "`awsvault-py sync` fails, unless there are credentials in the environment.",
          "Create the profile in ~/.aws/config, or add the remote again with another one.", vault=True),
    Check("remote-key", "vault", machine_checks.key_rotating,
          "If the old key is deleted before another machine has the new one, that machine cannot read the bucket.",
          "Finish the rotation and sync all machines. A machine that is locked out syncs once with other credentials in the "
          "environment.", vault=True),
    Check("unreadable-log", "vault", log_checks.unreadable_log,
          "`log` cannot show earlier records, and `log --verify` fails. A restored backup has an older log "
          "key: `restore` keeps the log if it has a key that can decrypt it, and otherwise warns you before it changes anything.",
          "If nobody restored a backup, compare with CloudTrail. The next export starts a new log.", vault=True),
    Check("silent-agent", "vault", vault_checks.silent_agent,
          "Every export waits for an agent that does not answer.", "--fix removes the socket; `awsvault-py unlock` starts a new agent.",
          fixable=True),
    Check("unreadable-cache", "vault", vault_checks.unreadable_sessions,
          "Each one costs a call to AWS.", "--fix removes them; awsvault-py fetches new ones.", fixable=True),
)  # fmt: skip


def run(facts: Facts, *, network: bool) -> list[Finding]:
    """Run the checks and return all findings, the worst first. If the vault is locked, a note names the skipped checks."""
    found: list[Finding] = []
    skipped: list[str] = []
    for check in CHECKS:
        if check.network and not network:
            continue
        if check.vault and facts.opened is None:
            skipped += [check.name] if facts.has_vault else []
            continue
        found += [replace(finding, check=check.name) for finding in check.run(facts)]
    if skipped:
        locked = not (facts.failed_sources or facts.vault_error or facts.settings_error)
        reason = "these checks need the passphrase" if locked else _why_closed(facts)
        found.append(
            Finding(
                check="left-out",
                level="note",
                where=facts.paths.vault,
                message=f"not checked, because {reason}: {', '.join(skipped)}",
                hint="AWSVAULT_PASSPHRASE_FILE=FILE awsvault-py doctor"
                if locked
                else "correct that, then run doctor again",
            )
        )
    return sorted(found, key=lambda finding: ORDER.index(finding.level))


def _why_closed(facts: Facts) -> str:
    """Why the vault did not open, if more than a passphrase is missing."""
    if facts.failed_sources:
        return f"the vault did not open: {', '.join(facts.failed_sources)}"
    return f"the vault did not open: {facts.why_locked or 'it is locked'}"
