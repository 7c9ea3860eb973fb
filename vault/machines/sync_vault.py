"""Syncs this machine's vault with its remote. Prints nothing."""

from __future__ import annotations

from vault import limits
from vault.machines import bucket_access, remotes
from vault.remote import local_state, steps
from vault.unlocking.unlock import unlock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.remote.merging import SyncRequest
    from vault.remote.outcome import SyncOutcome
    from vault.store.opened import Opened


def sync(context: Context, request: SyncRequest) -> tuple[SyncOutcome, str]:
    """Sync, and the remote's URL. What waits for an answer is in the outcome, also if there was nothing to do.

    Errors: NotFound (no remote), those of opening the vault, of the credentials, and of vault/remote/steps.
    """
    return sync_opened(context, unlock(context, purpose="to sync").opened, request)


def sync_opened(context: Context, opened: Opened, request: SyncRequest) -> tuple[SyncOutcome, str]:
    """As ``sync``, of an opened vault."""
    place = local_state.require(opened.payload).remote.place
    credentials = bucket_access.credentials_for(context, place, opened)
    done = steps.sync(
        bucket_access.bucket(context, place, credentials),
        paths=context.paths,
        clock=context.clock,
        deadline=context.with_deadline(limits.REMOTE_MOST).deadline,
        open_vault=lambda: opened,
        ask=bucket_access.ask_for_key(context, place),
        request=request,
    )
    if done.nothing:
        known = remotes.info(context, opened)
        done = done._replace(
            machines=known.machines, waiting=known.waiting, asks=len(known.waiting),
            gen=known.gen, fingerprint=known.fingerprint,
        )  # fmt: skip
    return done, place.url
