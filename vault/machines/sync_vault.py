"""Syncs this machine's vault with its remote. Prints nothing."""

from __future__ import annotations

from vault import errors, limits
from vault.machines import bucket_access, machine_log, open_vault, remotes
from vault.machines.new_passphrase import NewPassphrase
from vault.remote import local_state, steps
from vault.remote.merging import SyncRequest
from vault.store import vault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vault.aws.credentials import Credentials
    from vault.context import Context
    from vault.remote.merging import ConflictAnswer
    from vault.remote.outcome import SyncOutcome
    from vault.store.opened import Opened


def open_to_sync(context: Context) -> Opened:
    """The vault to sync. Errors: those of opening it."""
    return open_vault.opened(context, purpose="to sync")


def sync_opened(
    context: Context,
    opened: Opened,
    request: SyncRequest,
    *,
    tell: Callable[[str], None] = remotes.not_told,
    credentials: Credentials | None = None,
) -> tuple[SyncOutcome, str]:
    """Sync, and the remote's URL. What waits for an answer is in the outcome, also if there was nothing to do.

    ``tell`` gets what is being done. ``credentials``: of an earlier sync of this run. Errors: NotFound (no remote), those of the
    credentials, and of vault/remote/steps.
    """
    asked = NewPassphrase(context, opened, tell=tell)
    return sync_asking(context, opened, request, asked, tell=tell, credentials=credentials)


def sync_asking(
    context: Context,
    opened: Opened,
    request: SyncRequest,
    asked: NewPassphrase,
    *,
    tell: Callable[[str], None] = remotes.not_told,
    credentials: Credentials | None = None,
) -> tuple[SyncOutcome, str]:
    """As ``sync_opened``. ``asked`` has what the user typed, if the bucket's file had another key. An error says so if that is this
    machine's passphrase now.
    """
    place = local_state.require(opened.payload).remote.place
    if credentials is None:
        credentials = bucket_access.credentials_for(context, place, opened)
    try:
        done = steps.sync(
            bucket_access.bucket(context, place, credentials),
            paths=context.paths,
            clock=context.clock,
            deadline=context.with_deadline(limits.REMOTE_MOST).deadline,
            open_vault=lambda: opened,
            ask=asked.key_of,
            own_slot=asked.own_slot,
            request=request,
            tell=tell,
        )
    except errors.Error as error:
        if asked.is_kept():
            error.message = f"the passphrase that you typed is this machine's now, but: {error.message}"
            error.args = (error.message,)
        raise
    tell("")
    if done.nothing:
        known = remotes.info(context, opened)
        done = done._replace(
            machines=known.machines, waiting=known.waiting, asks=len(known.waiting),
            gen=known.gen, fingerprint=known.fingerprint,
        )  # fmt: skip
    if not request.dry:
        machine_log.log_sync(context, opened, done)
    return done, place.url


def answer(
    context: Context,
    opened: Opened,
    answers: Sequence[ConflictAnswer],
    *,
    tell: Callable[[str], None] = remotes.not_told,
) -> SyncOutcome:
    """Sync again with the user's answers. ``opened``: the vault as it was before the first sync. Errors as ``sync_opened``."""
    now = vault.open_with_main_key(context.paths, opened.k_main)
    return sync_opened(context, now, SyncRequest(answers=tuple(answers)), tell=tell)[0]
