"""`awsvault-py add NAME`: stores an access key, with its MFA device and seed if given."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager

import click

from vault import limits
from vault.cli import profile_offer, shared_options
from vault.cli.command_context import with_context
from vault.cli.exits import PROGRAM
from vault.cli.init import create_and_report
from vault.cli.result import line_printer, report_result
from vault.cli.terminal import say
from vault.errors import Usage
from vault.keys import entries, entry_names, key_input, key_prompts, service_endpoints
from vault.keys.seed_proof import SeedProver
from vault.profiles import aws_files, endpoints
from vault.profiles.source_lookup import own_export
from vault.store import vault
from vault.system.front import command_path
from vault.text import safe
from vault.unlocking import inventory
from vault.unlocking.unlock import unlock
from vault.upkeep import create

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.context import Context
    from vault.keys.key_input import NewKey
    from vault.keys.verify import Verification

_INPUTS = "--stdin, --env or --from-profile"


@click.command(name="add")
@click.argument("words", metavar="NAME", nargs=-1)
@click.option(
    "--stdin", "from_stdin", is_flag=True, help="Read the key as JSON from stdin (docs/reference/json.md)."
)
@click.option(
    "--env", "from_env", is_flag=True, help="Read the key from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
)
@click.option("--from-profile", metavar="P", help="Read the key from profile P in AWS's files.")
@click.option("--replace", is_flag=True, help="Replace the entry with this name.")
@click.option("--no-verify", is_flag=True, help="Do not verify the key with AWS.")
@shared_options.as_json
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
    as_json: bool,
) -> None:
    """Store an access key under NAME, the name of the profile that uses it.

    Without an option, add prompts for the key and hides its secret. It verifies the key with AWS before it stores it, and a
    typed MFA seed with one of its codes. If AWS refuses one, add prompts again.

    Creates the vault if there is none. At a terminal, add asks for the ARNs of the roles that the key assumes, and offers to
    write the profiles to ~/.aws/config. Otherwise it prints the key's profile to paste there.
    """
    name = _name(words)
    if from_stdin + from_env + (from_profile is not None) > 1:
        raise Usage(f"give only one of {_INPUTS}", hint="run: awsvault-py add --help")
    given = _given(context, from_stdin=from_stdin, from_env=from_env, from_profile=from_profile)
    if given is None and not context.interaction.possible():
        raise Usage(
            f"cannot prompt for the key of {safe(name, limit=60)}: {context.interaction.obstacle()}",
            hint=f"use {_INPUTS}",
        )
    opened = chosen = None

    def verify(key: NewKey) -> Verification:
        return entries.verify_key(context, name, key, ask_aws=not no_verify)

    with _nothing_stored():
        if vault.exists(context.paths):
            opened = unlock(context, purpose=f"to add {name}").opened
            entries.check_name_is_free(opened, name, replacing=replace)
        else:
            chosen = create.choose_passphrase(context)
        old = opened.payload.entries.get(name) if opened is not None else None
        prover = SeedProver(context, name, opened)
        if given is not None:
            key, found = given, verify(given)
        else:
            key, found = key_prompts.ask_key(
                context,
                name=name,
                verify=verify,
                prove=prover.prove,
                kept_serial=lambda found: entries.kept_serial(found, old),
            )
    if opened is None and chosen is not None:
        opened = create_and_report(context, chosen)
    if opened is None:
        raise AssertionError("either there was a vault, or a passphrase was chosen")
    added = entries.store(context, opened, name, key, found, replacing=replace)
    if key.seed is not None and key.mfa_serial is not None:
        prover.mark(added.opened, key.mfa_serial, key.seed)
    warnings = _warnings(added, key, unproved=prover.proof.unproved if prover.proof is not None else "")
    _tell(name, added, warnings)
    lines = _finish(context, name, added, prover, offering=given is None, as_json=as_json)
    created = {"vault": context.paths.vault if chosen is not None else None}
    found_out = {**created, **lines, "warnings": [*create.warnings_of(chosen), *warnings]}
    report_result({**_fields(name, added), "replaced": old is not None, **found_out}, as_json=as_json)


@contextmanager
def _nothing_stored() -> Iterator[None]:
    """Say that nothing was stored if the user interrupts. Nothing is, until every prompt is answered."""
    try:
        yield
    except KeyboardInterrupt:
        say("Nothing was stored.")
        raise


def _finish(
    context: Context,
    name: str,
    added: entries.AddedEntry,
    prover: SeedProver,
    *,
    offering: bool,
    as_json: bool,
) -> dict[str, object]:
    """At a terminal, offer to write the profiles; otherwise print the key's profile, and return what --json says of it.

    If the seed was verified, cache the session that this gave.
    """
    serial, profiles, lines = added.entry.mfa_serial, [name], {}
    if offering and not as_json and profile_offer.possible(context):
        profiles += profile_offer.offer(context, name, serial, entries=added.opened.payload.entries.keys())
    else:
        lines = _show_profile(context, name, serial, as_json=as_json)
    if serial is not None:
        prover.keep(added.opened, serial, profiles)
    return lines


def _fields(name: str, added: entries.AddedEntry) -> dict[str, object]:
    contents = inventory.of(added.opened.payload)
    entry = contents.entry(name)
    return {
        "name": name,
        "access_key_id": entry.access_key_id,
        "account": entry.account,
        "user": entry.user,
        "mfa_serial": entry.mfa_serial,
        "mfa": contents.mfa_mode(entry),
        "verified": added.verification.identity is not None,
    }


def _name(words: tuple[str, ...]) -> str:
    if any(entry_names.looks_like_key(word) for word in words):
        entry_names.check_name(next(word for word in words if entry_names.looks_like_key(word)))
    if len(words) > 1:
        raise Usage(
            "add takes one NAME; never give a key as an argument, where other users can see it",
            hint="run: awsvault-py add NAME, which prompts for the key",
        )
    if not words:
        raise Usage(
            "NAME is missing",
            hint="run: awsvault-py add NAME, where NAME is the AWS profile that uses the key",
        )
    return entry_names.check_name(words[0])


def _given(context: Context, *, from_stdin: bool, from_env: bool, from_profile: str | None) -> NewKey | None:
    if from_stdin:
        return key_input.from_json(read_stdin())
    if from_env:
        return key_input.from_env(context)
    return key_input.from_profile(context, from_profile) if from_profile is not None else None


def read_stdin() -> bytes:
    """Read stdin for --stdin, up to one byte over the limit, so that the parser can tell that it is too long."""
    if sys.stdin is None:
        return b""
    return sys.stdin.buffer.read(limits.MAX_STDIN + 1)


def _warnings(added: entries.AddedEntry, key: NewKey, *, unproved: str) -> list[str]:
    found, entry = [], added.entry
    if added.verification.unreachable is not None:
        found.append(f"this key could not be verified with AWS: {added.verification.unreachable}")
    if entry.account and entry.user is None:
        found.append(
            "this is an access key of the account's root user. Delete it at AWS and use an IAM user's key instead."
        )
    if unproved:
        found.append(f"the MFA seed could not be verified with AWS: {unproved}")
    return [*found, key.warning] if key.warning is not None else found


def _tell(name: str, added: entries.AddedEntry, warnings: list[str]) -> None:
    entry = added.entry
    who = f", {safe(entry.user or 'the root user')} in account {safe(entry.account)}" if entry.account else ""
    say(f"Stored {safe(entry.access_key_id)} as {safe(name)}{who}.")
    if added.seed_stored:
        say("The MFA seed is stored with the key: anyone who unlocks this vault has both factors.")
    for warning in warnings:
        say(f"Warning: {warning}")


def _show_profile(context: Context, name: str, serial: str | None, *, as_json: bool) -> dict[str, object]:
    """Print the profile to paste, and return it as --json has it.

    If AWS's files already have one that calls awsvault-py, only say where it is.
    """
    config = aws_files.load(context.env, home=context.paths.home)
    profile = config.profile(name)
    process = profile.own("credential_process") if profile is not None else None
    if profile is not None and process is not None and own_export(profile) is not None:
        say(f"The profile already calls awsvault-py ({process.origin}).")
        return {}
    if profile is None:
        say(f"Paste this into {safe(config.config_path)}:")
    else:
        others = "keys, role and credential_process" if process is not None else "keys and role"
        say(f"Add these lines to the profile at {profile.origin}, and remove its {others}:")
    region = service_endpoints.chosen_region(context, profile)
    if region is None:  # every tool needs one
        region = endpoints.partition_of_arn(serial or "").region
        say(f"(No region is set, so this uses {region}. Replace it with yours.)")
    lines = entry_names.profile_block(
        name, command=command_in_profile(context), region=region, mfa_serial=serial
    )
    line_printer(as_json=as_json)(lines)
    return {"config_file": config.config_path, "config_lines": lines.split("\n")}


def command_in_profile(context: Context) -> str:
    """The command that the profile calls: the program's name if it is found on PATH, otherwise its absolute path."""
    running = command_path(context.env)
    found = shutil.which(PROGRAM, path=context.env.get("PATH"))
    if found is not None and (os.path.basename(running) != PROGRAM or os.path.samefile(found, running)):
        return PROGRAM
    return running if os.path.basename(running) == PROGRAM else PROGRAM
