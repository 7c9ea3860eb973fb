"""Carries out a rotation: each step of vault/rotation/state_machine.py, at AWS and in the vault, in the safe order.

Prints nothing; ``tell`` gets what is being done. If the process is killed at any point, the next run continues.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from vault import errors, limits
from vault.credentials.forget_sessions import forget_replaced
from vault.frozen import replace
from vault.keys.entries import check_account, journal_pairs
from vault.keys.iam_signer import IamSigner, credentials_of
from vault.remote import other_machines
from vault.rotation import journal, propagation, steps, stops
from vault.rotation.create_key import KeyCreator
from vault.rotation.state_machine import next_step
from vault.rotation.stored_entry import EntryGone, StoredEntry
from vault.store.vault import KeyPair, RotationJournal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.context import Context
    from vault.credentials.mfa_code import Codes
    from vault.keys.endpoint_trust import EndpointTrust
    from vault.store.vault import Entry, Opened, Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationOutcome:
    """What a run did: key IDs, what happened to the old key, and when it may be deleted (Unix seconds).

    ``waiting``: the machines for which the old key ``kept`` stays active, until ``until`` at the latest.
    """

    name: str
    key_id: str
    replaced: str | None = None
    until: int | None = None
    deleted: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    kept: str | None = None


class Rotation:
    """One rotation of one entry. ``state`` is AWS's list of keys, kept up to date with what this run does."""

    def __init__(
        self,
        context: Context,
        opened: Opened,
        name: str,
        *,
        codes: Codes,
        trust: EndpointTrust,
        tell: Callable[[str], None],
        progress: Callable[[int], None] | None = None,
        sync: Callable[[], None] | None = None,
    ) -> None:
        """``progress`` gets how many times in a row a new key has worked. ``sync`` syncs the vault, if other machines share it."""
        self._context = context
        self._name = name
        self._tell = tell
        self._progress = progress
        self._stored = StoredEntry(context, opened, name)
        self._iam_signer = IamSigner(context, name, self.entry, codes=codes, trust=trust)
        self._creator = KeyCreator(self._stored, self._iam_signer, clock=context.clock, tell=tell)
        self._update_signers()
        self._sync = sync
        self._state = steps.RunState(keys=(), now=0)
        self._note_others()
        self._note_machines()
        self._deleted: list[str] = []
        self._replaced: str | None = None
        # Whatever the user asked for: complete an interrupted rotation, and start no new one.
        self._continues = self.entry.journal is not None and self.entry.journal.step != "grace"

    @property
    def entry(self) -> Entry:
        """The entry as it was last read or written."""
        return self._stored.entry

    def look(self) -> steps.RunState:
        """AWS's list of the user's keys with their ages and last uses. Changes nothing. Refused, Unreachable, Untrusted."""
        identity = self._iam_signer.identify()
        if self.entry.journal is not None:
            journal.check_host(self.entry.journal, self._iam_signer.foreign_host)
        check_account(self.entry.account, identity)
        keys = self._iam_signer.iam().keys()
        self._state = replace(self._state, keys=keys, now=self._iam_signer.now, took_over=self._continues)
        return self._state

    def run(self, request: steps.RotationRequest) -> RotationOutcome:
        """Take steps until nothing is left to do now. Call ``look`` first.

        Errors: RotationStopped (11) if the entry still has the old key; otherwise those of AWS, of a sync and of the vault.
        """
        try:
            return self._run(request)
        except errors.Error:
            if self._state.unshared and self.entry.journal is None:  # other machines may know of the journal
                self._share(steps.ShareEdits(needed=False))
            raise

    def _run(self, request: steps.RotationRequest) -> RotationOutcome:
        for _ in range(limits.ROTATION_STEPS):
            self._state = replace(self._state, now=self._iam_signer.now)
            step = next_step(self.entry, self._state, request)
            if isinstance(step, steps.Done):
                return self._outcome(step)
            if isinstance(step, steps.ShareEdits):
                self._share(step)
                continue
            started = self.entry.journal is not None
            try:
                self._take(step)
            except (errors.Refused, errors.Unreachable) as error:
                if self._taken_over():
                    raise stops.in_use(error, self.entry, self._name) from None
                raise stops.stopped(error, self.entry, started=started) from None
            if isinstance(step, steps.DeleteKey) and step.why == "other":
                request = replace(
                    request, delete_other=None
                )  # the request named one key, which is deleted now
        raise errors.RotationStopped(
            "the rotation did not finish: something else creates keys of this user at the same time",
            hint="to see the user's keys, run: awsvault-py rotate --dry-run",
        )

    def _outcome(self, done: steps.Done) -> RotationOutcome:
        old = self.entry.journal.old if self.entry.journal is not None else None
        return RotationOutcome(
            name=self._name,
            key_id=self.entry.access_key_id,
            replaced=self._replaced,
            until=done.until,
            deleted=tuple(self._deleted),
            waiting=done.waiting,
            kept=old.access_key_id if old is not None and done.until is not None else None,
        )

    def _taken_over(self) -> bool:
        journaled = self.entry.journal
        return self._replaced is not None or (
            journaled is not None and journaled.step in ("retire", "drop", "grace")
        )

    def _share(self, step: steps.ShareEdits) -> None:
        """Sync. Errors: RotationStopped (11) if the entry still has the old key; otherwise those of a sync."""
        if self._sync is None:
            raise errors.Internal("edits for other machines, and no remote")
        self._tell("telling the other machines …")
        try:
            self._sync()
        except errors.Error as error:
            if step.needed:
                taken = self._taken_over()
                raise (stops.in_use if taken else stops.not_shared)(error, self.entry, self._name) from None
            self._tell(
                f"could not tell the other machines: {error.message}. To tell them, run: awsvault-py sync"
            )
        else:
            self._see_edits(needed=step.needed)
        self._state = replace(self._state, unshared=False)

    def _see_edits(self, *, needed: bool) -> None:
        """Note what came with a sync. EntryChanged if the entry has another key now, unless nothing depends on that."""
        try:
            changed = self._stored.read_again()
        except EntryGone as gone:
            self._note_others()
            self._note_machines()
            raise self._creator.left_behind(gone, self._state) from None
        self._update_signers()
        self._note_others()
        self._note_machines()
        journaled = self.entry.journal
        nothing_yet = journaled is not None and journaled.step == "create" and not self._state.sent
        if changed and needed and not nothing_yet:
            raise self._stored.changed()

    def _note_others(self) -> None:
        """The keys of the vault's other entries."""
        entries = self._stored.payload.entries
        others = {one.access_key_id: other for other, one in entries.items() if other != self._name}
        self._state = replace(self._state, others=others)

    def _note_machines(self) -> None:
        """What the last sync told of the other machines."""
        view = other_machines.view(self._stored.payload, self.entry)
        self._state = replace(
            self._state,
            machines=view.machines,
            waiting=view.waiting,
            elsewhere=view.elsewhere,
            held=view.held,
        )

    def _take(self, step: steps.Action) -> None:
        writes = self._stored.writes
        try:
            self._do(step)
        finally:
            # After CreateKey without a write, the key in AWS's list may be another machine's: ask again.
            if self._sync is not None and (
                self._stored.writes != writes or isinstance(step, steps.CreateKey)
            ):
                self._state = replace(self._state, unshared=True)
        self._update_signers()
        self._note_others()

    def _do(self, step: steps.Action) -> None:
        match step:
            case steps.WriteJournal():
                self._write_journal(step)
            case steps.CreateKey():
                self._state = replace(self._creator.create(self._state), sent=True)
            case steps.WithdrawTry():
                self._state = self._creator.withdraw_try(self._state)
            case steps.VerifyKey():
                self._verify(step.pair)
            case steps.TakeOver():
                self._take_over(step)
            case steps.UpdateOthers():
                self._update_others(step.key_id)
            case steps.SetActive():
                self._set_active(step)
            case steps.DeleteKey():
                self._delete(step)
            case steps.RemoveJournal():
                self._stored.save(lambda entry: replace(entry, journal=None))
            case _:
                assert_never(step)

    def _write_journal(self, step: steps.WriteJournal) -> None:
        now, before = self._iam_signer.now, self.entry.journal
        if step.step == "create":
            new = journal.start(before, now=now, keys=self._state.keys, host=self._iam_signer.foreign_host)
            self._stored.save(lambda entry: replace(entry, journal=new))
            self._state = replace(self._state, journaled=True)
            return
        if before is None:
            raise errors.Internal("a rotation without its journal")
        began = now if step.step == "grace" else before.began
        self._stored.save(lambda entry: replace(entry, journal=replace(before, step=step.step, began=began)))

    def _verify(self, pair: KeyPair) -> None:
        """Each of AWS's servers learns a new key by itself: it must work several times in a row over some seconds."""
        self._tell(f"waiting until all of AWS knows {pair.access_key_id} …")
        propagation.verify(self._iam_signer, pair, clock=self._context.clock, progress=self._progress)
        self._state = replace(self._state, verified=self._state.verified | {pair.access_key_id})

    def _take_over(self, step: steps.TakeOver) -> None:
        old = KeyPair(access_key_id=self.entry.access_key_id, secret=self.entry.secret)
        new = self._state.key(step.pair.access_key_id)
        created = new.created if new is not None else self._iam_signer.now
        names: set[str] = set()

        def change(payload: Payload) -> Payload:
            for name, entry in payload.entries.items():
                if entry.access_key_id != old.access_key_id:
                    continue
                names.add(name)
                changed = self._with_key(entry, step.pair, created=created)
                if name == self._name:
                    changed = replace(changed, journal=self._retiring(step, old))
                payload = payload.with_entry(name, changed)
            return payload

        self._stored.write(change)
        forget_replaced(self._context, names)
        self._replaced = old.access_key_id
        self._state = replace(self._state, took_over=True)

    def _update_others(self, key_id: str) -> None:
        pair, created = (
            KeyPair(access_key_id=self.entry.access_key_id, secret=self.entry.secret),
            self.entry.created,
        )
        names: set[str] = set()

        def change(payload: Payload) -> Payload:
            for name, entry in payload.entries.items():
                if entry.access_key_id == key_id:
                    names.add(name)
                    payload = payload.with_entry(name, self._with_key(entry, pair, created=created))
            return payload

        self._stored.write(change)
        forget_replaced(self._context, names)

    def _with_key(self, entry: Entry, pair: KeyPair, *, created: int) -> Entry:
        identity = self._iam_signer.identity
        return replace(
            entry,
            access_key_id=pair.access_key_id,
            secret=pair.secret,
            created=created,
            account=identity.account if identity is not None else entry.account,
            user=identity.user if identity is not None else entry.user,
        )

    def _retiring(self, step: steps.TakeOver, old: KeyPair) -> RotationJournal:
        return RotationJournal(
            step=step.then,
            began=self._iam_signer.now,
            old=old,
            taken_back=step.back,
            at=self._iam_signer.foreign_host,
        )

    def _set_active(self, step: steps.SetActive) -> None:
        if not step.active:
            self._tell(f"deactivating {step.key_id} …")
        propagation.retry_until_known(
            lambda: self._iam_signer.iam().set_active(step.key_id, active=step.active),
            clock=self._context.clock,
        )
        keys = tuple(
            key._replace(active=step.active) if key.id == step.key_id else key for key in self._state.keys
        )
        self._state = replace(self._state, keys=keys)

    def _delete(self, step: steps.DeleteKey) -> None:
        propagation.retry_until_known(
            lambda: self._iam_signer.iam().delete_key(step.key_id), clock=self._context.clock
        )
        self._deleted.append(step.key_id)
        self._state = replace(
            self._state,
            keys=tuple(key for key in self._state.keys if key.id != step.key_id),
            deleted=self._state.deleted | {step.key_id},
        )

    def _update_signers(self) -> None:
        """The keys that may sign now: the entry's and the journal's, because AWS may not know the new one everywhere."""
        pairs = journal_pairs(self.entry)
        self._iam_signer.signers = [credentials_of(self.entry), *map(credentials_of, pairs)]
