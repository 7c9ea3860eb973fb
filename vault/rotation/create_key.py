"""The new key of a rotation: created at AWS once, and stored in the vault as soon as it arrives. Prints nothing."""

from __future__ import annotations

from vault import errors, limits
from vault.aws.iam import AccessKey
from vault.frozen import replace
from vault.rotation import propagation
from vault.rotation.journal import without_last_try
from vault.rotation.state_machine import KEYS_A_USER
from vault.rotation.stored_entry import EntryGone
from vault.store.vault import KeyPair
from vault.text import command, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.aws.iam import CreatedKey
    from vault.keys.iam_signer import IamSigner
    from vault.rotation.steps import RunState
    from vault.rotation.stored_entry import StoredEntry
    from vault.store.vault import Entry
    from vault.system.clock import Clock


class KeyCreator:
    """Creates the key of one run. Each method gets the run's state and returns the next one."""

    def __init__(
        self, stored: StoredEntry, iam_signer: IamSigner, *, clock: Clock, tell: Callable[[str], None]
    ) -> None:
        self._stored = stored
        self._iam_signer = iam_signer
        self._clock = clock
        self._tell = tell
        self._unanswered = 0  # CreateAccessKey calls that may have created a key

    def create(self, state: RunState) -> RunState:
        """Call CreateAccessKey and store the pair. The journal is at ``create``.

        Errors: Refused, Unreachable, RotationStopped if the vault could not be written.
        """
        self._tell("creating a new key …")
        try:
            made = self._iam_signer.iam().create_key()
        except errors.Refused as error:
            if not self._unanswered:
                state = self.withdraw_try(state)
            if error.code == "LimitExceeded":  # IAM's list was outdated: read it again before giving up
                return self._full_list(state, error)
            raise
        except errors.Unreachable as error:
            self._unanswered += 1
            if not error.sent or self._unanswered >= limits.AWS_TRIES:
                raise
            # The key may exist, but its secret is lost. The list and the journal show that, and the next step deletes
            # it.
            return replace(state, keys=self._iam_signer.iam().keys())
        self._keep(made)
        new = AccessKey(made.id, active=True, created=made.created, asked=True)
        return replace(state, keys=(*state.keys, new))

    def left_behind(self, gone: EntryGone, state: RunState) -> EntryGone:
        """The error, with what becomes of the rotation's other key. A new one that has not taken over is deleted again: no entry
        would ever have it.
        """
        journal = self._stored.entry.journal
        pair = None if journal is None else journal.new or journal.old
        if journal is None or pair is None:
            return gone
        key_id = pair.access_key_id
        if journal.step != "prove" or state.in_use(key_id):
            return EntryGone(
                f"{gone.message}; the key {safe(key_id)} of its rotation is still at AWS",
                hint="if nothing uses that key, delete it in the IAM console",
            )
        try:
            propagation.retry_until_known(
                lambda: self._iam_signer.iam().delete_key(key_id), clock=self._clock
            )
        except errors.Error as error:
            return EntryGone(
                f"{gone.message}; its new key {safe(key_id)} could not be deleted again: {error.message}",
                hint="delete that key in the IAM console",
            )
        return EntryGone(f"{gone.message}; its new key {safe(key_id)} was deleted again")

    def withdraw_try(self, state: RunState) -> RunState:
        """Remove a try from the journal that created nothing: AWS refused it, or another machine was faster. Otherwise a key that
        someone else creates in the try's window would be taken for the rotation's.
        """

        def change(entry: Entry) -> Entry:
            journal = entry.journal
            return replace(entry, journal=without_last_try(journal) if journal is not None else None)

        self._stored.save(change)
        return replace(state, journaled=False)

    def _full_list(self, state: RunState, error: errors.Refused) -> RunState:
        """AWS's list once it shows the maximum number of keys. Raises ``error`` if it never does."""
        for _ in range(limits.KEEP_TRIES):
            keys = self._iam_signer.iam().keys()
            if len(keys) >= KEYS_A_USER:
                return replace(state, keys=keys)
            self._clock.sleep(limits.KEEP_PAUSE)
        raise error

    def _keep(self, made: CreatedKey) -> None:
        """Store the pair. If the vault can no longer be written, delete the key again."""
        pair = KeyPair(access_key_id=made.id, secret=made.secret)
        for tries_left in reversed(range(limits.KEEP_TRIES)):
            try:
                self._stored.save(lambda entry: _with_new(entry, pair))
            except errors.Error as error:
                if tries_left:
                    self._clock.sleep(limits.KEEP_PAUSE)
                    continue
                if self._stored.holds(pair):
                    raise errors.RotationStopped(
                        f"the new key {made.id} is in the vault, but the disk did not confirm it: {error.message}",
                        hint=f"to continue with that key, run: {command('rotate', self._stored.name)}",
                    ) from None
                self._iam_signer.iam().delete_key(made.id)
                raise errors.RotationStopped(
                    f"the vault could not be written, so the new key {made.id} was deleted again: {error.message}",
                    hint=error.hint,
                ) from None
            return


def _with_new(entry: Entry, pair: KeyPair) -> Entry:
    if entry.journal is None:
        raise errors.Internal("a new key without a journal")
    return replace(entry, journal=replace(entry.journal, step="prove", new=pair))
