"""Syncs the vault for `rotate`: before its first step, and between its steps. Prints nothing."""

from __future__ import annotations

from vault import errors, limits
from vault.machines import bucket_access, sync_vault
from vault.remote import local_state
from vault.remote.merging import SyncRequest
from vault.store import vault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.aws.credentials import Credentials
    from vault.context import Context
    from vault.store.opened import Opened


def of_vault(context: Context, opened: Opened) -> RotationSync | None:
    """The syncs of one run of `rotate`; None if the vault has no remote."""
    local = local_state.find(opened.payload)
    if local is None or not local.remote.place.url:
        return None
    return RotationSync(context, opened)


class RotationSync:
    """Each call syncs the vault as it is then. All of a run are by the same credentials.

    If they come from the key that is rotated, its session stays valid after the new key has taken over. One of the new key would
    cost another MFA code, and not all of AWS may know that key yet.
    """

    def __init__(self, context: Context, opened: Opened) -> None:
        self._context = context
        self._k_main = opened.k_main
        self._credentials: Credentials | None = None

    def begin(self) -> Opened:
        """Sync before the first step, and return the vault as it is then. Errors: those of a sync: no key was rotated."""
        try:
            self()
        except errors.Error as error:
            error.message = f"no key was rotated, because the vault could not be synced: {error.message}"
            error.args = (error.message,)
            raise
        return self._opened()

    def __call__(self) -> None:
        """Sync. Errors: those of vault/machines/sync_vault."""
        known = self._credentials is not None
        try:
            self._sync()
        except errors.Refused:
            if not known:
                raise
            self._credentials = None  # perhaps their key is the one that was replaced
            self._sync()

    def _sync(self) -> None:
        opened = self._opened()
        if self._credentials is None:
            place = local_state.require(opened.payload).remote.place
            context = self._context.with_deadline(limits.ROTATION_MOST)
            self._credentials = bucket_access.credentials_for(context, place, opened)
        sync_vault.sync_opened(self._context, opened, SyncRequest(), credentials=self._credentials)

    def _opened(self) -> Opened:
        return vault.open_with_main_key(self._context.paths, self._k_main)
