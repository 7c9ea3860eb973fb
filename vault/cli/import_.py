"""`awsvault-py import`: moves keys from AWS's files, aws-vault, granted or a CSV file of the console into the vault."""

from __future__ import annotations

import os
import shlex

import click

from vault import limits
from vault.cli import change_view, profile_offer, shared_options, trust_option
from vault.cli.command_context import with_context
from vault.cli.import_report import as_json as as_document
from vault.cli.import_report import show_changes, tell_keys, tell_rest
from vault.cli.init import create_and_report
from vault.cli.terminal import emit_json, say
from vault.errors import CheckFailed, Locked, NotFound, Refused, Usage
from vault.keys.service_endpoints import chosen_region
from vault.migrate import (
    edit_plan,
    foreign_stores,
    import_keys,
    import_plan,
    key_removal,
    own_command,
    plaintext_keys,
    undo,
    verify_keys,
)
from vault.secret import Secret
from vault.store import vault
from vault.system.prompts import NoAnswer
from vault.text import safe
from vault.unlocking.unlock import unlock
from vault.upkeep import create

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vault.context import Context
    from vault.migrate.import_plan import ImportPlan


@click.command(name="import")
@click.argument("profiles", metavar="[PROFILE]...", nargs=-1)
@click.option(
    "--aws-vault", "aws_vault", is_flag=True, help="Import keys from aws-vault's file store and keyring."
)
@click.option("--granted", is_flag=True, help="Import IAM keys from granted's secure storage.")
@click.option("--csv", "csv_file", metavar="FILE", help="Import keys from a CSV file of the IAM console.")
@click.option(
    "--as", "entry", metavar="NAME", help="With --csv: the name of the entry, if the file names no user."
)
@click.option("--replace", is_flag=True, help="Replace entries that have these names but other keys.")
@click.option("--no-verify", is_flag=True, help="Do not verify the keys with AWS.")
@click.option(
    "--no-setup",
    is_flag=True,
    help="Remove the keys from the files, but do not set up their profiles.",
)
@click.option("--keep", is_flag=True, help="Store the keys, but leave the files unchanged.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--diff", "whole", is_flag=True, help="Show every changed line, not one line per profile.")
@shared_options.as_json
@click.option("--undo", "back", is_flag=True, help="Restore the files as they were before the last import.")
@trust_option.option
@click.option("--yes", is_flag=True, help="Do not prompt for confirmation.")
@with_context
def command(
    context: Context,
    profiles: tuple[str, ...],
    *,
    aws_vault: bool,
    granted: bool,
    csv_file: str | None,
    entry: str | None,
    replace: bool,
    no_verify: bool,
    no_setup: bool,
    keep: bool,
    dry_run: bool,
    whole: bool,
    as_json: bool,
    back: bool,
    trust_endpoint: bool,
    yes: bool,
) -> None:
    """Move access keys into the vault.

    Without an option, import moves the plaintext keys in ~/.aws/credentials and ~/.aws/config. It verifies each key with
    AWS. After you confirm, it stores the keys, removes them from the files, and sets up their profiles to use the vault. It
    shows one line per profile. Answer d to see every changed line in $PAGER.

    Profiles with the same key share one entry. --undo restores the files. At a terminal, import then asks for the roles of
    each key that has none yet, as add does.
    """
    _check_options(
        stores=aws_vault + granted + (csv_file is not None),
        named_without_csv=entry is not None and csv_file is None,
        json_with_diff=as_json and whole,
    )
    if back:
        _undo(context, dry_run=dry_run, yes=yes, as_json=as_json)
        return
    csv_file = os.path.abspath(csv_file) if csv_file is not None else None  # --undo may run in another folder
    store = _store(context, aws_vault=aws_vault, granted=granted)
    files = edit_plan.read(context.env, home=context.paths.home)
    opened = unlock(context, purpose="to move keys into it").opened if vault.exists(context.paths) else None
    known = opened.payload.entries if opened is not None else {}
    batch = _select(
        context, files, profiles, store=store, csv=csv_file, entry=entry, known=known, replace=replace
    )
    found = len(batch.skipped)
    if not no_verify and not dry_run:
        trust = None if keep else trust_option.endpoint_trust(context, trust_endpoint=trust_endpoint)
        batch = verify_keys.verify(context, batch, trust)
    refused = [left.profile for left in batch.skipped[found:]]
    batch, plan = _planned(context, files, batch, known=known, keep=keep, setting_up=not no_setup)
    changes = [*plan.changes(files), *key_removal.removed_files(batch)] if batch.keys and not keep else []
    applied = bool(batch.keys) and not dry_run
    tell_keys(batch)
    if batch.keys and not as_json:
        show_changes(changes, plan, known=files.merged.profiles, whole=whole)
    if applied:
        _move(context, opened, batch, changes, yes=yes)
    if as_json:
        emit_json(as_document(batch, plan, changes, known=files.merged.profiles, applied=applied))
    if applied:
        tell_rest(batch, changes, plan, store=None if keep else store)
        _tell_regions(context, files, batch)
    if not (keep or no_setup or dry_run or yes or as_json):
        profile_offer.end_of_import(context, batch.keys, known.keys())
    _refuse_left(batch, refused=refused, where="in plaintext" if store is None else f"in {store.program}")


def _undo(context: Context, *, dry_run: bool, yes: bool, as_json: bool) -> None:
    if change_view.undo_newest(context, kind=undo.IMPORT, dry_run=dry_run, yes=yes, as_json=as_json):
        say(
            "The plaintext keys are in the files again, and still in the vault. To remove a key from the vault: "
            "awsvault-py remove NAME. Do not remove a key that was rotated after the import: only the vault has it."
        )


def _check_options(*, stores: int, named_without_csv: bool, json_with_diff: bool) -> None:
    """Raise Usage if options contradict each other."""
    if json_with_diff:
        raise Usage("--json has every change: do not combine it with --diff")
    if stores > 1:
        raise Usage(
            "give only one of --aws-vault, --granted and --csv", hint="run: awsvault-py import --help"
        )
    if named_without_csv:
        raise Usage("--as needs --csv", hint="leave out --as: only a key from a CSV file can be renamed")


def _store(context: Context, *, aws_vault: bool, granted: bool) -> foreign_stores.Store | None:
    if aws_vault:
        return foreign_stores.aws_vault(context.env, home=context.paths.home)
    return foreign_stores.granted(context.env, home=context.paths.home) if granted else None


def _planned(
    context: Context,
    files: edit_plan.Files,
    batch: ImportPlan,
    *,
    known: Mapping[str, vault.Entry],
    keep: bool,
    setting_up: bool,
) -> tuple[ImportPlan, edit_plan.EditPlan]:
    """The keys that can be removed from the files, and the edits that remove them."""
    if keep:
        return batch, edit_plan.EditPlan()
    words = own_command.program_words(context.env)
    return key_removal.plan_removal(
        files, batch, env=context.env, words=words, known=known, setting_up=setting_up
    )


def _tell_regions(context: Context, files: edit_plan.Files, batch: ImportPlan) -> None:
    """Say which profiles have no region: most calls of the AWS CLI fail without one."""
    for name in dict.fromkeys(name for moved in batch.keys for name in moved.profiles):
        profile = files.merged.profile(name)
        if profile is not None and not profile.get("region") and chosen_region(context, None) is None:
            example = f"aws configure set region us-east-1 --profile {shlex.quote(safe(name))}"
            say(f"No region is set for {safe(name)}. To set one, for example: {example}")


def _refuse_left(batch: ImportPlan, *, refused: Sequence[str], where: str) -> None:
    """Fail if a key was not imported. Raises Refused if AWS refused it, otherwise CheckFailed."""
    if refused:
        profiles = list(dict.fromkeys(map(safe, refused)))
        keys, were = ("key", "it was") if len(profiles) == 1 else ("keys", "they were")
        raise Refused(
            f"AWS refused the {keys} of {', '.join(profiles)}, so {were} not imported",
            hint="if a secret is wrong, correct it and run import again; if the key was deleted at AWS, remove it yourself",
        )
    if batch.skipped:
        names = ", ".join(dict.fromkeys(safe(left.profile) for left in batch.skipped))
        raise CheckFailed(
            f"these keys are still {where}: {names}",
            hint="fix the problem shown above and run import again, or remove the key yourself",
        )


def _select(
    context: Context,
    files: edit_plan.Files,
    profiles: tuple[str, ...],
    *,
    store: foreign_stores.Store | None,
    csv: str | None,
    entry: str | None,
    known: Mapping[str, vault.Entry],
    replace: bool,
) -> ImportPlan:
    config = files.merged
    if csv is None and store is None:
        for name in profiles:
            if name not in config.profiles:
                hint = config.suggestion(name) or "run: awsvault-py list"
                raise NotFound(f"no profile {safe(name)} in AWS's files", hint=hint)
        found, skipped = plaintext_keys.find(files, profiles)
        return import_plan.from_files(found, skipped, config=config, known=known, replacing=replace)
    harvest = foreign_stores.from_csv(csv, name=entry) if csv is not None else foreign_stores.Harvest((), ())
    if store is not None:
        harvest = _harvest(context, store)
        if not harvest.keys and not harvest.skipped and not profiles:
            raise NotFound(
                f"{store.program} has no key in {safe(store.folder)} or in the keyring collection {safe(store.collection)}",
                hint="if its keys are elsewhere (pass, KWallet, another folder), store each key: awsvault-py add NAME",
            )
    there = {key.name for key in harvest.keys} | {left.profile for left in harvest.skipped}
    for name in profiles:
        if name not in there:
            where = store.program if store is not None else csv
            names = ", ".join(sorted(map(safe, there)))
            raise NotFound(
                f"{safe(where or '')} has no key {safe(name)}",
                hint=f"use one of: {names}" if names else "it has no keys",
            )
    if profiles:
        harvest = foreign_stores.Harvest(
            tuple(key for key in harvest.keys if key.name in profiles),
            tuple(left for left in harvest.skipped if left.profile in profiles),
        )
    return import_plan.from_store(harvest, config=config, known=known, replacing=replace)


def _harvest(context: Context, store: foreign_stores.Store) -> foreign_stores.Harvest:
    def passphrase() -> Secret:
        given = context.env.get(store.variable) if store.variable is not None else None
        if given:
            return Secret(given)
        wait = context.new_deadline(limits.ATTENDED_PROMPT_TIME)
        try:
            return context.interaction.hidden(f"Passphrase of {store.program}'s file store", deadline=wait)
        except NoAnswer as reason:
            raise Locked(
                f"{store.program}'s files are encrypted, and their passphrase is not available: {reason.message}",
                hint=f"set {store.variable}"
                if store.variable is not None
                else "run the command at a terminal",
            ) from None

    stored = foreign_stores.from_files(store, passphrase)
    ring = foreign_stores.from_keyring(store)
    return foreign_stores.Harvest(stored.keys + ring.keys, stored.skipped + ring.skipped)


def _move(
    context: Context,
    opened: vault.Opened | None,
    batch: ImportPlan,
    changes: Sequence[undo.Change],
    *,
    yes: bool,
) -> None:
    """Store the keys and change the files after the user confirms."""
    chosen = create.choose_passphrase(context) if opened is None else None
    what = (
        "Store these keys"
        if not changes
        else f"Store these keys and apply the changes to {' and '.join(safe(c.path) for c in changes)}"
    )
    change_view.confirm_changes(context, f"{what}?", changes, yes=yes)
    if opened is None and chosen is not None:
        opened = create_and_report(context, chosen)
    if opened is None:
        raise AssertionError("either there was a vault, or a passphrase was chosen")
    import_keys.move(context, opened, batch, changes)
    say(f"In the vault: {', '.join(safe(moved.entry) for moved in batch.keys)}.")
