"""`awsvault-py add NAME`: stores an access key, and where given its MFA device and seed."""

from __future__ import annotations

import os
import shutil
import sys

import click

from vault import limits
from vault.cli.command_context import with_context
from vault.cli.exits import PROGRAM
from vault.cli.init import made
from vault.cli.terminal import emit, say
from vault.errors import Usage
from vault.keys import entries, entry_names, key_input, verify
from vault.profiles import aws_files, endpoints
from vault.profiles.source_lookup import own_export
from vault.store import vault
from vault.text import safe
from vault.unlocking.unlock import unlock
from vault.upkeep import create

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.keys.key_input import NewKey
    from vault.keys.verify import Proof

_INPUTS = "--stdin, --env or --from-profile"


@click.command(name="add")
@click.argument("words", metavar="NAME", nargs=-1)
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the key as JSON from stdin.")
@click.option("--env", "from_env", is_flag=True, help="Take AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")
@click.option("--from-profile", metavar="P", help="Take the key of profile P in AWS's files.")
@click.option("--replace", is_flag=True, help="Replace the entry of this name.")
@click.option("--no-verify", is_flag=True, help="Do not ask AWS whether it knows the key.")
@with_context
def command(
    context: Context,
    words: tuple[str, ...],
    *,
    from_stdin: bool,
    from_env: bool,
    from_profile: str | None,
    replace: bool,
    no_verify: bool,
) -> None:
    """Store an access key under NAME, the name of the profile it is for.

    Without an option the key is asked for; what is secret is not shown. --stdin reads
    {"AccessKeyId":"…","SecretAccessKey":"…","MfaSerial":"…","MfaSeed":"…"}, the last two optional, the seed as base32
    or otpauth:// address. AWS is asked whether it knows the key before anything is stored; at a terminal, what it refuses is
    asked for again. Makes the vault where there is none.
    Prints the profile to paste into ~/.aws/config.
    """
    name = _name(words)
    if from_stdin + from_env + (from_profile is not None) > 1:
        raise Usage(f"only one of {_INPUTS} can be given", hint="run: awsvault-py add --help")
    given = _given(context, from_stdin=from_stdin, from_env=from_env, from_profile=from_profile)
    if given is None and not context.interaction.possible():
        raise Usage(
            f"nobody can be asked for the key of {safe(name, limit=60)}: {context.interaction.obstacle()}",
            hint=f"give it by {_INPUTS}",
        )
    opened = chosen = None
    if vault.exists(context.paths):
        opened = unlock(context, purpose=f"to add {name}").opened
        entries.check_free(opened, name, replacing=replace)
    else:
        chosen = create.choose_passphrase(context)

    def prove(key: NewKey) -> Proof:
        return entries.proven(context, name, key, verify=not no_verify)

    # Nothing is written before everything is known, so that a Ctrl-C at any question leaves all as it was.
    if given is not None:
        key, proven = given, prove(given)
    else:
        key, proven = key_input.by_asking(context, name=name, prove=prove)
    if opened is None and chosen is not None:
        opened = made(context, chosen)
    if opened is None:
        raise AssertionError("either there was a vault, or a passphrase was chosen")
    added = entries.store(context, opened, name, key, proven, replacing=replace)
    _tell(name, added, key)
    _show_profile(context, name, added.entry.mfa_serial)


def _name(words: tuple[str, ...]) -> str:
    if any(entry_names.looks_like_key(word) for word in words):
        entry_names.check_name(next(word for word in words if entry_names.looks_like_key(word)))
    if len(words) > 1:
        raise Usage(
            "one name is wanted, and more was given; a key is never an argument, where others can see it",
            hint="run: awsvault-py add NAME, and the key is asked for",
        )
    if not words:
        raise Usage(
            "a name is wanted", hint="run: awsvault-py add NAME, with the name of the AWS profile it is for"
        )
    return entry_names.check_name(words[0])


def _given(context: Context, *, from_stdin: bool, from_env: bool, from_profile: str | None) -> NewKey | None:
    if from_stdin:
        return key_input.from_json(read_stdin())
    if from_env:
        return key_input.from_env(context)
    return key_input.from_profile(context, from_profile) if from_profile is not None else None


def read_stdin() -> bytes:
    """What --stdin brings, one byte more than is allowed at most."""
    if sys.stdin is None:
        return b""
    return sys.stdin.buffer.read(limits.MAX_STDIN + 1)


def _tell(name: str, added: entries.Added, key: NewKey) -> None:
    entry = added.entry
    who = f", {safe(entry.user or 'the root user')} in account {safe(entry.account)}" if entry.account else ""
    say(f"Stored {safe(entry.access_key_id)} as {safe(name)}{who}.")
    if added.proof.unreachable is not None:
        say(f"Warning: AWS could not be asked about this key: {added.proof.unreachable}")
    if entry.account and entry.user is None:
        say("Warning: this is the key of the account's root user. Delete it at AWS, and use an IAM user's.")
    if added.seed_stored:
        say("The MFA seed lies beside the key now: whoever opens this vault holds both factors.")
    if key.warning is not None:
        say(f"Warning: {key.warning}")


def _show_profile(context: Context, name: str, serial: str | None) -> None:
    """The profile to paste, on stdout; where AWS's files have one that calls us, only where it stands."""
    config = aws_files.load(context.env, home=context.paths.home)
    profile = config.profile(name)
    process = profile.own("credential_process") if profile is not None else None
    if profile is not None and process is not None and own_export(profile) is not None:
        say(f"{process.origin} names a credential_process for it already.")
        return
    if profile is None:
        say(f"Paste this into {safe(config.config_path)}:")
    else:
        others = "keys, role and credential_process" if process is not None else "keys and role"
        say(f"Add these lines to the profile at {profile.origin}, and take its {others} out:")
    region = verify.region(context, profile)
    if region is None:  # every tool wants one
        region = endpoints.partition_of_arn(serial or "").region
        say(f"(no region is set, so {region} stands in it: put your own there)")
    emit(entry_names.profile_block(name, command=our_command(context), region=region, mfa_serial=serial))


def our_command(context: Context) -> str:
    """How a config file calls this program: by name where the name leads to it, else by its whole path."""
    running = os.path.abspath(sys.argv[0])
    found = shutil.which(PROGRAM, path=context.env.get("PATH"))
    if found is not None and (os.path.basename(running) != PROGRAM or os.path.samefile(found, running)):
        return PROGRAM
    return running if os.path.basename(running) == PROGRAM else PROGRAM
