"""A sync that nobody asked for: a few seconds at most, no prompt, no program that may want a touch. Prints nothing.

It runs after a command has edited the vault, and once after AWS has refused a source key (refused_key).
"""

from __future__ import annotations

from vault import errors, limits
from vault.aws import boto_session
from vault.machines import bucket_access, machine_log
from vault.remote import local_state, note, steps
from vault.store import file, vault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.remote.outcome import SyncOutcome
    from vault.secret import Secret
    from vault.store.format import VaultFile
    from vault.store.opened import Opened
    from vault.sync.local import BucketPlace


def quiet(context: Context) -> Context:
    """``context`` for such a sync: every wait in it ends limits.QUIET_SYNC from now, and with the command's own deadline."""
    return context.without_programs(limits.QUIET_SYNC)


def after_edit(context: Context, main_key: Secret) -> int:
    """Sync the vault, which a command has just edited. How many conflicts came; 0 also if there is no remote.

    Errors: those of ``sync``, and of reading the vault.
    """
    with file.open_folder(context.paths) as folder:
        found = file.read(folder)
    noted = note.read(context.paths, found.header.vault_id)
    if noted is None or noted.vault == found.digest.hex():
        return 0
    try:
        opened = vault.open_with_main_key(context.paths, main_key)
    except vault.KeysChanged:  # by passwd or rekey, which know the new key
        return 0
    return max(0, sync(context, opened, place_of(opened)).asks - noted.asks)


def place_of(opened: Opened) -> BucketPlace:
    """Where the vault's remote is. NotFound if it has none."""
    place = local_state.require(opened.payload).remote.place
    if not place.url:
        raise errors.NotFound(
            "this vault has no remote yet", hint="run: awsvault-py remote add s3://BUCKET/KEY"
        )
    return place


def sync(context: Context, opened: Opened, place: BucketPlace) -> SyncOutcome:
    """One sync, for which the command waits limits.QUIET_SYNC at most.

    Errors: those of vault/remote/steps and of the credentials; Locked if the user would have to be asked.
    """
    boto_session.preload()  # takes seconds where 60 processes start at once, and is no wait for the bucket
    context = quiet(context)
    credentials = bucket_access.credentials_for(context, place, opened, ask=False)
    done = steps.sync(
        bucket_access.bucket(context, place, credentials, deadline=context.deadline),
        paths=context.paths,
        clock=context.clock,
        deadline=context.deadline,
        open_vault=lambda: opened,
        ask=_nobody,
    )
    machine_log.log_sync(context, opened, done)
    return done


def _nobody(_: VaultFile) -> Secret:
    """For vault/remote/judge: the bucket's file has another key, and the user is not asked for its passphrase."""
    raise errors.Locked(
        "another machine replaced the key of the remote, and its passphrase is needed",
        hint="run: awsvault-py sync",
    )
